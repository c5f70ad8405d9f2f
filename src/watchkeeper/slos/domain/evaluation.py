"""One objective over one window at one instant: every number that a door shows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import burn_rate, burn_rules, slices, windows
from watchkeeper.slos.domain.definition import (
    BurnRule,
    Objective,
    Severity,
    SloDefinition,
    Window,
)
from watchkeeper.slos.domain.slices import Count, Minutes, Rule
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.telemetry.domain.series import MinuteSeries

SETTLING = dt.timedelta(minutes=3)
"""A minute younger than this may still be on its way and is not missing yet."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        definition: The SLO in force at ``as_of``.
        objective: The one of its objectives.
        window: The one of its windows.
        series: Minutes from :func:`first_needed` (or the first there are) to ``as_of``.
        first_minute: The SLI's first measured minute ever; ``None`` if it never was measured.
        exclusions: Stretches of time that do not count, withdrawn ones left out.
        as_of: The end of what is looked at; whole minutes count.
        now: The present, so that what is still on its way is not called missing.
        open_rules: Names of burn rules whose firing is open.
    """

    definition: SloDefinition
    objective: Objective
    window: Window
    series: MinuteSeries
    first_minute: int | None
    as_of: dt.datetime
    now: dt.datetime
    exclusions: Sequence[Interval] = ()
    open_rules: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleState:
    """One burn rule at the instant.

    Attributes:
        rule: The rule.
        long_rate: Burn rate over the long lookback; ``None``: nothing measured or happened.
        short_rate: Burn rate over the short lookback; ``None`` likewise.
        holds: Whether both are above the factor; ``None`` where one of them is unknown.
        spent: Share of the whole budget that the long lookback spent; ``None`` where unknown.
        exhausted_in: How long the rest lasts at the long lookback's pace; ``None``: unknown or
            never.
    """

    rule: BurnRule
    long_rate: Fraction | None
    short_rate: Fraction | None
    holds: bool | None
    spent: Fraction | None
    exhausted_in: dt.timedelta | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answer; ratios exact, unknown is ``None``.

    Attributes:
        interval: The window, from and to, in UTC; a calendar window's end may be in the future.
        as_of: The instant the figures are for.
        sli: Good share in the window up to ``as_of``.
        good: Good events, or slices.
        total: Events, or slices.
        budget: Bad events that the objective allows: b x total.
        remaining: Share of the budget left, as observed: 1 - bad / (b x total).
        projected: The same with the total the whole window would have at this pace.
        burn_rates: Burn rate of every lookback of the rules, by label.
        rules: The rules with their reasons.
        status: The first state that holds.
        severity: The gravest severity that burns; ``None`` if none does.
        coverage: Measured share of the due minutes; ``None`` where none was due.
        measured_minutes: Minutes that count.
        due_minutes: Minutes that were to be measured.
        excluded_minutes: Minutes that exclusions took out.
        exhausted_in: At the pace of the shortest long lookback whose rule holds, else of the
            longest.
    """

    interval: Interval
    as_of: dt.datetime
    sli: Fraction | None
    good: Fraction
    total: Fraction
    budget: Fraction
    remaining: Fraction | None
    projected: Fraction | None
    rules: tuple[RuleState, ...]
    status: SloStatus
    severity: Severity | None
    coverage: Fraction | None
    measured_minutes: int
    due_minutes: int
    excluded_minutes: int
    exhausted_in: dt.timedelta | None
    burn_rates: Mapping[str, Fraction | None] = field(default_factory=dict)


def minute_of(moment: dt.datetime) -> int:
    """Return the minute that holds ``moment``."""
    return int(moment.timestamp() // 60)


def first_needed(window: Window, *, rules: Sequence[BurnRule], as_of: dt.datetime) -> int:
    """Return the first minute that an evaluation looks at."""
    start = windows.interval_at(window, as_of).start
    longest = max((rule.long for rule in rules), default=dt.timedelta(0))
    return minute_of(min(start, as_of - longest))


def evaluate(question: Question) -> Evaluation:
    """Return every number of one objective over one window at one instant.

    Source: Google SRE Workbook, chapters 2 and 5; OpenSLO v1 for what is counted.
    """
    minutes = prepare(question)
    interval = windows.interval_at(question.window, question.as_of)
    start, end = minute_of(interval.start), minute_of(question.as_of)
    rule = counting_rule(question)
    counted = slices.count(minutes, rule, start=start, end=end)
    share = 1 - Fraction(question.objective.target)
    part = minutes.part(start=start, end=end)
    measured = int(np.count_nonzero(part.measured))
    due = int(np.count_nonzero(part.due))
    period = interval.length
    remaining = _remaining(counted, share)
    rules = _rules(question, minutes, rule, remaining=remaining, period=period)
    status, severity = _status(question, counted, measured, remaining, rules)
    return Evaluation(
        interval=interval,
        as_of=question.as_of,
        sli=counted.sli,
        good=counted.good,
        total=counted.total,
        budget=share * counted.total,
        remaining=remaining,
        projected=_projected(counted, share, part, period=period, end=end),
        rules=rules,
        status=status,
        severity=severity,
        coverage=Fraction(int(np.count_nonzero(part.measured & part.due)), due) if due else None,
        measured_minutes=measured,
        due_minutes=due,
        excluded_minutes=int(np.count_nonzero(part.excluded)),
        exhausted_in=_exhausted_in(rules),
        burn_rates=_by_label(rules),
    )


def counting_rule(question: Question) -> Rule:
    """Return how the question's minutes are counted."""
    return Rule(
        method=question.definition.method,
        no_data=question.definition.no_data,
        slice_minutes=question.objective.slice_minutes or 1,
        slice_target=question.objective.slice_target,
    )


def prepare(question: Question) -> Minutes:
    """Return the minutes with what is excluded and what was due."""
    series = question.series
    excluded = np.zeros(len(series.covered), np.bool_)
    for interval in question.exclusions:
        low = max(-int(-interval.start.timestamp() // 60) - series.start, 0)
        high = max(-int(-interval.end.timestamp() // 60) - series.start, 0)
        excluded[low:high] = True
    due = np.zeros(len(series.covered), np.bool_)
    begun = _due_from(question)
    if begun is not None:
        last = min(minute_of(question.as_of), minute_of(question.now - SETTLING))
        due[max(begun - series.start, 0) : max(last - series.start, 0)] = True
        due[max(begun - series.start, 0) :] |= series.covered[max(begun - series.start, 0) :]
    return Minutes(series, excluded, np.asarray(due & ~excluded))


def _due_from(question: Question) -> int | None:
    expected = question.definition.expected_start
    return question.first_minute if expected is None else minute_of(expected)


def _remaining(counted: Count, share: Fraction) -> Fraction | None:
    ratio = counted.error_ratio
    return None if ratio is None else 1 - ratio / share


def _projected(
    counted: Count, share: Fraction, part: Minutes, *, period: dt.timedelta, end: int
) -> Fraction | None:
    """Return the budget left if the window went on at this pace without another failure.

    total x window length / time since the window's start or the first measured minute in it.
    """
    ratio = counted.error_ratio
    places = np.flatnonzero(part.measured)
    if ratio is None or not len(places):
        return None
    elapsed = end - (part.series.start + int(places[0]))
    length = Fraction(period // dt.timedelta(microseconds=1), 60_000_000)
    return 1 - ratio * elapsed / (share * length)


def _rules(
    question: Question,
    minutes: Minutes,
    rule: Rule,
    *,
    remaining: Fraction | None,
    period: dt.timedelta,
) -> tuple[RuleState, ...]:
    end = minute_of(question.as_of)
    target = Fraction(question.objective.target)
    known: dict[dt.timedelta, Fraction | None] = {}

    def rate(lookback: dt.timedelta) -> Fraction | None:
        if lookback not in known:
            start = end - int(lookback / windows.MINUTE)
            counted = slices.count(minutes, rule, start=start, end=end)
            known[lookback] = burn_rate.burn_rate(counted.error_ratio, target=target)
        return known[lookback]

    chosen = burn_rules.rules_for(
        question.definition,
        question.window,
        target=question.objective.target,
        at=question.as_of,
    )
    return tuple(
        _rule_state(r, rate(r.long), rate(r.short), remaining=remaining, period=period)
        for r in chosen
    )


def _rule_state(
    rule: BurnRule,
    long_rate: Fraction | None,
    short_rate: Fraction | None,
    *,
    remaining: Fraction | None,
    period: dt.timedelta,
) -> RuleState:
    holds = None
    if long_rate is not None and short_rate is not None:
        factor = Fraction(rule.factor)
        holds = long_rate > factor and short_rate > factor
    spent = None
    if long_rate is not None:
        spent = burn_rate.share_spent(long_rate, lookback=rule.long, period=period)
    return RuleState(
        rule=rule,
        long_rate=long_rate,
        short_rate=short_rate,
        holds=holds,
        spent=spent,
        exhausted_in=burn_rate.time_to_exhaustion(remaining, long_rate, period=period),
    )


def _by_label(rules: Sequence[RuleState]) -> dict[str, Fraction | None]:
    rates: dict[dt.timedelta, Fraction | None] = {}
    for state in rules:
        rates[state.rule.long] = state.long_rate
        rates[state.rule.short] = state.short_rate
    return {windows.span_label(lookback): rates[lookback] for lookback in sorted(rates)}


def _exhausted_in(rules: Sequence[RuleState]) -> dt.timedelta | None:
    firing = [state for state in rules if state.holds]
    if firing:
        return min(firing, key=lambda state: state.rule.long).exhausted_in
    return max(rules, key=lambda state: state.rule.long).exhausted_in if rules else None


def _status(
    question: Question,
    counted: Count,
    measured: int,
    remaining: Fraction | None,
    rules: Sequence[RuleState],
) -> tuple[SloStatus, Severity | None]:
    burning = [
        state.rule.severity
        for state in rules
        if state.holds or state.rule.name in question.open_rules
    ]
    severity = None
    if burning:
        severity = Severity.PAGE if Severity.PAGE in burning else Severity.TICKET
    if measured == 0:
        return SloStatus.NO_DATA, severity
    if counted.total < question.definition.minimum_events:
        return SloStatus.INSUFFICIENT, severity
    if remaining is not None and remaining <= 0:
        return SloStatus.EXHAUSTED, severity
    return (SloStatus.BURNING if burning else SloStatus.OK), severity
