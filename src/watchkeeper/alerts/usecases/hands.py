"""In whose hands a rule is, what changes in it, and what is written down of that."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from watchkeeper.alerts.models import Integration, Route, Silence
from watchkeeper.audit import usecases as audit
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import FieldChange

Row = Integration | Route | Silence


class KeptInFilesError(ConflictError):
    """It came from a file and is changed there."""

    code = "kept_in_files"


def check(row: Row | None, origin: Origin, what: str) -> None:
    """Return if ``origin`` may change ``row``.

    Raises:
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    if row is not None and row.origin == Origin.FILE.value and origin is not Origin.FILE:
        where = row.file or "a file"
        raise KeptInFilesError(f"The {what} is kept in {where}; change it there")


def require(
    actor: Actor, permission: Permission, *, what: str, team_id: int | None, anywhere: bool = False
) -> None:
    """Return if ``actor`` may; see ``kernel.access``.

    Args:
        actor: Who asks.
        permission: What is needed.
        what: The object in words.
        team_id: The team that owns it; ``None``: no team does.
        anywhere: Let a role in any team do where no team owns it.
    """
    if anywhere and team_id is None:
        places: list[int | None] = [None, *actor.team_roles]
        if any(access.may(actor, permission, team_id=place) for place in places):
            return
    access.require(actor, permission, what=what, team_id=team_id)


def differences(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return the fields of ``spec`` that differ between two documents."""
    before: Mapping[str, Any] = old["spec"] if old is not None else {}
    after: Mapping[str, Any] = new["spec"]
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        FieldChange(f"spec.{name}", before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def record(
    actor: Actor, action: str, object_id: int | str, detail: Mapping[str, Any], *, now: dt.datetime
) -> None:
    """Log what happened to a rule, an integration or an alert."""
    kind = action.partition(".")[0]
    audit.record(
        actor=actor, action=action, kind=kind, object_id=object_id, detail=detail, now=now
    )


def label(actor: Actor) -> str:
    """Return kind and id of who acts, for rows."""
    return actor.kind.value if actor.id is None else f"{actor.kind.value} {actor.id}"
