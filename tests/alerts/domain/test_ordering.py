"""Moving a route: it goes past its neighbour, and the others keep their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts.domain.ordering import Numbered, moved

ROUTES = st.lists(
    st.builds(Numbered, st.text("abc", min_size=1, max_size=3), st.integers(0, 4), st.booleans()),
    min_size=1, max_size=8, unique_by=lambda each: each.name,
)  # fmt: skip


def numbered(**orders: int) -> list[Numbered]:
    return [Numbered(name, order) for name, order in orders.items()]


@pytest.mark.parametrize(
    ("routes", "name", "is_up", "wanted"),
    [
        (numbered(a=10, b=20, c=30), "c", True, {"c": 15}),
        (numbered(a=10, b=20, c=30), "a", False, {"a": 25}),
        (numbered(a=10, b=20), "b", True, {"b": 0}),
        (numbered(a=10, b=20), "a", False, {"a": 30}),
        (numbered(a=10, b=20), "a", True, {}),
        (numbered(a=10, b=20), "b", False, {}),
        (numbered(a=10), "a", True, {}),
        (numbered(a=1, b=2, c=3), "c", True, {"c": 1}),  # after a by its name
        (numbered(b=1, c=1, a=2), "a", True, {"a": 2, "c": 2}),  # no number between b and c
    ],
)
def test_it_gets_a_number_between_its_neighbours(
    routes: list[Numbered], name: str, is_up: bool, wanted: dict[str, int]
) -> None:
    assert moved(routes, name, is_up=is_up) == wanted


def test_what_a_file_keeps_makes_no_room() -> None:
    routes = [Numbered("b", 1), Numbered("c", 1, is_fixed=True), Numbered("a", 2)]

    assert moved(routes, "a", is_up=True) is None


@given(ROUTES, st.data())
def test_only_the_two_change_places(routes: list[Numbered], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([each.name for each in routes if not each.is_fixed] or [""]))
    if not name:
        return
    is_up = data.draw(st.booleans())
    old = [each.name for each in sorted(routes, key=lambda each: each.key)]

    numbers = moved(routes, name, is_up=is_up)

    if numbers is None:
        assert any(each.is_fixed for each in routes)
        return
    fixed = {each.name for each in routes if each.is_fixed}
    assert not fixed & set(numbers)
    now = [Numbered(each.name, numbers.get(each.name, each.order)) for each in routes]
    at = old.index(name)
    to = at - 1 if is_up else at + 1
    if 0 <= to < len(old):
        old[at], old[to] = old[to], old[at]
    assert [each.name for each in sorted(now, key=lambda each: each.key)] == old
