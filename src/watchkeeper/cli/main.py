"""The ``watchkeeper`` command, put together."""

import sys
from collections.abc import Sequence

import typer
from typer._click.exceptions import ClickException  # typer brings its own click

from watchkeeper.cli import bootstrap, errors, options
from watchkeeper.kernel.errors import WatchkeeperError

# What works without a data folder, or makes its own.
_OPENS_DATA = {"up", "web", "engine", "migrate", "restore"}
_NEEDS_NO_DATA = {
    "validate", "up", "web", "engine", "migrate", "restore", "doctor", "version", "drill",
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing that a user did gives a traceback."""
    try:
        shared, rest = options.split(arguments)
        bootstrap.prepare_environment(shared)
        return _dispatch(rest)
    except WatchkeeperError as error:
        return errors.report(error)
    except typer.Exit as error:
        return error.exit_code
    except ClickException as error:
        errors.say(f"{error.format_message()} Try: watchkeeper --help")
        return errors.USAGE
    except typer.Abort:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001  the outermost edge: a user never sees a traceback
        return errors.report_internal(error)


def _dispatch(words: Sequence[str]) -> int:
    from watchkeeper.plumbing import logs

    logs.to_file(None)
    is_help = not words or "--help" in words
    command = next((word for word in words if not word.startswith("-")), "")
    if is_help or command in _NEEDS_NO_DATA:
        if command in _OPENS_DATA and not is_help:
            bootstrap.make_key()
        bootstrap.start_django()
    else:
        _connect()
    from watchkeeper.cli import commands

    code = typer.main.get_command(commands.app)(
        args=list(words) or ["--help"], prog_name="watchkeeper", standalone_mode=False
    )
    return code if isinstance(code, int) else 0


def _connect() -> None:
    """Choose between the local data folder and a server."""
    from watchkeeper.plumbing import transport
    from watchkeeper.plumbing.environment import Environment

    environment = Environment()
    if environment.url is None:
        bootstrap.open_data()
        transport.use(transport.Local())
        return
    bootstrap.start_django()
    transport.use(transport.Remote(environment.url, token=environment.token))
