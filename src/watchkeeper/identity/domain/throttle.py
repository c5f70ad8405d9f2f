"""How long somebody waits after wrong passwords and codes.

Source: reliability.md S3; OWASP, "Device cookies", for telling a known browser from a stranger.

The first few cost nothing, then each further one doubles the wait, up to a bound: nobody is
locked out for good, and a guesser gets some hundred tries a day. A browser that the account
signed in from before has a count of its own, so that strangers cannot make its owner wait.
"""

import datetime as dt
from dataclasses import dataclass

LONGEST = dt.timedelta(minutes=5)
FORGOTTEN_AFTER = dt.timedelta(hours=24)
_DOUBLINGS = 12  # two to this power is beyond LONGEST


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many wrong tries one key has before it waits.

    Attributes:
        free: Wrong tries that cost no wait.
    """

    free: int


ACCOUNT = Allowance(free=5)
ADDRESS = Allowance(free=30)


def wait_after(failures: int, *, allowance: Allowance) -> dt.timedelta:
    """Return the wait after that many wrong tries in a row: 0, then 1, 2, 4 … 300 seconds.

    Args:
        failures: Wrong tries up to now, the newest included; 0 or more.
        allowance: How many are free.
    """
    beyond = failures - allowance.free
    if beyond <= 0:
        return dt.timedelta(0)
    return min(dt.timedelta(seconds=2 ** min(beyond - 1, _DOUBLINGS)), LONGEST)


def counted(failures: int, *, last_at: dt.datetime | None, now: dt.datetime) -> int:
    """Return how many of ``failures`` still count: all, or none once a quiet day has passed."""
    if last_at is None or now - last_at >= FORGOTTEN_AFTER:
        return 0
    return failures
