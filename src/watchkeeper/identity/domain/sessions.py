"""How long a sign-in holds, and a proof of who one is. Source: reliability.md S6 and S7."""

import datetime as dt

IDLE = dt.timedelta(hours=8)
LONGEST = dt.timedelta(days=7)
CONFIRMATION_LASTS = dt.timedelta(minutes=5)
SEEN_EVERY = dt.timedelta(minutes=1)


def is_over(*, began_at: dt.datetime, seen_at: dt.datetime, now: dt.datetime) -> bool:
    """Return whether a session has ended by itself: unused for 8 h, or 7 d old."""
    return now - seen_at >= IDLE or now - began_at >= LONGEST


def is_confirmed(confirmed_at: dt.datetime, *, now: dt.datetime) -> bool:
    """Return whether the person proved who they are within the last 5 minutes."""
    return now - confirmed_at < CONFIRMATION_LASTS


def is_worth_noting(seen_at: dt.datetime, *, now: dt.datetime) -> bool:
    """Return whether to write down that the session is in use; once a minute is enough."""
    return now - seen_at >= SEEN_EVERY
