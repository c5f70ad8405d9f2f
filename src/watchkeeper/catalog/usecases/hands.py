"""In whose hands something is, who owns it, and what is written down of a change."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog.models import Entity
from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.hands import (
    KeptInFilesError,
    TakenOverError,
    check_hands,
    fields_of,
    is_settled,
    set_origin,
    take_over,
)

__all__ = [
    "KeptInFilesError",
    "TakenOverError",
    "check_hands",
    "fields_of",
    "is_settled",
    "keep",
    "record",
    "record_entity",
    "set_origin",
    "take_over",
    "team_id_of",
]
_BY_HAND = {Origin.UI, Origin.API}


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
