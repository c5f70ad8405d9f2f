"""Minutes read back: each from the version in force at it, the journal over the blocks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from watchkeeper.telemetry.domain import codec
from watchkeeper.telemetry.domain.codec import DAY_MINUTES
from watchkeeper.telemetry.domain.ledger import Rows
from watchkeeper.telemetry.domain.series import Counts, Flags, MinuteSeries
from watchkeeper.telemetry.models import Sli
from watchkeeper.telemetry.queries import tables

FOREVER = 1 << 31
"""A minute after all others: the year 6053."""
_FEW = 500
"""Up to so many SLIs are looked up one by one; beyond, one scan is cheaper."""


@dataclass(frozen=True, slots=True)
class Head:
    """What tells a reader that keeps minutes in memory whether they still hold.

    Attributes:
        revision: Grows whenever anything but minutes after ``last_minute`` changed; equal
            revisions mean that what was read is still so, and only newer minutes may be missing.
        first_minute: First measured minute; ``None`` before the first.
        last_minute: Last measured minute; ``None`` before the first.
    """

    revision: int
    first_minute: int | None
    last_minute: int | None


@dataclass(frozen=True, slots=True)
class DaySums:
    """Sums of whole UTC days.

    Attributes:
        start_day: First day, in whole days since the Unix epoch.
        good: Good events of each day, thousandths.
        total: All valid events of each day, thousandths.
        covered: Measured minutes of each day, 0 to 1,440.
    """

    start_day: int
    good: Counts
    total: Counts
    covered: Counts


@dataclass(frozen=True, slots=True)
class Spans:
    """Which version measures which SLI from when to when; equal lengths, by version and start."""

    sli: Counts
    version: Counts
    start: Counts
    end: Counts

    def clipped(self, *, start: int, end: int) -> "Spans":
        """Return what lies in ``[start, end)``."""
        low, high = np.maximum(self.start, start), np.minimum(self.end, end)
        keep = low < high
        return Spans(self.sli[keep], self.version[keep], low[keep], high[keep])


def spans_of(sli_ids: Collection[int]) -> Spans:
    """Return the whole story of the versions in force of these SLIs."""
    ids, parameters = tables.table("ids", {"id": list(sli_ids)})
    found = tables.select(
        "SELECT f.sli_id, f.version_id, f.since "  # noqa: S608  no text from outside
        f"FROM {ids} CROSS JOIN telemetry_sliinforce f WHERE f.sli_id = ids.id "
        "ORDER BY f.sli_id, f.since",
        parameters,
    )
    sli, version, since = np.array(found, dtype=np.int64).reshape(-1, 3).T
    until = np.full(len(sli), FOREVER, np.int64)
    if len(sli):
        until[:-1] = np.where(sli[1:] == sli[:-1], since[1:], FOREVER)
    order = np.lexsort((since, version))
    return Spans(sli[order], version[order], since[order], until[order])


def minutes(sli_id: int, *, start: int, end: int) -> MinuteSeries:
    """Return the minutes ``[start, end)`` of one SLI; not covered where nothing was measured."""
    return minutes_of([sli_id], start=start, end=end)[sli_id]


def minutes_of(sli_ids: Collection[int], *, start: int, end: int) -> Mapping[int, MinuteSeries]:
    """Return the minutes ``[start, end)`` of many SLIs by three queries.

    Each takes 17 bytes a minute and SLI; ask for what fits in memory.
    """
    length = max(0, end - start)
    order = sorted(set(sli_ids))
    good = np.zeros((len(order), length), np.int64)
    total = np.zeros((len(order), length), np.int64)
    covered = np.zeros((len(order), length), np.bool_)
    spans = spans_of(order).clipped(start=start, end=end)
    places = np.searchsorted(np.array(order, np.int64), spans.sli)
    _fill_from_blocks(spans, places, start, (good, total, covered))
    rows, at = _in_force(journal_rows(spans.version, start=start, end=end), spans)
    flat = places[at] * length + (rows.minute - start)
    good.reshape(-1)[flat] = rows.good
    total.reshape(-1)[flat] = rows.total
    covered.reshape(-1)[flat] = True
    return {
        sli: MinuteSeries(start, good[place], total[place], covered[place])
        for place, sli in enumerate(order)
    }


def journal_rows(versions: Iterable[int], *, start: int, end: int) -> Rows:
    """Return the journal of these versions in ``[start, end)``, in order of version, minute."""
    ids, parameters = tables.table("ids", {"id": sorted({int(each) for each in versions})})
    found = tables.select(
        "SELECT m.version_id, m.minute, m.good, m.total, m.observed_second "  # noqa: S608
        f"FROM {ids} CROSS JOIN telemetry_minute m "
        "WHERE m.version_id = ids.id AND m.minute >= %s AND m.minute < %s",
        [*parameters, start, end],
    )
    rows = Rows.of_records(found)
    return rows.pick(np.argsort(rows.keys, kind="stable"))


def in_force(rows: Rows, spans: Spans) -> Rows:
    """Return the rows whose version was in force at their minute."""
    return _in_force(rows, spans)[0]


def _in_force(rows: Rows, spans: Spans) -> tuple[Rows, Counts]:
    """Return the rows whose version was in force at their minute, and the span of each."""
    if not len(spans.sli):
        return Rows.empty(), np.zeros(0, np.int64)
    starts = (spans.version << 32) | spans.start
    at = np.searchsorted(starts, rows.keys, side="right") - 1
    fits = (at >= 0) & (spans.version[at] == rows.version) & (rows.minute < spans.end[at])
    return rows.pick(fits), at[fits]


def _fill_from_blocks(
    spans: Spans, places: Counts, start: int, into: tuple[Counts, Counts, Flags]
) -> None:
    """Copy what sealed blocks hold of ``spans`` into rows ``places`` of the three matrices."""
    if not len(spans.sli):
        return
    days = int(spans.start.min()) // DAY_MINUTES, int(spans.end.max() - 1) // DAY_MINUTES
    ids, parameters = tables.table("ids", {"id": sorted({int(each) for each in spans.version})})
    found = tables.select(
        f"SELECT b.version_id, b.day, b.payload FROM {ids} "  # noqa: S608
        "CROSS JOIN telemetry_block b "
        "WHERE b.version_id = ids.id AND b.day >= %s AND b.day <= %s",
        [*parameters, *days],
    )
    for version, day, payload in found:
        sealed = codec.decode(bytes(payload), with_observed=False)
        noon = day * DAY_MINUTES
        first = int(np.searchsorted(spans.version, version))
        last = int(np.searchsorted(spans.version, version, side="right"))
        for span in range(first, last):
            low = max(int(spans.start[span]), noon)
            high = min(int(spans.end[span]), noon + DAY_MINUTES)
            if low >= high:
                continue
            place = int(places[span])
            for matrix, column in zip(
                into, (sealed.good, sealed.total, sealed.covered), strict=True
            ):
                matrix[place, low - start : high - start] = column[low - noon : high - noon]


def heads(sli_ids: Collection[int] | None = None) -> Mapping[int, Head]:
    """Return the head of each of these SLIs, or of all, by one query."""
    found = Sli.objects.values_list("id", "revision", "first_minute", "last_minute")
    if sli_ids is not None and len(sli_ids) <= _FEW:
        found = found.filter(id__in=sli_ids)
    wanted = None if sli_ids is None else set(sli_ids)
    return {
        sli: Head(revision, first, last)
        for sli, revision, first, last in found.iterator(chunk_size=10_000)
        if wanted is None or sli in wanted
    }


def first_minute(sli_id: int) -> int | None:
    """Return the first measured minute of an SLI; ``None`` before the first."""
    return Sli.objects.filter(pk=sli_id).values_list("first_minute", flat=True).first()


def last_minute(sli_id: int) -> int | None:
    """Return the last measured minute of an SLI; ``None`` before the first."""
    return Sli.objects.filter(pk=sli_id).values_list("last_minute", flat=True).first()


def day_sums(sli_id: int, *, start_day: int, end_day: int) -> DaySums:
    """Return the sums of the whole UTC days ``[start_day, end_day)`` of one SLI."""
    return day_sums_of([sli_id], start_day=start_day, end_day=end_day)[sli_id]


def day_sums_of(
    sli_ids: Collection[int], *, start_day: int, end_day: int
) -> Mapping[int, DaySums]:
    """Return the sums of the whole UTC days ``[start_day, end_day)`` of many SLIs.

    Sealed days give their stored sums; only days that the journal touches, and days within which
    a version changes, are decoded.
    """
    order = sorted(set(sli_ids))
    sums = np.zeros((3, len(order), max(0, end_day - start_day)), np.int64)
    spans = spans_of(order).clipped(start=start_day * DAY_MINUTES, end=end_day * DAY_MINUTES)
    places = np.searchsorted(np.array(order, np.int64), spans.sli)
    dirty = _days_to_decode(spans)
    _fill_from_sums(spans, places, start_day, sums)
    for day, slis in dirty.items():
        if not start_day <= day < end_day:
            continue
        decoded = minutes_of(slis, start=day * DAY_MINUTES, end=(day + 1) * DAY_MINUTES)
        for sli, series in decoded.items():
            place = int(np.searchsorted(np.array(order, np.int64), sli))
            sums[:, place, day - start_day] = (
                series.good.sum(),
                series.total.sum(),
                series.covered.sum(),
            )
    return {
        sli: DaySums(start_day, sums[0, place], sums[1, place], sums[2, place])
        for place, sli in enumerate(order)
    }


def _days_to_decode(spans: Spans) -> Mapping[int, set[int]]:
    """Return, by day, the SLIs whose stored sum of that day is not the whole truth."""
    dirty: dict[int, set[int]] = defaultdict(set)
    for edge in (spans.start, spans.end):
        for place in np.flatnonzero(edge % DAY_MINUTES):
            dirty[int(edge[place]) // DAY_MINUTES].add(int(spans.sli[place]))
    if not len(spans.sli):
        return dirty
    owner = dict(zip(spans.version.tolist(), spans.sli.tolist(), strict=True))
    ids, parameters = tables.table("ids", {"id": list(owner)})
    touched = tables.select(
        f"SELECT DISTINCT m.version_id, m.minute / {DAY_MINUTES} FROM {ids} "  # noqa: S608
        "CROSS JOIN telemetry_minute m "
        "WHERE m.version_id = ids.id AND m.minute >= %s AND m.minute < %s",
        [*parameters, int(spans.start.min()), int(spans.end.max())],
    )
    for version, day in touched:
        dirty[day].add(owner[version])
    return dirty


def _fill_from_sums(spans: Spans, places: Counts, start_day: int, sums: Counts) -> None:
    """Write the stored sums of sealed days into ``sums``; days to decode are overwritten later."""
    if not len(spans.sli):
        return
    ids, parameters = tables.table("ids", {"id": sorted({int(each) for each in spans.version})})
    found = tables.select(
        f"SELECT b.version_id, b.day, b.good, b.total, b.covered FROM {ids} "  # noqa: S608
        "CROSS JOIN telemetry_block b "
        "WHERE b.version_id = ids.id AND b.day >= %s AND b.day < %s",
        [*parameters, start_day, start_day + sums.shape[2]],
    )
    rows = Rows.of_records([(v, d * DAY_MINUTES, g, t, c) for v, d, g, t, c in found])
    rows, at = _in_force(rows, spans)
    sums[:, places[at], rows.day - start_day] = (rows.good, rows.total, rows.observed)
