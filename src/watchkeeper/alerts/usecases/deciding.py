"""One transaction's worth of events: what is known, what is decided, what is written.

The caller holds the transaction; all of it commits together or none of it does.
"""

import datetime as dt
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import connection

from watchkeeper.alerts.domain import flapping, lifecycle, matching, routing
from watchkeeper.alerts.domain.events import Action
from watchkeeper.alerts.domain.grouping import Group
from watchkeeper.alerts.domain.inhibition import INHIBITION
from watchkeeper.alerts.domain.lifecycle import AlertState, Decision, Effect, OpenAlert, Verdict
from watchkeeper.alerts.domain.routing import Placed
from watchkeeper.alerts.queries.rules import Rules
from watchkeeper.alerts.usecases import groups, inhibiting, recording
from watchkeeper.alerts.usecases.holding import Held, Incoming, Key, Placing, Slot
from watchkeeper.alerts.usecases.recalling import Memory
from watchkeeper.catalog.queries import ServiceNote
from watchkeeper.plumbing import writing

_BUCKETS = 4_096


class Batch:
    """Events that are decided and written together."""

    def __init__(self, incoming: Sequence[Incoming], rules: Rules, *, now: dt.datetime) -> None:
        self._incoming = incoming
        self._rules = rules
        self._now = now
        self._memory = Memory(incoming, now=now)
        self._new: list[Held] = []
        self._groups = groups.Gathered()
        self._sources = inhibiting.Sources(rules.inhibitions, now=now)
        named = {name for item in incoming for name in (item.event.service, item.sender.service)}
        self._services = rules.services(named)

    def run(self) -> None:
        """Decide every event and write what follows from it, but for the events themselves."""
        wait_in_line(self._memory.slots)
        self.weigh()
        self._write()

    def weigh(self) -> None:
        """Decide every event and write nothing."""
        self._memory.read()
        self._gather()
        for item in self._incoming:
            self._decide(item)

    def _gather(self) -> None:
        """Read the groups that alerts may join or end, and what keeps others quiet."""
        leads = {held.lead for held in self._memory.found if isinstance(held.lead, int)}
        opening: set[str] = set()
        if self._rules.has_groups or self._rules.inhibitions:
            for item in self._incoming:
                if self._memory.may_open(item):
                    group = self._placing(item).placed.group
                    opening |= {group.digest} if group is not None else set()
        if opening or leads:
            self._groups.read(opening, leads)
        if self._rules.inhibitions:
            triggers = [i for i in self._incoming if i.event.action is Action.TRIGGER]
            for item in triggers:
                self._sources.expect(self._memory.slots[item.place], self._placing(item).fields)
            self._sources.read(self._placing(item).fields for item in triggers)

    # ---- what is decided

    def _decide(self, item: Incoming) -> None:
        slot = self._memory.slots[item.place]
        if self._memory.heard.is_repeat((item.sender.scope, item.message)):
            item.verdict, item.alert = Verdict.DEDUPED, slot.open
            item.reason = "its sender delivered this very message before; it counts once"
            return
        target = self._memory.target(item.place)
        if slot.open is None and target.open is not None:
            slot, into = target, str(target.open.id)
            decision = lifecycle.decide_merged(item.event, slot.known, into=into)
        else:
            decision = lifecycle.decide(item.event, slot.known)
        slot.known = decision.known
        item.verdict, item.reason = decision.verdict, decision.reason
        item.alert = slot.open
        before = None if slot.open is None else slot.open.severity
        _EFFECTS[decision.effect](self, item, slot, decision)
        if item.alert is not None and slot.known.alert is not None and slot.open is item.alert:
            _take_over(slot.open, slot.known.alert)
            if self._rules.inhibitions and slot.open.severity is not before:
                self._sources.mark(slot.open, self._placing(item).fields)

    def _open(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        held, placed = self._made(item, AlertState.FIRING)
        slot.open = item.alert = held
        self._flap(item, slot, decision)
        item.rule = f"route:{placed.route}" if placed.route else ""
        item.reason = f"{item.reason}; {placed.reason}"
        self._page(item, held)

    def _page(self, item: Incoming, held: Held) -> None:
        """Let people be paged for ``held``, unless something keeps it quiet."""
        held.is_changed = True
        placing = self._placing(item)
        placed = placing.placed
        quiet = placing.quiet or self._sources.quiet(placing.fields, held=held)
        if quiet is None:
            held.start = placed
            if placed.group is not None and held.row and held.lead is None:
                self._join(item, held, placed.group)
            return
        held.changes |= {"muted_by": quiet.by, "muted_until": quiet.until}
        held.changes["inhibited_by_id"] = quiet.source
        item.verdict, item.rule, item.reason = _QUIET[quiet.kind], quiet.rule, quiet.words

    def _join(self, item: Incoming, held: Held, group: Group) -> None:
        """Let a new alert join a group; ``start`` stays, so that a group that rests is paged."""
        found, reason = self._groups.join(held, group, now=self._now)
        if found.joins:
            held.is_paged_already = not found.pages
            if item.verdict is Verdict.OPENED:
                item.verdict, item.reason = Verdict.GROUPED, reason
            else:
                item.reason = f"{item.reason}; {reason}"
            item.reason = f"{item.reason}; route {group.route} groups"

    def _open_closed(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        del decision
        held, _ = self._made(item, AlertState.RESOLVED)
        held.row |= {"resolved_at": self._now, "resolved_by": "sender"}
        slot.closed[item.event.episode] = item.alert = held
        slot.let_go.add(item.event.episode)

    def _made(self, item: Incoming, state: AlertState) -> tuple[Held, Placed]:
        """Return a new alert, and where it goes."""
        event, sender = item.event, item.sender
        placed = self._placing(item).placed
        row = {
            "integration_id": sender.id or None,
            "scope": sender.scope,
            "key": event.key,
            "service_name": self._service_of(item),
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
        held.is_changed, held.opened_at = True, self._now
        self._new.append(held)
        return held, placed

    def _service_of(self, item: Incoming) -> str:
        """Return the service that the catalogue knows, else the one the integration is for."""
        said, usual = item.event.service, item.sender.service
        note = self._services.get(said)
        is_known = note is not None and note != ServiceNote()
        return said if is_known or not usual else usual

    def _placing(self, item: Incoming) -> Placing:
        """Return where an alert of an event would go; asked once for each."""
        if item.placing is not None:
            return item.placing
        service = self._service_of(item)
        note = self._services.get(service) or ServiceNote()
        fields = matching.fields_of(
            item.event, integration=item.sender.name, service=service, owner=note.owner
        )
        default = (note.own, f"the service {service}")
        if not note.own and note.owners:
            default = (note.owners, f"its owner {note.owner}")
        placed = routing.place(
            self._rules.routes,
            fields,
            severity=item.event.severity,
            default=default,
            at=self._now,
        )
        quiet = routing.quieted(
            self._rules.silences, self._rules.windows, fields, service=service, at=self._now
        )
        item.placing = Placing(fields, placed, quiet)
        return item.placing

    def _count(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        del item, decision
        _tell_again(slot.open)

    def _count_closed(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        held = slot.closed[item.event.episode]
        held.severity = decision.known.closed[item.event.episode]
        _tell_again(held)
        item.alert = held

    def _flap(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        """Let an alert that flaps be quiet for as long again before it does so no more."""
        alert, held = decision.known.alert, slot.open
        if held is None or alert is None or not alert.flaps:
            return
        limits = flapping.limits_of(item.sender.settings, kind=item.sender.kind)
        quiet = (limits or flapping.USUAL).quiet
        held.changes |= {"flapping_until": self._now + quiet, "is_over": alert.is_over}
        held.is_changed = True
        if decision.effect is Effect.FLAP:
            held.count += item.event.action is Action.TRIGGER
            self._keep_held(item, slot, decision)

    def _page_again(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        held = slot.open
        if held is None:
            return
        _tell_again(held)
        if item.verdict is Verdict.FLAPPING:
            self._flap(item, slot, decision)
        placed = self._placing(item).placed
        held.changes |= {"urgency": placed.urgency.value, "acknowledged_at": None}
        held.changes |= {"acknowledged_by": "", "route": placed.route, "policy": placed.policy}
        held.changes["pages_again_at"] = None
        self._page(item, held)

    def _acknowledge(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        del decision
        if slot.open is not None:
            slot.open.changes |= {"acknowledged_at": self._now, "acknowledged_by": "sender"}
            slot.open.changes["pages_again_at"] = None
            slot.open.is_changed = True
            slot.open.start = None
            slot.open.stop = f"acknowledged by {item.sender.name}"

    def _resolve(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        held = slot.open
        if held is None:
            return
        held.state, held.is_changed, held.start = AlertState.RESOLVED, True, None
        held.changes |= {"resolved_at": self._now, "resolved_by": "sender", "muted_until": None}
        held.changes["pages_again_at"] = None
        held.stop = f"resolved by {item.sender.name}"
        held.episode = held.episode or item.event.episode
        limits, opened = slot.known.limits, writing.moment(held.opened_at)
        if limits and opened and opened > self._now - limits.within:
            slot.known = replace(slot.known, openings=slot.known.openings + 1)
        if held.episode:
            slot.closed[held.episode] = held
        slot.open = None
        self._keep_held(item, slot, decision)

    def _keep_held(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        if item.event.episode in decision.known.held:
            slot.hold[item.event.episode] = self._now

    def _nothing(self, item: Incoming, slot: Slot, decision: Decision) -> None:
        del decision
        if item.event.action is Action.RESOLVE and item.event.episode in slot.closed:
            item.alert = slot.closed[item.event.episode]

    # ---- what is written

    def _write(self) -> None:
        stored = self._memory.stored()
        recording.write_alerts(self._new, stored, now=self._now)
        self._groups.write(self._new)
        self._sources.write()
        recording.write_held(self._memory.slots)
        changed = [*self._new, *stored]
        over = [h.id for h in changed if h.state is AlertState.RESOLVED and h.id is not None]
        if self._rules.inhibitions:
            inhibiting.ended(over, now=self._now)
        recording.tell_oncall(changed, now=self._now)


def wait_in_line(places: Iterable[Key]) -> None:
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


def _bucket(place: Key) -> int:
    """Return one of some thousand numbers for a key, the same in every process."""
    return zlib.crc32("\0".join(place).encode("utf-8", "replace")) % _BUCKETS


_QUIET = {
    routing.SILENCE: Verdict.SILENCED,
    routing.MAINTENANCE: Verdict.MAINTENANCE,
    INHIBITION: Verdict.INHIBITED,
}
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
    Effect.FLAP: Batch._flap,
}
