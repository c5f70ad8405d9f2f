"""Overrides made by hand: somebody stands in, from now on; what was stays."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.oncall.events import ScheduleChanged
from watchkeeper.oncall.models import Override, Schedule
from watchkeeper.oncall.queries import LAST, OverrideNotFoundError, unknown_people
from watchkeeper.oncall.usecases import notices
from watchkeeper.oncall.usecases.schedules import author_of, record, schedule_of
from watchkeeper.plumbing.facts import publish

_MOST = 5000


class OverrideIsPastError(ConflictError):
    """The override is over; what was is not changed."""

    code = "override_is_past"


@dataclass(frozen=True, slots=True)
class WantedOverride:
    """An override as somebody wants it.

    Attributes:
        schedule: Name of the schedule.
        start: First instant; one that is past means now.
        end: First instant after it.
        person: Who is on; somebody that Watchkeeper knows.
        replaces: Whose place they take; ``None``: everybody's, or with ``joins`` nobody's.
        joins: Whether they are on beside those who are.
    """

    schedule: str
    start: dt.datetime
    end: dt.datetime
    person: str
    replaces: str | None = None
    joins: bool = False


def may_override(
    actor: Actor, *, team_id: int | None, replaces: str | None, joins: bool = False
) -> bool:
    """Return whether ``actor`` may override a schedule of that team.

    An editor of the team may; a responder of it may hand on their own place.
    """
    if access.may(actor, Permission.EDIT, team_id=team_id):
        return True
    is_own = replaces is not None and not joins and replaces == _name_of(actor)
    return is_own and access.may(actor, Permission.RESPOND, team_id=team_id)


def may_end(actor: Actor, *, team_id: int | None, author: str) -> bool:
    """Return whether ``actor`` may end an override of that team's schedule.

    An editor of the team may; a responder of it may end those of which they are the ``author``.
    """
    if access.may(actor, Permission.EDIT, team_id=team_id):
        return True
    is_own = actor.id is not None and author == author_of(actor)
    return is_own and access.may(actor, Permission.RESPOND, team_id=team_id)


def _name_of(actor: Actor) -> str | None:
    if actor.kind is not ActorKind.USER or actor.id is None:
        return None
    return identity.names_of([actor.id]).get(actor.id)


@transaction.atomic
def add_override(*, actor: Actor, wanted: WantedOverride, now: dt.datetime) -> int:
    """Let somebody stand in, and return the id of the override.

    It holds for schedules that a file keeps as well, beside those that stand in the file.

    Raises:
        ScheduleNotFoundError: there is no such schedule.
        ForbiddenError: the actor is no editor of its team, nor a responder who hands on their own
            place.
        InvalidError: it is over before it begins, or nobody of that name is known.
    """
    row = schedule_of(wanted.schedule, actor=actor)
    what = f"schedule {row.name}"
    if not may_override(actor, team_id=row.owner_id, replaces=wanted.replaces, joins=wanted.joins):
        access.require(actor, Permission.EDIT, what=what, team_id=row.owner_id)
    _check(row, wanted, now=now)
    with notices.telling_of_changes(row, actor=actor, now=now):
        made = Override.objects.create(
            schedule=row,
            start=max(wanted.start, now),
            end=wanted.end,
            person=wanted.person,
            replaces=wanted.replaces or "",
            joins=wanted.joins,
            created_at=now,
            created_by=author_of(actor),
        )
    record(actor, "schedule.override_made", row.pk, {"override": made.pk}, now=now)
    publish(ScheduleChanged(schedule_id=row.pk, at=now))
    return made.pk


def _check(row: Schedule, wanted: WantedOverride, *, now: dt.datetime) -> None:
    problems = []
    if not wanted.start < wanted.end:
        problems.append(Problem("an override ends after it starts", path="end"))
    elif wanted.end <= now:
        problems.append(Problem("this is past, and the past is not changed", path="end"))
    elif wanted.end > LAST:
        problems.append(Problem(f"schedules know no time after {LAST.year}", path="end"))
    if wanted.joins and wanted.replaces is not None:
        problems.append(Problem("it either replaces somebody or joins, not both", path="add"))
    for path, name in (("person", wanted.person), ("replaces", wanted.replaces)):
        problems += _name_problems(path, name)
    if not problems and row.overrides.filter(end__gt=now).count() >= _MOST:
        problems.append(Problem(f"a schedule holds at most {_MOST} overrides", path=""))
    if problems:
        raise InvalidError(f"The override cannot be made: {problems[0].detail}", problems)


def _name_problems(path: str, name: str | None) -> list[Problem]:
    """Return what is wrong with a name; who is replaced may have left already."""
    if name is None:
        return []
    try:
        ids.check_name(name, what="A person")
    except InvalidError as error:
        return [Problem(error.message, path=path)]
    if path == "person" and unknown_people([name]):
        return [Problem(f"there is no person {name}", path=path)]
    return []


@transaction.atomic
def end_override(*, actor: Actor, schedule: str, override_id: int, now: dt.datetime) -> None:
    """Let an override hold no longer; one that has not begun never will. Twice is once.

    Raises:
        ScheduleNotFoundError: there is no such schedule.
        OverrideNotFoundError: it has no such override.
        OverrideIsPastError: it is over.
        ForbiddenError: the actor may not, and did not make it.
    """
    row = schedule_of(schedule, actor=actor)
    override = row.overrides.filter(pk=override_id).first()
    if override is None:
        raise OverrideNotFoundError(f"The schedule {schedule} has no override {override_id}")
    if not may_end(actor, team_id=row.owner_id, author=override.created_by):
        access.require(actor, Permission.EDIT, what=f"schedule {schedule}", team_id=row.owner_id)
    if override.ended_at is not None:
        return
    if override.end <= now:
        raise OverrideIsPastError("The override is over, and the past is not changed")
    with notices.telling_of_changes(row, actor=actor, now=now):
        ended = row.overrides.filter(pk=override_id, ended_at__isnull=True).update(
            ended_at=now, ended_by=author_of(actor)
        )
    if ended:
        record(actor, "schedule.override_ended", row.pk, {"override": override_id}, now=now)
        publish(ScheduleChanged(schedule_id=row.pk, at=now))
