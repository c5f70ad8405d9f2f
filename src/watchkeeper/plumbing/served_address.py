"""Where this installation is reached, so that commands and pages give addresses that open."""

import contextlib
from pathlib import Path

from django.conf import settings

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


def base() -> str:
    """Return the beginning of every address of ours, without a slash at its end.

    The setting says it; without one, the last server on this machine's data folder noted it.
    """
    told = settings.WATCHKEEPER.public_url or recall(settings.WATCHKEEPER.data)
    return str(told).rstrip("/")
