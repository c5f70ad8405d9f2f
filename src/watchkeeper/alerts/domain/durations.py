"""Lengths of time as people write them: ``90s``, ``5m``, ``2h``, ``1d``."""

import datetime as dt
import re

_SHAPE = re.compile(r"(\d{1,6})([smhd])\Z")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read(text: object) -> dt.timedelta | None:
    """Return the length that ``text`` says; ``None`` if it says none, or nothing at all."""
    found = _SHAPE.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    length = dt.timedelta(**{_UNITS[found[2]]: int(found[1])})
    return length or None
