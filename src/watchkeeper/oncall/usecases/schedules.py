"""Making, changing and removing schedules: a change starts a version and leaves the past alone."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog.usecases import hands as teams
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall.domain import documents
from watchkeeper.oncall.events import ScheduleChanged
from watchkeeper.oncall.models import Schedule, ScheduleVersion
from watchkeeper.oncall.queries import ScheduleNotFoundError
from watchkeeper.oncall.usecases import notices
from watchkeeper.plumbing import hands
from watchkeeper.plumbing.facts import publish
from watchkeeper.plumbing.kinds import Action, Change


@transaction.atomic
def save_schedule(*, actor: Actor, document: Document, origin: Origin, now: dt.datetime) -> Change:
    """Make a schedule be as its document says, from ``now`` on.

    The first version of a name also answers for all time before it; a later one changes nothing
    that was before it. The same document changes nothing.

    Args:
        actor: Who; needs the role editor in the team that owns it, and in the one that will.
        document: How it is to be.
        origin: Where this comes from.
        now: The present.

    Raises:
        InvalidError: the document is wrong, or there is no such team.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
        TakenOverError: it was taken over and this comes from a file.
    """
    wanted = documents.read(document)
    what = f"schedule {wanted.name}"
    row = Schedule.objects.select_related("owner").filter(name=wanted.name).first()
    live = row if row is not None and not row.is_removed else None
    newest = _newest(row)
    before = newest.document if live is not None and newest is not None else None
    fields = hands.fields_of(before or {}, document.data)
    if live is not None:
        access.require(actor, Permission.EDIT, what=what, team_id=live.owner_id)
        owner = live.owner.name if live.owner is not None else None
        if not fields and owner == wanted.owner and hands.is_settled(live, origin):
            return Change(documents.KIND, wanted.name, Action.UNCHANGED)
        hands.check_hands(live, origin, what)
    team_id = teams.team_id_of(wanted.owner, actor=actor, origin=origin, now=now)
    if live is None or team_id not in (live.owner_id, None):
        access.require(actor, Permission.EDIT, what=what, team_id=team_id)
    if row is None:
        row = Schedule(name=wanted.name, origin=origin.value, created_at=now)
    elif row.is_removed:
        row.is_removed, row.is_taken_over, row.file = False, False, ""
        row.origin = origin.value
    row.title, row.owner_id = wanted.title, team_id
    row.time_zone = wanted.schedule.zone.key
    hands.set_origin(row, origin, document.file)
    with notices.telling_of_changes(row, actor=actor, now=now):
        _start_version(row, document.data, newest, actor=actor, now=now)
    record(actor, "schedule.saved", row.pk, {"version": row.newest}, now=now)
    publish(ScheduleChanged(schedule_id=row.pk, at=now))
    action = Action.UPDATE if live is not None else Action.CREATE
    return Change(documents.KIND, wanted.name, action, fields)


def _newest(row: Schedule | None) -> ScheduleVersion | None:
    return row.versions.order_by("-number").first() if row is not None else None


def _start_version(
    row: Schedule,
    document: Mapping[str, Json] | None,
    newest: ScheduleVersion | None,
    *,
    actor: Actor,
    now: dt.datetime,
) -> None:
    """Let ``document`` be in force from now on, and not before the version that was newest."""
    since = now if newest is None else max(now, newest.valid_from)
    written = _written(document, newest, now=since)
    text = json.dumps([document, written], sort_keys=True)
    row.newest = newest.number + 1 if newest is not None else 1
    row.newest_digest = hashlib.sha256(text.encode()).hexdigest()
    row.newest_since = since
    row.save()
    ScheduleVersion.objects.create(
        schedule=row,
        number=row.newest,
        document=None if document is None else dict(document),
        written=written,
        digest=row.newest_digest,
        valid_from=since,
        author=author_of(actor),
    )


def _written(
    document: Mapping[str, Json] | None, newest: ScheduleVersion | None, *, now: dt.datetime
) -> list[str]:
    """Return when each override of a document was first written, never earlier than one above it.

    One that stood in the newest version keeps its instant, so that an override made by hand since
    still counts as the later one.
    """
    known: list[tuple[Any, dt.datetime]] = []
    if newest is not None:
        moments = map(dt.datetime.fromisoformat, newest.written)
        known = list(zip(_overrides(newest.document), moments, strict=False))
    found: list[dt.datetime] = []
    for override in _overrides(document):
        at = next((moment for other, moment in known if other == override), now)
        found.append(max([at, *found[-1:]]))
    return [moment.isoformat() for moment in found]


def _overrides(document: Mapping[str, Json] | None) -> list[Any]:
    return list((document or {}).get("spec", {}).get("overrides") or [])


@transaction.atomic
def remove_schedule(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a schedule from now on; who was on call stays on record.

    One that was taken over stays whatever its file says.

    Args:
        actor: Who; needs the role editor in the team that owns it.
        name: Its name.
        now: The present.
        origin: Where the wish comes from: a file that no longer holds it, or somebody's hand.

    Raises:
        ScheduleNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    row = schedule_of(name, actor=actor)
    what = f"schedule {name}"
    access.require(actor, Permission.EDIT, what=what, team_id=row.owner_id)
    if origin is Origin.FILE and row.origin != Origin.FILE.value:
        return Change(documents.KIND, name, Action.UNCHANGED)
    if origin is not Origin.FILE:
        hands.check_hands(row, Origin.API, what)
    row.is_removed = True
    with notices.telling_of_changes(row, actor=actor, now=now):
        _start_version(row, None, _newest(row), actor=actor, now=now)
    record(actor, "schedule.removed", row.pk, {"name": name}, now=now)
    publish(ScheduleChanged(schedule_id=row.pk, at=now))
    return Change(documents.KIND, name, Action.REMOVE)


@transaction.atomic
def take_over_schedule(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let a schedule that came from a file be changed here; the file no longer rules it.

    Taking over what is kept here changes nothing.

    Raises:
        ScheduleNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    row = schedule_of(name, actor=actor)
    access.require(actor, Permission.EDIT, what=f"schedule {name}", team_id=row.owner_id)
    if hands.take_over(row):
        row.save()
        record(actor, "schedule.taken_over", row.pk, {"from": row.file}, now=now)


@transaction.atomic
def remove_sample(*, actor: Actor, now: dt.datetime) -> int:
    """Remove the schedules of the sample, their past too; return how many there were.

    Raises:
        ForbiddenError: the actor is no admin.
    """
    access.require(actor, Permission.ADMINISTER, what="the sample")
    found = list(Schedule.objects.filter(origin=Origin.SAMPLE.value))
    for row in found:
        publish(ScheduleChanged(schedule_id=row.pk, at=now))
        row.delete()
    return len(found)


def schedule_of(name: str, *, actor: Actor) -> Schedule:
    """Return a schedule's row.

    Raises:
        ScheduleNotFoundError: there is none of that name.
    """
    access.require(actor, Permission.READ, what=f"schedule {name}")
    row = Schedule.objects.filter(name=name, is_removed=False).first()
    if row is None:
        raise ScheduleNotFoundError(f"There is no schedule {name}")
    return row


def author_of(actor: Actor) -> str:
    """Return kind and id of an actor, as ``user:3``; never a name."""
    return f"{actor.kind.value}:{actor.id}" if actor.id is not None else actor.kind.value


def record(
    actor: Actor, action: str, object_id: int, detail: dict[str, Json], *, now: dt.datetime
) -> None:
    """Log what happened to a schedule."""
    audit.record(
        actor=actor, action=action, kind="schedule", object_id=object_id, detail=detail, now=now
    )
