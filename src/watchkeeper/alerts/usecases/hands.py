"""In whose hands a rule is, what changes in it, and what is written down of that."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertAct, Inhibition, Integration, Route, Silence
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import groups
from watchkeeper.audit import usecases as audit
from watchkeeper.audit.usecases import Act
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.plumbing.kinds import FieldChange

Row = Integration | Route | Silence | Inhibition
MOST = 200
"""How many alerts something is done about at a time."""


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


def alerts_of(actor: Actor, alerts: Sequence[str], *, with_groups: bool = False) -> list[Alert]:
    """Return alerts, held against others until the transaction ends, in the order of their ids.

    Args:
        actor: Who does something about them; needs the role responder in the team that owns the
            service, or anywhere where no team does.
        alerts: Their ids.
        with_groups: Hold the other open alerts of their groups too, for :func:`whole_groups`; all
            at once, so that two who do so cannot wait for each other.

    Raises:
        InvalidError: there are none, or more than :data:`MOST`.
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
    """
    if not 1 <= len(alerts) <= MOST:
        raise InvalidError(f"1 to {MOST} alerts at a time, please")
    wanted = sorted({queries.number_of(each) for each in alerts})
    held = {*wanted, *(groups.members(wanted) if with_groups else ())}
    found = Alert.objects.select_for_update().filter(pk__in=held).order_by("pk")
    rows = {row.pk: row for row in found}
    rows = {pk: rows[pk] for pk in wanted if pk in rows}
    for place in alerts:
        row = rows.get(queries.number_of(place))
        require(actor, Permission.READ, what=f"alert {place[:40]}", team_id=None)
        if row is None:
            raise queries.AlertNotFoundError(f"There is no alert {place[:40]}")
    teams = queries.teams_of({row.service_name for row in rows.values()})
    for row in rows.values():
        team = teams.get(row.service_name)
        what = f"alert {row.pk}"
        require(actor, Permission.RESPOND, what=what, team_id=team, anywhere=True)
    return [rows[pk] for pk in wanted]


def whole_groups(rows: Sequence[Alert]) -> list[Alert]:
    """Return the other open alerts of the groups that ``rows`` are in, held likewise.

    Who may do something about an alert may do it about its group: a route says that they are
    paged for as one.

    Args:
        rows: Alerts as :func:`alerts_of` returns them.
    """
    known = {row.pk for row in rows}
    leads = {row.led_by_id for row in rows if row.led_by_id is not None}
    if not leads:
        return []
    found: dict[int, Alert] = {}
    for _ in range(2):  # once more with the groups in hand, so that what joined meanwhile is there
        open_ones = Alert.objects.filter(led_by__in=leads).exclude(pk__in=known | set(found))
        held = open_ones.exclude(state=AlertState.RESOLVED.value).select_for_update()
        found |= {row.pk: row for row in held.order_by("pk")}
        groups.hold(leads)
    return [found[pk] for pk in sorted(found)]


def tell(
    actor: Actor,
    rows: Sequence[Alert],
    act: str,
    *,
    now: dt.datetime,
    detail: str = "",
    logged: Mapping[str, Any] | None = None,
) -> None:
    """Write into the story of alerts, and into the audit log, what ``actor`` did about them.

    Args:
        actor: Who.
        rows: The alerts.
        act: In the past tense, as ``snoozed``.
        now: The present.
        detail: More words for the story.
        logged: What the audit log is told beside it; ids and fixed words, never people's own.
    """
    AlertAct.objects.bulk_create(
        AlertAct(alert=row, at=now, act=act, actor=label(actor), detail=detail[:1000])
        for row in rows
    )
    action = f"alert.{act.replace(' ', '_')}"
    acts = [Act(action, "alert", row.pk, logged or {}) for row in rows]
    audit.record_many(actor=actor, acts=acts, now=now)


def tell_others(
    actor: Actor, rows: Sequence[Alert], act: str, *, now: dt.datetime, detail: str = ""
) -> None:
    """Write into the story of alerts that it was done to their group; the log names one of it."""
    AlertAct.objects.bulk_create(
        AlertAct(
            alert=row,
            at=now,
            act=act,
            actor=label(actor),
            detail="; ".join([*([detail] if detail else []), "with its group"])[:1000],
        )
        for row in rows
    )


def subject_of(row: Alert) -> Subject:
    """Return what oncall pages for: the alert, or the one that leads its group."""
    return Subject("alert", str(row.led_by_id or row.pk))
