"""What is wrong with a catalogue is found, each thing once, and told in a sentence."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.catalog.domain.findings import Finding, FindingKind, Node, find


def found(*nodes: Node, **more: Any) -> list[Finding]:
    return find(nodes, **({"team_sizes": {}, "journeys": {}} | more))


def kinds(*nodes: Node, **more: Any) -> list[tuple[FindingKind, str]]:
    return [(finding.kind, finding.subject) for finding in found(*nodes, **more)]


def node(name: str, *hard: str, tier: int | None = 1, **more: Any) -> Node:
    return Node(name, tier, **({"owner": "team", "hard": hard} | more))


def test_a_service_without_owner_and_a_team_without_people_are_found() -> None:
    nodes = (node("a", owner=None), node("b", owner="empty"))

    assert kinds(*nodes, team_sizes={"empty": 0, "full": 1}) == [
        (FindingKind.NO_OWNER, "a"),
        (FindingKind.EMPTY_TEAM, "empty"),
    ]


def test_a_team_that_owns_a_journey_needs_people_too() -> None:
    assert kinds(team_sizes={"empty": 0}, journey_owners={"empty"}) == [
        (FindingKind.EMPTY_TEAM, "empty")
    ]


def test_what_is_no_service_needs_no_owner() -> None:
    assert kinds(node("resource:db", owner=None, is_service=False)) == []


def test_a_ring_of_hard_dependencies_is_told_once_from_its_first_name() -> None:
    [ring] = found(node("c", "a"), node("a", "b"), node("b", "c"), node("d", "a"))

    assert (ring.kind, ring.detail) == (FindingKind.CYCLE, "a needs b needs c needs a")
    assert ring.services == ("a", "b", "c")


def test_two_rings_that_share_a_service_are_two() -> None:
    details = [f.detail for f in found(node("a", "b", "c"), node("b", "a"), node("c", "a"))]

    assert details == ["a needs b needs a", "a needs c needs a"]


def test_a_service_that_needs_itself_is_a_ring() -> None:
    assert [f.detail for f in found(node("a", "a"))] == ["a needs a"]


GRAPHS = st.dictionaries(
    st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefgx"), max_size=4, unique=True)
)


@given(GRAPHS)
def test_every_ring_found_is_one_and_what_has_none_is_in_order(
    graph: dict[str, Sequence[str]],
) -> None:
    rings = found(*(node(name, *hard) for name, hard in graph.items()))

    for ring in rings:
        names = ring.detail.split(" needs ")
        assert all(b in graph[a] for a, b in pairwise(names))
        assert names[0] == names[-1]
    assert bool(rings) == (not _can_be_ordered(graph))


def _can_be_ordered(graph: dict[str, Sequence[str]]) -> bool:
    left = {name: set(hard) & set(graph) for name, hard in graph.items()}
    while True:
        free = {name for name, hard in left.items() if not hard & set(left)}
        if not free:
            return not left
        left = {name: hard for name, hard in left.items() if name not in free}


def test_a_tier_that_hangs_on_a_lesser_one_is_found() -> None:
    nodes = (node("a", "b", tier=0), node("b", tier=2), node("c", "b", tier=None))

    [inversion] = found(*nodes)

    assert inversion.detail == "a (tier 0) cannot do without b (tier 2)"
    assert inversion.services == ("a", "b")


def test_a_tier_may_hang_on_its_like_and_on_better() -> None:
    assert kinds(node("a", "b", "c", tier=1), node("b", tier=1), node("c", tier=0)) == []


def test_what_several_journeys_cannot_do_without_is_found_at_any_distance() -> None:
    nodes = (node("a", "x"), node("x", "db"), node("b", "db"), node("db"))

    [single] = found(*nodes, journeys={"buy": ["a"], "find": ["b"], "read": ["c"]})

    assert (single.kind, single.subject) == (FindingKind.SINGLE_POINT_OF_FAILURE, "db")
    assert (
        single.detail == "the journeys buy and find fail without db, and nothing stands in for it"
    )


def test_what_something_stands_in_for_is_no_single_point() -> None:
    nodes = (node("a", "db"), node("b", "db"), node("db", has_fallback=True))

    assert kinds(*nodes, journeys={"buy": ["a"], "find": ["b"]}) == []


def test_a_vendor_that_a_tier_0_service_cannot_do_without_is_a_single_point() -> None:
    nodes = (node("pay", "Acquirer A", tier=0), node("mail", "Gateway", tier=1))

    assert kinds(*nodes) == [(FindingKind.SINGLE_POINT_OF_FAILURE, "Acquirer A")]


def test_a_journey_without_slo_is_found() -> None:
    journeys = {"buy": ["a"]}

    assert kinds(node("a"), journeys=journeys, with_slo={"b"}) == [
        (FindingKind.JOURNEY_WITHOUT_SLO, "buy")
    ]
    assert kinds(node("a"), journeys=journeys, with_slo={"a"}) == []
    assert kinds(node("a"), journeys=journeys) == []


def test_a_long_chain_is_no_burden() -> None:
    nodes = [node(f"s{place:05}", f"s{place + 1:05}") for place in range(3000)]

    assert kinds(*nodes) == []


def test_a_team_without_people_is_found_though_it_owns_nothing() -> None:
    found = find([], team_sizes={"idle": 0, "company": 0}, journeys={}, umbrellas={"company"})

    assert [(f.subject, f.detail) for f in found] == [("idle", "the team idle has no members")]


def test_a_team_of_teams_that_owns_something_needs_people() -> None:
    node = Node("shop", owner="company")

    found = find([node], team_sizes={"company": 0}, journeys={}, umbrellas={"company"})

    assert [f.detail for f in found] == ["the team company owns shop and has no members"]


def test_a_knot_of_thousands_is_told_by_its_size_and_few_rings() -> None:
    size = 2000
    nodes = [
        Node(f"s{n:04}", owner="a", hard=(f"s{(n + 1) % size:04}", f"s{(n * 7 + 3) % size:04}"))
        for n in range(size)
    ]

    found = find(nodes, team_sizes={"a": 1}, journeys={})

    assert found[0].detail == "2000 things need each other; rings through 50 are told"
    assert 1 < len(found) <= 51
