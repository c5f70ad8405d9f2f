"""One objective over one window at one instant: every number that a door shows."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

import numpy as np

from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import budget, burn_rate, burn_rules, slices, windows
from watchkeeper.slos.domain.definition import (
    BurnRule,
    Objective,
    Severity,
    SloDefinition,
    Window,
)
from watchkeeper.slos.domain.slices import Count, Minutes, Rule, RunningSums
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
        series: Minutes from :func:`first_needed` to ``as_of``; what it does not hold was not
            measured.
        first_minute: The SLI's first measured minute ever; ``None`` if it never was measured.
        exclusions: Stretches of time that do not count, withdrawn ones left out.
        as_of: The end of what is looked at; whole minutes count.
        now: The present, so that what is still on its way is not called missing.
        open_rules: Names of burn rules whose firing is open at ``as_of``.
        rules: The burn rules to look at; ``None``: the definition's own, or else the defaults.
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
    rules: tuple[BurnRule, ...] | None = None


class RuleStanding(Enum):
    """What a burn rule says; a rule whose rate is unknown is not clear."""

    BURNING = "burning"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RuleState:
    """One burn rule at the instant, with the reason for what it says.

    Attributes:
        rule: The rule.
        long_rate: Burn rate over the long lookback; ``None``: nothing measured or happened.
        short_rate: Burn rate over the short lookback; ``None`` likewise.
        holds: Whether both are above the factor; False once one is known not to be; ``None``
            where an unknown rate could decide.
        is_open: Whether its firing is open.
        spent: Share of the whole budget that the long lookback spent at flat traffic; ``None``
            where unknown.
        exhausted_in: How long the rest lasts at the long lookback's pace; ``None``: unknown or
            never.
        more_failures: Further failures, among the same events, that take the long lookback above
            the factor; 0 where it is above; ``None`` where it is unknown.
    """

    rule: BurnRule
    long_rate: Fraction | None
    short_rate: Fraction | None
    holds: bool | None
    is_open: bool
    spent: Fraction | None
    exhausted_in: dt.timedelta | None
    more_failures: int | None

    @property
    def standing(self) -> RuleStanding:
        """What the rule says at the instant, whether or not its firing is still open."""
        if self.holds is None:
            return RuleStanding.UNKNOWN
        return RuleStanding.BURNING if self.holds else RuleStanding.CLEAR


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answer; ratios exact (``ratios.to_number`` makes plain ones), unknown is ``None``.

    Attributes:
        interval: The window, from and to, in UTC; a calendar window's end may be in the future.
        as_of: The instant the figures are for.
        target: Promised good share.
        sli: Good share in the window up to ``as_of``, at most 1.
        good: Measured good events, or slices (their ratios' sum with RatioTimeslices).
        total: Measured events, or slices with events.
        events: Measured events, whatever is counted.
        remaining: Share of the budget left, as observed: 1 - bad / (b x total).
        projected: The same with the total the whole window would have at this pace.
        rules: The rules with their reasons.
        status: The first state that holds.
        severity: The gravest severity that burns, whatever the status; ``None`` if none does.
        coverage: Measured share of the due minutes; ``None`` where none was due.
        measured_minutes: Minutes that count.
        due_minutes: Minutes that were to be measured.
        missing_minutes: Due minutes without measurement.
        excluded_minutes: Minutes that exclusions took out.
        error_minutes: Minutes with more errors than the objective allows
            (``slices.bad_minutes``).
        exhausted_in: How long the rest lasts at the pace of ``pace``; ``None``: unknown or never.
        pace: The shortest long lookback where a page rule burns, else the longest; ``None``
            without rules.
        burn_rates: Burn rate of every lookback of the rules, by label.
    """

    interval: Interval
    as_of: dt.datetime
    target: Fraction
    sli: Fraction | None
    good: Fraction
    total: Fraction
    events: Fraction
    remaining: Fraction | None
    projected: Fraction | None
    rules: tuple[RuleState, ...]
    status: SloStatus
    severity: Severity | None
    coverage: Fraction | None
    measured_minutes: int
    due_minutes: int
    missing_minutes: int
    excluded_minutes: int
    error_minutes: int
    exhausted_in: dt.timedelta | None
    pace: dt.timedelta | None
    burn_rates: Mapping[str, Fraction | None] = field(default_factory=dict)

    @property
    def unknown_rules(self) -> int:
        """Number of rules of which an unknown rate leaves open whether they burn."""
        return sum(state.holds is None for state in self.rules)

    @property
    def bad(self) -> Fraction:
        """Measured bad events or slices, never below 0."""
        return max(Fraction(0), self.total - self.good)

    @property
    def budget(self) -> Fraction:
        """Bad events or slices that the objective allows among those measured: b x total."""
        return budget.allowed_events(self.total, target=self.target)

    @property
    def left(self) -> Fraction | None:
        """Bad events or slices that are still allowed; below 0 where overspent."""
        return None if self.remaining is None else self.remaining * self.budget

    @property
    def allowed_outage(self) -> dt.timedelta:
        """Full outage that spends the whole budget: b x P."""
        return budget.allowed_outage(self.interval.length, target=self.target)

    @property
    def left_outage(self) -> dt.timedelta | None:
        """Full outage that spends what is left; below 0 where overspent."""
        if self.remaining is None:
            return None
        return budget.length(self.remaining * budget.minutes(self.allowed_outage))


def minute_of(moment: dt.datetime) -> int:
    """Return the minute that holds ``moment``."""
    return int(moment.timestamp() // 60)


def first_needed(window: Window, *, rules: Sequence[BurnRule], as_of: dt.datetime) -> int:
    """Return the first minute that an evaluation looks at."""
    start = windows.interval_at(window, as_of).start
    longest = max((rule.long for rule in rules), default=dt.timedelta(0))
    return minute_of(min(start, as_of - longest))


def rules_of(question: Question) -> tuple[BurnRule, ...]:
    """Return the burn rules that the question looks at."""
    if question.rules is not None:
        return question.rules
    return burn_rules.rules_for(
        question.definition,
        question.window,
        target=question.objective.target,
        at=question.as_of,
    )


def counting_rule(question: Question) -> Rule:
    """Return how the question's minutes are counted."""
    return Rule(
        method=question.definition.method,
        no_data=question.definition.no_data,
        slice_minutes=question.objective.slice_minutes or 1,
        slice_target=question.objective.slice_target,
    )


def evaluate(question: Question) -> Evaluation:
    """Return every number of one objective over one window at one instant.

    Source: Google SRE Workbook, chapters 2 and 5; OpenSLO v1 for what is counted.
    """
    minutes = prepare(question)
    counting = counting_rule(question)
    sums = slices.running_sums(minutes, counting)
    interval = windows.interval_at(question.window, question.as_of)
    start, end = minute_of(interval.start), minute_of(question.as_of)
    counted = sums.count(start=start, end=end)
    target = Fraction(question.objective.target)
    remaining = budget.remaining(counted.error_ratio, target=target)
    rules = _rules(question, sums, remaining=remaining, period=interval.length)
    severity = _severity(rules)
    pace = _pace(rules, severity)
    part = minutes.part(start=start, end=end)
    measured = int(np.count_nonzero(part.measured))
    due = int(np.count_nonzero(part.due))
    hit = int(np.count_nonzero(part.measured & part.due))
    return Evaluation(
        interval=interval,
        as_of=question.as_of,
        target=target,
        sli=counted.sli,
        good=counted.good,
        total=counted.total,
        events=counted.events,
        remaining=remaining,
        projected=_projected(counted, part, target=target, period=interval.length, end=end),
        rules=rules,
        status=_status(question, counted, measured, remaining, severity),
        severity=severity,
        coverage=Fraction(hit, due) if due else None,
        measured_minutes=measured,
        due_minutes=due,
        missing_minutes=due - hit,
        excluded_minutes=int(np.count_nonzero(part.excluded)),
        error_minutes=_error_minutes(part, counting, question.objective),
        exhausted_in=pace.exhausted_in if pace else None,
        pace=pace.rule.long if pace else None,
        burn_rates=_by_label(rules),
    )


def prepare(question: Question) -> Minutes:
    """Return the minutes up to ``as_of`` with what is excluded and what was due.

    A minute is excluded where its first instant lies in an exclusion. It is due where it is not
    excluded, lies after the expected start (or else the first measured minute) and is older than
    :data:`SETTLING`; a younger one that was measured is due as well.
    """
    series = _reaching(question)
    excluded = np.zeros(len(series.covered), np.bool_)
    for interval in question.exclusions:
        low = math.ceil(interval.start.timestamp() / 60) - series.start
        high = math.ceil(interval.end.timestamp() / 60) - series.start
        excluded[max(low, 0) : max(high, 0)] = True
    settled = minute_of(question.now - SETTLING)
    due = np.zeros(len(series.covered), np.bool_)
    begun = _due_from(question)
    if begun is not None:
        first = max(begun - series.start, 0)
        due[first : max(settled - series.start, 0)] = True
        due[first:] |= series.covered[first:]
    return Minutes(series, excluded, np.asarray(due & ~excluded), settled)


def _reaching(question: Question) -> MinuteSeries:
    """Return the series from what is needed first, or earlier, to ``as_of``."""
    needed = first_needed(question.window, rules=rules_of(question), as_of=question.as_of)
    end = minute_of(question.as_of)
    held = question.series.slice(start=question.series.start, end=end)
    if held.start <= needed and held.end == end:
        return held
    start = min(needed, held.start) if len(held.covered) else needed
    found = MinuteSeries.empty(start=start, end=end)
    place = slice(held.start - start, held.end - start)
    if len(held.covered):
        found.good[place] = held.good
        found.total[place] = held.total
        found.covered[place] = held.covered
    return found


def _due_from(question: Question) -> int | None:
    expected = question.definition.expected_start
    return question.first_minute if expected is None else minute_of(expected)


def _projected(
    counted: Count, part: Minutes, *, target: Fraction, period: dt.timedelta, end: int
) -> Fraction | None:
    """Return what is left with the total of a whole window.

    Time runs from the window's first measured minute, even where an exclusion took that one out:
    it runs through later exclusions as well.
    """
    places = np.flatnonzero(part.series.covered)
    if not len(places):
        return None
    elapsed = end - (part.series.start + int(places[0]))
    return budget.projected_remaining(
        counted.error_ratio, target=target, elapsed=elapsed, period=period
    )


def _error_minutes(part: Minutes, counting: Rule, objective: Objective) -> int:
    return int(np.count_nonzero(slices.bad_minutes(part, counting, target=objective.target)))


def _rules(
    question: Question,
    sums: RunningSums,
    *,
    remaining: Fraction | None,
    period: dt.timedelta,
) -> tuple[RuleState, ...]:
    chosen = rules_of(question)
    end = minute_of(question.as_of)
    lookbacks = {lookback for rule in chosen for lookback in (rule.long, rule.short)}
    counts = {
        lookback: sums.look_back(int(lookback / windows.MINUTE), end=end) for lookback in lookbacks
    }
    return tuple(
        _rule_state(
            rule,
            (counts[rule.long], counts[rule.short]),
            target=Fraction(question.objective.target),
            is_open=rule.name in question.open_rules,
            remaining=remaining,
            period=period,
        )
        for rule in chosen
    )


def _rule_state(
    rule: BurnRule,
    counts: tuple[Count, Count],
    *,
    target: Fraction,
    is_open: bool,
    remaining: Fraction | None,
    period: dt.timedelta,
) -> RuleState:
    long, short = (burn_rate.burn_rate(count.error_ratio, target=target) for count in counts)
    factor = Fraction(rule.factor)
    spent = None
    if long is not None:
        spent = budget.share_spent(long, lookback=rule.long, period=period)
    return RuleState(
        rule=rule,
        long_rate=long,
        short_rate=short,
        holds=burn_rate.holds(long, short, factor=factor),
        is_open=is_open,
        spent=spent,
        exhausted_in=budget.time_to_exhaustion(remaining, long, period=period),
        more_failures=_more_failures(counts[0], theta=factor * (1 - target)),
    )


def _more_failures(count: Count, *, theta: Fraction) -> int | None:
    if count.error_ratio is None or not count.total:
        return None
    short_of = (theta - count.error_ratio) * count.total
    return max(0, math.floor(short_of) + 1)


def _by_label(rules: Sequence[RuleState]) -> dict[str, Fraction | None]:
    rates: dict[dt.timedelta, Fraction | None] = {}
    for state in rules:
        rates[state.rule.long] = state.long_rate
        rates[state.rule.short] = state.short_rate
    return {windows.span_label(lookback): rates[lookback] for lookback in sorted(rates)}


def _severity(rules: Sequence[RuleState]) -> Severity | None:
    burning = {state.rule.severity for state in rules if state.holds or state.is_open}
    if Severity.PAGE in burning:
        return Severity.PAGE
    return Severity.TICKET if burning else None


def _pace(rules: Sequence[RuleState], severity: Severity | None) -> RuleState | None:
    """Return the rule whose long lookback says how fast the rest goes."""
    if not rules:
        return None
    ordered = sorted(rules, key=lambda state: state.rule.long)
    return ordered[0] if severity is Severity.PAGE else ordered[-1]


def _status(
    question: Question,
    counted: Count,
    measured: int,
    remaining: Fraction | None,
    severity: Severity | None,
) -> SloStatus:
    if measured == 0:
        return SloStatus.NO_DATA
    if counted.events < question.definition.minimum_events:
        return SloStatus.INSUFFICIENT
    if remaining is not None and remaining <= 0:
        return SloStatus.EXHAUSTED
    return SloStatus.OK if severity is None else SloStatus.BURNING
