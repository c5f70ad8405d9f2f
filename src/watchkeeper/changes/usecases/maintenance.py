"""Making, changing, ending and removing maintenance windows."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import queries as catalog
from watchkeeper.changes.domain import documents, maintenance, occasions
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.events import MaintenanceChanged
from watchkeeper.changes.models import Maintenance, MaintenanceCut
from watchkeeper.changes.queries import maintenance as queries
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.facts import publish
from watchkeeper.plumbing.hands import check_known
from watchkeeper.plumbing.kinds import Action, Change, FieldChange

_LONGEST_FILE = 1_000


class KeptInFilesError(ConflictError):
    """It came from a file and is changed there."""

    code = "kept_in_files"


class NameTakenError(ConflictError):
    """There is a maintenance window of that name."""

    code = "name_taken"


class NotActiveError(ConflictError):
    """The maintenance window is not on now."""

    code = "not_active"


def may_save(actor: Actor, services: Iterable[str], *, exclude: bool) -> bool:
    """Return whether ``actor`` may put these services into maintenance."""
    needed = Permission.EDIT if exclude else Permission.RESPOND
    return all(access.may(actor, needed, team_id=team) for team in _teams(services))


@transaction.atomic
def create(*, actor: Actor, spec: MaintenanceSpec, now: dt.datetime) -> None:
    """Make a window by hand.

    Raises:
        NameTakenError: there is one of that name.
        InvalidError: a field cannot be.
        ForbiddenError: the actor may not; see :func:`save`.
    """
    if Maintenance.objects.filter(name=spec.name).exists():
        raise NameTakenError(f"There is a maintenance window named {spec.name} already")
    save(actor=actor, spec=spec, origin=Origin.API, now=now)


@transaction.atomic
def save(
    *,
    actor: Actor,
    spec: MaintenanceSpec,
    origin: Origin,
    now: dt.datetime,
    file: str = "",
    known: str | None = None,
) -> Change:
    """Make a window be as ``spec`` says.

    Args:
        actor: Who; needs the role responder in the team of each service, and editor where the
            window takes minutes out of the figures.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        file: Name of the file it stands in.
        known: The state that the change was made for, see ``plumbing.hands.check_known``;
            ``None``: any.

    Raises:
        InvalidError: a field cannot be.
        ForbiddenError: the actor may not.
        StaleError: it is not in the state that is ``known``.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    window = documents.window_of(spec)
    row = Maintenance.objects.select_for_update().filter(name=spec.name).first()
    _require(actor, spec.name, spec.services, exclude=spec.exclude)
    if row is not None:
        _require(actor, spec.name, row.services, exclude=row.exclude)
    stored = documents.write(queries.spec_of(row)) if row is not None else None
    check_known(known, stored, f"maintenance window {spec.name}")
    _check_origin(row, origin, spec.name)
    fields = _differences(stored["spec"] if stored else {}, documents.write(spec)["spec"])
    if row is not None and not fields and row.origin == origin.value:
        return Change(documents.KIND, spec.name, Action.UNCHANGED)
    action = Action.UPDATE if row is not None else Action.CREATE
    row = row or Maintenance(name=spec.name, created_at=now, author=_label(actor))
    row.services, row.time_zone = list(spec.services), spec.time_zone
    row.start, row.end, row.recurrence = spec.start, spec.end, spec.recurrence
    row.exclude, row.reason = spec.exclude, spec.reason
    row.over_at = occasions.ends_at(window.occasion)
    row.origin = origin.value
    row.file = file[-_LONGEST_FILE:] if origin is Origin.FILE else ""
    if fields:
        row.changed_at = now
    row.save()
    _record(actor, "maintenance.saved", row, now=now)
    return Change(documents.KIND, spec.name, action, fields)


@transaction.atomic
def end(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """End early what is on of a window; later times of it still come.

    One that a file keeps can be ended as well: the window stays as it is written.

    Raises:
        MaintenanceNotFoundError: there is none of that name.
        NotActiveError: it is not on now.
        ForbiddenError: the actor is no responder of the teams that own its services.
    """
    row = queries.row_of(name)
    _require(actor, name, row.services, exclude=False)
    window = queries.window_of(row)
    active = maintenance.active_at(window, now)
    if active is None:
        following = occasions.following(window.occasion, now, cuts=window.cuts)
        when = f"; it begins next at {following.start:%FT%TZ}" if following is not None else ""
        raise NotActiveError(f"The maintenance window {name} is not on now{when}")
    MaintenanceCut.objects.create(maintenance=row, start=now, end=active.end, author=_label(actor))
    _record(actor, "maintenance.ended", row, now=now)


@transaction.atomic
def remove(*, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API) -> Change:
    """Remove a window; what it kept quiet and still fires pages then.

    Raises:
        MaintenanceNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    row = queries.row_of(name)
    _require(actor, name, row.services, exclude=row.exclude)
    _check_origin(row, origin, name)
    _record(actor, "maintenance.removed", row, now=now)
    row.delete()
    return Change(documents.KIND, name, Action.REMOVE)


def _teams(services: Iterable[str]) -> set[int | None]:
    """Return the teams that own these services; ``None`` among them: nobody owns one."""
    names = set(services)
    notes = catalog.service_notes(names, annotation="")
    return {notes[name].owner_id if name in notes else None for name in names}


def _require(actor: Actor, name: str, services: Iterable[str], *, exclude: bool) -> None:
    needed = Permission.EDIT if exclude else Permission.RESPOND
    for team in _teams(services):
        access.require(actor, needed, what=f"maintenance window {name}", team_id=team)


def _check_origin(row: Maintenance | None, origin: Origin, name: str) -> None:
    if row is not None and row.origin == Origin.FILE.value and origin is not Origin.FILE:
        where = row.file or "a file"
        raise KeptInFilesError(
            f"The maintenance window {name} is kept in {where}; change it there"
        )


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    names = [*old, *(name for name in new if name not in old)]
    return tuple(
        FieldChange(f"spec.{name}", old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    )


def _label(actor: Actor) -> str:
    return actor.kind.value if actor.id is None else f"{actor.kind.value} {actor.id}"


def _record(actor: Actor, action: str, row: Maintenance, *, now: dt.datetime) -> None:
    audit.record(
        actor=actor, action=action, kind="maintenance", object_id=row.pk,
        detail={"name": row.name}, now=now,
    )  # fmt: skip
    publish(MaintenanceChanged(at=now))
