"""Entities are read in part and kept whole; what is changed here is written back into them."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.catalog.domain import backstage
from watchkeeper.catalog.domain.services import ServiceSpec, normal
from watchkeeper.kernel.documents import Document
from watchkeeper.plumbing import yaml_documents

COMPONENT: dict[str, Any] = {
    "apiVersion": "backstage.io/v1alpha1",
    "kind": "Component",
    "metadata": {
        "name": "checkout",
        "title": "Checkout",
        "description": "Takes the order",
        "labels": {"shop": "harbour"},
        "tags": ["python"],
        "links": [
            {"url": "https://example.org/run", "title": "Runbook", "icon": "book"},
            {"url": "https://example.org/dash", "title": "Dashboard"},
        ],
        "annotations": {
            "watchkeeper/tier": "0",
            "watchkeeper/soft-depends-on": "component:search, resource:default/cache",
            "github.com/project-slug": "harbour/checkout",
            "example.org/unknown": "kept",
        },
    },
    "spec": {
        "type": "service",
        "lifecycle": "production",
        "owner": "group:default/shop",
        "dependsOn": ["component:default/payments", "resource:orders-db"],
        "system": "buying",
        "madeUp": {"deep": [1, {"er": None}]},
    },
}


def read(data: dict[str, Any]) -> ServiceSpec:
    return backstage.read_service(Document(data))


def with_annotations(**changes: Any) -> dict[str, Any]:
    data = copy.deepcopy(COMPONENT)
    data["metadata"]["annotations"] |= {
        key.replace("__", "/").replace("_", "-"): value for key, value in changes.items()
    }
    return data


def faults(data: dict[str, Any]) -> list[str]:
    return [problem.path for problem in backstage.problems(Document(data))]


def test_a_component_is_read_as_a_service() -> None:
    assert read(COMPONENT) == ServiceSpec(
        name="checkout",
        title="Checkout",
        description="Takes the order",
        tier=0,
        lifecycle="production",
        owner="shop",
        runbook_url="https://example.org/run",
        repository_url="https://github.com/harbour/checkout",
        labels={"shop": "harbour"},
        hard=("payments", "resource:orders-db"),
        soft=("search", "resource:cache"),
    )


@pytest.mark.parametrize(
    "held", ["a, component:b", ["a", "component:default/b"]], ids=["text", "list"]
)
def test_soft_dependencies_are_a_list_or_a_text_of_one(held: Any) -> None:
    assert read(with_annotations(watchkeeper__soft_depends_on=held)).soft == ("a", "b")


def test_what_is_hard_is_not_soft_too() -> None:
    assert read(with_annotations(watchkeeper__soft_depends_on="payments, a")).soft == ("a",)


def test_a_person_who_owns_is_no_team() -> None:
    data = copy.deepcopy(COMPONENT)
    data["spec"]["owner"] = "user:default/alice"

    assert read(data).owner is None


def test_other_namespaces_stand_before_the_name_and_hold_for_what_it_names() -> None:
    data = copy.deepcopy(COMPONENT)
    data["metadata"]["namespace"] = "north"
    data["spec"]["dependsOn"] = ["payments", "component:default/cart"]

    service = read(data)

    assert (service.name, service.hard) == ("north.checkout", ("north.payments", "cart"))


def test_what_did_not_change_is_written_as_it_was() -> None:
    assert backstage.write_service(read(COMPONENT), COMPONENT) == COMPONENT


def test_a_change_touches_only_what_it_is_about() -> None:
    spec = replace(read(COMPONENT), tier=2, hard=("resource:orders-db", "Acquirer A"))

    written = backstage.write_service(spec, COMPONENT)

    expected = with_annotations(watchkeeper__tier="2")
    expected["spec"]["dependsOn"] = ["resource:orders-db", "Acquirer A"]
    assert written == expected


def test_a_new_service_becomes_a_component() -> None:
    spec = ServiceSpec("cart", owner="shop", tier=1, hard=("payments",), fallback="a standby")

    assert backstage.write_service(spec, None) == {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "name": "cart",
            "annotations": {"watchkeeper/fallback": "a standby", "watchkeeper/tier": "1"},
        },
        "spec": {"type": "service", "owner": "shop", "dependsOn": ["component:payments"]},
    }


WORDS = st.text("abc XYZ-_./:#", max_size=12).map(str.strip)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
TARGETS = st.lists(st.one_of(NAMES, NAMES.map(lambda n: f"resource:{n}")), max_size=4).map(tuple)
SPECS = st.builds(
    ServiceSpec,
    name=st.just("checkout"),
    title=WORDS,
    description=WORDS,
    tier=st.sampled_from([None, 0, 1, 2, 3]),
    lifecycle=WORDS,
    owner=st.none() | NAMES,
    on_call_url=WORDS,
    runbook_url=WORDS,
    repository_url=WORDS,
    chat_channel=WORDS,
    labels=st.dictionaries(NAMES, WORDS, max_size=3),
    hard=TARGETS,
    soft=TARGETS,
    fallback=WORDS,
).map(normal)


@given(spec=SPECS, has_base=st.booleans())
def test_what_is_written_reads_as_it_was_meant(spec: ServiceSpec, has_base: bool) -> None:
    base = COMPONENT if has_base else None

    written = backstage.write_service(spec, base)
    again = yaml_documents.load(yaml_documents.dump([written]))[0]

    found = backstage.read_service(again)
    assert replace(found, hard=(), soft=()) == replace(spec, hard=(), soft=())
    assert (set(found.hard), set(found.soft)) == (set(spec.hard), set(spec.soft))
    if has_base:
        assert written["spec"]["madeUp"] == COMPONENT["spec"]["madeUp"]
        assert written["metadata"]["annotations"]["example.org/unknown"] == "kept"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"metadata": None}, "metadata"),
        ({"metadata": {"name": "not a name"}}, "metadata.name"),
        ({"spec": []}, "spec"),
        ({"spec": {"dependsOn": "payments"}}, "spec.dependsOn"),
        ({"spec": {"dependsOn": [1]}}, "spec.dependsOn"),
        ({"spec": {"owner": ["a"]}}, "spec.owner"),
        ({"metadata": {"name": "a", "annotations": []}}, "metadata.annotations"),
        (
            {"metadata": {"name": "a", "annotations": {"watchkeeper/tier": "4"}}},
            "metadata.annotations.watchkeeper/tier",
        ),
        (
            {"metadata": {"name": "a", "annotations": {"watchkeeper/soft-depends-on": {}}}},
            "metadata.annotations.watchkeeper/soft-depends-on",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    assert faults(COMPONENT | change) == [path]


def test_a_good_entity_has_no_faults() -> None:
    assert faults(COMPONENT) == []


GROUP = {
    "apiVersion": "backstage.io/v1alpha1",
    "kind": "Group",
    "metadata": {"name": "shop"},
    "spec": {"type": "team", "children": [], "profile": {"displayName": "Shop"}},
}
USERS = {
    "alice": {"metadata": {"name": "alice"}, "spec": {"memberOf": ["group:default/shop"]}},
    "charlie": {"metadata": {"name": "charlie"}, "spec": {"memberOf": ["other"]}},
}


def test_people_of_a_team_are_those_it_names_and_those_who_say_so() -> None:
    named = GROUP | {"spec": {"members": ["bob"]}}

    assert backstage.members_of(named, "shop", USERS) == ["bob", "alice"]


def test_a_team_of_which_nobody_speaks_keeps_its_people() -> None:
    assert backstage.members_of(GROUP, "shop", {}) is None
    assert backstage.members_of(GROUP | {"spec": {"members": []}}, "shop", {}) == []


def test_a_team_that_was_renamed_here_is_written_with_its_new_words() -> None:
    written = backstage.write_group(
        GROUP, name="shop", title="The shop", description="", members=["alice"]
    )

    assert written["spec"]["profile"] == {"displayName": "The shop"}
    assert written["spec"]["members"] == ["alice"]
