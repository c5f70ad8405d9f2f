"""Instants as clients write them."""

import datetime as dt

from watchkeeper.kernel.errors import InvalidError, Problem


def sure(moment: dt.datetime, path: str) -> dt.datetime:
    """Return an instant in UTC.

    Raises:
        InvalidError: it has no zone, or lies beyond the calendar.
    """
    message = "a time needs its zone, as 2026-03-02T00:00:00Z"
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(dt.UTC)
    except OverflowError:
        message = "a time beyond the calendar"
    raise InvalidError(message, [Problem(message, path=path)])
