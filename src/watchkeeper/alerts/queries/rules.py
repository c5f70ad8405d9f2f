"""The rules in force, remembered for a second: a storm must not read them for each event."""

import datetime as dt
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from watchkeeper.alerts.domain import documents, matching
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.domain.events import Urgency
from watchkeeper.alerts.domain.inhibition import Inhibition
from watchkeeper.alerts.domain.routing import ANNOTATION, Maintenance, Route, Silence
from watchkeeper.alerts.models import Inhibition as InhibitionRow
from watchkeeper.alerts.models import Route as RouteRow
from watchkeeper.alerts.models import Silence as SilenceRow
from watchkeeper.alerts.queries import directory
from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog.queries import ServiceNote
from watchkeeper.changes.domain import maintenance
from watchkeeper.changes.queries import maintenance as changes
from watchkeeper.kernel import clock

REMEMBERED_SECONDS = 1.0


@dataclass(slots=True)
class Rules:
    """What decides where alerts go.

    Attributes:
        routes: All of them.
        silences: Those that have not ended.
        windows: Times of maintenance that have not ended, for a day to come.
        inhibitions: All of them.
        read_at: On the clock that never runs backwards.
    """

    routes: tuple[Route, ...]
    silences: tuple[Silence, ...]
    windows: tuple[Maintenance, ...]
    read_at: float
    inhibitions: tuple[Inhibition, ...] = ()
    _services: dict[str, ServiceNote] = field(default_factory=dict)

    @property
    def has_groups(self) -> bool:
        """Whether a route groups."""
        return any(route.grouping is not None for route in self.routes)

    def services(self, names: Collection[str]) -> Mapping[str, ServiceNote]:
        """Return what the catalogue says of services; those it does not know are left out."""
        missing = set(names) - set(self._services) - {""}
        if missing:
            found = catalog.service_notes(missing, annotation=ANNOTATION)
            self._services |= found
            self._services |= {name: ServiceNote() for name in missing - set(found)}
        return {name: self._services[name] for name in names if name}


_lock = threading.Lock()
_current: Rules | None = None


def current(*, now: dt.datetime) -> Rules:
    """Return the rules; a change elsewhere is seen within a second, one made here at once."""
    global _current  # noqa: PLW0603  one memory per process is the point
    with _lock:
        held = _current
    age = clock.monotonic()
    if held is not None and age - held.read_at < REMEMBERED_SECONDS:
        return held
    fresh = Rules(routes(), silences(after=now), windows(after=now), age, inhibitions())
    with _lock:
        _current = fresh
    return fresh


def as_of(at: dt.datetime) -> Rules:
    """Return the rules, with what keeps quiet and has not ended at ``at``; none is remembered."""
    moment = clock.monotonic()
    return Rules(routes(), silences(after=at), windows(after=at), moment, inhibitions())


def forget() -> None:
    """Read the rules again before the next event."""
    global _current  # noqa: PLW0603  one memory per process is the point
    with _lock:
        _current = None


def routes() -> tuple[Route, ...]:
    """Return all routes, in the order in which they are asked."""
    rows = RouteRow.objects.order_by("order", "name")
    return tuple(route_of(directory.route_spec(row)) for row in rows)


def route_of(spec: RouteSpec) -> Route:
    """Return the rule that ``spec`` is.

    Raises:
        InvalidError: a matcher or a time of it is none.
    """
    return Route(
        name=spec.name,
        order=spec.order,
        match=matching.parse_all(spec.match),
        policy=spec.policy,
        urgency=Urgency(spec.urgency) if spec.urgency else None,
        grouping=spec.grouping(),
        times=spec.on_at(),
    )


def inhibitions() -> tuple[Inhibition, ...]:
    """Return all inhibitions, by name."""
    return tuple(
        documents.inhibition_of(directory.inhibition_spec(row))
        for row in InhibitionRow.objects.order_by("name")
    )


def silences(*, after: dt.datetime) -> tuple[Silence, ...]:
    """Return the silences that end after an instant, also those that have not begun.

    One that comes again is there once for each of its times, for a day to come.
    """
    again = ~Q(recurrence="") & (Q(over_at=None) | Q(over_at__gt=after))
    return tuple(
        Silence(row.name, matching.parse_all(row.match), each.start, each.end, row.reason)
        for row in SilenceRow.objects.filter(Q(end__gt=after) | again).order_by("name")
        for each in directory.times_of(row, after)
    )


def windows(*, after: dt.datetime) -> tuple[Maintenance, ...]:
    """Return the times of maintenance that end after an instant, for a day to come."""
    return tuple(
        Maintenance(window.name, window.services, each.start, each.end, window.reason)
        for window in changes.in_force(now=after)
        for each in maintenance.near(window, after)
    )
