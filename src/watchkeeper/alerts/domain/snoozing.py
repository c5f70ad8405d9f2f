"""Until when an alert is snoozed."""

import datetime as dt

from watchkeeper.kernel import lengths
from watchkeeper.kernel.errors import InvalidError, Problem

LONGEST = dt.timedelta(days=7)
"""What is to be quiet for longer needs a silence, which has a reason and is seen by all."""


def end_of(*, until: dt.datetime | None, length: str, now: dt.datetime) -> dt.datetime:
    """Return when a snooze ends that is asked for by a time or by a length, one of both.

    Args:
        until: When; ``None``: the length says.
        length: How long from now, as ``2h``; empty: the time says.
        now: The present.

    Raises:
        InvalidError: neither or both are given, or it ends in the past or after a week.
    """
    if (until is None) == (not length):
        raise _invalid("say until when, or for how long as 2h; one of both", "until")
    if until is not None:
        path, end = "until", until
    else:
        told = lengths.read(length)
        if told is None:
            raise _invalid("a length is written as 90s, 30m, 2h or 1d", "for")
        path, end = "for", now + min(told, 2 * LONGEST)
    if not now < end <= now + LONGEST:
        raise _invalid("a snooze ends in the future, within 7 days; a silence holds longer", path)
    return end


def _invalid(message: str, path: str) -> InvalidError:
    return InvalidError(message, [Problem(message, path=path)])
