"""Writing minutes: the one way in for engine, pushes, files and back-fill."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction

from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.telemetry.domain import codec, ledger
from watchkeeper.telemetry.domain.codec import DAY_MINUTES, DayMinutes
from watchkeeper.telemetry.domain.ledger import Rows, Verdicts
from watchkeeper.telemetry.domain.push import MOST_EVENTS
from watchkeeper.telemetry.domain.series import SCALE, Counts, Flags, MinuteSeries
from watchkeeper.telemetry.queries import history, tables
from watchkeeper.telemetry.usecases import findings

MOST = MOST_EVENTS * SCALE
"""Most events of one minute, in thousandths."""

OVER_TOTAL = "good_above_total"
_UPSERT = (
    "ON CONFLICT (version_id, minute) DO UPDATE SET good = excluded.good, "
    "total = excluded.total, state = excluded.state, observed_second = excluded.observed_second"
)


class MinuteValue(NamedTuple):
    """One minute; counts in thousandths of an event."""

    minute: int
    good: int
    total: int


@dataclass(frozen=True, slots=True)
class StoreResult:
    """What became of the rows.

    Attributes:
        accepted: All rows.
        changed: Rows that replaced another value.
        unchanged: Rows whose value was already there.
        superseded: Rows that gave way to a value observed later.
    """

    accepted: int
    changed: int
    unchanged: int
    superseded: int = 0


def store_minutes(
    *,
    sli_id: int,
    minutes: Sequence[MinuteValue] | MinuteSeries,
    origin: str,
    observed_at: dt.datetime,
    now: dt.datetime,
) -> StoreResult:
    """Store minutes of one SLI, each with the version in force at it.

    Of two values for a minute the later observation wins, to the second, then the later receipt;
    so the order of arrival does not matter. A change of a stored value leaves a restatement.

    Args:
        sli_id: The SLI.
        minutes: Values, thousandths; of a series only the covered minutes. If a minute comes
            twice the later place wins.
        origin: Who says so, for the restatements, as ``push`` or ``source:prom``.
        observed_at: When the values were true, as far as the sender knows.
        now: The present.

    Raises:
        InvalidError: a value is negative or too large, a minute lies before 1970; or the SLI
            has no version.
    """
    return store_columns(
        sli_id=sli_id,
        columns=_columns(minutes),
        origin=origin,
        observed_at=observed_at,
        now=now,
    )


def store_columns(
    *,
    sli_id: int,
    columns: tuple[Counts, Counts, Counts],
    origin: str,
    observed_at: dt.datetime,
    now: dt.datetime,
) -> StoreResult:
    """Store columns of minute, good and total; see :func:`store_minutes`."""
    minute, good, total = columns
    _check(minute, good, total)
    version = versions_at(sli_id, minute)
    observed = np.full(len(minute), int(observed_at.timestamp()), np.int64)
    return store_rows(Rows(version, minute, good, total, observed), origin=origin, now=now)


def store_fetched(
    fetched: Iterable[tuple[int, MinuteSeries]],
    *,
    origin: str,
    observed_at: dt.datetime,
    now: dt.datetime,
) -> StoreResult:
    """Store what a source told of many versions at once; see :func:`store_minutes`.

    Args:
        fetched: Id of each version and its minutes; gaps are left as they are.
        origin: Who says so.
        observed_at: When the source was asked.
        now: The present.
    """
    pairs = list(fetched)
    if not pairs:
        return StoreResult(0, 0, 0)
    lengths = np.array([len(series.covered) for _, series in pairs], np.int64)
    covered = np.concatenate([series.covered for _, series in pairs])
    # Where a series begins among all, so that one count of places gives every minute.
    shift = np.array([series.start for _, series in pairs], np.int64)
    shift -= np.cumsum(lengths) - lengths
    minute = (np.arange(len(covered)) + np.repeat(shift, lengths))[covered]
    version = np.repeat(np.array([each for each, _ in pairs], np.int64), lengths)[covered]
    good = np.concatenate([series.good for _, series in pairs])[covered]
    total = np.concatenate([series.total for _, series in pairs])[covered]
    _check(minute, good, total)
    observed = np.full(len(minute), int(observed_at.timestamp()), np.int64)
    return store_rows(Rows(version, minute, good, total, observed), origin=origin, now=now)


def versions_at(sli_id: int, minute: Counts) -> Counts:
    """Return the id of the version in force at each minute.

    Raises:
        InvalidError: the SLI has no version.
    """
    spans = history.spans_of([sli_id])
    order = np.argsort(spans.start)
    starts = spans.start[order]
    if not len(starts):
        raise InvalidError(f"SLI {sli_id} has no version; define it first")
    at: Counts = spans.version[order][np.searchsorted(starts, minute, side="right") - 1]
    return at


def _columns(minutes: Sequence[MinuteValue] | MinuteSeries) -> tuple[Counts, Counts, Counts]:
    if isinstance(minutes, MinuteSeries):
        covered = minutes.covered
        at = np.flatnonzero(covered) + minutes.start
        return at.astype(np.int64), minutes.good[covered], minutes.total[covered]
    values = np.array(minutes, dtype=np.int64).reshape(-1, 3)
    return values[:, 0], values[:, 1], values[:, 2]


def believable(rows: Rows) -> Rows:
    """Return the rows whose counts can be true; a source may tell nonsense, as less than 0."""
    low = (rows.good >= 0) & (rows.total >= 0) & (rows.minute >= 0)
    return rows.pick(low & (rows.good <= MOST) & (rows.total <= MOST))


def _check(minute: Counts, good: Counts, total: Counts) -> None:
    for words, column, most in (
        ("a minute", minute, history.FOREVER - 1),
        ("good", good, MOST),
        ("total", total, MOST),
    ):
        if len(column) and (int(column.min()) < 0 or int(column.max()) > most):
            raise InvalidError(f"{words} is negative or too large to be true")


@transaction.atomic
def store_rows(rows: Rows, *, origin: str, now: dt.datetime) -> StoreResult:
    """Store checked rows of any versions; see :func:`store_minutes`."""
    incoming = ledger.latest(rows)
    if not len(incoming):
        return StoreResult(0, 0, 0)
    slis = lock(np.unique(incoming.version))
    stored, known, in_journal = _stored(incoming)
    verdicts = ledger.judge(incoming, stored=stored, known=known)
    _write(incoming, verdicts.written, in_journal, now=now)
    _restate(incoming, stored, verdicts.changed, origin=origin, now=now)
    _mark_slis(incoming, verdicts, slis)
    _find_over_total(incoming.pick(verdicts.new | verdicts.changed), slis, now=now)
    return StoreResult(
        accepted=len(rows),
        changed=int(verdicts.changed.sum()),
        unchanged=int(verdicts.unchanged.sum()) + len(rows) - len(incoming),
        superseded=int(verdicts.superseded.sum()),
    )


@dataclass(frozen=True, slots=True)
class _Slis:
    """The SLI of each version that is written to, and its extent before; by version."""

    version: Counts
    sli: Counts
    last: Counts  # -1 before the first minute

    def of(self, version: Counts) -> Counts:
        """Return the place of each version's SLI in these columns."""
        return np.searchsorted(self.version, version)


def lock(versions: Counts | Sequence[int]) -> _Slis:
    """Let no other writer touch these versions until the transaction ends.

    SQLite has one writer at a time anyway.
    """
    ids, parameters = tables.table("ids", {"id": versions})
    owners = tables.select(
        f"SELECT v.id, v.sli_id FROM {ids} CROSS JOIN telemetry_sliversion v "  # noqa: S608
        "WHERE v.id = ids.id ORDER BY v.id",
        parameters,
    )
    if len(owners) != len(versions):
        raise ConflictError("An SLI was removed meanwhile")
    version, sli = np.array(owners, dtype=np.int64).T
    ids, parameters = tables.table("ids", {"id": np.unique(sli)})
    lock = "FOR UPDATE OF s" if connection.features.has_select_for_update else ""
    found = tables.select(
        f"SELECT s.id, s.last_minute FROM {ids} CROSS JOIN telemetry_sli s "  # noqa: S608
        f"WHERE s.id = ids.id ORDER BY s.id {lock}",
        parameters,
    )
    last = {sli_id: -1 if minute is None else minute for sli_id, minute in found}
    return _Slis(version, sli, np.array([last[each] for each in sli.tolist()], np.int64))


def _stored(incoming: Rows) -> tuple[Rows, Flags, Flags]:
    """Return what is stored for each incoming row, whether anything is, and if in the journal."""
    keys = incoming.keys
    stored = Rows(incoming.version, incoming.minute, *np.zeros((3, len(keys)), np.int64))
    journal = history.journal_rows(
        np.unique(incoming.version),
        start=int(incoming.minute.min()),
        end=int(incoming.minute.max()) + 1,
    )
    _, ours, theirs = np.intersect1d(keys, journal.keys, assume_unique=True, return_indices=True)
    in_journal = np.zeros(len(keys), np.bool_)
    in_journal[ours] = True
    for name in ("good", "total", "observed"):
        getattr(stored, name)[ours] = getattr(journal, name)[theirs]
    known = in_journal.copy()
    _stored_in_blocks(incoming, stored, known)
    return stored, known, in_journal


def _stored_in_blocks(incoming: Rows, stored: Rows, known: Flags) -> None:
    """Fill ``stored`` and ``known`` from blocks, where the journal holds nothing."""
    hours: dict[tuple[int, int], int] = {}
    firsts, lasts = _days(incoming)
    days = incoming.pick(firsts)
    for version, day, held in _blocks_of(days, "hours"):
        hours[version, day] = held
    if not hours:
        return
    each = zip(days.version.tolist(), days.day.tolist(), strict=True)
    holds = np.array([hours.get(place, 0) for place in each], np.int64)
    hour = incoming.minute % DAY_MINUTES // ledger.HOUR_MINUTES
    hit = np.repeat(holds, lasts - firsts) >> hour & 1
    asked = np.maximum.reduceat(hit, firsts) > 0
    places = firsts[asked]
    wanted = list(zip(places.tolist(), lasts[asked].tolist(), strict=True))
    blocks = {
        (version, day): codec.decode(bytes(payload))
        for version, day, payload in _blocks_of(incoming.pick(places), "payload")
    }
    for first, last in wanted:
        block = blocks[int(incoming.version[first]), int(incoming.day[first])]
        place = incoming.minute[first:last] % DAY_MINUTES
        fill = np.flatnonzero(block.covered[place] & ~known[first:last])
        for column, sealed in (
            (stored.good, block.good),
            (stored.total, block.total),
            (stored.observed, block.observed),
        ):
            column[first + fill] = sealed[place[fill]]
        known[first + fill] = True


def _days(rows: Rows) -> tuple[Counts, Counts]:
    """Return first place and end of each stretch of one version and day; rows are in order."""
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    keys = (rows.version << 32) | rows.day
    firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return firsts, np.append(firsts[1:], len(keys))


def _blocks_of(rows: Rows, columns: str) -> list[tuple[int, ...]]:
    """Return version, day and ``columns`` of the blocks of these rows' versions and days."""
    if not len(rows):
        return []
    days, parameters = tables.table("d", {"version": rows.version, "day": rows.day})
    return tables.select(
        f"SELECT b.version_id, b.day, b.{columns} FROM {days} "  # noqa: S608  names of ours
        "CROSS JOIN telemetry_block b WHERE b.version_id = d.version AND b.day = d.day",
        parameters,
    )


def _write(incoming: Rows, written: Flags, in_journal: Flags, *, now: dt.datetime) -> None:
    """Write into the journal; whole closed hours go into their block at once."""
    sealed_before = ledger.sealed_before(int(now.timestamp()) // 60)
    closed = written & (incoming.minute < sealed_before)
    bulk = np.zeros(len(incoming), np.bool_)
    for first, last in zip(*(part.tolist() for part in _days(incoming)), strict=True):
        if closed[first:last].sum() >= ledger.BULK:
            bulk[first:last] = closed[first:last]
    fold_into_blocks(incoming.pick(bulk))
    forget(incoming.pick(bulk & in_journal))
    rows = incoming.pick(written & ~bulk)
    if len(rows):
        tables.insert(
            "telemetry_minute",
            {
                "version_id": rows.version,
                "minute": rows.minute,
                "good": rows.good,
                "total": rows.total,
                "state": np.where(rows.good > rows.total, 2, 1),
                "observed_second": rows.observed,
            },
            suffix=_UPSERT,
        )


def forget(rows: Rows) -> None:
    """Delete rows of the journal."""
    tables.execute_each(
        "DELETE FROM telemetry_minute WHERE version_id = %s AND minute = %s",
        list(zip(rows.version.tolist(), rows.minute.tolist(), strict=True)),
    )


def fold_into_blocks(rows: Rows) -> None:
    """Merge rows, in order of version and minute, into the blocks of their days.

    Raises:
        ConflictError: a block was written by somebody else meanwhile; nothing was written if the
            caller's transaction ends by it.
    """
    firsts, lasts = _days(rows)
    before = {
        (version, day): (revision, codec.decode(bytes(payload)))
        for version, day, revision, payload in _blocks_of(rows.pick(firsts), "revision, b.payload")
    }
    fresh: list[tuple[object, ...]] = []
    known: list[tuple[object, ...]] = []
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        key = int(rows.version[first]), int(rows.day[first])
        revision, day = before.get(key, (0, DayMinutes.empty()))
        merged = ledger.fold(day, rows.pick(np.arange(first, last)))
        record = (
            ledger.hours_of(merged),
            int(merged.covered.sum()),
            int(merged.good.sum()),
            int(merged.total.sum()),
            codec.encode(merged),
            *key,
        )
        (known if revision else fresh).append((*record, revision) if revision else record)
    touched = tables.execute_each(
        "INSERT INTO telemetry_block (hours, covered, good, total, payload, version_id, day, "
        "revision) VALUES (%s, %s, %s, %s, %s, %s, %s, 1) ON CONFLICT DO NOTHING",
        fresh,
    ) + tables.execute_each(
        "UPDATE telemetry_block SET hours = %s, covered = %s, good = %s, total = %s, "
        "payload = %s, revision = revision + 1 "
        "WHERE version_id = %s AND day = %s AND revision = %s",
        known,
    )
    if touched != len(fresh) + len(known):
        raise ConflictError("A day of minutes was written by somebody else meanwhile; try again")


def _restate(
    incoming: Rows, stored: Rows, changed: Flags, *, origin: str, now: dt.datetime
) -> None:
    if not changed.any():
        return
    new, old = incoming.pick(changed), stored.pick(changed)
    tables.insert(
        "telemetry_restatement",
        {
            "version_id": new.version,
            "minute": new.minute,
            "old_good": old.good,
            "old_total": old.total,
            "new_good": new.good,
            "new_total": new.total,
        },
        fixed={"origin": origin[:120], "at": connection.ops.adapt_datetimefield_value(now)},
    )


def _mark_slis(incoming: Rows, verdicts: Verdicts, slis: _Slis) -> None:
    """Widen the extent of each SLI; move its revision unless only newer minutes were added."""
    place = slis.of(incoming.version)
    seen = verdicts.new | verdicts.changed
    if not seen.any():
        return
    disturbed = verdicts.changed | (verdicts.new & (incoming.minute <= slis.last[place]))
    sli, minute = slis.sli[place][seen], incoming.minute[seen]
    ids, where = np.unique(sli, return_inverse=True)
    low = np.full(len(ids), history.FOREVER, np.int64)
    high = np.zeros(len(ids), np.int64)
    moved = np.zeros(len(ids), np.int64)
    np.minimum.at(low, where, minute)
    np.maximum.at(high, where, minute)
    np.maximum.at(moved, where, disturbed[seen].astype(np.int64))
    least, most = ("MIN", "MAX") if connection.vendor == "sqlite" else ("LEAST", "GREATEST")
    changes, parameters = tables.table("c", {"id": ids, "low": low, "high": high, "moved": moved})
    tables.execute(
        f"UPDATE telemetry_sli SET revision = revision + c.moved, "  # noqa: S608  names of ours
        f"first_minute = {least}(COALESCE(first_minute, c.low), c.low), "
        f"last_minute = {most}(COALESCE(last_minute, c.high), c.high) "
        f"FROM {changes} WHERE telemetry_sli.id = c.id",
        parameters,
    )


def _find_over_total(written: Rows, slis: _Slis, *, now: dt.datetime) -> None:
    """Note minutes with more good events than events; they are kept as they came."""
    over = written.pick(written.good > written.total)
    if not len(over):
        return
    ids, counts = np.unique(slis.sli[slis.of(over.version)], return_counts=True)
    for sli_id, count in zip(ids.tolist(), counts.tolist(), strict=True):
        findings.note(
            sli_id=sli_id,
            code=OVER_TOTAL,
            detail="The source counted more good events than events in a minute; "
            "check that both queries select the same requests.",
            count=count,
            now=now,
        )
