"""Commands of the machine that holds the data: processes, schema, backups, a health check."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from django.db import DatabaseError

from watchkeeper.cli import bootstrap, schema, server
from watchkeeper.kernel import actors, clock
from watchkeeper.kernel.errors import WatchkeeperError

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]


def up(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the sample organisation, if nothing is there.")
    ] = False,
    host: Host = "127.0.0.1",
    port: Port = 8321,
) -> None:
    """Start everything in one process: the web and the engine."""
    server.say("Watchkeeper is starting")
    bootstrap.open_data(migrate=False)
    _upgrade()
    if sample:
        _load_sample()
    bind = server.Bind(host, port)
    server.require_public_url(bind)
    _log()
    stop = threading.Event()
    thread = threading.Thread(target=_run_engine, args=(stop,), name="engine", daemon=True)
    thread.start()
    _watch(stop)
    try:
        server.serve(bind, on_ready=lambda: _welcome(bind))
    finally:
        stop.set()
        thread.join(timeout=15)


def web(host: Host = "127.0.0.1", port: Port = 8321) -> None:
    """Serve the web; run as many as you like on one PostgreSQL."""
    bootstrap.open_data(migrate=False)
    schema.require_current()
    bind = server.Bind(host, port)
    server.require_public_url(bind)
    _log()
    stop = threading.Event()
    _watch(stop)
    try:
        server.serve(bind, on_ready=lambda: _welcome(bind))
    finally:
        stop.set()


def engine() -> None:
    """Run the engine; as many as you like on one PostgreSQL."""
    bootstrap.open_data(migrate=False)
    schema.require_current()
    stop = threading.Event()
    server.stop_on_signals(stop)
    _log()
    server.say("The engine runs")
    _watch(stop)
    _run_engine(stop)


def migrate() -> None:
    """Make or upgrade the database's schema."""
    bootstrap.open_data(migrate=False)
    names = schema.bring_up_to_date()
    typer.echo(f"{len(names)} migrations applied" if names else "The schema is up to date")


def doctor(
    tell: Annotated[
        bool, typer.Option("--tell", help="Also send a test by the watchman's second path.")
    ] = False,
) -> None:
    """Check this installation and say what is wrong. Exit 1: something is."""
    failed = False

    def check(what: str, probe: Callable[[], str]) -> None:
        nonlocal failed
        try:
            typer.echo(f"ok    {what}: {probe()}")
        except (WatchkeeperError, DatabaseError) as error:
            failed = True
            typer.echo(f"FAIL  {what}: {error}")

    from watchkeeper.cli import diagnosis

    for what, probe in (*diagnosis.PROBES, *(diagnosis.TELLING if tell else ())):
        check(what, probe)
    if failed:
        raise typer.Exit(1)


def backup(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write it to.")] = Path(
        "backups"
    ),
) -> None:
    """Copy the database while it runs, and verify the copy. The key file is not in it."""
    bootstrap.open_data()
    from watchkeeper.plumbing import backup as backups

    made = backups.make(output, now=clock.now())
    typer.echo(f"Backup written and verified: {made}")
    typer.echo("It does not hold the key file; keep that apart.")


def restore(
    source: Annotated[Path, typer.Argument(help="A backup's folder.")],
) -> None:
    """Bring a backup into an empty data folder or database."""
    bootstrap.open_data(migrate=False)
    from watchkeeper.plumbing import backup as backups

    backups.restore(source)
    schema.bring_up_to_date()
    typer.echo("Restored; start with: watchkeeper up")


def rotate_key() -> None:
    """Add a newer key to the key file and seal every stored secret with it."""
    bootstrap.open_data()
    from django.conf import settings

    from watchkeeper.plumbing.keys import Keyring

    Keyring.add(settings.WATCHKEEPER_KEY_FILE)
    typer.echo(f"A newer key stands in {settings.WATCHKEEPER_KEY_FILE}; keep a copy of it apart")
    _reseal()


def reseal() -> None:
    """Seal every stored secret with the newest key of the key file."""
    bootstrap.open_data()
    _reseal()


def _reseal() -> None:
    from watchkeeper.plumbing import secret_box

    typer.echo(f"{secret_box.reseal_all()} secrets are sealed with it")


def _log() -> None:
    """Write log lines to standard error, as a server does."""
    from watchkeeper.plumbing import logs
    from watchkeeper.plumbing.environment import Environment

    environment = Environment()
    logs.configure(level=environment.log_level, shape=environment.log_format)


def _upgrade() -> None:
    """Bring the schema up to date, after a backup where there is something to lose."""
    from watchkeeper.plumbing import backup as backups
    from watchkeeper.plumbing.environment import Environment

    names = schema.pending()
    if not names:
        return
    if not schema.is_empty():
        made = backups.make(Environment().data / "backups", now=clock.now())
        server.say(f"Before the upgrade a backup was made: {made}")
    server.say("Preparing the database")
    schema.bring_up_to_date()


def _load_sample() -> None:
    from watchkeeper.integrations.sample import usecases as sample

    if sample.load_if_empty(actor=actors.host(), now=clock.now(), progress=server.say):
        server.say("The sample organisation is loaded; remove it with: watchkeeper sample remove")


def _watch(stop: threading.Event) -> None:
    """Let somebody look at the engines who is none of them."""
    from watchkeeper.plumbing import watchman

    watchman.start(stop)


def _run_engine(stop: threading.Event) -> None:
    from django.conf import settings
    from django.utils.module_loading import import_string

    from watchkeeper.plumbing import memory
    from watchkeeper.plumbing.engine import Engine

    memory.give_back_large_blocks()
    jobs = import_string(settings.WATCHKEEPER_JOBS)
    Engine(jobs, import_string(settings.WATCHKEEPER_LOOPS)).run(stop)


def _welcome(bind: server.Bind) -> None:
    """Say where it is and, until somebody can sign in, how to begin."""
    from django.conf import settings

    from watchkeeper.identity import usecases as identity
    from watchkeeper.plumbing import served_address

    served_address.remember(settings.WATCHKEEPER.data, bind.url())
    server.say(f"Watchkeeper is ready: {bind.url()}")
    path = identity.setup_path(now=clock.now())
    if path is not None:
        server.say(f"Sign in for the first time, within 30 minutes: {bind.url()}{path}")
