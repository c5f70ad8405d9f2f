"""Lengths of time as people write them: ``90s``, ``5m``, ``2h``, ``1d``."""

import datetime as dt
import re

_LENGTH = re.compile(r"(\d{1,6})([smhd])\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def read(text: object) -> dt.timedelta | None:
    """Return the length that ``text`` says; ``None`` if it says none."""
    match = _LENGTH.match(text) if isinstance(text, str) else None
    return dt.timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None


def write(length: dt.timedelta) -> str:
    """Return ``length`` in the largest unit that says it without a fraction, as ``5m``."""
    seconds = int(length.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s" if seconds else "0m"
