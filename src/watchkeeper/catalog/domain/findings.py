"""What is wrong with the catalogue, from plain values."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

_SINGLE_POINT = 2


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
    """One thing that is wrong, with what and why in a sentence."""

    kind: FindingKind
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Node:
    """A service as the rules see it."""

    name: str
    tier: int | None
    owner: str | None
    hard: tuple[str, ...]


def find(
    nodes: Sequence[Node],
    *,
    team_sizes: Mapping[str, int],
    journeys: Mapping[str, Sequence[str]],
    with_slo: Collection[str] | None = None,
) -> list[Finding]:
    """Return every finding, in a steady order.

    Args:
        nodes: All services.
        team_sizes: How many people are in each team.
        journeys: Services of each journey.
        with_slo: Services that have an SLO; ``None`` leaves that rule out.
    """
    by_name = {node.name: node for node in nodes}
    return [
        *_owners(nodes, team_sizes),
        *_cycles(by_name),
        *_inversions(by_name),
        *_single_points(by_name, journeys),
        *_journeys(journeys, with_slo),
    ]


def _owners(nodes: Sequence[Node], team_sizes: Mapping[str, int]) -> Iterator[Finding]:
    for node in nodes:
        if node.owner is None:
            yield Finding(FindingKind.NO_OWNER, node.name, f"nobody owns {node.name}")
    for team, size in sorted(team_sizes.items()):
        if size == 0 and any(node.owner == team for node in nodes):
            yield Finding(
                FindingKind.EMPTY_TEAM, team, f"the team {team} owns services and has no members"
            )


def _cycles(by_name: Mapping[str, Node]) -> Iterator[Finding]:
    """Yield each ring of hard dependencies once, told from its first name in order."""
    seen: set[frozenset[str]] = set()
    for start in sorted(by_name):
        ring = _ring(start, by_name)
        if ring and frozenset(ring) not in seen:
            seen.add(frozenset(ring))
            text = " needs ".join([*ring, ring[0]])
            yield Finding(FindingKind.CYCLE, ring[0], text)


def _ring(start: str, by_name: Mapping[str, Node]) -> list[str]:
    """Return the shortest way from ``start`` back to it; empty if there is none."""
    ways = [[start]]
    visited: set[str] = set()
    while ways:
        way = ways.pop(0)
        for target in sorted(by_name[way[-1]].hard):
            if target == start:
                return way
            if target in by_name and target not in visited:
                visited.add(target)
                ways.append([*way, target])
    return []


def _inversions(by_name: Mapping[str, Node]) -> Iterator[Finding]:
    for name, node in sorted(by_name.items()):
        for target in sorted(node.hard):
            other = by_name.get(target)
            if other is None or node.tier is None or other.tier is None:
                continue
            if other.tier > node.tier:
                yield Finding(
                    FindingKind.TIER_INVERSION,
                    name,
                    f"{name} (tier {node.tier}) cannot do without {target} (tier {other.tier})",
                )


def _single_points(
    by_name: Mapping[str, Node], journeys: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Yield what two or more journeys cannot do without, and which no journey names itself."""
    for name in sorted({t for node in by_name.values() for t in node.hard}):
        hit = [
            journey
            for journey, services in sorted(journeys.items())
            if name not in services
            and any(name in by_name[s].hard for s in services if s in by_name)
        ]
        if len(hit) >= _SINGLE_POINT:
            yield Finding(
                FindingKind.SINGLE_POINT_OF_FAILURE,
                name,
                f"{', '.join(hit)} all fail without {name}",
            )


def _journeys(
    journeys: Mapping[str, Sequence[str]], with_slo: Collection[str] | None
) -> Iterator[Finding]:
    if with_slo is None:
        return
    for journey, services in sorted(journeys.items()):
        if not set(services) & set(with_slo):
            yield Finding(
                FindingKind.JOURNEY_WITHOUT_SLO,
                journey,
                f"no service of the journey {journey} has an SLO",
            )
