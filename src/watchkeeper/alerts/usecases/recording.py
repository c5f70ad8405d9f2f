"""What follows from events that were decided, written by the hundred."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.domain.routing import Placed
from watchkeeper.alerts.models import Alert, HeldResolve
from watchkeeper.alerts.usecases import ack_timeouts, groups, triggers
from watchkeeper.alerts.usecases.holding import Held, Key, Slot
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import escalations
from watchkeeper.plumbing import served_address, writing

SUBJECT = "alert"
_ALERTS = Alert._meta.db_table
_HELD = HeldResolve._meta.db_table


def write_alerts(new: Sequence[Held], stored: Sequence[Held], *, now: dt.datetime) -> None:
    """Write what is stored first: a key is free for a new alert once its old one is over."""
    updates: dict[str, list[list[Any]]] = {}
    for held in stored:
        sql, row = _update(held, now)
        updates.setdefault(sql, []).append(row)
    for sql, rows in updates.items():
        writing.execute_many(sql, rows)
    for held, pk in zip(new, writing.insert(Alert, [_row(held) for held in new]), strict=True):
        held.id = pk


def _row(held: Held) -> dict[str, Any]:
    return (
        held.row
        | {
            "state": held.state.value,
            "severity": held.severity.value,
            "episode": held.episode,
            "started_at": held.started_at,
            "count": held.count,
            "led_by_id": held.lead if isinstance(held.lead, int) else None,
            "acknowledged_at": None,
            "acknowledged_by": "",
            "muted_by": "",
            "muted_until": None,
            "inhibited_by_id": None,
            "flapping_until": None,
            "is_over": False,
            "pages_again_at": None,
        }
        | held.changes
    )


def _update(held: Held, now: dt.datetime) -> tuple[str, list[Any]]:
    columns = {
        "state": held.state.value,
        "severity": held.severity.value,
        "episode": held.episode,
        "last_event_at": now,
        **({"started_at": held.started_at} if held.started_at is not None else {}),
        **held.changes,
    }
    names = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name in columns)
    sql = f"UPDATE {_ALERTS} SET count = count + %s, {names} WHERE id = %s"  # noqa: S608  our own columns
    return sql, [held.count, *columns.values(), held.id]


def write_held(slots: Mapping[Key, Slot]) -> None:
    """Write which resolves wait for their triggers, and which do so no more."""
    holds, let_go = [], []
    for (scope, key), slot in slots.items():
        holds += [
            {"scope": scope, "key": key, "episode": episode, "received_at": at}
            for episode, at in slot.hold.items()
            if episode not in slot.let_go
        ]
        let_go += [[scope, key, episode] for episode in slot.let_go]
    writing.execute_many(
        f"DELETE FROM {_HELD} WHERE scope = %s AND key = %s AND episode = %s",  # noqa: S608  fixed texts
        let_go,
    )
    writing.insert(HeldResolve, holds, if_absent=True)


def tell_oncall(changed: Iterable[Held], *, now: dt.datetime) -> None:
    """End and begin paging; a group pages as long as one of it fires."""
    stops: dict[str, list[tuple[int, int | None]]] = {}
    starts, taken = [], {}
    base = served_address.base()
    for held in changed:
        if held.id is None:
            continue
        subject = Subject(SUBJECT, str(held.lead_id or held.id))
        if held.stop and (held.lead_id is not None or not held.row):
            stops.setdefault(held.stop, []).append((held.id, held.lead_id))
            if held.state is AlertState.ACKNOWLEDGED:
                taken[held.id] = subject
        if held.start is not None and held.state is AlertState.FIRING:
            starts.append(_trigger(held, subject, held.start, base=base))
    for reason, ended in stops.items():
        groups.stop(ended, reason=reason, now=now)
    ack_timeouts.begin(taken, now=now)
    if starts:
        escalations.start_many(starts, now=now)


def _trigger(held: Held, subject: Subject, placed: Placed, *, base: str) -> escalations.Trigger:
    row = held.row
    if not row:
        row = dict(Alert.objects.values("title", "service_name").get(pk=held.id or 0))
    return triggers.trigger(
        subject,
        policy=placed.policy,
        urgency=placed.urgency,
        title=f"{held.title_prefix}{row['title']}",
        service=row["service_name"],
        base=base,
    )
