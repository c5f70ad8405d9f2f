"""What is true of one SLO now, in a sentence, and the words of windows and rules."""

import datetime as dt
from collections.abc import Sequence

from watchkeeper.slos.domain import windows
from watchkeeper.slos.domain.definition import (
    BudgetingMethod,
    CalendarWindow,
    Severity,
    Window,
)
from watchkeeper.slos.domain.evaluation import Evaluation, RuleState
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.slos.queries import FiringRow
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.ui.domain import numbers, times

Part = tuple[str, bool]
"""Words, and whether they stand out."""

_UNITS = {
    BudgetingMethod.OCCURRENCES: "events",
    BudgetingMethod.TIMESLICES: "slices",
    BudgetingMethod.RATIO_TIMESLICES: "slices",
}


def unit_of(method: BudgetingMethod) -> str:
    """Return what is counted, in the plural."""
    return _UNITS[method]


def window_words(window: Window) -> str:
    """Return a window for people: "30 d rolling", "calendar month, Europe/Berlin"."""
    if isinstance(window, CalendarWindow):
        count = "" if window.count == 1 else f"{window.count} "
        many = "" if window.count == 1 else "s"
        return f"{count}calendar {window.unit.value}{many}, {window.time_zone}"
    return f"{times.duration(window.length)} rolling"


def rule_words(severity: str, factor: float) -> str:
    """Return a rule for people: "Page, 14.4x"."""
    return f"{severity.capitalize()}, {numbers.factor(factor)}"


def pace_words(answer: Evaluation) -> str:
    """Return over what the pace is taken: "the last hour"."""
    if answer.pace is None:
        return ""
    words = times.duration(answer.pace)
    return "the last hour" if answer.pace == dt.timedelta(hours=1) else f"the last {words}"


def truth(
    answer: Evaluation, firings: Sequence[FiringRow], *, now: dt.datetime, zone: times.Zone
) -> list[Part]:
    """Return the sentence under the title, in parts."""
    if answer.status is SloStatus.NO_DATA:
        return [("Nothing was measured in this window, so nothing is known of its budget.", False)]
    if answer.status is SloStatus.INSUFFICIENT:
        return [
            ("Only ", False),
            (f"{numbers.count(float(answer.events))} events", True),
            (" in this window: too few to judge by.", False),
        ]
    since = _since(firings, now=now, zone=zone)
    if answer.status is SloStatus.EXHAUSTED:
        over = -float(answer.remaining or 0)
        gone = [("Its budget is spent", True)]
        if over > 0:
            gone.append((f", and {numbers.share(over)} more", False))
        return [*gone, (f"{since}.", False)]
    return _pace(answer, since)


def _pace(answer: Evaluation, since: str) -> list[Part]:
    if answer.exhausted_in is None:
        steady = answer.severity is None
        calm = "Nothing burns: at this pace the budget lasts" if steady else "It burns"
        return [(f"{calm}{since}.", False)]
    if answer.severity is None and answer.exhausted_in > answer.interval.length:
        return [
            ("Within budget: at the pace of ", False),
            (f"{pace_words(answer)} it lasts longer than its window.", False),
        ]
    return [
        ("Spends its budget in ", False),
        (times.duration(answer.exhausted_in), True),
        (f" at the pace of {pace_words(answer)}{since}.", False),
    ]


def _since(firings: Sequence[FiringRow], *, now: dt.datetime, zone: times.Zone) -> str:
    open_ones = [row for row in firings if row.ended_at is None]
    if not open_ones:
        return ""
    begun = min(row.started_at for row in open_ones)
    slow = all(row.severity == Severity.TICKET.value for row in open_ones)
    words = "burning slowly" if slow else "burning"
    return f"; {words} since {times.short(begun, now=now, zone=zone)}"


def need_words(state: RuleState, unit: str) -> str:
    """Return what it would take for a quiet rule to fire."""
    if state.holds or state.is_open or state.more_failures is None:
        return ""
    factor = numbers.factor(float(state.rule.factor))
    long = times.duration(state.rule.long)
    if state.more_failures == 0:
        short = times.duration(state.rule.short)
        return f"{long} is past {factor}; fires if {short} passes it too"
    many = numbers.count(state.more_failures)
    failing = "failures" if unit == "events" else f"bad {unit}"
    return f"fires if {long} passes {factor}: {many} more {failing}"


def indicator_words(spec: SliSpec, method: BudgetingMethod) -> str:
    """Return how good is told, in a line."""
    kinds = {
        "push": "good and total, pushed",
        "threshold": f"a value {spec.op} {spec.bound}",
        "raw_ratio": f"a ratio of {spec.raw_type}",
        "sample": "sample data",
        "ratio": "bad ÷ total" if spec.bad else "good ÷ total",
    }
    return f"{kinds[spec.kind]}, {method.value}"


def queries_of(spec: SliSpec) -> list[tuple[str, str]]:
    """Return the queries of an SLI: what each counts, and its text."""
    named = (("good", spec.good), ("bad", spec.bad), ("total", spec.total), ("value", spec.value))
    return [(name, text) for name, text in named if text]


def label_of(window: Window) -> str:
    """Return the window as every door names it."""
    return windows.label(window)
