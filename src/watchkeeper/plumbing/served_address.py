"""Where the server on this data folder listens, so that commands print links that open."""

import contextlib
from pathlib import Path

DEFAULT = "http://127.0.0.1:8321"
_FILE = "address"
_LONGEST = 2_000


def remember(data: Path, url: str) -> None:
    """Note the address that a server on this folder answers at; the newest one counts."""
    path = data / _FILE
    fresh = path.with_suffix(".new")
    with contextlib.suppress(OSError):  # a link with the default port is no reason not to serve
        fresh.write_text(f"{url}\n", encoding="utf-8")
        fresh.replace(path)


def recall(data: Path) -> str:
    """Return the address that was served last, the default one before the first start."""
    try:
        text = (data / _FILE).read_text(encoding="utf-8")[:_LONGEST].strip()
    except (OSError, UnicodeDecodeError):
        return DEFAULT
    return text if text.startswith(("http://", "https://")) else DEFAULT
