"""What is stored of the keys that events are about, read by the hundred."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection

from watchkeeper.alerts.domain import flapping
from watchkeeper.alerts.domain.events import Action, Severity
from watchkeeper.alerts.domain.lifecycle import AlertState, Known, OpenAlert
from watchkeeper.alerts.models import Alert, HeldResolve
from watchkeeper.alerts.usecases import merging, repeats
from watchkeeper.alerts.usecases.holding import Held, Incoming, Key, Slot
from watchkeeper.plumbing import writing

_ALERTS = Alert._meta.db_table
_HELD = HeldResolve._meta.db_table
_CHUNK = 500


class Memory:
    """What is known of keys while their events are decided.

    Attributes:
        slots: By scope and key.
        found: Alerts that are stored.
        merged: Keys whose events count elsewhere, with where.
        heard: Messages that came before.
    """

    def __init__(self, incoming: Sequence[Incoming], *, now: dt.datetime) -> None:
        self._incoming = incoming
        self._now = now
        self.slots: dict[Key, Slot] = {item.place: Slot() for item in incoming}
        self._ending = {
            item.place
            for item in incoming
            if item.event.action is Action.RESOLVE or item.event.action is Action.PING
        }
        self.found: list[Held] = []
        self.merged: dict[Key, Key] = {}
        self.heard = repeats.Heard()

    def read(self) -> None:
        """Read all of it; on PostgreSQL nobody changes the open alerts meanwhile."""
        self.heard.read((item.sender.scope, item.message) for item in self._incoming)
        for scope in {scope for scope, _ in self.slots}:
            keys = sorted(key for other, key in self.slots if other == scope)
            episodes = {
                item.event.episode
                for item in self._incoming
                if item.sender.scope == scope and item.event.episode
            }
            for start in range(0, len(keys), _CHUNK):
                part = keys[start : start + _CHUNK]
                self._read_open(scope, part)
                self._read_merged(scope, [k for k in part if self.slots[scope, k].open is None])
                if episodes:
                    self._read_closed(scope, part, sorted(episodes))
                    self._read_held(scope, part)
        self._read_openings([item for item in self._incoming if self.may_open(item)])

    def may_open(self, item: Incoming) -> bool:
        """Return whether an event may open an alert: none is open, or it may have ended before."""
        if item.event.action is not Action.TRIGGER:
            return False
        return self.slots[item.place].open is None or item.place in self._ending

    def _read_openings(self, opening: Sequence[Incoming]) -> None:
        """Read how often keys opened lately and were ended by their senders, where that counts."""
        for scope, limited in _limits(opening).items():
            keys = sorted(limited)
            since = self._now - max(limits.within for limits in limited.values())
            found: dict[str, int] = {}
            for start in range(0, len(keys), _CHUNK):
                part = keys[start : start + _CHUNK]
                where, values = writing.one_by_one(
                    _ALERTS,
                    "key",
                    part,
                    where="resolved_by = 'sender' AND scope = %s AND opened_at > %s",
                    given=[scope, since],
                )
                sql = f"SELECT key, opened_at FROM {_ALERTS} WHERE {where}"  # noqa: S608  fixed texts
                for key, opened in writing.select(sql, values):
                    at = writing.moment(opened)
                    if at is not None and at > self._now - limited[key].within:
                        found[key] = found.get(key, 0) + 1
            for key, limits in limited.items():
                slot = self.slots[scope, key]
                known = slot.known
                slot.known = Known(
                    known.alert, known.closed, known.held, limits, found.get(key, 0)
                )

    def target(self, place: Key) -> Slot:
        """Return where what is told of a key counts: there, or where it was merged into."""
        return self.slots.get(self.merged.get(place, place), self.slots[place])

    def stored(self) -> list[Held]:
        """Return alerts that were there before and change now, in the order of their ids."""
        changed = (held for held in self.found if held.is_changed)
        return sorted(changed, key=lambda held: held.id or 0)

    def _read_open(self, scope: str, keys: Sequence[str]) -> None:
        where, values = writing.one_by_one(
            _ALERTS, "key", keys, where="NOT (state = 'resolved') AND scope = %s", given=[scope]
        )
        sql = (
            "SELECT id, key, state, severity, episode, started_at, led_by_id, opened_at, "  # noqa: S608  fixed texts
            f"flapping_until IS NOT NULL, is_over FROM {_ALERTS} "
            f"WHERE {where} AND NOT (state = 'resolved') ORDER BY id"
        )
        if connection.vendor == "postgresql":  # nobody takes, snoozes or ends them meanwhile
            sql += " FOR NO KEY UPDATE"
        for row in writing.select(sql, values):
            pk, key, state, severity, episode, started, lead, opened, flaps, is_over = row
            slot = self.slots[scope, key]
            began = writing.moment(started)
            held = Held(pk, AlertState(state), Severity(severity), episode, began, lead=lead)
            held.opened_at = opened
            slot.open = held
            self.found.append(held)
            alert = OpenAlert(
                held.state, held.severity, episode, began, flaps=bool(flaps), is_over=bool(is_over)
            )
            slot.known = Known(alert)  # the first thing that is read of a key

    def _read_merged(self, scope: str, keys: Sequence[str]) -> None:
        """Read what is open that alerts of these keys were merged into."""
        for each in merging.targets(scope, keys):
            self.merged[scope, each.key] = each.place
            if each.place in self.slots and self.slots[each.place].open is not None:
                continue
            held = Held(
                each.id, each.state, each.severity, each.episode, each.started_at, lead=each.lead
            )
            known = Known(OpenAlert(held.state, held.severity, held.episode, held.started_at))
            self.slots[each.place] = Slot(known, held)
            self.found.append(held)

    def _read_closed(self, scope: str, keys: Sequence[str], episodes: Sequence[str]) -> None:
        """Read which episodes their sender ended; what a person ended may fire again."""
        for start in range(0, len(episodes), _CHUNK):
            part = episodes[start : start + _CHUNK]
            where, values = writing.one_by_one(
                _ALERTS,
                "key",
                keys,
                where=f"NOT (episode = '') AND scope = %s AND episode IN ({_marks(part)})",
                given=[scope, *part],
            )
            sql = (
                f"SELECT id, key, severity, episode FROM {_ALERTS} WHERE {where} "  # noqa: S608  fixed texts
                "AND resolved_by = 'sender'"
            )
            for pk, key, severity, episode in writing.select(sql, values):
                slot = self.slots[scope, key]
                worst = Severity(severity)
                held = Held(pk, AlertState.RESOLVED, worst, episode, None)
                slot.closed[episode] = held
                self.found.append(held)
                closed = {**slot.known.closed, episode: worst}
                slot.known = replace(slot.known, closed=closed)

    def _read_held(self, scope: str, keys: Sequence[str]) -> None:
        where, values = writing.one_by_one(_HELD, "key", keys, where="scope = %s", given=[scope])
        sql = f"SELECT key, episode FROM {_HELD} WHERE {where}"  # noqa: S608  fixed texts
        for key, episode in writing.select(sql, values):
            slot = self.slots[scope, key]
            slot.known = replace(slot.known, held=slot.known.held | {episode})


def _limits(opening: Sequence[Incoming]) -> dict[str, dict[str, flapping.Limits]]:
    """Return when keys flap, by scope and key; those that never do are left out."""
    by_scope: dict[str, dict[str, flapping.Limits]] = {}
    by_sender: dict[int, flapping.Limits | None] = {}
    for item in opening:
        sender = item.sender
        if sender.id not in by_sender:
            by_sender[sender.id] = flapping.limits_of(sender.settings, kind=sender.kind)
        limits = by_sender[sender.id]
        if limits is not None:
            by_scope.setdefault(sender.scope, {})[item.event.key] = limits
    return by_scope


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))
