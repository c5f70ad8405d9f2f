"""What time alone brings about: silences end, heartbeats stop, SLOs burn, old posts are let go."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from watchkeeper.alerts.domain import events as domain
from watchkeeper.alerts.domain import grouping, routing
from watchkeeper.alerts.domain.events import Action, Event, Severity, Urgency
from watchkeeper.alerts.domain.grouping import Group
from watchkeeper.alerts.domain.inhibition import INHIBITION
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.domain.matching import Fields
from watchkeeper.alerts.models import (
    Alert,
    AlertAct,
    Cursor,
    Heartbeat,
    HeldResolve,
    InboundEvent,
    InboundRequest,
)
from watchkeeper.alerts.queries import alerts, previews, rules
from watchkeeper.alerts.queries.rules import Rules
from watchkeeper.alerts.usecases import (
    backlog,
    groups,
    hands,
    heartbeats,
    inhibiting,
    intake,
    own,
    triggers,
)
from watchkeeper.catalog.queries import ServiceNote
from watchkeeper.oncall.usecases import escalations
from watchkeeper.plumbing import served_address
from watchkeeper.slos import queries as slos
from watchkeeper.slos.queries.rows import FiringRow

HELD = dt.timedelta(hours=24)
_MAINTENANCE = f"{routing.MAINTENANCE}:"
_FIRINGS = "firings"
_OF_SLOS = "slo/"
_CHUNK = 500
_MOST_FIRINGS = 1_000


def end_silences(*, now: dt.datetime) -> int:
    """Page for what still fires though what kept it quiet has ended; return how many.

    One that another silence keeps quiet by now stays quiet until that ends.
    """
    paged = 0
    while found := alerts.past("muted_until", now=now, limit=_CHUNK):
        with transaction.atomic():
            due = Alert.objects.select_for_update().filter(pk__in=found, muted_until__lte=now)
            paged += _wake(list(due.order_by("pk")), now=now)
    return paged


def _wake(rows: list[Alert], *, now: dt.datetime) -> int:
    rules.forget()
    known = rules.current(now=now)
    services = known.services({row.service_name for row in rows})
    seen = [
        previews.fields_of(row, (services.get(row.service_name) or ServiceNote()).owner)
        for row in rows
    ]
    sources = inhibiting.Sources(known.inhibitions, now=now)
    sources.read(seen)
    waking: list[tuple[Alert, Fields]] = []
    for row, fields in zip(rows, seen, strict=True):
        quiet = routing.quieted(
            known.silences, known.windows, fields, service=row.service_name, at=now
        ) or sources.quiet(fields)
        if quiet is not None and row.state != AlertState.RESOLVED.value:
            row.muted_by, row.muted_until = quiet.by, quiet.until
            row.inhibited_by_id = quiet.source
        else:
            row.muted_until = row.inhibited_by_id = None
            if row.state == AlertState.FIRING.value:
                waking.append((row, fields))
        row.save(update_fields=["muted_by", "muted_until", "inhibited_by"])
    joined = groups.join_stored(_groups_of(waking, known), now=now)
    AlertAct.objects.bulk_create(
        _ended_act(row, joined.get(row.pk, ""), now=now) for row, _ in waking
    )
    if waking:
        escalations.start_many([trigger_of(row) for row, _ in waking], now=now)
    return len(waking)


def _groups_of(rows: Sequence[tuple[Alert, Fields]], known: Rules) -> list[tuple[Alert, Group]]:
    """Return what alerts are grouped by that never were in a group, by the routes they took."""
    routes = {route.name: route.grouping for route in known.routes}
    return [
        (
            row,
            grouping.group_of(
                by,
                fields,
                route=row.route,
                severity=Severity(row.severity),
                urgency=Urgency(row.urgency),
            ),
        )
        for row, fields in rows
        if row.led_by_id is None and (by := routes.get(row.route)) is not None
    ]


def _ended_act(row: Alert, detail: str, *, now: dt.datetime) -> AlertAct:
    kind = row.muted_by.partition(":")[0]
    what = kind if kind in {routing.MAINTENANCE, INHIBITION} else routing.SILENCE
    return AlertAct(alert_id=row.pk, at=now, act=f"{what} ended", actor="system", detail=detail)


def follow_maintenance(*, now: dt.datetime) -> int:
    """Let alerts be judged again whose maintenance is not as it was; return how many.

    A window that was ended early, changed or removed keeps nothing quiet any more.
    """
    quiet = Alert.objects.filter(muted_until__gt=now, muted_by__startswith=_MAINTENANCE)
    told = set(quiet.values_list("muted_by", "service_name", "muted_until").distinct().order_by())
    if not told:
        return 0
    rules.forget()
    holding = {
        (f"{_MAINTENANCE}{window.name}", service, window.end)
        for window in rules.current(now=now).windows
        if window.start <= now < window.end
        for service in window.services
    }
    return sum(
        quiet.filter(muted_by=by, service_name=service, muted_until=until).update(muted_until=now)
        for by, service, until in told - holding
    )


def trigger_of(row: Alert, *, why: str = "") -> escalations.Trigger:
    """Return what oncall is told to page for an alert; ``why`` stands before its title."""
    return triggers.trigger(
        hands.subject_of(row),
        policy=row.policy,
        urgency=Urgency(row.urgency),
        title=f"{why}: {row.title}" if why else row.title,
        service=row.service_name,
        base=served_address.base(),
    )


def miss_heartbeats(*, now: dt.datetime) -> int:
    """Open an alert for each sender that should have been heard of; return how many."""
    found = Heartbeat.objects.select_related("integration").filter(due_at__lte=now)
    rows = list(found.order_by("due_at")[:_CHUNK])
    for row in rows:
        with transaction.atomic():
            taken = Heartbeat.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=None)
            if not taken:
                continue
            length = heartbeats.interval_of(row.integration.settings)
            event = domain.make(
                Action.TRIGGER,
                heartbeats.KEY,
                title=f"{row.integration.name} is not heard of any more",
                severity="critical",
                description=f"Its last sign of life came {row.last_ping_at:%FT%TZ}; "
                f"it should come at least every {length}.",
            )
            intake.tell(row.integration, [event], body=b"{}", now=now)
    return len(rows)


def follow_firings(*, now: dt.datetime) -> int:
    """Open an alert for each burn rule that began to fire, resolve those that ended.

    Firings are found by their ids, which a cursor remembers, and by the alerts that are open for
    them, so that none is missed whenever this stops and begins again. A firing that went with its
    SLO has ended too.

    Returns:
        How many events that gave.
    """
    with transaction.atomic():
        cursor, _ = Cursor.objects.select_for_update().get_or_create(name=_FIRINGS)
        fresh = slos.firings_after(cursor.position, limit=_MOST_FIRINGS)
        told = [_began(row) for row in fresh]
        told += [_ended(row) for row in fresh if row.ended_at is not None]
        told += _ends()
        if told:
            body = json.dumps([event.episode for event in told]).encode()
            intake.tell(own.integration(now=now), told, body=body, now=now)
        if fresh:
            cursor.position = fresh[-1].id
            cursor.save()
    return len(told)


def _ends() -> list[Event]:
    """Return the ends of firings that alerts are open for."""
    rows = Alert.objects.filter(scope=own.OWN, key__startswith=_OF_SLOS)
    rows = rows.exclude(state=AlertState.RESOLVED.value).exclude(episode="")
    keys = {int(episode): key for episode, key in rows.values_list("episode", "key")}
    firings = {row.id: row for row in slos.firings_of(keys)}
    told = [_ended(row) for row in firings.values() if row.ended_at]
    gone = [(firing, key) for firing, key in keys.items() if firing not in firings]
    return told + [domain.make(Action.RESOLVE, key, episode=str(firing)) for firing, key in gone]


def _began(row: FiringRow) -> Event:
    is_page = row.severity == "page"
    severity = Severity.CRITICAL if is_page else Severity.WARNING
    return domain.make(
        Action.TRIGGER,
        _key(row),
        title=f"{row.slo} burns its error budget ({row.rule})",
        severity=severity.value,
        service=row.service,
        started_at=row.started_at,
        episode=str(row.id),
        description=_words(row.reason),
        labels={"slo": row.slo, "rule": row.rule, "alertname": "ErrorBudgetBurn"}
        | ({"sample": "true"} if row.is_sample else {}),
    )


def _words(reason: Mapping[str, Any]) -> str:
    """Return why a rule fires, in a sentence; what is unknown is left out."""
    rates = [
        f"{reason[name + '_rate']:.3g}x over {reason[name]}"
        for name in ("long", "short")
        if reason.get(f"{name}_rate") is not None and reason.get(name)
    ]
    told = f"The budget burns at {' and '.join(rates)}" if rates else ""
    if rates and reason.get("factor") is not None:
        told += f"; the rule fires above {reason['factor']:.3g}x"
    return told


def _ended(row: FiringRow) -> Event:
    return domain.make(Action.RESOLVE, _key(row), started_at=row.started_at, episode=str(row.id))


def _key(row: FiringRow) -> str:
    return f"{_OF_SLOS}{row.slo}/{row.objective_index}/{row.window_index}/{row.rule}"


def forget_old(*, before: dt.datetime, now: dt.datetime) -> int:
    """Let go of posts that came before an instant and whose alerts are over; return how many.

    Resolves that nobody's trigger followed for a day go too; what is not decided yet stays.
    """
    HeldResolve.objects.filter(received_at__lt=now - HELD).delete()
    gone = 0
    while True:
        old = InboundRequest.objects.filter(received_at__lt=before).exclude(
            events__in=InboundEvent.objects.exclude(alert=None).exclude(
                alert__state=AlertState.RESOLVED.value
            )
        )
        undecided = backlog.first_request()
        if undecided is not None:
            old = old.filter(pk__lt=undecided)
        ids = list(old.order_by("pk").values_list("pk", flat=True)[:_CHUNK])
        if not ids:
            return gone
        with transaction.atomic():
            InboundEvent.objects.filter(request_id__in=ids).delete()
            InboundRequest.objects.filter(replay_of_id__in=ids).update(replay_of=None)
            InboundRequest.objects.filter(pk__in=ids).delete()
        gone += len(ids)
