"""Reading the catalogue."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.catalog.domain import findings as rules
from watchkeeper.catalog.models import Entity, Journey, Service
from watchkeeper.identity import queries as identity


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service with what it needs."""

    id: int
    name: str
    title: str
    description: str
    tier: int | None
    lifecycle: str
    owner_id: int | None
    owner_name: str | None
    on_call_url: str
    runbook_url: str
    repository_url: str
    chat_channel: str
    labels: Mapping[str, str]
    origin: str
    hard: tuple[str, ...]
    soft: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """What a customer does, over services in order."""

    id: int
    name: str
    title: str
    owner_id: int | None
    owner_name: str | None
    services: Sequence[str]
    origin: str


def services(*, owner: str | None = None, tier: int | None = None) -> list[ServiceRow]:
    """Return services by name, by two queries."""
    found = Service.objects.select_related("owner").prefetch_related("dependencies")
    if owner is not None:
        found = found.filter(owner__name=owner)
    if tier is not None:
        found = found.filter(tier=tier)
    return [_row(service) for service in found.order_by("name")]


def service_by_name(name: str) -> ServiceRow | None:
    """Return one service; ``None`` if there is none."""
    found = Service.objects.select_related("owner").prefetch_related("dependencies")
    service = found.filter(name=name).first()
    return _row(service) if service is not None else None


def _row(service: Service) -> ServiceRow:
    needs = sorted(service.dependencies.all(), key=lambda d: d.target)
    return ServiceRow(
        id=service.pk,
        name=service.name,
        title=service.title,
        description=service.description,
        tier=service.tier,
        lifecycle=service.lifecycle,
        owner_id=service.owner_id,
        owner_name=service.owner.name if service.owner is not None else None,
        on_call_url=service.on_call_url,
        runbook_url=service.runbook_url,
        repository_url=service.repository_url,
        chat_channel=service.chat_channel,
        labels=service.labels,
        origin=service.origin,
        hard=tuple(d.target for d in needs if d.is_hard),
        soft=tuple(d.target for d in needs if not d.is_hard),
    )


def journeys() -> list[JourneyRow]:
    """Return journeys by name."""
    return [
        JourneyRow(
            id=row.pk,
            name=row.name,
            title=row.title,
            owner_id=row.owner_id,
            owner_name=row.owner.name if row.owner is not None else None,
            services=row.services,
            origin=row.origin,
        )
        for row in Journey.objects.select_related("owner").order_by("name")
    ]


def findings(*, with_slo: Collection[str] | None = None) -> list[rules.Finding]:
    """Return what is wrong with the catalogue.

    Args:
        with_slo: Services that have an SLO; ``None`` leaves journeys without SLO out.
    """
    nodes = [rules.Node(s.name, s.tier, s.owner_name, s.hard) for s in services()]
    return rules.find(
        nodes,
        team_sizes={team.name: team.member_count for team in identity.teams()},
        journeys={journey.name: journey.services for journey in journeys()},
        with_slo=with_slo,
    )


def documents() -> list[Mapping[str, Any]]:
    """Return every Backstage entity and journey as a document, in order."""
    entities = [row.document for row in Entity.objects.order_by("kind", "name")]
    return [*entities, *(_journey_document(row) for row in Journey.objects.order_by("name"))]


def _journey_document(journey: Journey) -> Mapping[str, Any]:
    return dict(journey.document)
