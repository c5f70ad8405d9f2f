"""Events or slices: what an objective counts, over any stretch of minutes.

Occurrences: sum of good over sum of total. Timeslices: slices whose ratio reaches the slice
target, over slices. RatioTimeslices: mean of the slices' ratios. Source: OpenSLO v1,
``budgetingMethod``.

A slice lies on whole multiples of its length since the Unix epoch and counts where it lies inside
the stretch as a whole. A slice without events is left out. A due minute, or slice, without
measurement is what the SLO's no-data policy says:

- ``ignore``: left out.
- ``good``, ``bad``: in time slices a good or a bad slice; in occurrences a minute with as many
  events as the measured minutes of the same stretch had on average, all of them good or bad.
- ``hold``: the last measured minute, or slice, again.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from watchkeeper.slos.domain.definition import BudgetingMethod, NoData
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_SAFE = 2**62


@dataclass(frozen=True, slots=True)
class Minutes:
    """Measured minutes with what was to be measured.

    Attributes:
        series: The minutes.
        excluded: Minutes that an exclusion takes out.
        due: Minutes that were to be measured: begun, not excluded, not too young to be judged.
    """

    series: MinuteSeries
    excluded: Flags
    due: Flags

    @property
    def measured(self) -> Flags:
        """Minutes that count: measured and not excluded."""
        return np.asarray(self.series.covered & ~self.excluded)

    def part(self, *, start: int, end: int) -> "Minutes":
        """Return the minutes in ``[start, end)`` that are held."""
        series = self.series.slice(start=start, end=end)
        low = series.start - self.series.start
        high = low + len(series.covered)
        return Minutes(series, self.excluded[low:high], self.due[low:high])


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


@dataclass(frozen=True, slots=True)
class Count:
    """What a stretch of minutes held.

    Attributes:
        good: Events, or slices; of RatioTimeslices the sum of ratios. Exact.
        total: Events measured, or slices counted.
        sli: Good share, with what the no-data policy puts in; ``None`` where nothing counts.
    """

    good: Fraction
    total: Fraction
    sli: Fraction | None

    @property
    def error_ratio(self) -> Fraction | None:
        """Bad share, never below 0; ``None`` where nothing counts."""
        return None if self.sli is None else max(Fraction(0), 1 - self.sli)


def count(minutes: Minutes, rule: Rule, *, start: int, end: int) -> Count:
    """Return what ``[start, end)`` of ``minutes`` held.

    ``hold`` looks back before ``start`` as far as ``minutes`` reach.
    """
    if rule.method is BudgetingMethod.OCCURRENCES:
        return _occurrences(minutes, rule, start=start, end=end)
    return _slices(minutes, rule, start=start, end=end)


def _occurrences(minutes: Minutes, rule: Rule, *, start: int, end: int) -> Count:
    part = minutes.part(start=start, end=end)
    measured = part.measured
    good = Fraction(int(part.series.good[measured].sum()), SCALE)
    total = Fraction(int(part.series.total[measured].sum()), SCALE)
    missing = int(np.count_nonzero(part.due & ~measured))
    if missing == 0 or rule.no_data is NoData.IGNORE:
        return Count(good, total, good / total if total else None)
    if rule.no_data is NoData.HOLD:
        held_good, held_total = _held(minutes, start=start, end=end)
        whole = total + held_total
        return Count(good, total, (good + held_good) / whole if whole else None)
    assumed = Fraction(1) if rule.no_data is NoData.GOOD else Fraction(0)
    known = int(np.count_nonzero(measured))
    if known == 0:
        return Count(good, total, assumed)
    extra = total * missing / known
    whole = total + extra
    return Count(good, total, (good + assumed * extra) / whole if whole else None)


def _held(minutes: Minutes, *, start: int, end: int) -> tuple[Fraction, Fraction]:
    """Return the events that unmeasured due minutes repeat from the last measured one."""
    measured = minutes.measured
    places = np.where(measured, np.arange(len(measured)), -1)
    last = np.maximum.accumulate(places) if len(places) else places
    low, high = start - minutes.series.start, end - minutes.series.start
    wanted = np.zeros(len(measured), np.bool_)
    wanted[max(low, 0) : max(high, 0)] = True
    wanted &= minutes.due & ~measured & (last >= 0)
    sources = last[wanted]
    good = int(minutes.series.good[sources].sum())
    total = int(minutes.series.total[sources].sum())
    return Fraction(good, SCALE), Fraction(total, SCALE)


def _slices(minutes: Minutes, rule: Rule, *, start: int, end: int) -> Count:
    size = rule.slice_minutes
    reach = minutes.series.start if rule.no_data is NoData.HOLD else start
    first = -(-max(reach, minutes.series.start) // size) * size
    last = min(end, minutes.series.end) // size * size
    if last <= first:
        return Count(Fraction(0), Fraction(0), None)
    part = minutes.part(start=first, end=last)
    measured = part.measured
    good = _by_slice(np.where(measured, part.series.good, 0), size)
    total = _by_slice(np.where(measured, part.series.total, 0), size)
    is_measured = _by_slice(measured.astype(np.int64), size) > 0
    is_missing = ~is_measured & (_by_slice(part.due.astype(np.int64), size) > 0)
    ratio = np.where(total > 0, good / np.where(total > 0, total, 1), np.nan)
    if rule.method is BudgetingMethod.TIMESLICES:
        ratio = np.where(total > 0, _reaches(good, total, rule.slice_target).astype(float), np.nan)
    value = _with_policy(ratio, is_missing, rule.no_data)
    inside = value[max(0, -(-(start - first) // size)) :]
    counted = inside[~np.isnan(inside)]
    whole = Fraction(len(counted))
    if rule.method is BudgetingMethod.TIMESLICES:
        sum_good = Fraction(int(counted.sum()))
    else:
        sum_good = Fraction(float(counted.sum()))
    return Count(sum_good, whole, sum_good / whole if whole else None)


def _with_policy(
    ratio: npt.NDArray[np.float64], is_missing: Flags, no_data: NoData
) -> npt.NDArray[np.float64]:
    """Return the ratios with what the policy says of slices that nobody measured."""
    if no_data is NoData.IGNORE or not is_missing.any():
        return ratio
    if no_data is not NoData.HOLD:
        return np.where(is_missing, 1.0 if no_data is NoData.GOOD else 0.0, ratio)
    places = np.where(np.isnan(ratio), -1, np.arange(len(ratio)))
    last = np.maximum.accumulate(places)
    held = np.where(last >= 0, ratio[np.maximum(last, 0)], np.nan)
    return np.where(is_missing, held, ratio)


def _by_slice(values: Counts, size: int) -> Counts:
    return np.asarray(values.reshape(-1, size).sum(axis=1), dtype=np.int64)


def _reaches(good: Counts, total: Counts, target: Decimal | None) -> Flags:
    """Return where good / total >= target, compared exactly."""
    share = Fraction(target if target is not None else 1)
    top, bottom = share.numerator, share.denominator
    largest = max(int(good.max(initial=0)), int(total.max(initial=0)))
    if largest * bottom < _SAFE:
        return np.asarray(good * bottom >= total * top)
    pairs = zip(good.tolist(), total.tolist(), strict=True)
    return np.array([g * bottom >= t * top for g, t in pairs], np.bool_)
