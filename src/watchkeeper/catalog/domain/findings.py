"""What is wrong with the catalogue, from plain values."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

SINGLE_POINT_JOURNEYS = 2
"""How many journeys must fail together for their common need to be a single point of failure."""
_NAMED = 5
_MOST_STARTS = 50
"""Of so many things in one knot the rings are looked for: each costs a walk through the knot."""


class FindingKind(Enum):
    """What can be wrong."""

    NO_OWNER = "no owner"
    EMPTY_TEAM = "empty team"
    CYCLE = "cycle"
    TIER_INVERSION = "tier inversion"
    SINGLE_POINT_OF_FAILURE = "single point of failure"
    JOURNEY_WITHOUT_SLO = "journey without SLO"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        kind: What is wrong.
        subject: Name of the service, team, journey or other thing.
        detail: What and why, in a sentence.
        services: Services that it touches.
    """

    kind: FindingKind
    subject: str
    detail: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A service, or another thing that services need, as the rules see it.

    Attributes:
        name: How dependencies name it.
        tier: 0 to 3, 0 matters most; ``None``: unknown.
        owner: Name of the team; ``None``: nobody.
        hard: What it cannot do without.
        is_service: Whether it is a service.
        has_fallback: Whether something stands in when it is gone.
    """

    name: str
    tier: int | None = None
    owner: str | None = None
    hard: tuple[str, ...] = ()
    is_service: bool = True
    has_fallback: bool = False


def find(
    nodes: Sequence[Node],
    *,
    team_sizes: Mapping[str, int],
    journeys: Mapping[str, Sequence[str]],
    journey_owners: Collection[str] = (),
    umbrellas: Collection[str] = (),
    with_slo: Collection[str] | None = None,
) -> list[Finding]:
    """Return every finding, in a steady order.

    Args:
        nodes: All services and other things.
        team_sizes: How many people are in each team.
        journeys: Services of each journey.
        journey_owners: Teams that own journeys.
        umbrellas: Teams that hold other teams; they need people only if they own something.
        with_slo: Services that have an SLO; ``None`` leaves that rule out.
    """
    by_name = {node.name: node for node in sorted(nodes, key=lambda node: node.name)}
    return [
        *_owners(by_name),
        *_empty_teams(by_name, team_sizes, journey_owners, umbrellas),
        *_cycles(by_name),
        *_inversions(by_name),
        *_single_points(by_name, journeys),
        *_journeys(journeys, with_slo),
    ]


def _owners(by_name: Mapping[str, Node]) -> Iterator[Finding]:
    """Yield services that nobody owns."""
    for node in by_name.values():
        if node.owner is None and node.is_service:
            detail = f"nobody owns {node.name}"
            yield Finding(FindingKind.NO_OWNER, node.name, detail, (node.name,))


def _empty_teams(
    by_name: Mapping[str, Node],
    team_sizes: Mapping[str, int],
    journey_owners: Collection[str],
    umbrellas: Collection[str],
) -> Iterator[Finding]:
    """Yield teams that have nobody, and what they own."""
    owned: dict[str, list[str]] = defaultdict(list)
    for node in by_name.values():
        if node.owner is not None:
            owned[node.owner].append(node.name)
    for team in sorted(team for team, size in team_sizes.items() if size == 0):
        names = owned.get(team, [])
        owns = f" owns {_list(names)} and" if names else ""
        if not names and team in journey_owners:
            owns = " owns a journey and"
        if owns or team not in umbrellas:
            services = tuple(name for name in names if by_name[name].is_service)
            detail = f"the team {team}{owns} has no members"
            yield Finding(FindingKind.EMPTY_TEAM, team, detail, services)


def _cycles(by_name: Mapping[str, Node]) -> Iterator[Finding]:
    """Yield rings of hard dependencies, each once, told from its first name in order.

    Of every thing that needs itself the shortest ring through it is told; of a knot of more than
    :data:`_MOST_STARTS` things only the rings through the first of them, and how large it is.
    """
    seen: set[frozenset[str]] = set()
    for knot in _knots(by_name):
        if len(knot) > _MOST_STARTS:
            detail = f"{len(knot)} things need each other; rings through {_MOST_STARTS} are told"
            yield Finding(FindingKind.CYCLE, min(knot), detail)
        for start in sorted(knot)[:_MOST_STARTS]:
            ring = _ring(start, by_name, knot)
            if ring and frozenset(ring) not in seen:
                seen.add(frozenset(ring))
                first = ring.index(min(ring))
                told = [*ring[first:], *ring[:first]]
                detail = " needs ".join([*told, told[0]])
                services = tuple(name for name in told if by_name[name].is_service)
                yield Finding(FindingKind.CYCLE, told[0], detail, services)


def _knots(by_name: Mapping[str, Node]) -> list[set[str]]:
    """Return the sets of things that all need each other.

    Source: Kosaraju's algorithm, by two walks: leave-order forward, then the other way round.
    """
    backward: dict[str, list[str]] = {name: [] for name in by_name}
    for name, node in by_name.items():
        for target in set(node.hard) & set(by_name):
            backward[target].append(name)
    order: list[str] = []
    seen: set[str] = set()
    for root in by_name:
        order += _walk(root, lambda name: by_name[name].hard, by_name, seen)
    left: set[str] = set()
    parts = [_walk(root, lambda name: backward[name], by_name, left) for root in reversed(order)]
    return [
        set(part) for part in parts if len(part) > 1 or (part and part[0] in by_name[part[0]].hard)
    ]


def _walk(
    root: str,
    targets_of: Callable[[str], Sequence[str]],
    known: Collection[str],
    seen: set[str],
) -> list[str]:
    """Return what is reached from ``root`` and was not seen, in the order of being left."""
    if root in seen:
        return []
    seen.add(root)
    order: list[str] = []
    path = [(root, iter(targets_of(root)))]
    while path:
        name, targets = path[-1]
        target = next((t for t in targets if t in known and t not in seen), None)
        if target is None:
            order.append(name)
            path.pop()
        else:
            seen.add(target)
            path.append((target, iter(targets_of(target))))
    return order


def _ring(start: str, by_name: Mapping[str, Node], knot: Collection[str]) -> list[str]:
    """Return the shortest way from ``start`` back to it in ``knot``; empty if there is none."""
    before: dict[str, str] = {}
    level = [start]
    while level:
        following = []
        for name in level:
            for target in sorted(by_name[name].hard):
                if target == start:
                    return _way(name, before)
                if target in knot and target not in before:
                    before[target] = name
                    following.append(target)
        level = following
    return []


def _way(name: str, before: Mapping[str, str]) -> list[str]:
    way = [name]
    while way[0] in before:
        way.insert(0, before[way[0]])
    return way


def _inversions(by_name: Mapping[str, Node]) -> Iterator[Finding]:
    """Yield services that cannot do without something that matters less."""
    for name, node in by_name.items():
        for target in sorted(node.hard):
            other = by_name.get(target)
            if other is None or node.tier is None or other.tier is None:
                continue
            if other.tier > node.tier:
                need = f"{target} (tier {other.tier})"
                detail = f"{name} (tier {node.tier}) cannot do without {need}"
                yield Finding(FindingKind.TIER_INVERSION, name, detail, (name, target))


def _single_points(
    by_name: Mapping[str, Node], journeys: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Yield what several things hang on at once while nothing stands in for it.

    A thing counts if no fallback is named for it and either two or more journeys fail without it,
    by naming it or by hard dependencies of any length, or it runs outside the organisation (it is
    no service) and a tier 0 service cannot do without it.
    """
    failing: dict[str, list[str]] = defaultdict(list)
    for journey, services in sorted(journeys.items()):
        for name in _needed(services, by_name):
            failing[name].append(journey)
    direct: dict[str, list[str]] = defaultdict(list)
    for name, node in by_name.items():
        for target in node.hard:
            direct[target].append(name)
    for name in sorted({*failing, *direct}):
        node = by_name.get(name, Node(name, is_service=False))
        if not node.has_fallback:
            yield from _single_point(node, failing[name], [by_name[n] for n in direct[name]])


def _single_point(node: Node, failing: Sequence[str], users: Sequence[Node]) -> Iterator[Finding]:
    own = (node.name,) if node.is_service else ()
    touched = own + tuple(user.name for user in users)
    top = [user.name for user in users if user.tier == 0]
    detail = ""
    if len(failing) >= SINGLE_POINT_JOURNEYS:
        detail = f"the journeys {_list(failing)} fail without {node.name}"
    elif top and not node.is_service:
        detail = f"{_list(top)} (tier 0) cannot do without {node.name}"
    if detail:
        detail += ", and nothing stands in for it"
        yield Finding(FindingKind.SINGLE_POINT_OF_FAILURE, node.name, detail, touched)


def _needed(services: Sequence[str], by_name: Mapping[str, Node]) -> set[str]:
    """Return ``services`` and all that they cannot do without."""
    found = set(services)
    todo = list(services)
    while todo:
        node = by_name.get(todo.pop())
        fresh = [target for target in (node.hard if node else ()) if target not in found]
        found.update(fresh)
        todo += fresh
    return found


def _journeys(
    journeys: Mapping[str, Sequence[str]], with_slo: Collection[str] | None
) -> Iterator[Finding]:
    if with_slo is None:
        return
    for journey, services in sorted(journeys.items()):
        if not set(services) & set(with_slo):
            detail = f"no service of the journey {journey} has an SLO"
            yield Finding(FindingKind.JOURNEY_WITHOUT_SLO, journey, detail, tuple(services))


def _list(names: Sequence[str]) -> str:
    """Write names as words: "a, b and c"; many are cut."""
    shown = list(names[:_NAMED])
    if len(names) > _NAMED:
        shown.append(f"{len(names) - _NAMED} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
