"""What is wrong with the catalogue, and the plain values that tell it."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from watchkeeper.catalog.domain import backstage
from watchkeeper.catalog.domain import findings as rules
from watchkeeper.catalog.domain.backstage import Thing
from watchkeeper.catalog.models import Dependency, Entity, Journey, Service
from watchkeeper.catalog.queries import wired
from watchkeeper.identity import queries as identity
from watchkeeper.kernel.documents import Json

_THINGS = ("Resource", "API")


def findings(*, with_slo: Collection[str] | None = None) -> list[rules.Finding]:
    """Return what is wrong with the catalogue.

    Plain values are read anew each time; the rules run only where one of them changed.

    Args:
        with_slo: Services that have an SLO; ``None`` asks ``WATCHKEEPER_SERVICE_WATCH``, and
            leaves journeys without SLO out where nothing is wired there.
    """
    watching = wired.watch()
    if with_slo is None and watching is not None:
        with_slo = watching.with_slo()
    owners = Journey.objects.exclude(owner=None).values_list("owner__name", flat=True)
    found = _judged(
        _nodes(),
        tuple((team.name, team.member_count) for team in identity.teams()),
        _paths(),
        frozenset(owners),
        frozenset(backstage.umbrellas(group_documents())),
        None if with_slo is None else frozenset(with_slo),
    )
    return list(found)


@lru_cache(maxsize=4)
def _judged(
    nodes: tuple[rules.Node, ...],
    team_sizes: tuple[tuple[str, int], ...],
    paths: tuple[tuple[str, tuple[str, ...]], ...],
    journey_owners: frozenset[str],
    umbrellas: frozenset[str],
    with_slo: frozenset[str] | None,
) -> tuple[rules.Finding, ...]:
    found = rules.find(
        nodes,
        team_sizes=dict(team_sizes),
        journeys=dict(paths),
        journey_owners=journey_owners,
        umbrellas=umbrellas,
        with_slo=with_slo,
    )
    return tuple(found)


def _nodes() -> tuple[rules.Node, ...]:
    """Return services and things as the rules see them, by three queries of plain values."""
    hard: dict[int, list[str]] = {}
    needs = Dependency.objects.filter(is_hard=True).order_by("service_id", "position")
    for service_id, target in needs.values_list("service_id", "target"):
        hard.setdefault(service_id, []).append(target)
    found = Service.objects.order_by("name").values_list(
        "id", "name", "tier", "owner__name", "fallback"
    )
    nodes = [
        rules.Node(name, tier, owner, tuple(hard.get(service_id, ())), has_fallback=bool(fallback))
        for service_id, name, tier, owner, fallback in found
    ]
    nodes += [
        rules.Node(t.target, owner=t.owner, is_service=False, has_fallback=bool(t.fallback))
        for t in things()
    ]
    return tuple(nodes)


def _paths() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the services of each journey, by one query."""
    found: dict[str, list[str]] = {}
    steps = Journey.objects.order_by("name", "steps__position")
    for name, service in steps.values_list("name", "steps__service_name"):
        own = found.setdefault(name, [])
        if service:  # a journey may have none
            own.append(service)
    return tuple((name, tuple(services)) for name, services in found.items())


def things(names: Iterable[str] | None = None) -> list[Thing]:
    """Return resources and APIs, by how dependencies name them.

    Only the parts that are told are read: the definition of an API may be long.

    Args:
        names: Only those of these names; ``None``: all.
    """
    found = Entity.objects.filter(kind__in=_THINGS).order_by("kind", "name")
    if names is not None:
        found = found.filter(name__in=list(names))
    parts = found.values_list(
        "kind", "name", "document__metadata", "document__spec__type", "document__spec__owner"
    )
    return [
        backstage.read_thing(
            {"kind": kind, "metadata": metadata, "spec": {"type": sort, "owner": owner}},
            name=name,
        )
        for kind, name, metadata, sort, owner in parts
    ]


def group_documents() -> Mapping[str, Mapping[str, Json]]:
    """Return the kept documents of teams, by name."""
    return dict(Entity.objects.filter(kind="Group").values_list("name", "document"))
