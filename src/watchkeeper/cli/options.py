"""The options that every command takes, wherever they stand on the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.kernel.errors import InvalidError

SHARED = ("--data", "--url", "--token")
EPILOG = (
    "Every command takes --data DIR (the local data folder), or --url URL and --token TOKEN "
    "(a server), anywhere on the line; or WATCHKEEPER_DATA, WATCHKEEPER_URL, WATCHKEEPER_TOKEN."
)


@dataclass(frozen=True, slots=True)
class Shared:
    """Where a command works.

    Attributes:
        data: Data folder; ``None`` for the environment's or the default.
        url: Server to talk to; ``None`` for the environment's or the local folder.
        token: API token for that server; ``None`` for the environment's.
    """

    data: Path | None = None
    url: str | None = None
    token: str | None = None


def split(arguments: Sequence[str]) -> tuple[Shared, list[str]]:
    """Take the shared options out of a command line.

    Returns:
        The shared options, and all other words in their order. Words after ``--`` are left alone.

    Raises:
        InvalidError: an option stands without its value.
    """
    values: dict[str, str] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
            break
        name, has_value, value = word.partition("=")
        if name not in SHARED:
            rest.append(word)
            continue
        following = value if has_value else next(words, None)
        if not following:
            raise InvalidError(f"{name} needs a value")
        values[name] = following
    data = values.get("--data")
    return Shared(Path(data) if data else None, values.get("--url"), values.get("--token")), rest
