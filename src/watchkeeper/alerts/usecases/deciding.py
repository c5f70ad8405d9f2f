"""One transaction's worth of events: what is known, what is decided, what is written.

The caller holds the transaction; all of it commits together or none of it does.
"""

import datetime as dt
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from watchkeeper.alerts.domain import lifecycle, matching, routing
from watchkeeper.alerts.domain.events import Action, Event, Severity
from watchkeeper.alerts.domain.lifecycle import (
    AlertState,
    Decision,
    Effect,
    Known,
    OpenAlert,
    Verdict,
)
from watchkeeper.alerts.domain.routing import Placed, Quiet
from watchkeeper.alerts.models import Alert, HeldResolve
from watchkeeper.alerts.queries.keys import Sender
from watchkeeper.alerts.queries.rules import Rules
from watchkeeper.alerts.usecases import ack_timeouts, merging, repeats, triggers
from watchkeeper.catalog.queries import ServiceNote
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import escalations
from watchkeeper.plumbing import served_address, writing

SUBJECT = "alert"
_ALERTS = Alert._meta.db_table
_HELD = HeldResolve._meta.db_table
_CHUNK = 500
_BUCKETS = 4_096
_Key = tuple[str, str]


@dataclass(slots=True)
class Held:
    """An alert in hand: one that is stored, or one that will be.

    Attributes:
        id: Its id; ``None`` until it is stored.
        row: Its columns, where it is new.
        count: How often it was told anew.
        state: Where it stands.
        severity: The worst that was said.
        episode: The newest.
        started_at: When that began.
        changes: Columns that change beside these.
        is_changed: Whether anything of it is to be written.
        start: What to page for; ``None``: nothing.
        stop: Why its escalation ends; empty: it does not.
    """

    id: int | None
    state: AlertState
    severity: Severity
    episode: str
    started_at: dt.datetime | None
    row: dict[str, Any] = field(default_factory=dict)
    count: int = 0
    changes: dict[str, Any] = field(default_factory=dict)
    is_changed: bool = False
    start: Placed | None = None
    stop: str = ""


@dataclass(slots=True)
class Incoming:
    """An event on its way, and then what became of it; ``message`` as ``repeats`` has it."""

    sender: Sender
    event: Event
    verdict: Verdict = Verdict.QUARANTINED
    reason: str = ""
    rule: str = ""
    alert: Held | None = None
    message: str = ""

    @property
    def place(self) -> _Key:
        """What its alert is found by."""
        return self.sender.scope, self.event.key


@dataclass(slots=True)
class _Slot:
    """What is known of one key while its events are decided."""

    known: Known = field(default_factory=Known)
    open: Held | None = None
    closed: dict[str, Held] = field(default_factory=dict)
    hold: dict[str, dt.datetime] = field(default_factory=dict)
    let_go: set[str] = field(default_factory=set)


class Batch:
    """Events that are decided and written together."""

    def __init__(self, incoming: Sequence[Incoming], rules: Rules, *, now: dt.datetime) -> None:
        self._incoming = incoming
        self._rules = rules
        self._now = now
        self._slots: dict[_Key, _Slot] = {item.place: _Slot() for item in incoming}
        self._new: list[Held] = []
        self._found: list[Held] = []
        self._merged: dict[_Key, _Key] = {}
        self._heard = repeats.Heard()
        named = {name for item in incoming for name in (item.event.service, item.sender.service)}
        self._services = rules.services(named)

    def run(self) -> None:
        """Decide every event and write what follows from it, but for the events themselves."""
        wait_in_line(self._slots)
        self.weigh()
        self._write()

    def weigh(self) -> None:
        """Decide every event and write nothing."""
        self._gather()
        for item in self._incoming:
            self._decide(item)

    # ---- what is known

    def _gather(self) -> None:
        self._heard.read((item.sender.scope, item.message) for item in self._incoming)
        for scope in {scope for scope, _ in self._slots}:
            keys = sorted(key for other, key in self._slots if other == scope)
            episodes = {
                item.event.episode
                for item in self._incoming
                if item.sender.scope == scope and item.event.episode
            }
            for start in range(0, len(keys), _CHUNK):
                part = keys[start : start + _CHUNK]
                self._read_open(scope, part)
                self._read_merged(scope, [k for k in part if self._slots[scope, k].open is None])
                if episodes:
                    self._read_closed(scope, part, sorted(episodes))
                    self._read_held(scope, part)

    def _read_open(self, scope: str, keys: Sequence[str]) -> None:
        sql = (
            f"SELECT id, key, state, severity, episode, started_at FROM {_ALERTS} "  # noqa: S608  fixed texts
            f"WHERE NOT (state = 'resolved') AND scope = %s AND key IN ({_marks(keys)}) "
            "ORDER BY id"
        )
        if connection.vendor == "postgresql":  # nobody takes, snoozes or ends them meanwhile
            sql += " FOR NO KEY UPDATE"
        for pk, key, state, severity, episode, started in writing.select(sql, [scope, *keys]):
            slot = self._slots[scope, key]
            began = writing.moment(started)
            held = Held(pk, AlertState(state), Severity(severity), episode, began)
            slot.open = held
            self._found.append(held)
            alert = OpenAlert(held.state, held.severity, episode, began)
            slot.known = Known(alert, slot.known.closed, slot.known.held)

    def _read_merged(self, scope: str, keys: Sequence[str]) -> None:
        """Read what is open that alerts of these keys were merged into."""
        for each in merging.targets(scope, keys):
            self._merged[scope, each.key] = each.place
            if each.place in self._slots and self._slots[each.place].open is not None:
                continue
            held = Held(each.id, each.state, each.severity, each.episode, each.started_at)
            known = Known(OpenAlert(held.state, held.severity, held.episode, held.started_at))
            self._slots[each.place] = _Slot(known, held)
            self._found.append(held)

    def _read_closed(self, scope: str, keys: Sequence[str], episodes: Sequence[str]) -> None:
        """Read which episodes their sender ended; what a person ended may fire again."""
        for start in range(0, len(episodes), _CHUNK):
            part = episodes[start : start + _CHUNK]
            sql = (
                f"SELECT id, key, severity, episode FROM {_ALERTS} WHERE resolved_by = 'sender' "  # noqa: S608  fixed texts
                f"AND NOT (episode = '') AND scope = %s AND key IN ({_marks(keys)}) "
                f"AND episode IN ({_marks(part)})"
            )
            for pk, key, severity, episode in writing.select(sql, [scope, *keys, *part]):
                slot = self._slots[scope, key]
                worst = Severity(severity)
                held = Held(pk, AlertState.RESOLVED, worst, episode, None)
                slot.closed[episode] = held
                self._found.append(held)
                closed = {**slot.known.closed, episode: worst}
                slot.known = Known(slot.known.alert, closed, slot.known.held)

    def _read_held(self, scope: str, keys: Sequence[str]) -> None:
        sql = f"SELECT key, episode FROM {_HELD} WHERE scope = %s AND key IN ({_marks(keys)})"  # noqa: S608  fixed texts
        for key, episode in writing.select(sql, [scope, *keys]):
            slot = self._slots[scope, key]
            held = slot.known.held | {episode}
            slot.known = Known(slot.known.alert, slot.known.closed, held)

    # ---- what is decided

    def _decide(self, item: Incoming) -> None:
        slot = self._slots[item.place]
        if self._heard.is_repeat((item.sender.scope, item.message)):
            item.verdict, item.alert = Verdict.DEDUPED, slot.open
            item.reason = "its sender delivered this very message before; it counts once"
            return
        target = self._slots.get(self._merged.get(item.place, item.place), slot)
        if slot.open is None and target.open is not None:
            slot, into = target, str(target.open.id)
            decision = lifecycle.decide_merged(item.event, slot.known, into=into)
        else:
            decision = lifecycle.decide(item.event, slot.known)
        slot.known = decision.known
        item.verdict, item.reason = decision.verdict, decision.reason
        item.alert = slot.open
        _EFFECTS[decision.effect](self, item, slot, decision)
        if item.alert is not None and slot.known.alert is not None and slot.open is item.alert:
            _take_over(slot.open, slot.known.alert)

    def _open(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        del decision
        held, placed, quiet = self._made(item, AlertState.FIRING)
        slot.open = item.alert = held
        item.rule = f"route:{placed.route}" if placed.route else ""
        item.reason = f"{item.reason}; {placed.reason}"
        self._page(item, held, placed, quiet)

    def _page(self, item: Incoming, held: Held, placed: Placed, quiet: Quiet | None) -> None:
        """Let people be paged for ``held``, unless a silence or maintenance keeps it quiet."""
        held.is_changed = True
        if quiet is None:
            held.start = placed
            return
        held.changes |= {"muted_by": quiet.by, "muted_until": quiet.until}
        item.verdict, item.rule, item.reason = _QUIET[quiet.kind], quiet.rule, quiet.words

    def _open_closed(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        del decision
        held, _, _ = self._made(item, AlertState.RESOLVED)
        held.row |= {"resolved_at": self._now, "resolved_by": "sender"}
        slot.closed[item.event.episode] = item.alert = held
        slot.let_go.add(item.event.episode)

    def _made(self, item: Incoming, state: AlertState) -> tuple[Held, Placed, Quiet | None]:
        """Return a new alert, where it goes, and what keeps it quiet."""
        event, sender = item.event, item.sender
        service = self._service_of(item)
        placed, quiet = self._placed(item, service)
        row = {
            "integration_id": sender.id,
            "scope": sender.scope,
            "key": event.key,
            "service_name": service,
            "urgency": placed.urgency.value,
            "title": event.title,
            "description": event.description,
            "url": event.url,
            "runbook_url": event.runbook_url,
            "labels": dict(event.labels),
            "route": placed.route,
            "policy": placed.policy,
            "placed_because": placed.reason[:1000],
            "opened_at": self._now,
            "last_event_at": self._now,
            "resolved_at": None,
            "resolved_by": "",
        }
        held = Held(None, state, event.severity, event.episode, event.started_at, row, count=1)
        held.is_changed = True
        self._new.append(held)
        return held, placed, quiet

    def _service_of(self, item: Incoming) -> str:
        """Return the service that the catalogue knows, else the one the integration is for."""
        said, usual = item.event.service, item.sender.service
        note = self._services.get(said)
        is_known = note is not None and note != ServiceNote()
        return said if is_known or not usual else usual

    def _placed(self, item: Incoming, service: str) -> tuple[Placed, Quiet | None]:
        note = self._services.get(service) or ServiceNote()
        fields = matching.fields_of(
            item.event, integration=item.sender.name, service=service, owner=note.owner
        )
        default = (note.own, f"the service {service}")
        if not note.own and note.owners:
            default = (note.owners, f"its owner {note.owner}")
        placed = routing.place(
            self._rules.routes, fields, severity=item.event.severity, default=default
        )
        quiet = routing.quieted(
            self._rules.silences, self._rules.windows, fields, service=service, at=self._now
        )
        return placed, quiet

    def _count(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        del item, decision
        _tell_again(slot.open)

    def _count_closed(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        held = slot.closed[item.event.episode]
        held.severity = decision.known.closed[item.event.episode]
        _tell_again(held)
        item.alert = held

    def _page_again(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        del decision
        held = slot.open
        if held is None:
            return
        _tell_again(held)
        placed, quiet = self._placed(item, self._service_of(item))
        held.changes |= {"urgency": placed.urgency.value, "acknowledged_at": None}
        held.changes |= {"acknowledged_by": "", "route": placed.route, "policy": placed.policy}
        held.changes["pages_again_at"] = None
        self._page(item, held, placed, quiet)

    def _acknowledge(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        del decision
        if slot.open is not None:
            slot.open.changes |= {"acknowledged_at": self._now, "acknowledged_by": "sender"}
            slot.open.changes["pages_again_at"] = None
            slot.open.is_changed = True
            slot.open.start = None
            slot.open.stop = f"acknowledged by {item.sender.name}"

    def _resolve(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        held = slot.open
        if held is None:
            return
        held.state, held.is_changed, held.start = AlertState.RESOLVED, True, None
        held.changes |= {"resolved_at": self._now, "resolved_by": "sender", "muted_until": None}
        held.changes["pages_again_at"] = None
        held.stop = f"resolved by {item.sender.name}"
        held.episode = held.episode or item.event.episode
        if held.episode:
            slot.closed[held.episode] = held
        slot.open = None
        self._keep_held(item, slot, decision)

    def _keep_held(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        if item.event.episode in decision.known.held:
            slot.hold[item.event.episode] = self._now

    def _nothing(self, item: Incoming, slot: _Slot, decision: Decision) -> None:
        del decision
        if item.event.action is Action.RESOLVE and item.event.episode in slot.closed:
            item.alert = slot.closed[item.event.episode]

    # ---- what is written

    def _write(self) -> None:
        """Write what is stored first: a key is free for a new alert once its old one is over."""
        stored = self._stored()
        updates: dict[str, list[list[Any]]] = {}
        for held in stored:
            sql, row = self._update(held)
            updates.setdefault(sql, []).append(row)
        for sql, rows in updates.items():
            writing.execute_many(sql, rows)
        self._insert()
        self._write_held()
        self._tell_oncall([*self._new, *stored])

    def _insert(self) -> None:
        rows = [
            held.row
            | {
                "state": held.state.value,
                "severity": held.severity.value,
                "episode": held.episode,
                "started_at": held.started_at,
                "count": held.count,
                "acknowledged_at": None,
                "acknowledged_by": "",
                "muted_by": "",
                "muted_until": None,
                "pages_again_at": None,
            }
            | held.changes
            for held in self._new
        ]
        for held, pk in zip(self._new, writing.insert(Alert, rows), strict=True):
            held.id = pk

    def _stored(self) -> list[Held]:
        """Return alerts that were there before and change now, in the order of their ids."""
        changed = (held for held in self._found if held.is_changed)
        return sorted(changed, key=lambda held: held.id or 0)

    def _update(self, held: Held) -> tuple[str, list[Any]]:
        columns = {
            "state": held.state.value,
            "severity": held.severity.value,
            "episode": held.episode,
            "last_event_at": self._now,
            **({"started_at": held.started_at} if held.started_at is not None else {}),
            **held.changes,
        }
        names = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name in columns)
        sql = f"UPDATE {_ALERTS} SET count = count + %s, {names} WHERE id = %s"  # noqa: S608  our own columns
        return sql, [held.count, *columns.values(), held.id]

    def _write_held(self) -> None:
        holds, let_go = [], []
        for (scope, key), slot in self._slots.items():
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

    def _tell_oncall(self, changed: Iterable[Held]) -> None:
        stops: dict[str, list[Subject]] = {}
        starts, taken = [], []
        base = served_address.base()
        for held in changed:
            subject = Subject(SUBJECT, str(held.id))
            if held.stop and not held.row:
                stops.setdefault(held.stop, []).append(subject)
                if held.state is AlertState.ACKNOWLEDGED and held.id is not None:
                    taken.append(held.id)
            if held.start is not None and held.state is AlertState.FIRING:
                starts.append(self._trigger(held, subject, held.start, base=base))
        for reason, subjects in stops.items():
            escalations.stop(subjects, reason=reason, now=self._now)
        ack_timeouts.begin(taken, now=self._now)
        if starts:
            escalations.start_many(starts, now=self._now)

    def _trigger(
        self, held: Held, subject: Subject, placed: Placed, *, base: str
    ) -> escalations.Trigger:
        row = held.row
        if not row:
            row = dict(Alert.objects.values("title", "service_name").get(pk=held.id or 0))
        return triggers.trigger(
            subject,
            policy=placed.policy,
            urgency=placed.urgency,
            title=row["title"],
            service=row["service_name"],
            base=base,
        )


def wait_in_line(places: Iterable[_Key]) -> None:
    """Let nobody else decide these keys before the transaction ends; SQLite has one writer."""
    if connection.vendor != "postgresql":
        return
    buckets = sorted({_bucket(place) for place in places})
    writing.select(
        "SELECT pg_advisory_xact_lock(74001, bucket) FROM "
        "(SELECT unnest(%s::int[]) AS bucket ORDER BY 1) AS buckets",
        [buckets],
    )


def _take_over(held: Held, alert: OpenAlert) -> None:
    held.state, held.severity = alert.state, alert.severity
    held.episode, held.started_at = alert.episode, alert.started_at


def _tell_again(held: Held | None) -> None:
    if held is not None:
        held.count += 1
        held.is_changed = True


def _bucket(place: _Key) -> int:
    """Return one of some thousand numbers for a key, the same in every process."""
    return zlib.crc32("\0".join(place).encode("utf-8", "replace")) % _BUCKETS


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))


_QUIET = {routing.SILENCE: Verdict.SILENCED, routing.MAINTENANCE: Verdict.MAINTENANCE}
_EFFECTS = {
    Effect.NOTHING: Batch._nothing,
    Effect.OPEN: Batch._open,
    Effect.OPEN_CLOSED: Batch._open_closed,
    Effect.COUNT: Batch._count,
    Effect.COUNT_CLOSED: Batch._count_closed,
    Effect.PAGE_AGAIN: Batch._page_again,
    Effect.ACKNOWLEDGE: Batch._acknowledge,
    Effect.RESOLVE: Batch._resolve,
    Effect.HOLD: Batch._keep_held,
}
