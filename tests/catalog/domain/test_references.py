"""References name things the way Backstage says, and come back as they went."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.catalog.domain import references

NAMES = st.from_regex(r"[a-z0-9](?:[a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("component:default/checkout", "checkout"),
        ("checkout", "checkout"),
        ("default/checkout", "checkout"),
        ("Default/checkout", "checkout"),
        ("resource:shop/db", "shop.db"),
        ("Resource:Shop/db", "shop.db"),
        ("Group:team-a", "team-a"),
        (" user:default/alice ", "alice"),
        ("no reference at all", "no reference at all"),
    ],
)
def test_references_become_names(text: str, name: str) -> None:
    assert references.name_of(text) == name


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("component:default/payments", "payments"),
        ("Component:payments", "payments"),
        ("payments", "payments"),
        ("resource:default/orders-db", "resource:orders-db"),
        ("API:orders", "api:orders"),
        ("Acquirer A", "Acquirer A"),
    ],
)
def test_only_components_lose_their_kind(text: str, target: str) -> None:
    assert references.target_of(text) == target


def test_a_missing_namespace_is_that_of_the_one_who_speaks() -> None:
    assert references.target_of("payments", namespace="shop") == "shop.payments"
    assert references.target_of("component:default/payments", namespace="shop") == "payments"


@given(name=NAMES, kind=st.sampled_from(["", "resource:", "api:"]))
def test_what_is_written_is_read_back(name: str, kind: str) -> None:
    target = f"{kind}{name}"

    assert references.target_of(references.reference_to(target)) == target
    inside = references.reference_to(target, "default/")
    assert references.target_of(inside, namespace="other") == target


@given(st.text(max_size=60))
def test_any_text_names_something(text: str) -> None:
    kind, name = references.split(references.target_of(text))

    assert isinstance(kind, str)
    assert name.strip() == name or ":" in text
