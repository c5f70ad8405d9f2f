"""The way to a figure: budget left over the window, day by day, and the minutes that erred."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from watchkeeper.slos.domain import evaluation, slices, windows
from watchkeeper.slos.domain.evaluation import Question

DAY_MINUTES = 1440
_POINTS = 31


@dataclass(frozen=True, slots=True)
class Point:
    """Budget left at a moment.

    Attributes:
        minute: The moment, in whole minutes since the Unix epoch.
        remaining: Share of the budget that was left, of what the whole window allows; ``None``
            where nothing was measured in the step that ends here.
    """

    minute: int
    remaining: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of the window, for the proof.

    Attributes:
        day: Days since the Unix epoch.
        good: Events, or slices.
        total: Events, or slices.
        measured: Minutes that count.
        due: Minutes that were to be measured.
        excluded: Minutes taken out.
    """

    day: int
    good: Fraction
    total: Fraction
    measured: int
    due: int
    excluded: int


def remaining_over_time(question: Question, *, step: int) -> list[Point]:
    """Return the budget left at the window's start and at every multiple of ``step`` minutes.

    The line ends at the figure of the evaluation: what a day spent is its bad share of all events
    of the window so far, over b.
    """
    minutes = evaluation.prepare(question)
    rule = evaluation.counting_rule(question)
    start = evaluation.minute_of(windows.interval_at(question.window, question.as_of).start)
    end = evaluation.minute_of(question.as_of)
    whole = slices.count(minutes, rule, start=start, end=end)
    share = 1 - Fraction(question.objective.target)
    points = [Point(start, 1.0 if whole.total else None)]
    bad = Fraction(0)
    edges = [*range((start // step + 1) * step, end, step), end]
    before = start
    for edge in edges:
        counted = slices.count(minutes, rule, start=before, end=edge)
        bad += counted.total - counted.good
        is_known = bool(minutes.part(start=before, end=edge).measured.any())
        left = float(1 - bad / (share * whole.total)) if whole.total else None
        points.append(Point(edge, left if is_known else None))
        before = edge
    return points


def spark(question: Question) -> list[float | None]:
    """Return about thirty values of the budget left, for a sparkline."""
    interval = windows.interval_at(question.window, question.as_of)
    length = int(interval.length / windows.MINUTE)
    step = max(1, length // (_POINTS - 1))
    if step > DAY_MINUTES // 2:
        step = max(1, round(step / DAY_MINUTES)) * DAY_MINUTES
    return [
        None if point.remaining is None else round(point.remaining, 4)
        for point in remaining_over_time(question, step=step)
    ]


def by_day(question: Question) -> list[Day]:
    """Return every UTC day of the window up to the instant, for the proof view."""
    minutes = evaluation.prepare(question)
    rule = evaluation.counting_rule(question)
    start = evaluation.minute_of(windows.interval_at(question.window, question.as_of).start)
    end = evaluation.minute_of(question.as_of)
    found = []
    for day in range(start // DAY_MINUTES, -(-end // DAY_MINUTES)):
        low, high = max(start, day * DAY_MINUTES), min(end, (day + 1) * DAY_MINUTES)
        counted = slices.count(minutes, rule, start=low, end=high)
        part = minutes.part(start=low, end=high)
        found.append(
            Day(
                day=day,
                good=counted.good,
                total=counted.total,
                measured=int(np.count_nonzero(part.measured)),
                due=int(np.count_nonzero(part.due)),
                excluded=int(np.count_nonzero(part.excluded)),
            )
        )
    return found


def error_minutes(question: Question) -> list[int]:
    """Return the minutes of the window in which more failed than the objective allows."""
    minutes = evaluation.prepare(question)
    start = evaluation.minute_of(windows.interval_at(question.window, question.as_of).start)
    part = minutes.part(start=start, end=evaluation.minute_of(question.as_of))
    target = float(question.objective.target)
    total = part.series.total.astype(np.float64)
    erred = part.measured & (total > 0) & (part.series.good < target * total)
    return [part.series.start + int(place) for place in np.flatnonzero(erred)]
