"""Reading the catalogue."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from watchkeeper.catalog.domain import backstage, references
from watchkeeper.catalog.domain import findings as rules
from watchkeeper.catalog.domain import journeys as journey_documents
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.catalog.models import Dependency, Entity, Journey, Service
from watchkeeper.catalog.queries.judging import findings, group_documents, things
from watchkeeper.catalog.queries.wired import panels, watch
from watchkeeper.identity import queries as identity
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.origins import Origin

__all__ = [
    "DependencyRow",
    "JourneyRow",
    "ServiceDetail",
    "ServiceRow",
    "documents",
    "entity_document",
    "findings",
    "group_documents",
    "has_sample",
    "journey_by_name",
    "journey_document",
    "journeys",
    "needed_by",
    "panels",
    "service_by_name",
    "service_detail",
    "service_document",
    "services",
    "spec_of",
    "things",
    "user_documents",
    "watch",
]


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
    return [_journey(row) for row in _with_steps(Journey.objects.all())]


def _with_steps(found: QuerySet[Journey]) -> QuerySet[Journey]:
    return found.select_related("owner").prefetch_related("steps").order_by("name")


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


def service_detail(name: str) -> ServiceDetail | None:
    """Return a service and all that hangs on it; ``None`` if there is none."""
    row = service_by_name(name)
    if row is None:
        return None
    held = Journey.objects.filter(steps__service_name=name)
    return ServiceDetail(
        row=row,
        needs=tuple(sorted(_needs(row), key=lambda d: (not d.is_hard, d.kind != "service"))),
        needed_by=tuple(sorted(_users(name), key=lambda d: (not d.is_hard, d.name))),
        journeys=tuple(_journey(path) for path in _with_steps(held)),
        findings=tuple(f for f in findings() if name in f.services or f.subject == name),
        document=backstage.write_service(spec_of(row), entity_document("Component", name)),
    )


def _needs(row: ServiceRow) -> Iterator[DependencyRow]:
    """Yield what a service needs, by two queries."""
    targets = dict.fromkeys(row.hard, True) | dict.fromkeys(row.soft, False)
    known = Service.objects.filter(name__in=targets).select_related("owner")
    services = {service.name: service for service in known}
    others = {thing.target: thing for thing in things(references.split(t)[1] for t in targets)}
    for target, is_hard in targets.items():
        thing = others.get(target)
        if target in services:
            found = services[target]
            owner = found.owner.name if found.owner is not None else None
            yield DependencyRow(target, target, found.title, "service", is_hard, found.tier, owner)
        elif thing is not None:
            kind = "vendor" if thing.is_vendor else thing.kind
            yield DependencyRow(target, thing.name, thing.title, kind, is_hard, None, thing.owner)
        else:
            yield DependencyRow(target, target, "", "unknown", is_hard, None, None)


def _users(name: str) -> Iterator[DependencyRow]:
    """Yield the services that need one, by one query."""
    found = Dependency.objects.filter(target=name).values_list(
        "service__name", "service__title", "is_hard", "service__tier", "service__owner__name"
    )
    for user, title, is_hard, tier, owner in found:
        yield DependencyRow(user, user, title, "service", is_hard, tier, owner)


# ---- documents


def entity_document(kind: str, name: str) -> Mapping[str, Json] | None:
    """Return a kept Backstage document; ``None`` if there is none."""
    row = Entity.objects.filter(kind=kind, name=name).first()
    return row.document if row is not None else None


def user_documents() -> Mapping[str, Mapping[str, Json]]:
    """Return the kept documents of people, by name."""
    return dict(Entity.objects.filter(kind="User").values_list("name", "document"))


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


def needed_by(name: str) -> list[str]:
    """Return the services that name this one as a dependency, by name."""
    found = Dependency.objects.filter(target=name).order_by("service__name")
    return list(found.values_list("service__name", flat=True))


@dataclass(frozen=True, slots=True)
class ServiceNote:
    """Who owns a service, and what an annotation says on it and on its owner; empty: nothing."""

    owner_id: int | None = None
    owner: str = ""
    own: str = ""
    owners: str = ""


def service_notes(names: Collection[str], *, annotation: str) -> dict[str, ServiceNote]:
    """Return what ``annotation`` says of each service that is known."""
    found = Service.objects.filter(name__in=names).values_list("name", "owner_id", "owner__name")
    rows = [(name, owner_id, owner or "") for name, owner_id, owner in found]
    kept = Entity.objects.filter(kind__in=("Component", "Group"))
    kept = kept.filter(name__in={name for row in rows for name in (row[0], row[2])})
    said: dict[tuple[str, str], str] = {}
    for entity in kept:
        metadata = entity.document.get("metadata") or {}
        value = (metadata.get("annotations") or {}).get(annotation, "")
        said[entity.kind, entity.name] = value if isinstance(value, str) else ""
    return {
        n: ServiceNote(i, o, said.get(("Component", n), ""), said.get(("Group", o), ""))
        for n, i, o in rows
    }


def has_sample() -> bool:
    """Return whether anything of the sample organisation is here, by one quick query."""
    return Entity.objects.filter(origin=Origin.SAMPLE.value).exists()
