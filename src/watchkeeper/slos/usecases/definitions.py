"""Making, changing and removing SLOs and the OpenSLO documents they refer to."""

import datetime as dt
import math
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import queries as catalog_queries
from watchkeeper.catalog import usecases as catalog
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.facts import publish
from watchkeeper.plumbing.kinds import Action, Change, FieldChange
from watchkeeper.slos import queries
from watchkeeper.slos.domain import burn_rules, openslo, openslo_alerts, windows
from watchkeeper.slos.domain.definition import SloDefinition
from watchkeeper.slos.domain.openslo import Library
from watchkeeper.slos.events import SloSaved
from watchkeeper.slos.models import OpenSloObject, Slo, SloSli, SloVersion
from watchkeeper.slos.usecases import owners
from watchkeeper.telemetry import usecases as telemetry

_DAY = dt.timedelta(days=1)


class SloKeptInFilesError(ConflictError):
    """The SLO came from a file; it is changed there, or taken over first."""

    code = "slo_kept_in_files"


@transaction.atomic
def save_slo(*, actor: Actor, document: Document, origin: Origin, now: dt.datetime) -> Change:
    """Make an SLO be as its document says.

    A change starts a new version, in force from ``now``; versions before it keep the past. The
    same document changes nothing.

    Raises:
        InvalidError: the document is wrong; every fault with its place.
        ForbiddenError: the actor may not edit what the owner of the service owns.
        SloKeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    library = queries.library()
    definition, notes = openslo.read_slo(document, library)
    if definition is None:
        raise InvalidError(f"The SLO {document.name} is not valid", notes.faults)
    _check_retention(definition, document, now=now)
    slo = Slo.objects.filter(name=definition.name).first()
    _check_hands(slo, origin)
    service_id = catalog.ensure_service(
        actor=actor, name=definition.service, origin=origin, now=now
    )
    team_id = _owner(definition.service)
    if slo is not None and slo.service_name != definition.service:
        access.require(
            actor, Permission.EDIT, what=f"SLO {slo.name}", team_id=_owner(slo.service_name)
        )
    access.require(actor, Permission.EDIT, what=f"SLO {definition.name}", team_id=team_id)
    resolved = _resolved(definition, document, library)
    newest = slo.versions.order_by("-number").first() if slo is not None else None
    if newest is not None and _same(newest, document, resolved):
        return Change("SLO", definition.name, Action.UNCHANGED)
    if slo is None:
        slo = Slo(name=definition.name, origin=origin.value, created_at=now)
    slo.service_name, slo.service_id = definition.service, service_id
    slo.title = definition.title
    slo.save()
    number = newest.number + 1 if newest is not None else 1
    SloVersion.objects.create(
        slo=slo,
        number=number,
        document=dict(document.data),
        resolved=resolved,
        valid_from=now,
        author=_author(actor),
    )
    _define_slis(slo, definition, actor=actor, team_id=team_id, now=now)
    slo.states.all().delete()
    _record(actor, "slo.saved", slo, {"version": number}, now=now)
    publish(SloSaved(slo_id=slo.pk, version=number, at=now))
    action = Action.CREATE if newest is None else Action.UPDATE
    before = newest.document if newest is not None else {}
    return Change("SLO", slo.name, action, differences(before, document.data))


def _check_retention(definition: SloDefinition, document: Document, *, now: dt.datetime) -> None:
    days = settings.WATCHKEEPER.minutes_retention_days
    try:
        burn_rules.check_retention(definition.windows, retention_days=days, at=now)
    except InvalidError as error:
        problem = document.problem(error.message, "spec.timeWindow")
        raise InvalidError(error.message, [problem]) from error


def _check_hands(slo: Slo | None, origin: Origin) -> None:
    if slo is None or slo.origin == origin.value:
        return
    if slo.origin == Origin.FILE.value:
        raise SloKeptInFilesError(
            f"The SLO {slo.name} is kept in a file; change it there, or take it over first"
        )
    if origin is Origin.FILE and slo.origin != Origin.DISCOVERED.value:
        raise SloKeptInFilesError(
            f"The SLO {slo.name} is kept here, not in files; remove it from the files, "
            "or remove it here first"
        )


def _owner(service: str) -> int | None:
    row = catalog_queries.service_by_name(service)
    return row.owner_id if row is not None else None


def _resolved(
    definition: SloDefinition, document: Document, library: Library
) -> dict[str, dict[str, Any]]:
    """Return what the SLO refers to, as it is now, so that the version can be read for ever.

    What does not exist is ``None``: the SLO follows when it comes.
    """
    spec = document.data["spec"]
    found: dict[str, dict[str, Any]] = {"DataSource": {}}
    for objective in definition.objectives:
        name = objective.spec.source
        if name is not None:
            found["DataSource"][name] = library.find("DataSource", name) or {}
    if "indicatorRef" in spec:
        found["SLI"] = {spec["indicatorRef"]: library.find("SLI", spec["indicatorRef"])}
    for kind, name in openslo_alerts.references(spec, library.find):
        found.setdefault(kind, {})[name] = library.find(kind, name)
    return found


def _same(version: SloVersion, document: Document, resolved: Mapping[str, Any]) -> bool:
    return bool(version.document == dict(document.data) and version.resolved == resolved)


def _define_slis(
    slo: Slo,
    definition: SloDefinition,
    *,
    actor: Actor,
    team_id: int | None,
    now: dt.datetime,
) -> None:
    """Define the SLIs of all objectives; they answer to the SLO's name and follow its owner."""
    touched = set(slo.slis.values_list("sli_id", flat=True))
    owners.follow(now=now, sli_ids=touched)
    slo.slis.all().delete()
    longest = max(windows.length_at(window, now) for window in definition.windows)
    for place, objective in enumerate(definition.objectives):
        sli_id = telemetry.define_sli(
            actor=actor, name=objective.sli, spec=objective.spec, now=now, owner_team_id=team_id
        )
        telemetry.need_history(sli_id=sli_id, days=math.ceil(longest / _DAY))
        SloSli.objects.create(slo=slo, sli_id=sli_id, objective_index=place)
        touched.add(sli_id)
    _rename_slis(touched)
    owners.follow(now=now, sli_ids=touched)


def _rename_slis(sli_ids: Collection[int]) -> None:
    for sli_id in sli_ids:
        names = SloSli.objects.filter(sli_id=sli_id).values_list("slo__name", flat=True)
        telemetry.set_aliases(sli_id=sli_id, names=set(names))


@transaction.atomic
def remove_slo(*, actor: Actor, name: str, origin: Origin, now: dt.datetime) -> Change:
    """Remove an SLO with its versions, states and firings; the minutes of its SLIs stay.

    What was taken over from its file stays whatever the file says.

    Args:
        actor: Who; needs the role editor in the team that owns the service.
        name: Its name.
        origin: Where the wish comes from: a file that no longer holds it, or somebody's hand.
        now: The present.

    Raises:
        SloNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        SloKeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    slo = Slo.objects.get(pk=queries.slo_id(name))
    access.require(actor, Permission.EDIT, what=f"SLO {name}", team_id=_owner(slo.service_name))
    if origin is Origin.FILE and slo.origin != Origin.FILE.value:
        return Change("SLO", name, Action.UNCHANGED)
    if origin is not Origin.FILE:
        _check_hands(slo, origin)
    touched = set(slo.slis.values_list("sli_id", flat=True))
    _record(actor, "slo.removed", slo, {"name": name}, now=now)
    slo.delete()
    _rename_slis(touched)
    owners.follow(now=now, sli_ids=touched)
    return Change("SLO", name, Action.REMOVE)


@transaction.atomic
def take_over(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let an SLO that came from a file be changed on screens; the file no longer rules it.

    Raises:
        SloNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    slo = Slo.objects.get(pk=queries.slo_id(name))
    access.require(actor, Permission.EDIT, what=f"SLO {name}", team_id=_owner(slo.service_name))
    Slo.objects.filter(pk=slo.pk).update(origin=Origin.UI.value)
    _record(actor, "slo.taken_over", slo, {"from": slo.origin}, now=now)


@transaction.atomic
def save_object(*, actor: Actor, document: Document, origin: Origin, now: dt.datetime) -> Change:
    """Keep a document of another kind; SLOs that refer to it get a new version where it matters.

    Raises:
        InvalidError: the document is wrong.
        ForbiddenError: the actor may not edit.
    """
    access.require(actor, Permission.EDIT, what=f"{document.kind} {document.name}")
    notes = openslo.check(document, queries.library())
    if notes.faults:
        raise InvalidError(f"The {document.kind} {document.name} is not valid", notes.faults)
    row = OpenSloObject.objects.filter(kind=document.kind, name=document.name).first()
    before = row.document if row is not None else {}
    if row is not None and before == dict(document.data):
        return Change(document.kind, document.name, Action.UNCHANGED)
    OpenSloObject.objects.update_or_create(
        kind=document.kind,
        name=document.name,
        defaults={"document": dict(document.data), "origin": origin.value},
    )
    audit.record(
        actor=actor,
        action="openslo.saved",
        kind=document.kind,
        object_id=document.name,
        detail={},
        now=now,
    )
    _follow(document, actor=actor, now=now)
    action = Action.CREATE if row is None else Action.UPDATE
    return Change(document.kind, document.name, action, differences(before, document.data))


def _follow(document: Document, *, actor: Actor, now: dt.datetime) -> None:
    """Start new versions of SLOs that refer to a document that changed or came."""
    for slo in Slo.objects.order_by("name"):
        newest = slo.versions.order_by("-number").first()
        if newest is not None and document.name in newest.resolved.get(document.kind, {}):
            save_slo(
                actor=actor,
                document=Document(newest.document),
                origin=Origin(slo.origin),
                now=now,
            )


@transaction.atomic
def remove_object(*, actor: Actor, kind: str, name: str, now: dt.datetime) -> Change:
    """Remove a document of another kind.

    Raises:
        ForbiddenError: the actor may not.
        ConflictError: an SLO refers to it.
    """
    access.require(actor, Permission.EDIT, what=f"{kind} {name}")
    for slo in Slo.objects.order_by("name"):
        newest = slo.versions.order_by("-number").first()
        if newest is not None and newest.resolved.get(kind, {}).get(name) is not None:
            raise ConflictError(f"The {kind} {name} is used by the SLO {slo.name}")
    OpenSloObject.objects.filter(kind=kind, name=name).delete()
    audit.record(
        actor=actor, action="openslo.removed", kind=kind, object_id=name, detail={}, now=now
    )
    return Change(kind, name, Action.REMOVE)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return the fields in which two documents differ, by path."""
    was, becomes = _flat(before), _flat(after)
    return tuple(
        FieldChange(path, was.get(path), becomes.get(path))
        for path in sorted({*was, *becomes})
        if was.get(path) != becomes.get(path)
    )


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        pairs = [(f"{path}.{key}" if path else str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list):
        pairs = [(f"{path}[{place}]", inner) for place, inner in enumerate(value)]
    else:
        return {path: value}
    return {key: leaf for name, inner in pairs for key, leaf in _flat(inner, name).items()}


def _author(actor: Actor) -> str:
    return f"{actor.kind.value}:{actor.id}" if actor.id is not None else actor.kind.value


def _record(
    actor: Actor, action: str, slo: Slo, detail: dict[str, Any], *, now: dt.datetime
) -> None:
    audit.record(actor=actor, action=action, kind="slo", object_id=slo.pk, detail=detail, now=now)
