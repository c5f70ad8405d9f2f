"""Groups of alerts that are paged for as one, as they are shown."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertGroup

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class MemberRow:
    """An alert of a group.

    Attributes:
        id: Its id, as text.
        title: One line.
        service: Name of its service; empty: none.
        state: ``firing``, ``acknowledged``, ``snoozed`` or ``resolved``.
        severity: How bad it is.
        opened_at: When it opened.
    """

    id: str
    title: str
    service: str
    state: str
    severity: str
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group.

    Attributes:
        lead: Id of the alert that leads it, whose escalation serves all.
        route: Name of the route that groups.
        values: What its alerts share, by name.
        joined_at: When its newest alert joined.
        count: How many alerts it has.
        open_count: How many of them have not ended.
        members: The first hundred of them, open ones before the others, the oldest first.
    """

    lead: str
    route: str
    values: Mapping[str, str]
    joined_at: dt.datetime
    count: int
    open_count: int
    members: tuple[MemberRow, ...]

    @property
    def words(self) -> str:
        """What its alerts share, as people read it."""
        return ", ".join(f"{name}={value or '(none)'}" for name, value in self.values.items())


def group_of(led_by: str | None) -> GroupRow | None:
    """Return the group that an alert leads, with its members; ``None``: it leads none."""
    row = AlertGroup.objects.filter(lead_id=int(led_by)).first() if led_by else None
    if row is None:
        return None
    every = Alert.objects.filter(led_by_id=row.lead_id)
    open_ones = every.exclude(state=AlertState.RESOLVED.value)
    over = every.filter(state=AlertState.RESOLVED.value)
    shown = [*open_ones.order_by("pk")[:MOST_SHOWN]]
    shown += over.order_by("pk")[: MOST_SHOWN - len(shown)]
    return GroupRow(
        lead=str(row.lead_id),
        route=row.route,
        values=row.values,
        joined_at=row.joined_at,
        count=every.count(),
        open_count=open_ones.count(),
        members=tuple(_member(each) for each in shown),
    )


def _member(row: Alert) -> MemberRow:
    return MemberRow(
        str(row.pk), row.title, row.service_name, row.state, row.severity, row.opened_at
    )


def open_in(leads: Collection[int]) -> dict[int, list[str]]:
    """Return the states of open alerts by the alert that leads them; of none for the others."""
    found: dict[int, list[str]] = {}
    rows = Alert.objects.filter(led_by__in=leads).exclude(state=AlertState.RESOLVED.value)
    for lead, state in rows.values_list("led_by", "state"):
        if lead is not None:
            found.setdefault(lead, []).append(state)
    return found
