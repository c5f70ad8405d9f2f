"""Making and changing services, journeys and the entities they came from."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import queries
from watchkeeper.catalog.domain import backstage, differences, services
from watchkeeper.catalog.domain import journeys as journey_documents
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.catalog.events import JourneyRemoved, JourneySaved, ServiceRemoved, ServiceSaved
from watchkeeper.catalog.models import Dependency, Entity, Journey, JourneyService, Service
from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError, InvalidError, NotFoundError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.facts import publish
from watchkeeper.plumbing.kinds import Action, Change, FieldChange

_BY_HAND = {Origin.UI, Origin.API}
_PLAIN = (
    "title", "description", "tier", "lifecycle", "on_call_url", "runbook_url", "repository_url",
    "chat_channel", "fallback",
)  # fmt: skip


class ServiceNotFoundError(NotFoundError):
    """There is no service of that name."""

    code = "service_not_found"


class JourneyNotFoundError(NotFoundError):
    """There is no journey of that name."""

    code = "journey_not_found"


class KeptInFilesError(ConflictError):
    """It came from a file; it is changed there, or taken over first."""

    code = "kept_in_files"


class TakenOverError(ConflictError):
    """It was taken over from its file, and a file speaks of it again."""

    code = "taken_over"


class ServiceInUseError(ConflictError):
    """SLOs speak of the service."""

    code = "service_in_use"


@transaction.atomic
def ensure_service(*, actor: Actor, name: str, origin: Origin, now: dt.datetime) -> int:
    """Return the id of a service, making a bare one where there is none.

    Raises:
        InvalidError: the name cannot be one.
        ForbiddenError: there is none and the actor may not make one.
    """
    found = Service.objects.filter(name=name).values_list("id", flat=True).first()
    if found is not None:
        return found
    ids.check_name(name, what="A service")
    access.require(actor, Permission.EDIT, what=f"service {name}")
    made = Service.objects.create(name=name, origin=origin.value, created_at=now)
    _record(actor, "service.saved", made.pk, {"name": name}, now=now)
    publish(ServiceSaved(service_id=made.pk, at=now))
    return made.pk


@transaction.atomic
def save_service(
    *,
    actor: Actor,
    spec: ServiceSpec,
    origin: Origin,
    now: dt.datetime,
    document: Mapping[str, Json] | None = None,
    file: str = "",
) -> Change:
    """Make a service be as ``spec`` says.

    A bare service, which only an SLO spoke of, may be described from anywhere. What was made by
    hand and never taken over may be adopted by a file.

    Args:
        actor: Who; needs the role editor in the team that owns it, and in the one that will.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        document: The Component that says so; ``None``: the kept one is brought in step.
        file: Name of the file it stands in.

    Raises:
        InvalidError: a field cannot be, or there is no such team.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
        TakenOverError: it was taken over and this comes from a file.
    """
    spec = services.normal(spec)
    services.check(spec)
    row = Service.objects.filter(name=spec.name).first()
    kept = queries.entity_document("Component", spec.name)
    if row is not None:
        is_bare = kept is None and not row.is_taken_over
        _check_hands(row, origin, f"service {spec.name}", is_bare=is_bare)
        access.require(actor, Permission.EDIT, what=f"service {spec.name}", team_id=row.owner_id)
    wanted = _team_id(spec.owner, actor=actor, origin=origin, now=now)
    if row is None or (wanted != row.owner_id and wanted is not None):
        access.require(actor, Permission.EDIT, what=f"service {spec.name}", team_id=wanted)
    after = document if document is not None else backstage.write_service(spec, kept)
    fields = _fields(kept or {}, after)
    if row is not None and not fields and _same(spec) and row.origin == origin.value:
        return Change("Component", spec.name, Action.UNCHANGED)
    action = Action.UPDATE if kept is not None else Action.CREATE
    row = _write_service(row, spec, wanted, origin, now=now, file=file)
    _keep("Component", spec.name, after, origin=Origin(row.origin), file=row.file)
    _record(actor, "service.saved", row.pk, {"name": spec.name}, now=now)
    publish(ServiceSaved(service_id=row.pk, at=now))
    return Change("Component", spec.name, action, fields)


def _same(spec: ServiceSpec) -> bool:
    row = queries.service_by_name(spec.name)
    return row is not None and _comparable(queries.spec_of(row)) == _comparable(spec)


def _comparable(spec: ServiceSpec) -> dict[str, Any]:
    return asdict(spec) | {"hard": set(spec.hard), "soft": set(spec.soft)}


def _write_service(
    row: Service | None,
    spec: ServiceSpec,
    owner_id: int | None,
    origin: Origin,
    *,
    now: dt.datetime,
    file: str,
) -> Service:
    if row is None:
        row = Service(name=spec.name, created_at=now, origin=origin.value)
    for name in _PLAIN:
        setattr(row, name, getattr(spec, name))
    row.labels, row.owner_id = dict(spec.labels), owner_id
    _set_origin(row, origin, file)
    row.save()
    row.dependencies.all().delete()
    needs = {**dict.fromkeys(spec.hard, True), **dict.fromkeys(spec.soft, False)}
    Dependency.objects.bulk_create(
        Dependency(service=row, target=target, is_hard=is_hard, position=position)
        for position, (target, is_hard) in enumerate(needs.items())
    )
    return row


def _set_origin(row: Service | Journey, origin: Origin, file: str) -> None:
    """Note where something comes from; the sample stays one however it is changed by hand."""
    if origin is Origin.FILE:
        row.file, row.origin = file[-1000:], origin.value
    elif row.origin != Origin.SAMPLE.value:
        row.origin = origin.value


def _check_hands(
    row: Service | Journey, origin: Origin, what: str, *, is_bare: bool = False
) -> None:
    """Return if ``origin`` may change ``row``."""
    if origin is Origin.SAMPLE and row.origin != Origin.SAMPLE.value and not is_bare:
        raise ConflictError(f"There is a {what} already, and it is no sample")
    if origin is Origin.FILE:
        if row.is_taken_over:
            raise TakenOverError(
                f"The {what} was taken over from its file; remove it from the file, "
                "or remove it here to let the file make it anew"
            )
        return
    if row.origin == Origin.FILE.value and not is_bare:
        where = row.file or "a file"
        raise KeptInFilesError(f"The {what} is kept in {where}; change it there, or take it over")


def _team_id(name: str | None, *, actor: Actor, origin: Origin, now: dt.datetime) -> int | None:
    """Return the id of the owning team; one that only files name is made, empty."""
    if name is None:
        return None
    team = identity.team_by_name(name)
    if team is not None:
        return team.id
    if origin in _BY_HAND:
        message = f"there is no team {name}"
        raise InvalidError(message, [Problem(message, path="owner")])
    return people.save_team(
        actor=actor, name=name, title="", description="", origin=origin, now=now
    )


def _fields(old: Mapping[str, Json], new: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(*found) for found in differences.differences(old, new))


@transaction.atomic
def remove_service(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a service.

    When its file no longer holds it but SLOs speak of it, it stays, bare: the SLOs' documents
    still name it.

    Args:
        actor: Who; needs the role editor in the team that owns it.
        name: Its name.
        now: The present.
        origin: Where the wish comes from: a file that no longer holds it, or somebody's hand.

    Raises:
        ServiceNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
        ServiceInUseError: SLOs speak of it.
    """
    row = _service(name, actor=actor)
    access.require(actor, Permission.EDIT, what=f"service {name}", team_id=row.owner_id)
    if origin is not Origin.FILE:
        kept = queries.entity_document("Component", name)
        _check_hands(row, Origin.API, f"service {name}", is_bare=kept is None)
    watching = queries.watch()
    uses = watching.uses(name) if watching is not None else ""
    if uses and origin is not Origin.FILE:
        raise ServiceInUseError(f"The service {name} has {uses}; remove them or move them first")
    _record(actor, "service.removed", row.pk, {"name": name}, now=now)
    Entity.objects.filter(kind="Component", name=name).delete()
    if uses:
        _write_service(row, ServiceSpec(name), None, origin, now=now, file="")
        publish(ServiceSaved(service_id=row.pk, at=now))
    else:
        publish(ServiceRemoved(service_id=row.pk, at=now))
        row.delete()
    return Change("Component", name, Action.REMOVE)


def _service(name: str, *, actor: Actor) -> Service:
    access.require(actor, Permission.READ, what=f"service {name}")
    row = Service.objects.filter(name=name).first()
    if row is None:
        raise ServiceNotFoundError(f"There is no service {name}")
    return row


@transaction.atomic
def take_over_service(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let a service that came from a file be changed here; the file no longer rules it.

    Taking over what is kept here changes nothing.

    Raises:
        ServiceNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    row = _service(name, actor=actor)
    access.require(actor, Permission.EDIT, what=f"service {name}", team_id=row.owner_id)
    if _take_over(row):
        Entity.objects.filter(kind="Component", name=name).update(origin=Origin.UI.value)
        _record(actor, "service.taken_over", row.pk, {"from": row.file}, now=now)


def _take_over(row: Service | Journey) -> bool:
    if row.origin != Origin.FILE.value:
        return False
    row.origin, row.is_taken_over = Origin.UI.value, True
    row.save()
    return True


# ---- journeys


@transaction.atomic
def save_journey(
    *,
    actor: Actor,
    spec: JourneySpec,
    origin: Origin,
    now: dt.datetime,
    document: Mapping[str, Json] | None = None,
    file: str = "",
) -> Change:
    """Make a journey be as ``spec`` says; services that do not exist yet may be named.

    Args:
        actor: Who; needs the role editor in the team that owns it, and in the one that will.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        document: The document that says so; ``None``: the kept one is brought in step.
        file: Name of the file it stands in.

    Raises:
        InvalidError: a field cannot be, or there is no such team.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
        TakenOverError: it was taken over and this comes from a file.
    """
    journey_documents.check(spec)
    what = f"journey {spec.name}"
    row = Journey.objects.filter(name=spec.name).first()
    if row is not None:
        _check_hands(row, origin, what)
        access.require(actor, Permission.EDIT, what=what, team_id=row.owner_id)
    wanted = _team_id(spec.owner, actor=actor, origin=origin, now=now)
    if row is None or (wanted != row.owner_id and wanted is not None):
        access.require(actor, Permission.EDIT, what=what, team_id=wanted)
    kept = row.document if row is not None else None
    after = document if document is not None else journey_documents.write(spec, kept)
    fields = _fields(kept or {}, after)
    is_same = row is not None and not fields and wanted == row.owner_id
    if row is not None and is_same and row.origin == origin.value:
        return Change("Journey", spec.name, Action.UNCHANGED)
    action = Action.CREATE if row is None else Action.UPDATE
    row = row or Journey(name=spec.name, origin=origin.value)
    row.title, row.owner_id, row.document = spec.title, wanted, dict(after)
    _set_origin(row, origin, file)
    row.save()
    row.steps.all().delete()
    JourneyService.objects.bulk_create(
        JourneyService(journey=row, position=position, service_name=name)
        for position, name in enumerate(dict.fromkeys(spec.services))
    )
    _record(actor, "journey.saved", row.pk, {"name": spec.name}, now=now)
    publish(JourneySaved(journey_id=row.pk, at=now))
    return Change("Journey", spec.name, action, fields)


@transaction.atomic
def remove_journey(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a journey; its services stay.

    Args:
        actor: Who; needs the role editor in the team that owns it.
        name: Its name.
        now: The present.
        origin: Where the wish comes from: a file that no longer holds it, or somebody's hand.

    Raises:
        JourneyNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    row = _journey(name, actor=actor)
    access.require(actor, Permission.EDIT, what=f"journey {name}", team_id=row.owner_id)
    if origin is not Origin.FILE:
        _check_hands(row, Origin.API, f"journey {name}")
    _record(actor, "journey.removed", row.pk, {"name": name}, now=now)
    publish(JourneyRemoved(journey_id=row.pk, at=now))
    row.delete()
    return Change("Journey", name, Action.REMOVE)


def _journey(name: str, *, actor: Actor) -> Journey:
    access.require(actor, Permission.READ, what=f"journey {name}")
    row = Journey.objects.filter(name=name).first()
    if row is None:
        raise JourneyNotFoundError(f"There is no journey {name}")
    return row


@transaction.atomic
def take_over_journey(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let a journey that came from a file be changed here; the file no longer rules it.

    Raises:
        JourneyNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    row = _journey(name, actor=actor)
    access.require(actor, Permission.EDIT, what=f"journey {name}", team_id=row.owner_id)
    if _take_over(row):
        _record(actor, "journey.taken_over", row.pk, {"from": row.file}, now=now)


# ---- other entities


@transaction.atomic
def keep_entity(
    *,
    actor: Actor,
    kind: str,
    name: str,
    document: Mapping[str, Json],
    origin: Origin,
    now: dt.datetime,
    file: str = "",
) -> Change:
    """Keep a Backstage document whole.

    Raises:
        ForbiddenError: the actor may not edit what its owner owns, before or after.
    """
    before = queries.entity_document(kind, name)
    for data in (before, document):
        if data is not None:
            access.require(actor, Permission.EDIT, what=f"{kind} {name}", team_id=_owner_id(data))
    fields = _fields(before or {}, document)
    if before is not None and not fields:
        return Change(kind, name, Action.UNCHANGED)
    _keep(kind, name, document, origin=origin, file=file)
    _record_entity(actor, "entity.saved", kind, name, now=now)
    return Change(kind, name, Action.CREATE if before is None else Action.UPDATE, fields)


def _owner_id(document: Mapping[str, Json]) -> int | None:
    owner = backstage.owner_of(document)
    team = identity.team_by_name(owner) if owner else None
    return team.id if team is not None else None


def _keep(
    kind: str, name: str, document: Mapping[str, Json], *, origin: Origin, file: str
) -> None:
    Entity.objects.update_or_create(
        kind=kind,
        name=name,
        defaults={"document": dict(document), "origin": origin.value, "file": file[-1000:]},
    )


@transaction.atomic
def forget_entity(*, actor: Actor, kind: str, name: str, now: dt.datetime) -> Change:
    """Remove a kept document; harmless where there is none.

    Raises:
        ForbiddenError: the actor may not edit what its owner owns.
    """
    row = Entity.objects.filter(kind=kind, name=name).first()
    if row is not None:
        team_id = _owner_id(row.document)
        access.require(actor, Permission.EDIT, what=f"{kind} {name}", team_id=team_id)
        _record_entity(actor, "entity.removed", kind, name, now=now)
        row.delete()
    return Change(kind, name, Action.REMOVE)


@transaction.atomic
def remove_sample(*, actor: Actor, now: dt.datetime) -> int:
    """Remove the services, journeys and entities of the sample; return how many there were.

    Raises:
        ForbiddenError: the actor is no admin.
    """
    access.require(actor, Permission.ADMINISTER, what="the sample")
    gone = 0
    for row in Journey.objects.filter(origin=Origin.SAMPLE.value):
        publish(JourneyRemoved(journey_id=row.pk, at=now))
        gone += row.delete()[0] > 0
    for service in Service.objects.filter(origin=Origin.SAMPLE.value):
        publish(ServiceRemoved(service_id=service.pk, at=now))
        gone += service.delete()[0] > 0
    gone += Entity.objects.filter(origin=Origin.SAMPLE.value).delete()[0]
    _record_entity(actor, "sample.removed", "catalogue", "", now=now)
    return gone


def _record(
    actor: Actor, action: str, object_id: int, detail: dict[str, Any], *, now: dt.datetime
) -> None:
    kind = action.partition(".")[0]
    audit.record(
        actor=actor, action=action, kind=kind, object_id=object_id, detail=detail, now=now
    )


def _record_entity(actor: Actor, action: str, kind: str, name: str, *, now: dt.datetime) -> None:
    """Log what happened to a document; a person's name is not in it."""
    shown = "" if kind == "User" else name
    audit.record(actor=actor, action=action, kind=kind, object_id=shown, detail={}, now=now)
