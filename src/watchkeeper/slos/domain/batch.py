"""Many objectives judged at once, from sums that are kept up to date; the engine's form.

The same figures as ``evaluation.evaluate`` gives one at a time, for objectives that ignore minutes
without data: what holds, what is exhausted and what is too little is decided exactly, on integers;
figures for people are float64. Sums are in one unit for each row: thousandths of an event, or
slices.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from watchkeeper.slos.domain import budget, burn_rate, ratios, windows
from watchkeeper.slos.domain.burn_rate import Places, RuleTable, Verdicts
from watchkeeper.slos.domain.definition import BurnRule, Severity
from watchkeeper.slos.domain.ratios import Counts, Flags, Floats, Thresholds
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.telemetry.domain.series import SCALE

STATUSES = tuple(SloStatus)
"""What the codes of :attr:`Standings.status` mean."""


@dataclass(frozen=True, slots=True)
class Member:
    """One objective over one window.

    Attributes:
        target: Promised good share, ``0 < target < 1``.
        rules: Its burn rules.
        minimum_events: Below this many events it is "insufficient".
    """

    target: Decimal
    rules: tuple[BurnRule, ...]
    minimum_events: int = 0


@dataclass(frozen=True, slots=True)
class Roster:
    """What does not change from tick to tick.

    Attributes:
        lookbacks: The lookbacks that any rule looks at, in minutes, rising: columns of the sums.
        budgets: b of each row.
        minimum_events: Of each row, in thousandths.
        rules: The rules of all rows.
        is_page: Whether a rule pages.
        shortest: Column of each row's shortest long lookback; -1 without rules.
        longest: Column of each row's longest lookback; -1 without rules.
    """

    lookbacks: tuple[int, ...]
    budgets: Thresholds
    minimum_events: Counts
    rules: RuleTable
    is_page: Flags
    shortest: Places
    longest: Places


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted up to one instant, a row for each member of the roster.

    Attributes:
        good: Good in the window.
        total: Total in the window.
        events: Events in the window, in thousandths.
        measured: Measured minutes in the window that are not excluded.
        due: Due minutes in the window.
        due_measured: Those of the due minutes that were measured.
        elapsed: Minutes since the window's first measured minute; 0 where there is none.
        period: Minutes of the whole window.
        bad_back: Bad in each lookback (columns).
        total_back: Total in each lookback.
        is_open: Whether the firing of each rule of the roster is open.
    """

    good: Counts
    total: Counts
    events: Counts
    measured: Counts
    due: Counts
    due_measured: Counts
    elapsed: Counts
    period: Counts
    bad_back: Counts
    total_back: Counts
    is_open: Flags


@dataclass(frozen=True, slots=True)
class Standings:
    """Where all stand; unknown is NaN.

    Attributes:
        sli: Good share, at most 1.
        remaining: Share of the budget left, as observed.
        projected: The same with the total of a whole window.
        coverage: Measured share of the due minutes.
        burn_rates: Of each lookback (columns).
        verdicts: What each rule of the roster says.
        status: Places in :data:`STATUSES`.
        is_paging: Whether a page rule burns.
        is_burning: Whether any rule burns.
        unknown_rules: Number of rules of which it is unknown whether they burn.
        exhausted_in: Minutes that the rest lasts; infinite where it never ends at this pace.
    """

    sli: Floats
    remaining: Floats
    projected: Floats
    coverage: Floats
    burn_rates: Floats
    verdicts: Verdicts
    status: Counts
    is_paging: Flags
    is_burning: Flags
    unknown_rules: Counts
    exhausted_in: Floats


def roster(members: Sequence[Member]) -> Roster:
    """Return what stays the same for ``members`` until one of them changes."""
    lookbacks = sorted({_minutes(x) for m in members for r in m.rules for x in (r.long, r.short)})
    column = {lookback: place for place, lookback in enumerate(lookbacks)}
    rows = [
        (
            row,
            column[_minutes(rule.long)],
            column[_minutes(rule.short)],
            Fraction(rule.factor) * (1 - Fraction(member.target)),
        )
        for row, member in enumerate(members)
        for rule in member.rules
    ]
    longs = [[column[_minutes(rule.long)] for rule in member.rules] for member in members]
    pages = [rule.severity is Severity.PAGE for member in members for rule in member.rules]
    return Roster(
        lookbacks=tuple(lookbacks),
        budgets=Thresholds.of(1 - Fraction(member.target) for member in members),
        minimum_events=np.array([m.minimum_events * SCALE for m in members], np.int64),
        rules=RuleTable.of(rows),
        is_page=np.array(pages, np.bool_),
        shortest=np.array([min(places, default=-1) for places in longs], np.intp),
        longest=np.array([max(places, default=-1) for places in longs], np.intp),
    )


def judge(members: Roster, sums: Sums) -> Standings:
    """Return where all members stand; row by row the same as ``evaluation.evaluate``."""
    budgets = members.budgets.near
    bad = np.maximum(sums.total - sums.good, 0)
    error_ratio = _share(bad, sums.total)
    remaining = budget.remaining_of_many(bad, sums.total, budget=budgets)
    rates = burn_rate.burn_rates(sums.bad_back, sums.total_back, budget=budgets)
    verdicts = burn_rate.judge(sums.bad_back, sums.total_back, members.rules)
    burns = verdicts.holds | sums.is_open
    is_burning, is_paging = (np.zeros(len(bad), np.bool_) for _ in range(2))
    is_burning[members.rules.slo[burns]] = True
    is_paging[members.rules.slo[burns & members.is_page]] = True
    is_gone = (sums.total > 0) & (ratios.compare(bad, sums.total, members.budgets) >= 0)
    elapsed = np.where(sums.elapsed > 0, sums.elapsed, np.nan)
    states = [
        (sums.measured == 0, SloStatus.NO_DATA),
        (sums.events < members.minimum_events, SloStatus.INSUFFICIENT),
        (is_gone, SloStatus.EXHAUSTED),
        (is_burning, SloStatus.BURNING),
    ]
    return Standings(
        sli=1 - error_ratio,
        remaining=remaining,
        projected=1 - error_ratio * elapsed / (budgets * sums.period),
        coverage=_share(sums.due_measured, sums.due),
        burn_rates=rates,
        verdicts=verdicts,
        status=np.select(
            [flags for flags, _ in states],
            [STATUSES.index(status) for _, status in states],
            STATUSES.index(SloStatus.OK),
        ),
        is_paging=is_paging,
        unknown_rules=np.bincount(
            members.rules.slo[~verdicts.holds & ~verdicts.clear], minlength=len(bad)
        ).astype(np.int64),
        is_burning=is_burning,
        exhausted_in=_exhausted_in(members, sums, remaining, rates, is_paging),
    )


def _exhausted_in(
    members: Roster, sums: Sums, remaining: Floats, rates: Floats, is_paging: Flags
) -> Floats:
    """Return P x remaining / BR at the pace that ``evaluation`` takes."""
    column = np.where(is_paging, members.shortest, members.longest)
    if not rates.shape[1]:
        return np.full(len(remaining), np.nan)
    rate = np.where(column >= 0, rates[np.arange(len(column)), column], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(remaining <= 0, 0 * rate, sums.period * remaining / rate)
    return np.asarray(found, np.float64)


def _share(part: Counts, whole: Counts) -> Floats:
    nothing = np.full(len(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0), np.float64)


def _minutes(length: dt.timedelta) -> int:
    return int(length / windows.MINUTE)
