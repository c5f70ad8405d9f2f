"""Which alerts are paged for as one: those of one route, urgency and values, near in time.

Alertmanager groups by the values of labels too, and a label that is missing is an empty one there
as here; it lets a group grow for ever and tells what is new at intervals, where a pager has to
know when to call again. Source: prometheus.io/docs/alerting/latest/configuration, ``group_by``.
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass

from watchkeeper.alerts.domain.events import Severity, Urgency
from watchkeeper.alerts.domain.matching import Fields

USUAL = dt.timedelta(minutes=5)
LONGEST = dt.timedelta(days=7)
MOST = 20
"""How many names a route may group by."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a route groups.

    Attributes:
        by: Labels or fields whose values alerts of a group share; at least one.
        length: How long after the newest alert of a group another may join it.
    """

    by: tuple[str, ...]
    length: dt.timedelta = USUAL


@dataclass(frozen=True, slots=True)
class Group:
    """What an alert is grouped by.

    Attributes:
        route: Name of the route.
        values: (name, value) of each that it groups by; of one that is missing the value is
            empty.
        length: How long after the newest alert another may join.
        digest: The same for alerts that belong together, in every process.
    """

    route: str
    values: tuple[tuple[str, str], ...]
    length: dt.timedelta
    digest: str

    @property
    def words(self) -> str:
        """Return the values as people read them."""
        return ", ".join(f"{name}={value or '(none)'}" for name, value in self.values)


def group_of(
    grouping: Grouping, fields: Fields, *, route: str, severity: Severity, urgency: Urgency
) -> Group:
    """Return what an alert is grouped by.

    The urgency always counts: what wakes people must not hide behind what does not.

    Args:
        grouping: How its route groups.
        fields: What matchers see of it.
        route: Name of the route.
        severity: How bad it is; what ``severity`` stands for, whatever its sender's word.
        urgency: How urgent.
    """
    seen = {**fields, "severity": (severity.value,)}
    values = tuple((name, ", ".join(sorted(seen.get(name, ("",))))) for name in grouping.by)
    text = json.dumps([route, urgency.value, values])
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return Group(route, values, grouping.length, digest)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open group stands.

    Attributes:
        joined_at: When its newest alert joined.
        is_open: Whether one of its alerts has not ended.
        is_paged: Whether one of them fires and nobody took it.
    """

    joined_at: dt.datetime
    is_open: bool = True
    is_paged: bool = True


@dataclass(frozen=True, slots=True)
class Joining:
    """Whether an alert joins a group.

    Attributes:
        joins: Whether it does; else it leads a new one.
        pages: Whether people are paged for it.
        reason: Why, in words that follow ``the group of alert 5 (service=shop)``; empty for one
            that leads.
    """

    joins: bool
    pages: bool
    reason: str = ""


def joining(standing: Standing | None, length: dt.timedelta, *, now: dt.datetime) -> Joining:
    """Return whether an alert joins the open group of its values.

    One that joins what nobody has taken is paged for with the others; one that joins what was
    taken is new to who took it, so it pages again.

    Args:
        standing: Where that group stands; ``None``: there is none.
        length: How long after its newest alert another may join.
        now: When the alert opens.
    """
    if standing is None or not standing.is_open or now - standing.joined_at > length:
        return Joining(joins=False, pages=True)
    if standing.is_paged:
        return Joining(joins=True, pages=False, reason="is being paged for already")
    return Joining(
        joins=True, pages=True, reason="was taken; an alert that is new in it pages again"
    )
