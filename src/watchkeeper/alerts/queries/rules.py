"""The rules in force, remembered for a second: a storm must not read them for each event."""

import datetime as dt
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from watchkeeper.alerts.domain import matching
from watchkeeper.alerts.domain.events import Urgency
from watchkeeper.alerts.domain.routing import ANNOTATION, Route, Silence
from watchkeeper.alerts.models import Route as RouteRow
from watchkeeper.alerts.models import Silence as SilenceRow
from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog.queries import ServiceNote
from watchkeeper.kernel import clock

REMEMBERED_SECONDS = 1.0


@dataclass(slots=True)
class Rules:
    """What decides where alerts go.

    Attributes:
        routes: All of them.
        silences: Those that have not ended.
        read_at: On the clock that never runs backwards.
    """

    routes: tuple[Route, ...]
    silences: tuple[Silence, ...]
    read_at: float
    _services: dict[str, ServiceNote] = field(default_factory=dict)

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
    fresh = Rules(routes(), silences(after=now), age)
    with _lock:
        _current = fresh
    return fresh


def as_of(at: dt.datetime) -> Rules:
    """Return the rules, with the silences that have not ended at ``at``; nothing is remembered."""
    return Rules(routes(), silences(after=at), clock.monotonic())


def forget() -> None:
    """Read the rules again before the next event."""
    global _current  # noqa: PLW0603  one memory per process is the point
    with _lock:
        _current = None


def routes() -> tuple[Route, ...]:
    """Return all routes, in the order in which they are asked."""
    return tuple(
        Route(
            name=row.name,
            order=row.order,
            match=matching.parse_all(row.match),
            policy=row.policy,
            urgency=Urgency(row.urgency) if row.urgency else None,
        )
        for row in RouteRow.objects.order_by("order", "name")
    )


def silences(*, after: dt.datetime) -> tuple[Silence, ...]:
    """Return the silences that end after an instant, also those that have not begun."""
    return tuple(
        Silence(row.name, matching.parse_all(row.match), row.start, row.end, row.reason)
        for row in SilenceRow.objects.filter(end__gt=after).order_by("name")
    )
