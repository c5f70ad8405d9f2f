"""Making and changing services, journeys and the entities they came from."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import queries
from watchkeeper.catalog.domain.backstage import ServiceSpec
from watchkeeper.catalog.events import ServiceSaved
from watchkeeper.catalog.models import Dependency, Entity, Journey, Service
from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError, NotFoundError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.facts import publish
from watchkeeper.plumbing.kinds import Action, Change, FieldChange

_SHOWN = (
    "title", "description", "tier", "lifecycle", "owner", "on_call_url", "runbook_url",
    "repository_url", "chat_channel", "labels", "hard", "soft",
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


class ServiceInUseError(ConflictError):
    """SLOs speak of the service."""

    code = "service_in_use"


@dataclass(frozen=True, slots=True)
class JourneySpec:
    """A journey as somebody wants it; ``owner`` is a team's name or ``None``."""

    name: str
    title: str
    owner: str | None
    services: Sequence[str]


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
    return made.pk


@transaction.atomic
def save_service(*, actor: Actor, spec: ServiceSpec, origin: Origin, now: dt.datetime) -> Change:
    """Make a service be as ``spec`` says.

    Raises:
        InvalidError: the name or tier cannot be.
        ForbiddenError: the actor may not edit what the owner owns, or hand it to another team.
        KeptInFilesError: it is kept in a file and this comes from elsewhere, or the reverse.
    """
    ids.check_name(spec.name, what="A service")
    if spec.tier is not None and not 0 <= spec.tier <= 3:
        raise InvalidError("The tier is 0 to 3", [Problem("0 to 3", path="tier")])
    before = queries.service_by_name(spec.name)
    _check_hands(before.origin if before else None, origin, f"service {spec.name}", bool(before))
    team_id = before.owner_id if before is not None else None
    wanted = _team_id(spec.owner, actor=actor, origin=origin, now=now)
    access.require(
        actor,
        Permission.EDIT,
        what=f"service {spec.name}",
        team_id=team_id if before is not None else wanted,
    )
    if before is not None and wanted != team_id and wanted is not None:
        access.require(actor, Permission.EDIT, what=f"service {spec.name}", team_id=team_id)
    was = _shown(before)
    becomes = asdict(spec) | {"owner": spec.owner, "labels": dict(spec.labels)}
    fields = tuple(
        FieldChange(name, was.get(name), _plain(becomes[name]))
        for name in _SHOWN
        if was.get(name) != _plain(becomes[name])
    )
    if before is not None and not fields:
        return Change("Component", spec.name, Action.UNCHANGED)
    service_id = _write(spec, wanted, origin, now=now)
    _record(actor, "service.saved", service_id, {"name": spec.name}, now=now)
    publish(ServiceSaved(service_id=service_id, at=now))
    action = Action.UPDATE if before is not None else Action.CREATE
    return Change("Component", spec.name, action, fields)


def _write(spec: ServiceSpec, owner_id: int | None, origin: Origin, *, now: dt.datetime) -> int:
    service = Service.objects.filter(name=spec.name).first()
    if service is None:
        service = Service(name=spec.name, created_at=now)
    service.title, service.description = spec.title, spec.description
    service.tier, service.lifecycle = spec.tier, spec.lifecycle
    service.on_call_url, service.runbook_url = spec.on_call_url, spec.runbook_url
    service.repository_url, service.chat_channel = spec.repository_url, spec.chat_channel
    service.labels, service.origin = dict(spec.labels), origin.value
    service.owner_id = owner_id
    service.save()
    service.dependencies.all().delete()
    needs = {**dict.fromkeys(spec.soft, False), **dict.fromkeys(spec.hard, True)}
    Dependency.objects.bulk_create(
        Dependency(service=service, target=target, is_hard=is_hard)
        for target, is_hard in needs.items()
    )
    return service.pk


def _check_hands(was: str | None, origin: Origin, what: str, exists: bool) -> None:  # noqa: FBT001
    if not exists or was == origin.value:
        return
    if was == Origin.FILE.value:
        raise KeptInFilesError(f"The {what} is kept in a file; change it there, or take it over")


def _team_id(name: str | None, *, actor: Actor, origin: Origin, now: dt.datetime) -> int | None:
    """Return the id of the owning team; one that only files name is made, empty."""
    if name is None:
        return None
    team = identity.team_by_name(name)
    if team is not None:
        return team.id
    if origin not in {Origin.FILE, Origin.SAMPLE, Origin.DISCOVERED}:
        message = f"there is no team {name}"
        raise InvalidError(message, [Problem(message, path="owner")])
    return people.save_team(
        actor=actor, name=name, title="", description="", origin=origin, now=now
    )


def _shown(row: queries.ServiceRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    shown = {name: _plain(getattr(row, name, None)) for name in _SHOWN}
    return shown | {"owner": row.owner_name}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else value


@transaction.atomic
def remove_service(*, actor: Actor, name: str, now: dt.datetime) -> Change:
    """Remove a service.

    Raises:
        ServiceNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    access.require(actor, Permission.READ, what=f"service {name}")
    row = queries.service_by_name(name)
    if row is None:
        raise ServiceNotFoundError(f"There is no service {name}")
    access.require(actor, Permission.EDIT, what=f"service {name}", team_id=row.owner_id)
    _record(actor, "service.removed", row.id, {"name": name}, now=now)
    Service.objects.filter(pk=row.id).delete()
    Entity.objects.filter(kind="Component", name=name).delete()
    return Change("Component", name, Action.REMOVE)


@transaction.atomic
def take_over_service(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let a service that came from a file be changed on screens.

    Raises:
        ServiceNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    access.require(actor, Permission.READ, what=f"service {name}")
    row = queries.service_by_name(name)
    if row is None:
        raise ServiceNotFoundError(f"There is no service {name}")
    access.require(actor, Permission.EDIT, what=f"service {name}", team_id=row.owner_id)
    Service.objects.filter(pk=row.id).update(origin=Origin.UI.value)
    _record(actor, "service.taken_over", row.id, {"from": row.origin}, now=now)


@transaction.atomic
def save_journey(
    *,
    actor: Actor,
    spec: JourneySpec,
    document: Mapping[str, Any],
    origin: Origin,
    now: dt.datetime,
) -> Change:
    """Make a journey be as ``spec`` says.

    Raises:
        InvalidError: the name or owner cannot be.
        ForbiddenError: the actor may not edit what the owner owns.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    ids.check_name(spec.name, what="A journey")
    row = Journey.objects.filter(name=spec.name).first()
    _check_hands(row.origin if row else None, origin, f"journey {spec.name}", row is not None)
    team_id = _team_id(spec.owner, actor=actor, origin=origin, now=now)
    access.require(
        actor,
        Permission.EDIT,
        what=f"journey {spec.name}",
        team_id=row.owner_id if row is not None else team_id,
    )
    if row is not None and dict(row.document) == dict(document):
        return Change("Journey", spec.name, Action.UNCHANGED)
    action = Action.UPDATE if row is not None else Action.CREATE
    old = list(row.services) if row is not None else None
    row, _ = Journey.objects.update_or_create(
        name=spec.name,
        defaults={
            "title": spec.title,
            "owner_id": team_id,
            "services": list(spec.services),
            "origin": origin.value,
            "document": dict(document),
        },
    )
    _record(actor, "journey.saved", row.pk, {"name": spec.name}, now=now)
    fields = (FieldChange("spec.services", old, list(spec.services)),)
    return Change("Journey", spec.name, action, fields)


@transaction.atomic
def remove_journey(*, actor: Actor, name: str, now: dt.datetime) -> Change:
    """Remove a journey.

    Raises:
        JourneyNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    access.require(actor, Permission.READ, what=f"journey {name}")
    row = Journey.objects.filter(name=name).first()
    if row is None:
        raise JourneyNotFoundError(f"There is no journey {name}")
    access.require(actor, Permission.EDIT, what=f"journey {name}", team_id=row.owner_id)
    _record(actor, "journey.removed", row.pk, {"name": name}, now=now)
    row.delete()
    return Change("Journey", name, Action.REMOVE)


@transaction.atomic
def keep_entity(*, actor: Actor, kind: str, name: str, document: Mapping[str, Any]) -> Action:
    """Keep a Backstage document whole; return whether that made, changed or left it.

    Raises:
        ForbiddenError: the actor may not edit.
    """
    access.require(actor, Permission.EDIT, what=f"{kind} {name}")
    row = Entity.objects.filter(kind=kind, name=name).first()
    if row is not None and row.document == dict(document):
        return Action.UNCHANGED
    Entity.objects.update_or_create(kind=kind, name=name, defaults={"document": dict(document)})
    return Action.CREATE if row is None else Action.UPDATE


@transaction.atomic
def forget_entity(*, actor: Actor, kind: str, name: str) -> None:
    """Remove a kept document.

    Raises:
        ForbiddenError: the actor may not edit.
    """
    access.require(actor, Permission.EDIT, what=f"{kind} {name}")
    Entity.objects.filter(kind=kind, name=name).delete()


def _record(
    actor: Actor, action: str, object_id: int, detail: dict[str, Any], *, now: dt.datetime
) -> None:
    kind = action.partition(".")[0]
    audit.record(
        actor=actor, action=action, kind=kind, object_id=object_id, detail=detail, now=now
    )
