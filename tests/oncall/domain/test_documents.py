"""Schedules as documents: what is wrong is said with its place, what is right is read as meant."""

import datetime as dt
import json
from typing import Any

import pytest

from tests.oncall.domain.making import layer, schedule, spec_document, utc
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.oncall.domain import documents
from watchkeeper.oncall.domain.schedule import CustomRotation, Override, Rotation, Unit
from watchkeeper.plumbing import yaml_documents

EXAMPLE = """\
apiVersion: watchkeeper/v1
kind: Schedule
metadata: {name: shop-primary}
spec:
  timeZone: America/Chicago
  layers:
    - name: weekdays
      rotation: {unit: week, every: 1, start: 2026-01-05T09:00:00, members: [alice, [bob, al]]}
      restrictions: [{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}]
  overrides:
    - {start: 2026-02-03T09:00:00, end: 2026-02-04T09:00:00, person: dave, replaces: alice}
"""


def test_the_example_of_the_manual_is_read_as_meant() -> None:
    [document] = yaml_documents.load(EXAMPLE, file="shop.yaml")

    found = documents.read(document)

    [one] = found.schedule.layers
    rotation = one.rotation
    assert isinstance(rotation, Rotation)
    assert (found.name, found.owner, one.name) == ("shop-primary", None, "weekdays")
    assert (rotation.unit, rotation.every) == (Unit.WEEK, 1)
    assert rotation.first == utc("2026-01-05 15:00")
    assert rotation.turns == (("alice",), ("al", "bob"))
    assert one.restrictions[0].days == frozenset(range(5))
    assert one.restrictions[0].end == dt.time(17)
    assert found.schedule.overrides == (
        Override(utc("2026-02-03 15:00"), utc("2026-02-04 15:00"), "dave", "alice"),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("America/Chicago", "Chicago", 5, "is not a time zone"),
        ("unit: week", "unit: year", 8, "there are: hour, day, week, month, custom"),
        ("every: 1", "every: 0", 8, "is not a whole number from 1"),
        ("start: 2026-01-05T09:00:00, m", "start: soon, m", 8, "is not a time from 1970"),
        ("[alice, [bob, al]]", "[]", 8, "at least 1 are needed here"),
        ("members:", "people:", 8, "people is not known here"),
        ("mon, tue", "mon, dienstag", 9, "there are: mon, tue"),
        ('"17:00"', '"5pm"', 9, "is not a time of day"),
        ("name: weekdays", "name: override", 7, "cannot be named"),
        ("end: 2026-02-04", "end: 2026-02-02", 11, "an override ends after it starts"),
        ("person: dave", "person: ''", 11, "needs a name"),
        ("replaces: alice", "replaces: alice, add: true", 11, "not both"),
        ("  layers:", "  layer:", 6, "layer is not known here"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, sentence: str) -> None:
    assert old in EXAMPLE
    [document] = yaml_documents.load(EXAMPLE.replace(old, new), file="shop.yaml")

    found = documents.problems(document)

    assert any(p.line == line and sentence in p.detail for p in found), found
    with pytest.raises(InvalidError):
        documents.read(document)


def test_times_with_a_zone_of_their_own_are_instants() -> None:
    found = schedule(
        timeZone="Europe/Berlin",
        layers=[layer(start="2026-01-05T09:00:00-06:00")],
        overrides=[
            {"start": "2026-01-06T00:00:00Z", "end": "2026-01-07", "person": "dave", "add": True}
        ],
    )

    rotation = found.layers[0].rotation
    assert isinstance(rotation, Rotation)
    assert rotation.first == utc("2026-01-05 15:00")
    assert rotation.anchor == dt.datetime(2026, 1, 5, 16)  # noqa: DTZ001  on the wall in Berlin
    assert found.overrides[0] == Override(
        utc("2026-01-06 00:00"), utc("2026-01-06 23:00"), "dave", None, joins=True
    )


def test_a_custom_shift_may_not_be_longer_than_what_it_is_repeated_after() -> None:
    shift = {"start": "2026-03-16T09:00:00", "end": "2026-03-24T09:00:00", "members": "a"}
    rotation: dict[str, Any] = {"unit": "custom", "shifts": [shift]}

    once = schedule(layers=[{"rotation": rotation}])
    found = documents.problems(
        spec_document(layers=[{"rotation": rotation | {"repeat": {"unit": "week"}}}])
    )

    assert isinstance(once.layers[0].rotation, CustomRotation)
    assert [problem.path for problem in found] == ["spec.layers[0].rotation.shifts[0]"]


def test_two_layers_of_one_name_are_refused() -> None:
    found = documents.problems(spec_document(layers=[layer("a"), layer("a")]))

    assert [problem.path for problem in found] == ["spec.layers[1].name"]


def test_an_override_inside_the_spring_gap_is_allowed_and_holds_never() -> None:
    gap = {"start": "2020-03-08T02:10:00", "end": "2020-03-08T02:50:00", "person": "dave"}

    found = schedule(timeZone="America/Chicago", overrides=[gap])

    assert found.overrides[0].start == found.overrides[0].end == utc("2020-03-08 08:00")


@pytest.mark.parametrize("value", [None, [], "x", 3, {"layers": 1}, {"layers": [1]}])
def test_nonsense_is_refused_with_sentences(value: Any) -> None:
    document = spec_document()
    data = dict(document.data) | {"spec": value}

    assert documents.problems(type(document)(data))


def test_fields_are_put_in_the_order_in_which_people_write_them() -> None:
    [document] = yaml_documents.load(EXAMPLE)
    shuffled = json.loads(json.dumps(document.data, sort_keys=True))

    lines = yaml_documents.dump([documents.ordered(shuffled)]).splitlines()

    assert [line.strip().split(":")[0] for line in lines[1:8]] == [
        "apiVersion", "kind", "metadata", "name", "spec", "timeZone", "layers",
    ]  # fmt: skip
    assert documents.ordered(shuffled) == document.data
