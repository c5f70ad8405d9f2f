"""Who is on call, read from the database and worked out by the one resolver.

What was read of a version is remembered by the digest of its document, what was worked out of it
by the same and by the overrides made by hand: neither can be stale, they are only forgotten.
"""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import documents, history, resolver
from watchkeeper.oncall.domain.history import Standing, Version
from watchkeeper.oncall.domain.schedule import Entry, Override, Schedule
from watchkeeper.oncall.models import Override as OverrideModel
from watchkeeper.oncall.models import Schedule as ScheduleModel
from watchkeeper.oncall.models import ScheduleVersion
from watchkeeper.oncall.queries.schedules import document_of, schedule_row

LONGEST = dt.timedelta(days=1100)
FIRST = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
LAST = dt.datetime(2199, 12, 31, tzinfo=dt.UTC)
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call in one schedule; see :class:`Standing`."""

    schedule: str
    at: dt.datetime
    people: tuple[str, ...]
    layer: str
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Read:
    """A document as read: who is on call, and when each of its overrides was written."""

    schedule: Schedule | None
    written: tuple[dt.datetime, ...]


_Hand = tuple[dt.datetime, int, Override]
_Point = tuple[str, dt.datetime]
_read: dict[str, _Read] = {}
_worked_out: dict[tuple[str, tuple[_Hand, ...]], Standing] = {}


def forget() -> None:
    """Forget what was remembered; only a benchmark needs that."""
    _read.clear()
    _worked_out.clear()


def on_call(*, at: dt.datetime, name: str | None = None) -> list[OnCall]:
    """Return who is on call at ``at`` in every schedule, or in the one of that ``name``.

    Raises:
        ScheduleNotFoundError: there is no schedule of that name.
        InvalidError: ``at`` lies outside of the time that schedules know.
    """
    _check(at)
    found = ScheduleModel.objects.filter(is_removed=False).order_by("name")
    if name is not None:
        found = found.filter(pk=schedule_row(name).id)
    rows = list(found.values_list("pk", "name", "newest_digest", "newest_since"))
    hands = _hands([row[0] for row in rows] if name is not None else None, after=at)
    early = [pk for pk, _, _, since in rows if since > at]
    older = _points(early) if early else {}
    points = {pk: older.get(pk, [(digest, since)]) for pk, _, digest, since in rows}
    _remember(digest for held in points.values() for digest, _ in held)
    return [
        _on_call(shown, _standing(points[pk], tuple(hands.get(pk, ())), at))
        for pk, shown, _, _ in rows
    ]


def _on_call(name: str, standing: Standing) -> OnCall:
    return OnCall(name, standing.at, standing.people, standing.layer, standing.until)


def _standing(points: Sequence[_Point], hands: tuple[_Hand, ...], at: dt.datetime) -> Standing:
    """Return who is on call, worked out anew only where the answer may have changed."""
    if len(points) > 1:
        return history.standing_at(_versions(points, hands), at)
    key = (points[0][0], hands)
    known = _worked_out.get(key)
    if known is not None and known.until is not None and known.at <= at < known.until:
        return dataclasses.replace(known, at=at)
    found = history.standing_at(_versions(points, hands), at)
    if len(_worked_out) >= _MOST_REMEMBERED:
        _worked_out.clear()
    _worked_out[key] = found
    return found


def entries(name: str, interval: Interval) -> list[Entry]:
    """Return who is on call in ``interval``, every instant by the version in force then.

    Raises:
        ScheduleNotFoundError: there is no schedule of that name.
        InvalidError: the time is too long, or lies outside of what schedules know.
    """
    row = schedule_row(name)
    return on_call_in([row.id], interval)[row.id]


def on_call_in(ids: Collection[int], interval: Interval) -> dict[int, list[Entry]]:
    """Return the same of several schedules by their ids.

    Raises:
        InvalidError: the time is too long, or lies outside of what schedules know.
    """
    _check(interval.start)
    _check(interval.end)
    if interval.length > LONGEST:
        raise InvalidError(f"At most {LONGEST.days} days can be shown at once")
    points, hands = _points(ids), _hands(ids, after=interval.start)
    _remember(digest for held in points.values() for digest, _ in held)
    return {
        pk: history.entries(_versions(points.get(pk, ()), tuple(hands.get(pk, ()))), interval)
        for pk in ids
    }


def layer_entries(name: str, interval: Interval) -> dict[str, list[Entry]]:
    """Return what each layer of the newest version says by itself, the one that wins first.

    Raises:
        ScheduleNotFoundError: there is no schedule of that name.
    """
    schedule = documents.stored(Document(document_of(name)))
    return resolver.by_layer(schedule, interval) if schedule is not None else {}


def _check(instant: dt.datetime) -> None:
    if not FIRST <= instant <= LAST:
        raise InvalidError(
            f"{instant:%Y-%m-%d} lies outside of the years that schedules know: "
            f"{FIRST.year} to {LAST.year}"
        )


def _points(ids: Collection[int]) -> dict[int, list[_Point]]:
    """Return digest and first instant of every version of some schedules, in order."""
    found: dict[int, list[_Point]] = defaultdict(list)
    rows = ScheduleVersion.objects.filter(schedule_id__in=ids).order_by("schedule_id", "number")
    for pk, digest, since in rows.values_list("schedule_id", "digest", "valid_from"):
        found[pk].append((digest, since))
    return found


def _hands(ids: Collection[int] | None, *, after: dt.datetime) -> Mapping[int, list[_Hand]]:
    """Return the overrides made by hand that end after an instant, in the order they were made."""
    found: dict[int, list[_Hand]] = defaultdict(list)
    rows = OverrideModel.objects.filter(end__gt=after)
    if ids is not None:
        rows = rows.filter(schedule_id__in=ids)
    for row in rows.order_by("created_at", "pk"):
        end = row.end if row.ended_at is None else min(row.end, row.ended_at)
        if row.start < end:
            override = Override(row.start, end, row.person, row.replaces or None, row.joins)
            found[row.schedule_id].append((row.created_at, row.pk, override))
    return found


def _versions(points: Sequence[_Point], hands: tuple[_Hand, ...]) -> list[Version]:
    return [Version(since, _with_hands(_read[digest], hands)) for digest, since in points]


def _with_hands(read: _Read, hands: tuple[_Hand, ...]) -> Schedule | None:
    """Return a schedule with the overrides made by hand among its own, the last written last.

    What stands in the document keeps the order in which it stands there.
    """
    if read.schedule is None or not hands:
        return read.schedule
    own = [
        (written, 0, place, override)
        for place, (written, override) in enumerate(
            zip(read.written, read.schedule.overrides, strict=False)
        )
    ]
    made = [(written, 1, pk, override) for written, pk, override in hands]
    ordered = sorted([*own, *made], key=lambda one: one[:3])
    return dataclasses.replace(read.schedule, overrides=tuple(one[3] for one in ordered))


def _remember(digests: Iterable[str]) -> None:
    """Read the documents of ``digests`` that are not remembered."""
    wanted = set(digests)
    if len(_read) + len(wanted) > _MOST_REMEMBERED:
        _read.clear()
    missing = sorted(wanted - _read.keys())
    for first in range(0, len(missing), 500):
        part = ScheduleVersion.objects.filter(digest__in=missing[first : first + 500])
        for digest, document, written in part.values_list("digest", "document", "written"):
            schedule = documents.stored(Document(document)) if document is not None else None
            moments = tuple(dt.datetime.fromisoformat(text) for text in written)
            _read[digest] = _Read(schedule, moments)
