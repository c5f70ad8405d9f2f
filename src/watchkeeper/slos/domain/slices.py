"""Events or slices: what an objective counts, over any stretch of minutes.

Occurrences: sum of good over sum of total. Timeslices: slices whose ratio reaches the slice
target, over slices. RatioTimeslices: mean of the slices' ratios. Source: OpenSLO v1,
``budgetingMethod``.

A *unit* is a minute (Occurrences) or a slice. Slices lie on whole multiples of their length since
the Unix epoch and count where they lie inside the stretch as a whole. A unit without events is
left out. A due unit without measurement is what the SLO's no-data policy says:

- ``ignore``: left out.
- ``good``, ``bad``: a slice that is all good or all bad; a minute with as many events as the
  measured minutes of the same stretch had on average, all of them good or bad. Where none of the
  stretch was measured, only the ratio is known: 1 or 0.
- ``hold``: the last measured unit again, its ratio and its events.

What a policy puts in moves the SLI, the budget and the burn rates; it is never told as measured
events. A slice is without measurement when none of its minutes was measured, at least one was due
and all have settled.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from watchkeeper.slos.domain import ratios
from watchkeeper.slos.domain.definition import BudgetingMethod, NoData
from watchkeeper.slos.domain.ratios import Counts, Flags, Floats, Thresholds
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries

WHOLE = 10**12
"""A slice's ratio is an integer of so many parts, so that sums of slices are exact."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """Measured minutes with what was to be measured.

    Attributes:
        series: The minutes.
        excluded: Minutes that an exclusion takes out.
        due: Minutes that were to be measured: begun, not excluded, not too young to be judged.
        settled: Minutes before this one are no longer waited for.
    """

    series: MinuteSeries
    excluded: Flags
    due: Flags
    settled: int

    @property
    def measured(self) -> Flags:
        """Minutes that count: measured and not excluded."""
        return np.asarray(self.series.covered & ~self.excluded)

    def part(self, *, start: int, end: int) -> "Minutes":
        """Return the minutes in ``[start, end)`` that are held."""
        series = self.series.slice(start=start, end=end)
        low = series.start - self.series.start
        high = low + len(series.covered)
        return Minutes(series, self.excluded[low:high], self.due[low:high], self.settled)


@dataclass(frozen=True, slots=True)
class Rule:
    """How minutes are counted.

    Attributes:
        method: Events or slices.
        no_data: What a due minute without measurement means.
        slice_minutes: Length of a slice; for the slice methods.
        slice_target: Ratio that makes a slice good; for Timeslices.
    """

    method: BudgetingMethod
    no_data: NoData = NoData.IGNORE
    slice_minutes: int = 1
    slice_target: Decimal | None = None

    @property
    def counts_slices(self) -> bool:
        """Whether slices are counted, not events."""
        return self.method is not BudgetingMethod.OCCURRENCES


@dataclass(frozen=True, slots=True)
class Count:
    """What a stretch of minutes held.

    Attributes:
        good: Measured good events, or good slices; of RatioTimeslices the sum of ratios.
        total: Measured events, or slices with events.
        events: Measured events, whatever the method.
        sli: Good share, at most 1, with what the no-data policy puts in; ``None`` where nothing
            counts.
    """

    good: Fraction
    total: Fraction
    events: Fraction
    sli: Fraction | None

    @property
    def bad(self) -> Fraction:
        """Measured bad events or slices, never below 0 (a source may tell more good than all)."""
        return max(Fraction(0), self.total - self.good)

    @property
    def error_ratio(self) -> Fraction | None:
        """Bad share, never below 0; ``None`` where nothing counts."""
        return None if self.sli is None else 1 - self.sli


@dataclass(frozen=True, slots=True)
class RunningSums:
    """Sums from the first unit on; any stretch is the difference of two places.

    Every array has one more place than there are units. Events are thousandths, slices are
    ``WHOLE`` each.

    Attributes:
        rule: How units are counted.
        start: First minute of the first unit.
        size: Minutes of a unit.
        good: Good of measured units.
        total: Total of measured units.
        events: Events of measured units, in thousandths.
        measured: Number of measured units.
        missing: Number of due units without measurement.
        held_good: Good that missing units repeat from the last measured one.
        held_total: Total that they repeat.
    """

    rule: Rule
    start: int
    size: int
    good: Counts
    total: Counts
    events: Counts
    measured: Counts
    missing: Counts
    held_good: Counts
    held_total: Counts

    @property
    def one(self) -> int:
        """What one event or one slice is in the sums."""
        return WHOLE if self.rule.counts_slices else SCALE

    def first_in(self, minute: int) -> int:
        """Return the place of the first unit that begins at ``minute`` or later."""
        return self._clamped(-(-(minute - self.start) // self.size))

    def last_in(self, minute: int) -> int:
        """Return the place after the last unit that ends at ``minute`` or earlier."""
        return self._clamped((minute - self.start) // self.size)

    def count(self, *, start: int, end: int) -> Count:
        """Return what the units inside ``[start, end)`` held."""
        low, high = self.first_in(start), self.last_in(end)
        return self.between(low, max(low, high))

    def look_back(self, minutes: int, *, end: int) -> Count:
        """Return what the last whole units before ``end`` held that fill ``minutes``.

        A lookback is rounded up to whole slices, so that one of 5 minutes over slices of 10 holds
        a slice at every instant.
        """
        units = -(-minutes // self.size)
        high = (end - self.start) // self.size
        return self.between(self._clamped(high - units), self._clamped(high))

    def between(self, low: int, high: int) -> Count:
        """Return what the units from place ``low`` to before ``high`` held."""
        good = int(self.good[high] - self.good[low])
        total = int(self.total[high] - self.total[low])
        return Count(
            good=Fraction(good, self.one),
            total=Fraction(total, self.one),
            events=Fraction(int(self.events[high] - self.events[low]), SCALE),
            sli=self._sli(low, high, good=good, total=total),
        )

    def error_ratios(self, low: Counts, high: Counts) -> Floats:
        """Return :attr:`Count.error_ratio` of many stretches as float64; NaN where unknown."""
        good = (self.good[high] - self.good[low]).astype(np.float64)
        total = (self.total[high] - self.total[low]).astype(np.float64)
        put_good, put_total = self._put_in(low, high)
        whole = total + put_total
        safe = np.where(whole > 0, whole, 1)
        return np.asarray(
            np.where(whole > 0, np.maximum(whole - good - put_good, 0) / safe, np.nan)
        )

    def burn_down(self, low: int, places: Counts, high: int) -> tuple[Floats, float]:
        """Return what was bad from ``low`` to each of ``places``, and the total up to ``high``.

        Both in one unit, with what the no-data policy puts in; a missing unit weighs what it
        weighs in the whole stretch, so that the last place gives the stretch's own error ratio.
        """
        bad = (self.total - self.good).astype(np.float64)
        whole = float(self.total[high] - self.total[low])
        if self.rule.no_data is NoData.HOLD:
            bad += self.held_total - self.held_good
            whole += float(self.held_total[high] - self.held_total[low])
        elif self.rule.no_data is not NoData.IGNORE:
            weight = self._weight(low, high)
            whole += weight * float(self.missing[high] - self.missing[low])
            bad += weight * self.missing * (self.rule.no_data is NoData.BAD)
        return np.asarray(bad[places] - bad[low]), whole

    def _clamped(self, place: int) -> int:
        return min(max(place, 0), len(self.good) - 1)

    def _weight(self, low: int, high: int) -> float:
        """Return what one missing unit weighs: one slice, or the mean of the measured minutes."""
        measured = int(self.measured[high] - self.measured[low])
        if self.rule.counts_slices or not measured:
            return float(self.one)
        return float(self.total[high] - self.total[low]) / measured

    def _sli(self, low: int, high: int, *, good: int, total: int) -> Fraction | None:
        missing = int(self.missing[high] - self.missing[low])
        no_data = self.rule.no_data
        measured = int(self.measured[high] - self.measured[low])
        put_good, put_total = Fraction(0), Fraction(0)
        if missing and no_data is NoData.HOLD:
            put_good = Fraction(int(self.held_good[high] - self.held_good[low]))
            put_total = Fraction(int(self.held_total[high] - self.held_total[low]))
        elif missing and no_data is not NoData.IGNORE:
            put_total = Fraction(missing * self.one)
            if measured and not self.rule.counts_slices:
                put_total = Fraction(total * missing, measured)
            put_good = put_total if no_data is NoData.GOOD else put_good
        whole = total + put_total
        return min(Fraction(1), (good + put_good) / whole) if whole else None

    def _put_in(self, low: Counts, high: Counts) -> tuple[Floats, Floats]:
        """Return good and total that the no-data policy puts into many stretches."""
        nothing = np.zeros(len(low), np.float64)
        if self.rule.no_data is NoData.IGNORE:
            return nothing, nothing
        if self.rule.no_data is NoData.HOLD:
            good = (self.held_good[high] - self.held_good[low]).astype(np.float64)
            return good, (self.held_total[high] - self.held_total[low]).astype(np.float64)
        missing = (self.missing[high] - self.missing[low]).astype(np.float64)
        weight = np.full(len(low), float(self.one))
        if not self.rule.counts_slices:
            measured = self.measured[high] - self.measured[low]
            mean = (self.total[high] - self.total[low]) / np.maximum(measured, 1)
            weight = np.where(measured > 0, mean, weight)
        put = missing * weight
        return (put if self.rule.no_data is NoData.GOOD else nothing), put


def count(minutes: Minutes, rule: Rule, *, start: int, end: int) -> Count:
    """Return what ``[start, end)`` of ``minutes`` held; for one stretch.

    Where many stretches are asked for, :func:`running_sums` are made once instead.
    """
    if rule.no_data is not NoData.HOLD:
        minutes = minutes.part(start=start, end=end)
    return running_sums(minutes, rule).count(start=start, end=end)


def running_sums(minutes: Minutes, rule: Rule) -> RunningSums:
    """Return the sums of ``minutes`` under ``rule``; ``hold`` looks back as far as they reach."""
    size = rule.slice_minutes if rule.counts_slices else 1
    first = -(-minutes.series.start // size) * size
    last = max(first, minutes.series.end // size * size)
    part = minutes.part(start=first, end=last)
    is_measured = part.measured
    good = _by_unit(np.where(is_measured, part.series.good, 0), size)
    events = _by_unit(np.where(is_measured, part.series.total, 0), size)
    measured = _by_unit(_numbers(is_measured), size) > 0
    total = events
    if rule.counts_slices:
        good, total = _judged(good, events, rule)
    missing = _missing(part, measured, rule, size)
    held_good, held_total = _held(good, total, measured, missing, rule)
    return RunningSums(
        rule=rule,
        start=first,
        size=size,
        good=_running(good),
        total=_running(total),
        events=_running(events),
        measured=_running(_numbers(measured)),
        missing=_running(_numbers(missing)),
        held_good=_running(held_good),
        held_total=_running(held_total),
    )


def bad_minutes(minutes: Minutes, rule: Rule, *, target: Decimal) -> Flags:
    """Return which measured minutes had more errors than the objective allows.

    With Timeslices: those of slices below the slice target; else those whose own bad share is
    above 1 - target.
    """
    series, measured = minutes.series, minutes.measured
    if rule.method is not BudgetingMethod.TIMESLICES:
        bad = np.maximum(series.total - series.good, 0)
        budget = Thresholds.of([1 - Fraction(target)])
        return np.asarray(measured & (ratios.compare(bad, series.total, budget) > 0))
    size = rule.slice_minutes
    low = -series.start % size
    many = max(0, (len(measured) - low) // size)
    inside = slice(low, low + many * size)
    good = _by_unit(np.where(measured, series.good, 0)[inside], size)
    total = _by_unit(np.where(measured, series.total, 0)[inside], size)
    is_bad = np.zeros(len(measured), np.bool_)
    is_bad[inside] = np.repeat((total > 0) & ~_reaches(good, total, rule), size)
    return np.asarray(is_bad & measured)


def _judged(good: Counts, events: Counts, rule: Rule) -> tuple[Counts, Counts]:
    """Return the slices' worth, 0 to ``WHOLE``, and ``WHOLE`` for each slice with events."""
    happened = events > 0
    if rule.method is BudgetingMethod.TIMESLICES:
        worth = np.where(happened & _reaches(good, events, rule), WHOLE, 0)
    else:
        share = good / np.where(happened, events, 1)
        worth = np.where(happened, np.rint(np.minimum(share, 1) * WHOLE), 0)
    return worth.astype(np.int64), np.where(happened, WHOLE, 0).astype(np.int64)


def _missing(part: Minutes, measured: Flags, rule: Rule, size: int) -> Flags:
    """Return the units that are due and settled and were not measured; none if all are ignored."""
    if rule.no_data is NoData.IGNORE:
        return np.zeros(len(measured), np.bool_)
    due = _by_unit(_numbers(part.due), size) > 0
    ends = part.series.start + np.arange(1, len(measured) + 1) * size
    return np.asarray(due & ~measured & ((ends <= part.settled) | (size == 1)))


def _held(
    good: Counts, total: Counts, measured: Flags, missing: Flags, rule: Rule
) -> tuple[Counts, Counts]:
    """Return what each missing unit repeats from the last measured one before it."""
    if rule.no_data is not NoData.HOLD or not missing.any():
        nothing = np.zeros(len(good), np.int64)
        return nothing, nothing
    last = np.maximum.accumulate(np.where(measured, np.arange(len(measured)), -1))
    repeats = missing & (last >= 0)
    source = np.maximum(last, 0)
    return np.where(repeats, good[source], 0), np.where(repeats, total[source], 0)


def _reaches(good: Counts, total: Counts, rule: Rule) -> Flags:
    target = Thresholds.of([Fraction(rule.slice_target if rule.slice_target is not None else 1)])
    return np.asarray(ratios.compare(good, total, target) >= 0)


def _by_unit(values: Counts, size: int) -> Counts:
    return values if size == 1 else np.asarray(values.reshape(-1, size).sum(axis=1), np.int64)


def _numbers(flags: Flags) -> Counts:
    return flags.astype(np.int64)


def _running(values: Counts) -> Counts:
    sums = np.zeros(len(values) + 1, np.int64)
    if values.any():
        np.cumsum(values, out=sums[1:])
    return sums
