"""Journeys are read, judged and written back without loss."""

from typing import Any

import pytest

from watchkeeper.catalog.domain import journeys
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError

BUY: dict[str, Any] = {
    "apiVersion": "watchkeeper/v1",
    "kind": "Journey",
    "metadata": {"name": "buy", "labels": {"kept": "yes"}},
    "spec": {"title": "Buy", "owner": "shop", "services": ["checkout", "component:default/pay"]},
}


def test_a_journey_is_read_in_order() -> None:
    assert journeys.read(Document(BUY)) == JourneySpec("buy", "Buy", "shop", ("checkout", "pay"))


def test_writing_changes_only_what_changed() -> None:
    assert journeys.write(JourneySpec("buy", "Buy", "shop", ("checkout", "pay")), BUY) == BUY
    written = journeys.write(JourneySpec("buy", "", None, ("pay",)), BUY)

    assert written == BUY | {"spec": {"services": ["pay"]}}


def test_a_new_journey_is_written_in_the_usual_order() -> None:
    written = journeys.write(JourneySpec("buy", "Buy", "shop", ("a",)), None)

    assert list(written) == ["apiVersion", "kind", "metadata", "spec"]
    assert written["spec"] == {"title": "Buy", "owner": "shop", "services": ["a"]}


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (None, "spec"),
        ({"services": ["a"], "tier": 1}, "spec.tier"),
        ({"services": "a"}, "spec.services"),
        ({"services": [1]}, "spec.services"),
        ({}, "spec.services"),
        ({"services": ["a"], "title": 1}, "spec.title"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(spec: Any, path: str) -> None:
    found = journeys.problems(Document(BUY | {"spec": spec}))

    assert [problem.path for problem in found] == [path]


def test_a_service_of_a_journey_needs_a_name_that_can_be_one() -> None:
    with pytest.raises(InvalidError) as caught:
        journeys.check(JourneySpec("buy", services=("good", "not good")))

    assert [problem.path for problem in caught.value.problems] == ["services[1]"]
