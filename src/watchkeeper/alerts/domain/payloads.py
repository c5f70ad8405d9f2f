"""Reading single fields of what senders post; every refusal names the field."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from watchkeeper.alerts.domain.events import LONGEST_TEXT
from watchkeeper.kernel.errors import InvalidError

MOST_PAIRS = 1_000
_FRACTION = re.compile(r"(\.\d{6})\d+")
_EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
_MILLISECONDS_FROM = 10_000_000_000


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """Return an object; an absent one is empty.

    Raises:
        InvalidError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidError(f"{name} is not an object")
    return value


def text(value: Any, name: str) -> str:
    """Return a text; numbers and truth values become their words, an absent one is empty.

    Raises:
        InvalidError: it is a list or an object.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise InvalidError(f"{name} is not a text")


def pairs(value: Any, name: str) -> dict[str, str]:
    """Return an object's fields as texts; what is nested becomes JSON.

    Raises:
        InvalidError: it is no object, or has more than a thousand fields.
    """
    found = mapping(value, name)
    if len(found) > MOST_PAIRS:
        raise InvalidError(f"{name} has more than {MOST_PAIRS} fields")
    return {key: _worded(inner) for key, inner in found.items()}


def _worded(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)[:LONGEST_TEXT]


def moment(value: Any, name: str) -> dt.datetime | None:
    """Return an instant from RFC 3339 or seconds or milliseconds since 1970.

    Returns:
        ``None`` where there is none, or one that no clock showed, as Go's zero time.

    Raises:
        InvalidError: it is no instant.
    """
    if value is None or value == "":
        return None
    try:
        found = _instant(value)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidError(f"{name} is no time: {str(value)[:40]!r}") from error
    return found if _EARLIEST <= found <= _LATEST else None


def _instant(value: Any) -> dt.datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("neither a text nor a number")  # noqa: TRY004  told as a wrong value
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        found = dt.datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
        if found.tzinfo is None:
            found = found.replace(tzinfo=dt.UTC)
        if found.year < 2:  # Go's zero time; an offset may not lead out of the calendar
            return dt.datetime.min.replace(tzinfo=dt.UTC)
        return found.astimezone(dt.UTC)
    seconds = float(value)
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def at(value: Any, path: str) -> Any:
    """Return what stands at a dotted ``path`` in ``value``; ``None``: nothing does."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit():
            value = value[int(part)] if len(part) < 7 and int(part) < len(value) else None
        else:
            return None
    return value
