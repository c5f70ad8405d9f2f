"""Making, changing and removing services."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction

from watchkeeper.catalog import queries
from watchkeeper.catalog.domain import backstage, services
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.catalog.events import ServiceRemoved, ServiceSaved
from watchkeeper.catalog.models import Dependency, Entity, Service
from watchkeeper.catalog.usecases import hands
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError, NotFoundError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.facts import publish
from watchkeeper.plumbing.kinds import Action, Change

_PLAIN = (
    "title", "description", "tier", "lifecycle", "on_call_url", "runbook_url", "repository_url",
    "chat_channel", "fallback",
)  # fmt: skip


class ServiceNotFoundError(NotFoundError):
    """There is no service of that name."""

    code = "service_not_found"


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
    hands.record(actor, "service.saved", made.pk, {"name": name}, now=now)
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
    after = document if document is not None else backstage.write_service(spec, kept)
    fields = hands.fields_of(kept or {}, after)
    if row is not None:
        access.require(actor, Permission.EDIT, what=f"service {spec.name}", team_id=row.owner_id)
        if not fields and _same(spec) and hands.is_settled(row, origin):
            return Change("Component", spec.name, Action.UNCHANGED)
        is_bare = kept is None and not row.is_taken_over
        hands.check_hands(row, origin, f"service {spec.name}", is_bare=is_bare)
    wanted = hands.team_id_of(spec.owner, actor=actor, origin=origin, now=now)
    if row is None or (wanted != row.owner_id and wanted is not None):
        access.require(actor, Permission.EDIT, what=f"service {spec.name}", team_id=wanted)
    action = Action.UPDATE if kept is not None else Action.CREATE
    row = _write_service(row, spec, wanted, origin, now=now, file=file)
    hands.keep("Component", spec.name, after, origin=Origin(row.origin), file=row.file)
    hands.record(actor, "service.saved", row.pk, {"name": spec.name}, now=now)
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
    hands.set_origin(row, origin, file)
    row.save()
    row.dependencies.all().delete()
    needs = {**dict.fromkeys(spec.hard, True), **dict.fromkeys(spec.soft, False)}
    Dependency.objects.bulk_create(
        Dependency(service=row, target=target, is_hard=is_hard, position=position)
        for position, (target, is_hard) in enumerate(needs.items())
    )
    return row


@transaction.atomic
def remove_service(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a service.

    When its file no longer holds it but SLOs speak of it, it stays, bare: the SLOs' documents
    still name it. What was taken over from its file stays whatever the file says.

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
    if origin is Origin.FILE and row.is_taken_over:
        return Change("Component", name, Action.UNCHANGED)
    if origin is not Origin.FILE:
        kept = queries.entity_document("Component", name)
        hands.check_hands(row, Origin.API, f"service {name}", is_bare=kept is None)
    watching = queries.watch()
    uses = watching.uses(name) if watching is not None else ""
    if uses and origin is not Origin.FILE:
        raise ServiceInUseError(f"The service {name} has {uses}; remove them or move them first")
    hands.record(actor, "service.removed", row.pk, {"name": name}, now=now)
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
    if hands.take_over(row):
        row.save()
        Entity.objects.filter(kind="Component", name=name).update(origin=Origin.UI.value)
        hands.record(actor, "service.taken_over", row.pk, {"from": row.file}, now=now)


def remove_sample(*, now: dt.datetime) -> int:
    """Remove the services of the sample; return how many.

    One that somebody's own SLOs speak of stays, bare.
    """
    watching, gone = queries.watch(), 0
    for row in Service.objects.filter(origin=Origin.SAMPLE.value):
        gone += 1
        if watching is not None and watching.uses(row.name):
            row.origin = Origin.UI.value
            _write_service(row, ServiceSpec(row.name), None, Origin.UI, now=now, file="")
            publish(ServiceSaved(service_id=row.pk, at=now))
        else:
            publish(ServiceRemoved(service_id=row.pk, at=now))
            row.delete()
    return gone
