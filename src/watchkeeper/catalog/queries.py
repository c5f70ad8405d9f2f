"""Reading the catalogue."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from watchkeeper.catalog.domain import backstage
from watchkeeper.catalog.domain import findings as rules
from watchkeeper.catalog.domain import journeys as journey_documents
from watchkeeper.catalog.domain.backstage import Thing
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.catalog.models import Dependency, Entity, Journey, Service
from watchkeeper.catalog.ports import ServicePanel, ServiceWatch
from watchkeeper.identity import queries as identity
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.origins import Origin

_THINGS = ("Resource", "API")


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service with what it needs.

    Attributes:
        id: Its id.
        name: Its name.
        title: Words for people; may be empty.
        description: Longer words; may be empty.
        tier: 0 to 3, 0 matters most; ``None``: unknown.
        lifecycle: As ``production``; may be empty.
        owner_id: Id of the team; ``None``: nobody.
        owner_name: Name of the team; ``None``: nobody.
        on_call_url: Who is called.
        runbook_url: What to do.
        repository_url: Where its code is.
        chat_channel: Where its people talk.
        labels: Free pairs.
        origin: Where it came from.
        hard: What it cannot do without; see :mod:`watchkeeper.catalog.domain.references`.
        soft: What it can do without.
        fallback: What stands in when it is gone; empty: nothing.
        file: The file it came from; empty where it came from none.
        is_taken_over: Whether files ruled it once and do no longer.
    """

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
    fallback: str
    file: str
    is_taken_over: bool

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """What a customer does, over services in order."""

    id: int
    name: str
    title: str
    owner_id: int | None
    owner_name: str | None
    services: tuple[str, ...]
    origin: str
    file: str
    is_taken_over: bool

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value


@dataclass(frozen=True, slots=True)
class DependencyRow:
    """One end of a dependency, seen from the other.

    Attributes:
        target: How it is named there.
        name: Its name, without its kind.
        title: Words for people; may be empty.
        kind: ``service``, ``resource``, ``api`` or ``vendor``; ``unknown`` where only its name
            is known.
        is_hard: Whether the one that needs cannot do without.
        tier: Its tier; ``None``: unknown.
        owner_name: Its team; ``None``: nobody, or outside.
    """

    target: str
    name: str
    title: str
    kind: str
    is_hard: bool
    tier: int | None
    owner_name: str | None


@dataclass(frozen=True, slots=True)
class ServiceDetail:
    """A service and all that hangs on it.

    Attributes:
        row: The service.
        needs: What it needs, hard ones first.
        needed_by: Services that need it, hard ones first.
        journeys: Journeys that it is part of.
        findings: What is wrong with it.
        document: It as a Backstage Component.
    """

    row: ServiceRow
    needs: tuple[DependencyRow, ...]
    needed_by: tuple[DependencyRow, ...]
    journeys: tuple[JourneyRow, ...]
    findings: tuple[rules.Finding, ...]
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything and what it needs.

    Attributes:
        services: All services, by name.
        things: Resources and APIs by how dependencies name them.
        edges: (service, target, whether hard).
    """

    services: Mapping[str, ServiceRow]
    things: Mapping[str, Thing]
    edges: tuple[tuple[str, str, bool], ...]


def services(
    *,
    owner: str | None = None,
    tier: int | None = None,
    journey: str | None = None,
    text: str | None = None,
) -> list[ServiceRow]:
    """Return services by name, by two queries.

    Args:
        owner: Only those of this team; empty: only those that nobody owns.
        tier: Only those of this tier.
        journey: Only those of this journey.
        text: Only those whose name, title, description or team holds it, in any case.
    """
    found = Service.objects.select_related("owner").prefetch_related("dependencies")
    if owner is not None:
        found = found.filter(owner__name=owner) if owner else found.filter(owner=None)
    if tier is not None:
        found = found.filter(tier=tier)
    if journey is not None:
        steps = Journey.objects.filter(name=journey).values("steps__service_name")
        found = found.filter(name__in=steps)
    if text:
        fields = ("name", "title", "description", "owner__name", "owner__title")
        held = Q()
        for field in fields:
            held |= Q(**{f"{field}__icontains": text})
        found = found.filter(held)
    return [_row(service) for service in found.order_by("name")]


def service_by_name(name: str) -> ServiceRow | None:
    """Return one service; ``None`` if there is none."""
    found = Service.objects.select_related("owner").prefetch_related("dependencies")
    service = found.filter(name=name).first()
    return _row(service) if service is not None else None


def _row(service: Service) -> ServiceRow:
    needs = list(service.dependencies.all())
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
        fallback=service.fallback,
        file=service.file,
        is_taken_over=service.is_taken_over,
    )


def journeys() -> list[JourneyRow]:
    """Return journeys by name, by two queries."""
    found = Journey.objects.select_related("owner").prefetch_related("steps").order_by("name")
    return [_journey(row) for row in found]


def journey_by_name(name: str) -> JourneyRow | None:
    """Return one journey; ``None`` if there is none."""
    found = Journey.objects.select_related("owner").prefetch_related("steps")
    row = found.filter(name=name).first()
    return _journey(row) if row is not None else None


def _journey(row: Journey) -> JourneyRow:
    return JourneyRow(
        id=row.pk,
        name=row.name,
        title=row.title,
        owner_id=row.owner_id,
        owner_name=row.owner.name if row.owner is not None else None,
        services=tuple(step.service_name for step in row.steps.all()),
        origin=row.origin,
        file=row.file,
        is_taken_over=row.is_taken_over,
    )


def things() -> list[Thing]:
    """Return resources and APIs, by how dependencies name them."""
    found = Entity.objects.filter(kind__in=_THINGS).order_by("kind", "name")
    return [backstage.read_thing(row.document, name=row.name) for row in found]


def graph() -> Graph:
    """Return everything and what it needs."""
    found = services()
    edges = [
        (row.name, target, is_hard)
        for row in found
        for targets, is_hard in ((row.hard, True), (row.soft, False))
        for target in targets
    ]
    return Graph(
        services={row.name: row for row in found},
        things={thing.target: thing for thing in things()},
        edges=tuple(edges),
    )


def findings(*, with_slo: Collection[str] | None = None) -> list[rules.Finding]:
    """Return what is wrong with the catalogue.

    Args:
        with_slo: Services that have an SLO; ``None`` asks ``WATCHKEEPER_SERVICE_WATCH``, and
            leaves journeys without SLO out where nothing is wired there.
    """
    return _findings(graph(), journeys(), with_slo)


def _findings(
    whole: Graph, paths: Sequence[JourneyRow], with_slo: Collection[str] | None
) -> list[rules.Finding]:
    watching = watch()
    if with_slo is None and watching is not None:
        with_slo = watching.with_slo()
    nodes = [
        rules.Node(s.name, s.tier, s.owner_name, s.hard, has_fallback=bool(s.fallback))
        for s in whole.services.values()
    ]
    nodes += [
        rules.Node(t.target, owner=t.owner, is_service=False, has_fallback=bool(t.fallback))
        for t in whole.things.values()
    ]
    return rules.find(
        nodes,
        team_sizes={team.name: team.member_count for team in identity.teams()},
        journeys={path.name: path.services for path in paths},
        journey_owners={path.owner_name for path in paths if path.owner_name},
        with_slo=with_slo,
    )


def service_detail(name: str) -> ServiceDetail | None:
    """Return a service and all that hangs on it; ``None`` if there is none."""
    whole, paths = graph(), journeys()
    row = whole.services.get(name)
    if row is None:
        return None
    needs = [_end(target, is_hard, whole) for own, target, is_hard in whole.edges if own == name]
    users = [_end(own, is_hard, whole) for own, target, is_hard in whole.edges if target == name]
    found = _findings(whole, paths, None)
    return ServiceDetail(
        row=row,
        needs=tuple(sorted(needs, key=lambda d: (not d.is_hard, d.kind != "service"))),
        needed_by=tuple(sorted(users, key=lambda d: (not d.is_hard, d.name))),
        journeys=tuple(path for path in paths if name in path.services),
        findings=tuple(f for f in found if name in f.services or f.subject == name),
        document=service_document(name) or {},
    )


def _end(target: str, is_hard: bool, whole: Graph) -> DependencyRow:  # noqa: FBT001
    service, thing = whole.services.get(target), whole.things.get(target)
    if service is not None:
        return DependencyRow(
            target, target, service.title, "service", is_hard, service.tier, service.owner_name
        )
    if thing is not None:
        kind = "vendor" if thing.is_vendor else thing.kind
        return DependencyRow(target, thing.name, thing.title, kind, is_hard, None, thing.owner)
    return DependencyRow(target, target, "", "unknown", is_hard, None, None)


# ---- documents


def entity_document(kind: str, name: str) -> Mapping[str, Json] | None:
    """Return a kept Backstage document; ``None`` if there is none."""
    row = Entity.objects.filter(kind=kind, name=name).first()
    return row.document if row is not None else None


def user_documents() -> Mapping[str, Mapping[str, Json]]:
    """Return the kept documents of people, by name."""
    return dict(Entity.objects.filter(kind="User").values_list("name", "document"))


def group_documents() -> Mapping[str, Mapping[str, Json]]:
    """Return the kept documents of teams, by name."""
    return dict(Entity.objects.filter(kind="Group").values_list("name", "document"))


def service_document(name: str) -> Mapping[str, Json] | None:
    """Return a service as a Backstage Component; ``None`` if there is none."""
    row = service_by_name(name)
    if row is None:
        return None
    kept = entity_document("Component", name)
    return backstage.write_service(spec_of(row), kept)


def spec_of(row: ServiceRow) -> ServiceSpec:
    """Return what somebody would have to wish for to have this service."""
    return ServiceSpec(
        name=row.name,
        title=row.title,
        description=row.description,
        tier=row.tier,
        lifecycle=row.lifecycle,
        owner=row.owner_name,
        on_call_url=row.on_call_url,
        runbook_url=row.runbook_url,
        repository_url=row.repository_url,
        chat_channel=row.chat_channel,
        labels=dict(row.labels),
        hard=row.hard,
        soft=row.soft,
        fallback=row.fallback,
    )


def journey_document(name: str) -> Mapping[str, Json] | None:
    """Return a journey as a document; ``None`` if there is none."""
    row = Journey.objects.filter(name=name).first()
    return journey_documents.write(_wish(_journey(row)), row.document) if row is not None else None


def _wish(row: JourneyRow) -> JourneySpec:
    return JourneySpec(row.name, row.title, row.owner_name, tuple(row.services))


def documents() -> list[Mapping[str, Json]]:
    """Return the catalogue as Backstage entities and journeys, in order; the sample is left out.

    Services that nothing but an SLO speaks of are left out too: the SLO makes them again. Teams
    that were made here are written as Groups.
    """
    kept = Entity.objects.exclude(origin=Origin.SAMPLE.value).order_by("name")
    by_kind: dict[str, list[Mapping[str, Json]]] = {kind: [] for kind in backstage.KINDS}
    for row in kept.exclude(kind__in=["Group", "Component"]):
        by_kind[row.kind].append(backstage.ordered(row.document))
    by_kind["Group"] = _groups({row.name: row.document for row in kept.filter(kind="Group")})
    components = {row.name: row.document for row in kept.filter(kind="Component")}
    by_kind["Component"] = [
        backstage.write_service(spec_of(row), components[row.name])
        for row in services()
        if row.name in components
    ]
    paths = [
        journey_documents.write(_wish(_journey(row)), row.document)
        for row in Journey.objects.exclude(origin=Origin.SAMPLE.value).order_by("name")
    ]
    return [*(document for kind in backstage.KINDS for document in by_kind[kind]), *paths]


def _groups(kept: Mapping[str, Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    people = user_documents()
    found: list[Mapping[str, Json]] = []
    for team in identity.teams():
        if team.origin == Origin.SAMPLE.value:
            continue
        members = [member.name for member in identity.members(team.name)]
        base = kept.get(team.name)
        told = backstage.members_of(base, team.name, people) if base is not None else None
        if base is not None and (told is None or set(told) == set(members)):
            members = backstage.members_of(base, team.name, {}) or []
        found.append(
            backstage.write_group(
                base,
                name=team.name,
                title=team.title,
                description=team.description,
                members=members,
            )
        )
    return found


# ---- what is wired from above


def watch() -> ServiceWatch | None:
    """Return what knows the SLOs of services; ``None`` where nothing is wired."""
    dotted = getattr(settings, "WATCHKEEPER_SERVICE_WATCH", "")
    return _made(dotted) if dotted else None


def panels() -> list[ServicePanel]:
    """Return the sections that others add to a service's page, in order."""
    return [_made(dotted) for dotted in getattr(settings, "WATCHKEEPER_SERVICE_PANELS", ())]


@cache
def _made(dotted: str) -> Any:
    return import_string(dotted)()


def needed_by(name: str) -> list[str]:
    """Return the services that name this one as a dependency, by name."""
    found = Dependency.objects.filter(target=name).order_by("service__name")
    return list(found.values_list("service__name", flat=True))


def has_sample() -> bool:
    """Return whether anything of the sample organisation is here, by one quick query."""
    return Entity.objects.filter(origin=Origin.SAMPLE.value).exists()
