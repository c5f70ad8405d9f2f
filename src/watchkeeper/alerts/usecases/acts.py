"""What people do about alerts: take them, end them, read again what could not be read."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from watchkeeper.alerts.domain import generic, snoozing
from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertAct, InboundEvent
from watchkeeper.alerts.ports import Stored
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import integrations, keys, quarantine
from watchkeeper.alerts.queries.quarantine import CameRow, EventNotFoundError
from watchkeeper.alerts.usecases import ack_timeouts, doors, groups, hands, inhibiting, intake
from watchkeeper.alerts.usecases.intake import Arrival
from watchkeeper.identity import queries as identity
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.oncall.usecases import steering

_TAKEN = AlertState.ACKNOWLEDGED.value
_OPEN = (AlertState.FIRING.value, AlertState.ACKNOWLEDGED.value, AlertState.SNOOZED.value)


class AlreadyResolvedError(ConflictError):
    """The alert has ended; it cannot be taken any more."""

    code = "already_resolved"


@transaction.atomic
def acknowledge(*, actor: Actor, alerts: Sequence[str], now: dt.datetime) -> int:
    """Record that somebody takes alerts and their groups, which stops escalations, all or none.

    Acknowledging again is harmless and keeps the first one's name; who was added to what another
    had taken says so by it that they are on it too, and is not called any more. Where the policy
    has an ``ackTimeout``, what is not resolved within it pages again.

    Args:
        actor: Who; needs the role responder in the team that owns the service, or anywhere where
            no team does.
        alerts: Their ids.
        now: The present.

    Returns:
        How many were not taken before.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        AlreadyResolvedError: one has ended.
    """
    rows, others = open_groups(actor, alerts)
    fresh = _untaken(rows)
    led = _untaken(others)
    changes = {
        "state": AlertState.ACKNOWLEDGED.value,
        "acknowledged_at": now,
        "acknowledged_by": hands.label(actor),
        "pages_again_at": None,
    }
    taken = [*fresh, *led]
    _put(taken, actor, "acknowledged", changes, now=now)
    ack_timeouts.begin({row.pk: hands.subject_of(row) for row in taken}, now=now)
    joined = _joined([row for row in rows if row not in fresh], actor, now=now)
    hands.tell(actor, fresh, "acknowledged", now=now)
    hands.tell(actor, joined, "joined", now=now)
    hands.tell_others(actor, led, "acknowledged", now=now)
    return len(taken)


def _untaken(rows: Sequence[Alert]) -> list[Alert]:
    return [row for row in rows if row.state in _OPEN and row.state != _TAKEN]


def _joined(rows: Sequence[Alert], actor: Actor, *, now: dt.datetime) -> list[Alert]:
    """Return alerts that another had taken and ``actor``, who was added to them, takes too."""
    name = identity.names_of([actor.id]).get(actor.id) if actor.id is not None else None
    if not rows or name is None or actor.kind is not ActorKind.USER:
        return []
    joined = steering.join([hands.subject_of(row) for row in rows], person=name, now=now)
    told = AlertAct.objects.filter(act="joined", actor=hands.label(actor))
    return [
        row
        for row in rows
        if hands.subject_of(row) in joined
        and not told.filter(alert=row, at__gte=row.acknowledged_at or row.opened_at).exists()
    ]


@transaction.atomic
def resolve(
    *, actor: Actor, alerts: Sequence[str], now: dt.datetime, whole_groups: bool = False
) -> int:
    """Record that alerts are over, which stops their escalations, all or none.

    The escalation of a group goes on while one of it fires. Resolving again is harmless. A sender
    that still sees the condition opens a new alert with its next trigger, of whatever episode.

    Args:
        actor: Who; needs what acknowledging needs.
        alerts: Their ids.
        now: The present.
        whole_groups: End all that is open in their groups too.

    Returns:
        How many were open.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
    """
    rows = hands.alerts_of(actor, alerts, with_groups=whole_groups)
    open_ones = [row for row in rows if row.state != AlertState.RESOLVED.value]
    others = hands.whole_groups(rows) if whole_groups else []
    changes = {
        "state": AlertState.RESOLVED.value,
        "resolved_at": now,
        "resolved_by": hands.label(actor),
        "muted_until": None,
        "flapping_until": None,
        "pages_again_at": None,
    }
    _put([*open_ones, *others], actor, "resolved", changes, now=now)
    hands.tell(actor, open_ones, "resolved", now=now)
    hands.tell_others(actor, others, "resolved", now=now)
    return len(open_ones) + len(others)


@transaction.atomic
def snooze(
    *,
    actor: Actor,
    alerts: Sequence[str],
    now: dt.datetime,
    until: dt.datetime | None = None,
    length: str = "",
) -> int:
    """Let alerts and their groups be quiet for a while, all or none; what fires then pages again.

    Their escalations stop. A resolve ends it, and what is worse than before or a new episode pages
    at once. One that is snoozed already is snoozed until then instead.

    Args:
        actor: Who; needs what acknowledging needs.
        alerts: Their ids.
        now: The present.
        until: When it ends; ``None``: ``length`` says.
        length: How long it lasts, as ``2h``; empty: ``until`` says.

    Returns:
        How many alerts are quiet now.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        AlreadyResolvedError: one has ended.
        InvalidError: it would end in the past or after a week.
    """
    rows, others = open_groups(actor, alerts)
    end = snoozing.end_of(until=until, length=length, now=now)
    changes = {"state": AlertState.SNOOZED.value, "pages_again_at": end}
    detail = f"until {end:%FT%TZ}"
    _put([*rows, *others], actor, "snoozed", changes, now=now)
    hands.tell(actor, rows, "snoozed", now=now, detail=detail)
    hands.tell_others(actor, others, "snoozed", now=now, detail=detail)
    return len(rows) + len(others)


@transaction.atomic
def merge(*, actor: Actor, alerts: Sequence[str], into: str, now: dt.datetime) -> int:
    """Let one open alert stand for others, all or none.

    The others end and their escalations stop. While the one is open, what their senders tell
    counts there, and pages again if it is worse than all before; once it is over they open anew.

    Args:
        actor: Who; needs what acknowledging needs, for all of them.
        alerts: Ids of the others.
        into: Id of the one.
        now: The present.

    Returns:
        How many were merged.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        AlreadyResolvedError: one has ended.
        InvalidError: an alert would be merged into itself.
    """
    rows = {row.pk: row for row in open_alerts(actor, [*alerts, into])}
    target = rows.pop(queries.number_of(into))
    if target.pk in {queries.number_of(each) for each in alerts} or not rows:
        message = "an alert is not merged into itself"
        raise InvalidError(message, [Problem(message, path="into")])
    sources = list(rows.values())
    changes = {
        "state": AlertState.RESOLVED.value,
        "resolved_at": now,
        "resolved_by": hands.label(actor),
        "merged_into": target,
        "muted_until": None,
        "flapping_until": None,
        "pages_again_at": None,
    }
    _put(sources, actor, "merged", changes, now=now)
    Alert.objects.filter(merged_into__in=list(rows)).update(merged_into=target)
    worst = max((Severity(row.severity) for row in [target, *sources]), key=lambda s: s.rank)
    Alert.objects.filter(pk=target.pk).update(severity=worst.value)
    hands.tell(actor, sources, "merged", now=now, detail=f"into alert {target.pk}")
    taken = ", ".join(str(row.pk) for row in sources)
    hands.tell(actor, [target], "took in", now=now, detail=f"alert {taken}")
    return len(sources)


def open_alerts(actor: Actor, alerts: Sequence[str]) -> list[Alert]:
    """Return alerts, held against others until the transaction ends, none of which is over.

    Raises:
        AlreadyResolvedError: one is; for the rest see ``hands.alerts_of``.
    """
    rows = hands.alerts_of(actor, alerts)
    for row in rows:
        if row.state == AlertState.RESOLVED.value:
            raise AlreadyResolvedError(f"The alert {row.pk} is resolved; there is nothing to take")
    return rows


def open_groups(actor: Actor, alerts: Sequence[str]) -> tuple[list[Alert], list[Alert]]:
    """Return alerts, and the other open ones of their groups, all held against others.

    One that is over may stand for its group while it leads that.

    Raises:
        AlreadyResolvedError: one is over, and its group too; for the rest see ``hands.alerts_of``.
    """
    rows = hands.alerts_of(actor, alerts, with_groups=True)
    others = hands.whole_groups(rows)
    leads = {row.led_by_id for row in others}
    for row in rows:
        if row.state == AlertState.RESOLVED.value and row.pk not in leads:
            raise AlreadyResolvedError(f"The alert {row.pk} is resolved; there is nothing to take")
    return [row for row in rows if row.state != AlertState.RESOLVED.value], others


def _put(
    rows: Sequence[Alert], actor: Actor, act: str, changes: dict[str, object], *, now: dt.datetime
) -> None:
    """Change alerts and stop their escalations."""
    Alert.objects.filter(pk__in=[row.pk for row in rows], state__in=_OPEN).update(**changes)
    if changes["state"] == AlertState.RESOLVED.value:
        inhibiting.ended([row.pk for row in rows], now=now)
    groups.stop(
        [(row.pk, row.led_by_id) for row in rows],
        reason=f"{act} by {hands.label(actor)}",
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Came:
    """An event and the body of the post that it came with."""

    row: CameRow
    body: bytes


def what_came(*, actor: Actor, event: str) -> Came:
    """Return what came with an event, as it came.

    Args:
        actor: Who; needs the role editor for the integration's service, as it may hold a key.
        event: Id of the event.

    Raises:
        EventNotFoundError: there is none of that id.
        ForbiddenError: the actor may not.
    """
    what = f"event {event[:40]}"
    hands.require(actor, Permission.READ, what=what, team_id=None)
    row = quarantine.came_row(event)
    team = queries.team_of(row.service)
    hands.require(actor, Permission.EDIT, what=what, team_id=team)
    return Came(row, quarantine.body_of(event))


def replay(*, actor: Actor, event: str, now: dt.datetime, body: bytes | None = None) -> Stored:
    """Read again what came with an event, as it was or mended; both are kept.

    Args:
        actor: Who; needs the role editor for the integration's service.
        event: Id of the event.
        now: The present.
        body: What to read instead; ``None``: what came.

    Raises:
        EventNotFoundError: there is none of that id, or its integration is gone.
        ForbiddenError: the actor may not.
        InvalidError: it still cannot be read; nothing more is kept of it then.
    """
    found = InboundEvent.objects.select_related("request__integration")
    row = found.filter(pk=queries.number_of(event)).first()
    hands.require(actor, Permission.READ, what=f"event {event[:40]}", team_id=None)
    integration = row.request.integration if row is not None else None
    door = doors.of_kind(integration.kind) if integration is not None else None
    if row is None or integration is None or door is None:
        raise EventNotFoundError(f"There is no event {event[:40]} that could be read again")
    team = queries.team_of(integration.service_name)
    hands.require(actor, Permission.EDIT, what=f"event {event}", team_id=team)
    raw = bytes(row.request.body) if body is None else body
    post = doors.post_again(row.request, body=raw, received_at=now, is_vouched=True)
    told = list(door.read(post, integration.settings))
    arrival = Arrival(
        door, post, sender=keys.sender(integration), events=told, replay_of=row.request_id
    )
    with transaction.atomic():
        stored = intake.store_one(arrival, now=now)
        hands.record(actor, "event.replayed", event, {"request": stored.id}, now=now)
    return stored


def send(
    *, actor: Actor, integration: str, event: Mapping[str, object], now: dt.datetime, body: bytes
) -> Stored:
    """Take in an event that a person or a script sends by name of the integration.

    Args:
        actor: Who; needs the role responder for the integration's service.
        integration: Its name.
        event: As a generic integration's sender writes it.
        now: The present.
        body: What is kept as the raw request.

    Raises:
        IntegrationNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        InvalidError: a field cannot be.
    """
    row = integrations.row_of(integration)
    team = queries.team_of(row.service_name)
    what = f"integration {integration}"
    hands.require(actor, Permission.RESPOND, what=what, team_id=team, anywhere=True)
    return intake.tell(row, [generic.event_of(event, {})], body=body, now=now)
