"""Where an alert goes, and what keeps it quiet."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from watchkeeper.alerts.domain import grouping, matching
from watchkeeper.alerts.domain.events import Severity, Urgency, urgency_of
from watchkeeper.alerts.domain.grouping import Group, Grouping
from watchkeeper.alerts.domain.matching import Fields, Matcher
from watchkeeper.oncall.domain import restrictions
from watchkeeper.oncall.domain.schedule import Restriction

ANNOTATION = "watchkeeper/escalation-policy"
SILENCE, MAINTENANCE = "silence", "maintenance"


@dataclass(frozen=True, slots=True)
class Times:
    """When a route is on, by the wall clocks of a place.

    What happens where clocks change is as for layers of schedules: a time that does not exist is
    the first instant after it, of one that comes twice the first counts. Source:
    ``oncall.domain.restrictions``.

    Attributes:
        windows: At least one.
        zone: Whose wall clocks.
    """

    windows: tuple[Restriction, ...]
    zone: ZoneInfo


@lru_cache(maxsize=1_024)
def is_on(times: Times, at: dt.datetime) -> bool:
    """Return whether ``at`` lies in a window; remembered, as a batch asks for each event."""
    return restrictions.is_on(times.windows, at, times.zone)


@dataclass(frozen=True, slots=True)
class Route:
    """A rule that sends alerts to a policy.

    Attributes:
        name: Its name.
        order: The lowest that matches wins; of equal ones the name that comes first.
        match: All must hold; none: everything matches.
        policy: Name of the escalation policy.
        urgency: How urgent; ``None``: the severity decides.
        grouping: Which of its alerts are paged for as one; ``None``: none are.
        times: When it is on; ``None``: always.
    """

    name: str
    order: int
    match: tuple[Matcher, ...]
    policy: str
    urgency: Urgency | None = None
    grouping: Grouping | None = None
    times: Times | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Keeps what matches quiet in ``[start, end)``; what still fires at its end pages then.

    Attributes:
        name: Its name.
        match: All must hold; at least one.
        start: From when.
        end: Until when.
        reason: Why.
    """

    name: str
    match: tuple[Matcher, ...]
    start: dt.datetime
    end: dt.datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Keeps all alerts of some services quiet in ``[start, end)``, likewise.

    Attributes:
        name: Name of the maintenance window.
        services: Names of services.
        start: From when.
        end: Until when.
        reason: Why; may be empty.
    """

    name: str
    services: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quiet:
    """What keeps an alert quiet, and until when.

    Attributes:
        kind: ``silence``, ``maintenance`` or ``inhibition``.
        name: Name of the silence, of the maintenance window or of the inhibition.
        until: When it ends; of an inhibition, when it is looked at again.
        reason: Why; may be empty.
        source: Of an inhibition, the id of the alert that has to be open; ``None``: not stored.
        what: Of an inhibition, that alert in words.
    """

    kind: str
    name: str
    until: dt.datetime
    reason: str = ""
    source: int | None = None
    what: str = ""

    @property
    def rule(self) -> str:
        """It as the rule of a verdict."""
        return f"{self.kind}:{self.name}"

    @property
    def by(self) -> str:
        """It as an alert remembers it: the name of a silence, or its kind and name."""
        return self.name if self.kind == SILENCE else self.rule

    @property
    def words(self) -> str:
        """Why nobody is paged, in a sentence."""
        if self.what:
            return f"the inhibition {self.name} keeps it quiet while {self.what} is open"
        because = f" ({self.reason})" if self.reason else ""
        what = "maintenance window" if self.kind == MAINTENANCE else self.kind
        return f"the {what} {self.name}{because} keeps it quiet until {self.until:%FT%TZ}"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an alert goes.

    Attributes:
        policy: Name of the policy; empty: nothing names one, the catch-all is called.
        urgency: How urgent.
        route: Name of the route that decided; empty: none matched.
        reason: Why, in words.
        group: What it is grouped by; ``None``: it is not.
    """

    policy: str
    urgency: Urgency
    route: str
    reason: str
    group: Group | None = None


def place(
    routes: Iterable[Route],
    fields: Fields,
    *,
    severity: Severity,
    default: tuple[str, str],
    at: dt.datetime,
) -> Placed:
    """Return where an alert goes.

    Args:
        routes: In any order.
        fields: What matchers see of it.
        severity: How bad it is.
        default: (policy, where that is written) from the catalogue; empty: nothing is written.
        at: When.
    """
    off: list[str] = []
    for route in sorted(routes, key=lambda each: (each.order, each.name)):
        if matching.matches(route.match, fields):
            if route.times is not None and not is_on(route.times, at):
                off.append(f"; route {route.name} is not on at that time")
                continue
            urgency = route.urgency or urgency_of(severity)
            reason = f"route {route.name} matches{''.join(off)}"
            group = None
            if route.grouping is not None:
                group = grouping.group_of(
                    route.grouping, fields, route=route.name, severity=severity, urgency=urgency
                )
            return Placed(route.policy, urgency, route.name, reason, group)
    policy, where = default
    if policy:
        reason = f"no route matches; {where} names the policy {policy}"
    else:
        reason = "no route matches and neither the service nor its owner names a policy"
    return Placed(policy, urgency_of(severity), "", f"{reason}{''.join(off)}")


def silenced(silences: Iterable[Silence], fields: Fields, *, at: dt.datetime) -> Silence | None:
    """Return the silence that keeps this quiet the longest; ``None``: none does."""
    holding = [
        silence
        for silence in silences
        if silence.start <= at < silence.end and matching.matches(silence.match, fields)
    ]
    return max(holding, key=lambda each: (each.end, each.name), default=None)


def quieted(
    silences: Iterable[Silence],
    windows: Iterable[Maintenance],
    fields: Fields,
    *,
    service: str,
    at: dt.datetime,
) -> Quiet | None:
    """Return what keeps an alert quiet the longest; ``None``: nothing does.

    Args:
        silences: In any order.
        windows: Times of maintenance, in any order.
        fields: What matchers see of it.
        service: Name of its service; empty: none.
        at: When.
    """
    holding = [
        Quiet(MAINTENANCE, window.name, window.end, window.reason)
        for window in windows
        if window.start <= at < window.end and service in window.services
    ]
    silence = silenced(silences, fields, at=at)
    if silence is not None:
        holding.append(Quiet(SILENCE, silence.name, silence.end, silence.reason))
    return max(holding, key=lambda each: (each.until, each.kind, each.name), default=None)
