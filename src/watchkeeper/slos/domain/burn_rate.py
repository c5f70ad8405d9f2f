"""How fast an error budget is being spent, and what follows from it.

Source of all formulas: Google SRE Workbook, chapter 5. With target T, budget share
b = 1 - T, SLO period P and lookback w: BR = (bad / total) / b; the share of the budget spent by
burning at BR for w is BR x w / P.

One formula, over arrays of SLOs and lookbacks; a scalar is an array of one. Fractions keep scalars
exact, so that nothing is rounded before it is compared.
"""

import datetime as dt
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def burn_rates(bad: Counts, total: Counts, *, budget: Floats) -> Floats:
    """Return the burn rate of each cell; NaN where no event happened.

    Args:
        bad: Bad events of each SLO (rows) and lookback (columns); any unit.
        total: All events, in the same unit.
        budget: Budget share of each SLO, 0 < b < 1; broadcast over the columns.

    Returns:
        Multiples of the sustainable pace, 0 or more; NaN: no evidence, which is not zero burn.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(total > 0, bad / np.where(total > 0, total, 1), np.nan)
    return np.asarray(ratio / budget[:, None], dtype=np.float64)


def burn_rate(error_ratio: Fraction | None, *, target: Fraction) -> Fraction | None:
    """Return budget spend relative to the sustainable pace, exactly.

    Args:
        error_ratio: Bad share, 0 or more; ``None`` where nothing was measured or happened.
        target: Good share that is promised, ``0 < target < 1``.
    """
    return None if error_ratio is None else error_ratio / (1 - target)


def share_spent(rate: Fraction, *, lookback: dt.timedelta, period: dt.timedelta) -> Fraction:
    """Return the share of the whole budget that burning at ``rate`` for ``lookback`` spends."""
    return rate * _minutes(lookback) / _minutes(period)


def factor_for(share: Fraction, *, lookback: dt.timedelta, period: dt.timedelta) -> Fraction:
    """Return the burn rate at which ``lookback`` spends ``share`` of the budget."""
    return share * _minutes(period) / _minutes(lookback)


def time_to_exhaustion(
    remaining: Fraction | None, rate: Fraction | None, *, period: dt.timedelta
) -> dt.timedelta | None:
    """Return how long the remaining budget lasts at ``rate``: P x remaining / BR.

    Returns:
        Zero where nothing is left; ``None`` where it is unknown or never ends at this pace.
    """
    if remaining is None or rate is None:
        return None
    if remaining <= 0:
        return dt.timedelta(0)
    if rate == 0:
        return None
    return dt.timedelta(minutes=float(_minutes(period) * remaining / rate))


def detection_time(
    *, long: dt.timedelta, theta: Fraction, error_ratio: Fraction
) -> dt.timedelta | None:
    """Return how long constant errors last before the rule fires, from a clean state.

    Args:
        long: The long lookback; the short one is met earlier.
        theta: Error ratio at which the rule fires: factor x b.
        error_ratio: The constant bad share.

    Returns:
        w_long x theta / e, to the microsecond; ``None`` where it never fires.
    """
    if error_ratio <= theta:
        return None
    return _length(_minutes(long) * theta / error_ratio)


def reset_time(
    *, short: dt.timedelta, theta: Fraction, error_ratio: Fraction
) -> dt.timedelta | None:
    """Return how long the rule goes on after the errors stop: w_short x (1 - theta / e)."""
    if error_ratio <= theta:
        return None
    return _length(_minutes(short) * (1 - theta / error_ratio))


def minimum_total(theta: Fraction) -> int:
    """Return the events a lookback needs so that one failure alone does not fire: 1 / theta."""
    return -((-theta.denominator) // theta.numerator)


def _minutes(length: dt.timedelta) -> Fraction:
    return Fraction(length // dt.timedelta(microseconds=1), 60_000_000)


def _length(minutes: Fraction) -> dt.timedelta:
    return dt.timedelta(microseconds=round(minutes * 60_000_000))
