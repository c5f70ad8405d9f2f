"""How fast an error budget is being spent, for one SLO exactly and for all of them at once.

With target T, budget b = 1 - T and lookback w: BR(w) = (bad / total) / b. A rule holds while BR is
above its factor, strictly, over both of its lookbacks.
Source: Google SRE Workbook, chapter 5 "Alerting on SLOs", multiwindow, multi-burn-rate.

One formula in two forms: ``Fraction`` for one SLO, where nothing is ever rounded, and arrays of
SLOs x lookbacks for the engine. The arrays' rates are float64, for people to read; whether a rule
holds is decided on the counts themselves (:func:`ratios.compare`), so both forms always agree.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt

from watchkeeper.slos.domain import budget, ratios
from watchkeeper.slos.domain.ratios import Counts, Flags, Floats, Thresholds

Places = npt.NDArray[np.intp]


def burn_rate(error_ratio: Fraction | None, *, target: Fraction) -> Fraction | None:
    """Return budget spend relative to the sustainable pace, exactly.

    1 spends the budget exactly over the SLO period; 14.4 spends 2 % of 30 days in 1 h.

    Args:
        error_ratio: Bad share, 0 or more; ``None`` where nothing was measured or happened.
        target: Good share that is promised, ``0 < target < 1``.

    Returns:
        ``None`` without evidence, which is not zero burn.
    """
    return None if error_ratio is None else error_ratio / (1 - target)


def burn_rates(bad: Counts, total: Counts, *, budget: Floats) -> Floats:
    """Return the burn rate of each cell; NaN where no event happened.

    Args:
        bad: Bad events of each SLO (rows) and lookback (columns); any unit.
        total: All events, in the same unit.
        budget: b of each SLO, ``0 < b < 1``; broadcast over the columns.

    Returns:
        Multiples of the sustainable pace, 0 or more; NaN: no evidence, which is not zero burn.
    """
    share = np.divide(np.maximum(bad, 0), total, out=np.full(total.shape, np.nan), where=total > 0)
    return np.asarray(share / budget[:, None], np.float64)


def holds(long: Fraction | None, short: Fraction | None, *, factor: Fraction) -> bool | None:
    """Return whether a rule holds: both burn rates are above ``factor``, strictly.

    Args:
        long: Burn rate over the long lookback; ``None`` where unknown.
        short: Burn rate over the short lookback; ``None`` where unknown.
        factor: The rule's factor.

    Returns:
        False as soon as one rate is known not to be above, whatever the other is; ``None`` where
        an unknown rate could decide either way.
    """
    above = [None if rate is None else rate > factor for rate in (long, short)]
    if False in above:
        return False
    return None if None in above else True


@dataclass(frozen=True, slots=True)
class RuleTable:
    """Burn rules of many SLOs, one row each; made once, used at every tick.

    Attributes:
        slo: Row of the sums that a rule looks at.
        long: Column of its long lookback.
        short: Column of its short lookback.
        theta: Error ratio above which it fires: factor x b.
    """

    slo: Places
    long: Places
    short: Places
    theta: Thresholds

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, Fraction]]) -> Self:
        """Return the table of ``(slo, long, short, theta)``."""
        places = np.array([row[:3] for row in rows], np.intp).reshape(-1, 3)
        theta = Thresholds.of(row[3] for row in rows)
        return cls(places[:, 0], places[:, 1], places[:, 2], theta)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the rules of a table say; a rule in neither is unknown.

    Attributes:
        holds: Both lookbacks are above.
        clear: One lookback is known not to be above.
    """

    holds: Flags
    clear: Flags


def judge(bad: Counts, total: Counts, table: RuleTable) -> Verdicts:
    """Return which rules hold; the same as :func:`holds` for each of them.

    Args:
        bad: Bad events of each SLO (rows) and lookback (columns); any unit.
        total: All events, in the same unit; 0 where nothing was measured or happened.
        table: The rules.
    """
    above: list[Flags] = []
    below: list[Flags] = []
    for column in (table.long, table.short):
        whole = total[table.slo, column]
        sides = ratios.compare(np.maximum(bad[table.slo, column], 0), whole, table.theta)
        above.append((whole > 0) & (sides > 0))
        below.append((whole > 0) & (sides <= 0))
    return Verdicts(holds=above[0] & above[1], clear=below[0] | below[1])


def factor_for(share: Fraction, *, lookback: dt.timedelta, period: dt.timedelta) -> Fraction:
    """Return the burn rate at which ``lookback`` spends ``share`` of the budget: c x P / w."""
    return share * budget.minutes(period) / budget.minutes(lookback)


def lookback_for(share: Fraction, *, factor: Fraction, period: dt.timedelta) -> dt.timedelta:
    """Return the lookback in which burning at ``factor`` spends ``share``: c x P / BR."""
    return budget.length(share * budget.minutes(period) / factor)


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
    return budget.length(budget.minutes(long) * theta / error_ratio)


def reset_time(
    *, short: dt.timedelta, theta: Fraction, error_ratio: Fraction
) -> dt.timedelta | None:
    """Return how long the rule goes on after the errors stop: w_short x (1 - theta / e).

    Args:
        short: The lookback that ends the firing: the short one, or the only one.
        theta: Error ratio at which the rule fires: factor x b.
        error_ratio: The constant bad share, for at least w_short x theta / e.

    Returns:
        To the microsecond; ``None`` where it never fired.
    """
    if error_ratio <= theta:
        return None
    return budget.length(budget.minutes(short) * (1 - theta / error_ratio))
