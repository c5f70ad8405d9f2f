"""The rail shows what leads somewhere for the one who looks."""

import pytest

from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.ui.domain import navigation
from watchkeeper.ui.domain.navigation import NavigationItem, Registry

ALICE = Actor(kind=ActorKind.USER, id=1, role=Role.VIEWER)
ADDRESSES = {
    "slos:list": "/slos/",
    "home:overview": "/",
    "slos:new": "/slos/new/",
    "audit": "/audit/",
}
ITEMS = (
    NavigationItem("Watch", "Overview", "home:overview", "home", 1, quick=True),
    NavigationItem("Watch", "SLOs", "slos:list", "target", 2, badge=lambda: 3, quick=True),
    NavigationItem("Respond", "Incidents", "incidents:list", "urgent"),
    NavigationItem("Settings", "Audit", "audit", "list-check", permission=Permission.READ_AUDIT),
)


def seen(path: str = "/", actor: Actor = ALICE) -> tuple[navigation.Group, ...]:
    return navigation.groups(ITEMS, actor=actor, address=ADDRESSES.get, path=path)


def test_items_without_an_address_or_a_right_are_left_out_and_empty_groups_hidden() -> None:
    assert [group.label for group in seen()] == ["Watch"]
    admin = Actor(kind=ActorKind.USER, id=2, role=Role.ADMIN)
    assert [group.label for group in seen(actor=admin)] == ["Watch", "Settings"]


@pytest.mark.parametrize(
    ("path", "current"),
    [("/", "Overview"), ("/slos/", "SLOs"), ("/slos/checkout/", "SLOs"), ("/slosh/", None)],
)
def test_the_place_with_the_longest_matching_address_is_current(
    path: str, current: str | None
) -> None:
    here = [place.label for group in seen(path) for place in group.places if place.current]

    assert here == ([current] if current else [])


def test_a_badge_says_how_many_wait() -> None:
    assert [place.badge for place in seen()[0].places] == [0, 3]


@pytest.mark.parametrize(("many", "text"), [(0, ""), (1, "1"), (99, "99"), (100, "99+")])
def test_a_badge_counts_no_further_than_99(many: int, text: str) -> None:
    item = NavigationItem("Watch", "SLOs", "slos:list", "target", badge=lambda: many)
    [group] = navigation.groups((item,), actor=ALICE, address=ADDRESSES.get, path="/")

    assert group.places[0].badge_text == text


def test_the_bottom_bar_holds_at_most_four_places() -> None:
    items = [NavigationItem("Watch", f"P{i}", f"p{i}", "home", i, quick=True) for i in range(6)]
    groups = navigation.groups(items, actor=ALICE, address=lambda name: f"/{name}/", path="/")

    assert [place.label for place in navigation.quick(groups)] == ["P0", "P1", "P2", "P3"]


def test_the_registry_keeps_the_order_of_the_rail_and_the_last_offer() -> None:
    registry = Registry()
    registry.add(*reversed(ITEMS), NavigationItem("Watch", "All SLOs", "slos:list", "target", 0))

    assert [item.label for item in registry.items()] == [
        "All SLOs",
        "Overview",
        "Incidents",
        "Audit",
    ]


def test_a_group_that_the_rail_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not a group"):
        Registry().add(NavigationItem("Misc", "X", "x", "home"))
