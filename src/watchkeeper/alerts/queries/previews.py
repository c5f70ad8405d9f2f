"""What matchers would keep quiet: of the alerts that are open, and of the last 30 days."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from watchkeeper.alerts.domain import events as domain
from watchkeeper.alerts.domain import inhibition, matching
from watchkeeper.alerts.domain.events import Action
from watchkeeper.alerts.domain.inhibition import Inhibition, Mark
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.domain.matching import Matcher
from watchkeeper.alerts.models import Alert
from watchkeeper.catalog import queries as catalog
from watchkeeper.catalog.queries import ServiceNote

DAYS = 30
MOST_SHOWN = 20
MOST_READ = 20_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert that matches.

    Attributes:
        id: Its id, as text.
        title: One line.
        service: Name of its service; empty: none.
        severity: How bad it is.
        opened_at: When it opened.
        is_open: Whether it has not ended.
    """

    id: str
    title: str
    service: str
    severity: str
    opened_at: dt.datetime
    is_open: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What matchers match.

    Attributes:
        open_count: How many alerts that are open now.
        recent_count: How many that opened in the last 30 days, open ones among them.
        open: The newest of those that are open.
        recent: The newest of the last 30 days.
        is_complete: Whether all alerts were looked at; else the newest 20,000 of each.
    """

    open_count: int
    recent_count: int
    open: tuple[Seen, ...]
    recent: tuple[Seen, ...]
    is_complete: bool


def preview(match: Sequence[str], *, now: dt.datetime, services: Collection[str] = ()) -> Preview:
    """Return what a silence of these matchers, or maintenance of these services, would hold.

    Args:
        match: All must hold; none: everything matches.
        now: The present.
        services: Only alerts of these services; none: of all.

    Raises:
        InvalidError: one of the matchers is none.
    """
    matchers = matching.parse_all(match, path="match")
    found = narrowed(matchers, services).order_by("-pk")
    unresolved = found.exclude(state=AlertState.RESOLVED.value)
    since = now - dt.timedelta(days=DAYS)
    open_ones = list(unresolved[: MOST_READ + 1])
    recent = list(found.filter(opened_at__gte=since)[: MOST_READ + 1])
    now_held, then_held = _matching(open_ones, matchers), _matching(recent, matchers)
    return Preview(
        open_count=len(now_held),
        recent_count=len(then_held),
        open=tuple(now_held[:MOST_SHOWN]),
        recent=tuple(then_held[:MOST_SHOWN]),
        is_complete=max(len(open_ones), len(recent)) <= MOST_READ,
    )


@dataclass(frozen=True, slots=True)
class InhibitionPreview:
    """What an inhibition would find among the alerts that are open.

    Attributes:
        source_count: How many are sources.
        target_count: How many would be quiet, had they opened after their source.
        sources: The newest sources.
        targets: The newest of those that would be quiet.
        is_complete: Whether all that are open were looked at; else the newest 20,000.
    """

    source_count: int
    target_count: int
    sources: tuple[Seen, ...]
    targets: tuple[Seen, ...]
    is_complete: bool


def preview_inhibition(rule: Inhibition) -> InhibitionPreview:
    """Return which open alerts are sources of ``rule``, and which it would keep quiet."""
    found = Alert.objects.select_related("integration").order_by("-pk")
    rows = list(found.exclude(state=AlertState.RESOLVED.value)[: MOST_READ + 1])
    notes = catalog.service_notes({row.service_name for row in rows} - {""}, annotation="")
    sources, wanted = [], []
    by_digest: dict[str, list[Mark]] = {}
    for row in rows[:MOST_READ]:
        fields = fields_of(row, notes.get(row.service_name, ServiceNote()).owner)
        for mark in inhibition.sources([rule], fields):
            sources.append(seen(row))
            by_digest.setdefault(mark.digest, []).append(mark)
        wanted += [(row, mark) for mark in inhibition.targets([rule], fields)]
    targets = [
        seen(row)
        for row, mark in wanted
        if any(source.meets(mark) for source in by_digest.get(mark.digest, ()))
    ]
    return InhibitionPreview(
        len(sources),
        len(targets),
        tuple(sources[:MOST_SHOWN]),
        tuple(targets[:MOST_SHOWN]),
        len(rows) <= MOST_READ,
    )


def seen(row: Alert) -> Seen:
    """Return an alert as previews show it."""
    is_open = row.state != AlertState.RESOLVED.value
    return Seen(str(row.pk), row.title, row.service_name, row.severity, row.opened_at, is_open)


def narrowed(matchers: Iterable[Matcher], services: Collection[str]) -> QuerySet[Alert]:
    """Return the alerts that can match, as far as the database can tell."""
    found = Alert.objects.select_related("integration")
    for matcher in matchers:
        if (matcher.name, matcher.operator) == ("service", "="):
            found = found.filter(service_name=matcher.value)
    return found.filter(service_name__in=services) if services else found


def _matching(rows: Sequence[Alert], matchers: Sequence[Matcher]) -> list[Seen]:
    notes = catalog.service_notes({row.service_name for row in rows} - {""}, annotation="")
    return list(_all_seen(rows, matchers, notes))


def _all_seen(
    rows: Sequence[Alert], matchers: Sequence[Matcher], notes: dict[str, ServiceNote]
) -> Iterator[Seen]:
    for row in rows[:MOST_READ]:
        owner = notes.get(row.service_name, ServiceNote()).owner
        if matching.matches(matchers, fields_of(row, owner)):
            yield seen(row)


def fields_of(row: Alert, owner: str) -> dict[str, tuple[str, ...]]:
    """Return what matchers see of an alert that is stored."""
    event = domain.make(
        Action.TRIGGER, row.key, title=row.title, severity=row.severity, labels=row.labels
    )
    name = row.integration.name if row.integration is not None else ""
    fields = matching.fields_of(event, integration=name, service=row.service_name, owner=owner)
    word = row.labels.get("severity")
    return fields | ({"severity": (row.severity, word)} if word else {})
