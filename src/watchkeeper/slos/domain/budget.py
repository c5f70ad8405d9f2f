"""How much error budget there is, what is left of it, and how long that lasts.

With target T the budget is b = 1 - T, as a share of events; of ``total`` events it allows
b x total bad ones, and of a period P it allows b x P of full outage.
Source: Google SRE Workbook, chapters 2 and 5.
"""

import datetime as dt
from fractions import Fraction

import numpy as np

from watchkeeper.slos.domain.ratios import Counts, Floats

MICROSECONDS_IN_A_MINUTE = 60_000_000


def allowed_events(total: Fraction, *, target: Fraction) -> Fraction:
    """Return how many of ``total`` events may be bad: b x total."""
    return (1 - target) * total


def allowed_outage(period: dt.timedelta, *, target: Fraction) -> dt.timedelta:
    """Return the full outage that spends a whole budget: b x P, to the microsecond."""
    return length((1 - target) * minutes(period))


def remaining(error_ratio: Fraction | None, *, target: Fraction) -> Fraction | None:
    """Return the share of the budget left, as observed: 1 - bad / (b x total).

    Args:
        error_ratio: bad / total; ``None`` where nothing was measured or nothing happened.
        target: Promised good share, ``0 < target < 1``.

    Returns:
        1 is whole, 0 is gone, below 0 is overspent; ``None`` where it is unknown.
    """
    return None if error_ratio is None else 1 - error_ratio / (1 - target)


def projected_remaining(
    error_ratio: Fraction | None, *, target: Fraction, elapsed: int, period: dt.timedelta
) -> Fraction | None:
    """Return the share left at the window's end if traffic goes on and no more errors come.

    The same as :func:`remaining`, with the total that the whole window would have:
    total x period / elapsed.

    Args:
        error_ratio: bad / total so far; ``None`` where it is unknown.
        target: Promised good share, ``0 < target < 1``.
        elapsed: Minutes since the window's start or the first measured one in it, 1 or more.
        period: Length of the whole window.
    """
    if error_ratio is None or elapsed <= 0:
        return None
    return 1 - error_ratio * elapsed / ((1 - target) * minutes(period))


def remaining_of_many(bad: Counts, total: Counts, *, budget: Floats) -> Floats:
    """Return :func:`remaining` for many SLOs; NaN where nothing happened.

    Args:
        bad: Bad events of each SLO in its window; any unit.
        total: All events, in the same unit.
        budget: b of each SLO, ``0 < b < 1``.
    """
    allowed = budget * total
    share = np.divide(
        np.maximum(bad, 0), allowed, out=np.full(len(total), np.nan), where=total > 0
    )
    return np.asarray(1 - share, np.float64)


def share_spent(rate: Fraction, *, lookback: dt.timedelta, period: dt.timedelta) -> Fraction:
    """Return the share of the whole budget that burning at ``rate`` for ``lookback`` spends.

    c = BR x w / P; it takes traffic to be flat. :func:`share_spent_by_events` does not.
    """
    return rate * minutes(lookback) / minutes(period)


def share_spent_by_events(
    bad: Fraction, *, total_in_period: Fraction, target: Fraction
) -> Fraction | None:
    """Return the share of the whole budget that ``bad`` events really spent.

    bad(w) / (b x total(P)); equals BR(w) x total(w) / total(P), and :func:`share_spent` where
    traffic is flat.

    Returns:
        ``None`` where no event happened in the period.
    """
    return bad / ((1 - target) * total_in_period) if total_in_period else None


def time_to_exhaustion(
    left: Fraction | None, rate: Fraction | None, *, period: dt.timedelta
) -> dt.timedelta | None:
    """Return how long what is left lasts at ``rate``: P x remaining / BR.

    It counts nothing back that a rolling window will forget meanwhile.

    Args:
        left: Share of the budget left; ``None`` where unknown.
        rate: Burn rate, a multiple of the sustainable pace; ``None`` where unknown.
        period: Length of the SLO window.

    Returns:
        Zero where nothing is left; ``None`` where it is unknown or never ends at this pace.
    """
    if left is None or rate is None:
        return None
    if left <= 0:
        return dt.timedelta(0)
    if rate == 0:
        return None
    found = minutes(period) * left / rate
    return length(found) if found < minutes(dt.timedelta.max) else None


def minutes(span: dt.timedelta) -> Fraction:
    """Return ``span`` in minutes, exactly."""
    return Fraction(span // dt.timedelta(microseconds=1), MICROSECONDS_IN_A_MINUTE)


def length(of_minutes: Fraction) -> dt.timedelta:
    """Return so many minutes as a length, to the microsecond."""
    return dt.timedelta(microseconds=round(of_minutes * MICROSECONDS_IN_A_MINUTE))
