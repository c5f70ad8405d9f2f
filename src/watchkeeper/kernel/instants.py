"""Instants that somebody wrote down, checked before anything is computed from them."""

import datetime as dt

from watchkeeper.kernel.errors import InvalidError, Problem

FIRST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(3000, 1, 1, tzinfo=dt.UTC)


def in_utc(moment: dt.datetime, *, path: str) -> dt.datetime:
    """Return an instant in UTC.

    Args:
        moment: As it was written.
        path: Where it stood, for the fault.

    Raises:
        InvalidError: it has no zone, or lies before 1970 or after 2999.
    """
    if moment.tzinfo is None:
        raise _refusal("a time needs its zone, as 2026-03-02T00:00:00Z", path)
    if not FIRST <= moment < END:
        raise _refusal("a time lies between the years 1970 and 2999", path)
    return moment.astimezone(dt.UTC)


def read(text: str, *, path: str) -> dt.datetime:
    """Return the instant that ``text`` tells, in UTC.

    Raises:
        InvalidError: it is no time, has no zone, or lies before 1970 or after 2999.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        message = f"{text[:40]!r} is not a time with its zone, as 2026-03-02T00:00:00Z"
        raise _refusal(message, path) from None
    return in_utc(moment, path=path)


def _refusal(message: str, path: str) -> InvalidError:
    return InvalidError(message, [Problem(message, path=path)])
