"""Notices of shifts: that one begins, that it is over, that somebody else changed them.

Beginnings and ends are found by looking, a little back and a little ahead, and each is kept as a
row in the transaction that sends it: whoever dies in between forgets none, and none is sent twice.
A change is told in the transaction that makes it.
"""

import datetime as dt
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from watchkeeper.identity import queries as identity
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.intervals import Interval
from watchkeeper.notifications import queries as reach
from watchkeeper.notifications.domain.notices import USUAL, NoticeSpec
from watchkeeper.notifications.usecases import notices
from watchkeeper.notifications.usecases.notices import Notice
from watchkeeper.oncall.domain import shifts
from watchkeeper.oncall.domain.shifts import Shifts
from watchkeeper.oncall.models import Schedule, ShiftNotice
from watchkeeper.oncall.queries import standings
from watchkeeper.plumbing import due_work, jobs, served_address

LATEST_START = dt.timedelta(hours=2)
LATEST_END = dt.timedelta(hours=1)
AHEAD = dt.timedelta(days=30)
_LONGEST_SHIFT = dt.timedelta(days=60)
_KEPT = dt.timedelta(days=90)
START, END = "start", "end"


@dataclass(frozen=True, slots=True)
class _Turn:
    """That a shift of a person in a schedule begins or ends."""

    kind: str
    person: str
    schedule_id: int
    at: dt.datetime


def tell_of_shifts(*, now: dt.datetime) -> int:
    """Tell people whose shift begins soon or is over, each once; return how many turns were told.

    What nobody could be told for longer than two hours, an end than one, is told no more.

    Args:
        now: The present.
    """
    names = dict(Schedule.objects.filter(is_removed=False).values_list("pk", "name"))
    wanted = reach.all_notice_specs()
    ahead = max((spec.before for spec in wanted.values()), default=USUAL.before)
    seen = Interval(now - LATEST_START, now + max(ahead, USUAL.before) + dt.timedelta(seconds=1))
    told = 0
    for part in due_work.portions(list(names)):
        found = standings.on_call_in(part, seen)
        turns = [
            turn
            for pk, entries in found.items()
            for turn in _turns(pk, shifts.of_people(entries), seen, wanted, now=now)
        ]
        told += _tell(turns, names, now=now) if turns else 0
    return told


def _turns(
    schedule_id: int,
    people: Shifts,
    seen: Interval,
    wanted: Mapping[str, NoticeSpec],
    *,
    now: dt.datetime,
) -> Iterator[_Turn]:
    """Yield the turns of a schedule that are to be told by now."""
    for person, own in people.items():
        spec = wanted.get(person, USUAL)
        if spec.start:
            running = [shift for shift in own if shift.end > now]
            for at in shifts.starts(running, seen):
                if at - spec.before <= now:
                    yield _Turn(START, person, schedule_id, at)
        if spec.end:
            for at in shifts.ends(own, seen):
                if now - LATEST_END < at <= now:
                    yield _Turn(END, person, schedule_id, at)


def _tell(turns: Sequence[_Turn], names: Mapping[int, str], *, now: dt.datetime) -> int:
    with transaction.atomic():
        jobs.confirm_lease()
        fresh = _not_told(turns)
        ShiftNotice.objects.bulk_create(
            ShiftNotice(
                kind=turn.kind,
                person=turn.person,
                schedule_id=turn.schedule_id,
                at=turn.at,
                created_at=now,
            )
            for turn in fresh
        )
        notices.tell(_notices(fresh, names, now=now), now=now)
    return len(fresh)


def _not_told(turns: Sequence[_Turn]) -> list[_Turn]:
    ids = {turn.schedule_id for turn in turns}
    first = min(turn.at for turn in turns)
    rows = ShiftNotice.objects.filter(schedule__in=ids, at__gte=first)
    known = set(rows.values_list("kind", "person", "schedule_id", "at"))
    return [t for t in turns if (t.kind, t.person, t.schedule_id, t.at) not in known]


def _zones(people: Collection[str]) -> dict[str, ZoneInfo]:
    """Return the time zones of those who said which is theirs."""
    said = identity.zones_by_name(people)
    return {name: ZoneInfo(zone) for name, zone in said.items() if zone}


def _notices(
    turns: Sequence[_Turn], names: Mapping[int, str], *, now: dt.datetime
) -> list[Notice]:
    """Return one notice for each person, kind and instant, however many schedules it is of."""
    together: dict[tuple[str, str, dt.datetime], list[int]] = {}
    for turn in turns:
        together.setdefault((turn.kind, turn.person, turn.at), []).append(turn.schedule_id)
    zones = _zones({turn.person for turn in turns})
    found = []
    for (kind, person, at), ids in together.items():
        where = ", ".join(sorted(names[pk] for pk in ids))
        text = _begins(person, ids, at, zones.get(person), now=now) if kind == START else ""
        text = text or f"Your shift ended at {_told(at, zones.get(person))}"
        text = f"{text.replace('Your shift', f'Your shift in {where}', 1)}{_next(kind, ids, at)}"
        key = f"{kind} {at.isoformat()} {','.join(map(str, sorted(ids)))}"
        found.append(Notice(key, person, text, _url([names[pk] for pk in ids])))
    return found


def _begins(
    person: str, ids: Collection[int], at: dt.datetime, zone: dt.tzinfo | None, *, now: dt.datetime
) -> str:
    """Return when a shift begins and until when it lasts, if that can be seen."""
    ahead = Interval(at, at + _LONGEST_SHIFT)
    ends = [
        end
        for entries in standings.on_call_in(list(ids), ahead).values()
        for end in shifts.ends(shifts.of_people(entries).get(person, ())[:1], ahead)
    ]
    verb = "begins" if at > now else "began"
    until = f", until {_told(max(ends), zone)}" if ends else ""
    return f"Your shift {verb} at {_told(at, zone)}{until}"


def _next(kind: str, ids: Collection[int], at: dt.datetime) -> str:
    """Return who is on after an end."""
    if kind != END:
        return ""
    after = Interval(at, at + dt.timedelta(seconds=1))
    people = {
        person
        for entries in standings.on_call_in(list(ids), after).values()
        for entry in entries
        for person in entry.people
    }
    return f"; {', '.join(sorted(people))} is on now" if people else "; nobody is on now"


@contextmanager
def telling_of_changes(row: Schedule, *, actor: Actor, now: dt.datetime) -> Iterator[None]:
    """Tell those whose shifts of the next 30 days the block changes, but not who does so.

    In the caller's transaction: what is not committed is not told.

    Args:
        row: The schedule; one that is new changes nobody's shifts.
        actor: Who changes it.
        now: The present.
    """
    if row.pk is None:
        yield
        return
    ahead = Interval(now, now + AHEAD)
    before = shifts.of_people(standings.on_call_in([row.pk], ahead)[row.pk])
    yield
    after = shifts.of_people(standings.on_call_in([row.pk], ahead)[row.pk])
    found = shifts.changed(before, after)
    own = actor.label if actor.kind is ActorKind.USER else None
    wanted = reach.notice_specs(found)
    people = [p for p in found if p != own and wanted.get(p, USUAL).changes]
    zones = _zones(people)
    by = "an operator" if actor.kind is ActorKind.SYSTEM else actor.label
    key = f"change {row.pk} {secrets.token_hex(8)}"  # once: it is sent with the change or never
    notices.tell(
        [
            Notice(key, p, _change(row.name, by, *found[p], zone=zones.get(p)), _url([row.name]))
            for p in people
        ],
        now=now,
    )


def _change(
    name: str,
    by: str,
    gained: Sequence[Interval],
    lost: Sequence[Interval],
    *,
    zone: dt.tzinfo | None,
) -> str:
    """Return in one line what a change brings: the first of each, and how many more there are."""
    parts = []
    for word, stretches in (("on", gained), ("off", lost)):
        if stretches:
            first = stretches[0]
            more = f" and {len(stretches) - 1} more" if len(stretches) > 1 else ""
            parts.append(f"{word} {_told(first.start, zone)} to {_told(first.end, zone)}{more}")
    return f"{by} changed your shifts in {name}: {'; '.join(parts)}"


def _told(moment: dt.datetime, zone: dt.tzinfo | None) -> str:
    """Return an instant as the person's clock shows it, or the organisation's."""
    where = zone or ZoneInfo(settings.WATCHKEEPER.time_zone)
    return f"{moment.astimezone(where):%a %d %b %H:%M %Z}"


def _url(names: Sequence[str]) -> str:
    path = f"/on-call/{names[0]}" if len(names) == 1 else "/on-call"
    return f"{served_address.base()}{path}"


def forget_old(*, now: dt.datetime) -> None:
    """Let go of what was told long ago."""
    ShiftNotice.objects.filter(at__lt=now - _KEPT).delete()
