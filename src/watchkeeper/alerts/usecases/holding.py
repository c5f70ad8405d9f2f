"""Alerts and events in hand while one transaction's worth of them is decided."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.alerts.domain.events import Event, Severity
from watchkeeper.alerts.domain.lifecycle import AlertState, Known, Verdict
from watchkeeper.alerts.domain.matching import Fields
from watchkeeper.alerts.domain.routing import Placed, Quiet
from watchkeeper.alerts.queries.keys import Sender

Key = tuple[str, str]
"""A dedup scope, and a key in it."""


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
        lead: What leads its group: an id, or an alert that is not stored yet; ``None``: it is in
            none.
        opened_at: When it opened, as the database tells it.
        is_paged_already: Whether ``start`` finds people being paged for its group.
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
    lead: "int | Held | None" = None
    opened_at: Any = None
    is_paged_already: bool = False

    @property
    def title_prefix(self) -> str:
        """What stands before its title where people are called: that it flaps, if it does."""
        return "Flapping: " if self.changes.get("flapping_until") is not None else ""

    @property
    def lead_id(self) -> int | None:
        """Id of the alert that leads its group; ``None``: it is in none, or that is not stored."""
        return self.lead.id if isinstance(self.lead, Held) else self.lead


@dataclass(frozen=True, slots=True)
class Placing:
    """Where an alert of an event would go.

    Attributes:
        fields: What matchers see of it.
        placed: Where it goes.
        quiet: The silence or maintenance that keeps it quiet; ``None``: none does.
    """

    fields: Fields
    placed: Placed
    quiet: Quiet | None


@dataclass(slots=True)
class Incoming:
    """An event on its way, and then what became of it.

    ``message`` is as ``repeats`` has it, ``placing`` where an alert of it would go, once that was
    asked.
    """

    sender: Sender
    event: Event
    verdict: Verdict = Verdict.QUARANTINED
    reason: str = ""
    rule: str = ""
    alert: Held | None = None
    message: str = ""
    placing: Placing | None = None

    @property
    def place(self) -> Key:
        """What its alert is found by."""
        return self.sender.scope, self.event.key


@dataclass(slots=True)
class Slot:
    """What is known of one key while its events are decided."""

    known: Known = field(default_factory=Known)
    open: Held | None = None
    closed: dict[str, Held] = field(default_factory=dict)
    hold: dict[str, dt.datetime] = field(default_factory=dict)
    let_go: set[str] = field(default_factory=set)
