"""In whose hands something is, who owns it, and what is written down of a change."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog.domain import differences
from watchkeeper.catalog.models import Entity, Journey, Service
from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import FieldChange

_BY_HAND = {Origin.UI, Origin.API}


class KeptInFilesError(ConflictError):
    """It came from a file; it is changed there, or taken over first."""

    code = "kept_in_files"


class TakenOverError(ConflictError):
    """It was taken over from its file, and a file speaks of it again."""

    code = "taken_over"


def set_origin(row: Service | Journey, origin: Origin, file: str) -> None:
    """Note where something comes from; the sample stays one however it is changed by hand."""
    if origin is Origin.FILE:
        row.file, row.origin = file[-1000:], origin.value
    elif row.origin != Origin.SAMPLE.value:
        row.origin = origin.value


def check_hands(
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


def team_id_of(name: str | None, *, actor: Actor, origin: Origin, now: dt.datetime) -> int | None:
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


def fields_of(old: Mapping[str, Json], new: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    """Return what is different between two documents, path by path."""
    return tuple(FieldChange(*found) for found in differences.differences(old, new))


def is_settled(row: Service | Journey, origin: Origin) -> bool:
    """Return whether a wish from ``origin`` for what is so already needs nothing at all.

    A file that wants what was made by hand adopts it; one that wants what was taken over from it
    as it is may have it so.
    """
    if origin is Origin.FILE:
        return row.origin == Origin.FILE.value or row.is_taken_over
    return row.origin != Origin.FILE.value


def take_over(row: Service | Journey) -> bool:
    """Take something out of its file; return whether it was in one."""
    if row.origin != Origin.FILE.value:
        return False
    row.origin, row.is_taken_over = Origin.UI.value, True
    row.save()
    return True


def keep(kind: str, name: str, document: Mapping[str, Json], *, origin: Origin, file: str) -> None:
    """Keep a Backstage document."""
    Entity.objects.update_or_create(
        kind=kind,
        name=name,
        defaults={"document": dict(document), "origin": origin.value, "file": file[-1000:]},
    )


def record(
    actor: Actor, action: str, object_id: int, detail: dict[str, Any], *, now: dt.datetime
) -> None:
    """Log what happened to a service or journey."""
    kind = action.partition(".")[0]
    audit.record(
        actor=actor, action=action, kind=kind, object_id=object_id, detail=detail, now=now
    )


def record_entity(actor: Actor, action: str, kind: str, name: str, *, now: dt.datetime) -> None:
    """Log what happened to a document; a person's name is not in it."""
    shown = "" if kind == "User" else name
    audit.record(actor=actor, action=action, kind=kind, object_id=shown, detail={}, now=now)
