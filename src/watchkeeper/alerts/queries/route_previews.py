"""What a route that is not saved yet would have taken of the alerts of the last days."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.alerts.domain import matching, routing
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import rules
from watchkeeper.alerts.queries.previews import Seen, fields_of, narrowed, seen
from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog.queries import ServiceNote

DAYS = 7
MOST_READ = 5_000
MOST_SHOWN = 5
_OWN = ("integration", "owner", "key")


@dataclass(frozen=True, slots=True)
class RoutePreview:
    """What a route would have done in the last 7 days.

    Attributes:
        matched: How many alerts it matches.
        won: How many of them would have gone by it.
        taken: (name of a route that is asked before it, how many that takes), most first.
        off: How many came while it is not on.
        newest: The newest that it matches.
        post: What a sender of plain JSON would post to be matched, as far as can be told.
        is_complete: Whether all alerts were looked at; else the newest 5,000.
    """

    matched: int
    won: int
    taken: tuple[tuple[str, int], ...]
    off: int
    newest: tuple[Seen, ...]
    post: Mapping[str, Any]
    is_complete: bool


def preview_route(spec: RouteSpec, *, now: dt.datetime) -> RoutePreview:
    """Return what ``spec`` would have done, with the other routes as they stand.

    Raises:
        InvalidError: a matcher or a time of it is none.
    """
    route = rules.route_of(spec)
    others = [each for each in rules.routes() if each.name != spec.name]
    found = narrowed(route.match, ()).filter(opened_at__gte=now - dt.timedelta(days=DAYS))
    rows = list(found.order_by("-pk")[: MOST_READ + 1])
    notes = catalog.service_notes({row.service_name for row in rows} - {""}, annotation="")
    went: Counter[str] = Counter()
    off, newest = 0, []
    for row in rows[:MOST_READ]:
        fields = fields_of(row, notes.get(row.service_name, ServiceNote()).owner)
        if not matching.matches(route.match, fields):
            continue
        newest.append(row)
        at, severity = row.opened_at, Severity(row.severity)
        placed = routing.place(
            [route, *others], fields, severity=severity, default=("", ""), at=at
        )
        went[placed.route] += 1
        off += route.times is not None and not routing.is_on(route.times, at)
    before = {each.name for each in others if (each.order, each.name) < (route.order, route.name)}
    return RoutePreview(
        matched=len(newest),
        won=went[spec.name],
        taken=tuple(pair for pair in went.most_common() if pair[0] in before),
        off=off,
        newest=tuple(seen(row) for row in newest[:MOST_SHOWN]),
        post=_post_of(newest[0]) if newest else _post_for(route),
        is_complete=len(rows) <= MOST_READ,
    )


def _post_of(row: Alert) -> dict[str, Any]:
    """Return what would open the same alert again."""
    said = {
        "title": row.title,
        "service": row.service_name,
        "severity": row.labels.get("severity") or row.severity,
        "labels": {name: value for name, value in row.labels.items() if name != "severity"},
    }
    return {name: value for name, value in said.items() if value}


def _post_for(route: routing.Route) -> dict[str, Any]:
    """Return what the matchers that name a value would match; others are left to people."""
    equal = {each.name: each.value for each in route.match if each.operator == "="}
    said: dict[str, Any] = {"title": equal.pop("title", "") or "Tried out"}
    for name in ("service", "severity"):
        if name in equal:
            said[name] = equal.pop(name)
    labels = {name: value for name, value in equal.items() if name not in _OWN}
    return said | ({"labels": labels} if labels else {})
