"""Changes as senders tell them: what is taken, and what makes two of them one."""

import contextlib
import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.changes.domain import events
from watchkeeper.changes.domain.events import ChangeEvent, ChangeKind
from watchkeeper.kernel.errors import InvalidError


def read(**item: Any) -> ChangeEvent:
    return events.read({"title": "shop 1.8.2"} | item, service="shop", received_at=NOON)


def test_what_is_not_said_is_taken_from_the_integration_and_the_clock() -> None:
    found = read()

    assert (found.title, found.kind, found.service, found.at) == (
        "shop 1.8.2", ChangeKind.DEPLOY, "shop", NOON,
    )  # fmt: skip
    assert read(service="search").service == "search"


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("2026-03-02T10:00:00Z", NOON - dt.timedelta(hours=2)),
        ("2026-03-02T10:00:00.123456789+01:00", dt.datetime(2026, 3, 2, 9, 0, 0, 123456, dt.UTC)),
        ("2020-07-17T08:42:58.315+0000", dt.datetime(2020, 7, 17, 8, 42, 58, 315000, dt.UTC)),
        ("2026-03-02T10:00:00", NOON - dt.timedelta(hours=2)),
        (1772445600, NOON - dt.timedelta(hours=2)),
        (1772445600000, NOON - dt.timedelta(hours=2)),
        ("", NOON),
        (None, NOON),
    ],
)
def test_times_are_read_as_senders_write_them(told: object, wanted: dt.datetime) -> None:
    assert read(at=told).at == wanted


def test_labels_are_texts_and_addresses_lead_somewhere() -> None:
    found = read(labels={"a": "b", "n": 1, "x": None}, url="javascript:alert(1)")

    assert found.labels == {"a": "b", "n": "1", "x": ""}
    assert found.url == ""
    assert read(url="https://ci.example.org/1").url == "https://ci.example.org/1"


def test_an_id_makes_two_of_them_one_and_so_does_all_that_is_said_with_a_time() -> None:
    at = "2026-03-02T10:00:00Z"

    assert read(id="4711").key == read(id=4711, title="other").key == "4711"
    assert read(at=at).key == read(at=at).key
    assert read(at=at).key != read(at=at, author="bob").key
    assert read().key != read().key


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ({"title": " \n"}, "title"), ({"title": ["x"]}, "title"),
        ({"title": "x" * 1_025}, "title"),
        ({"kind": "release"}, "kind"), ({"kind": 7}, "kind"), ({"at": "soon"}, "at"),
        ({"at": True}, "at"), ({"at": []}, "at"), ({"at": "1969-01-01T00:00:00Z"}, "at"),
        ({"at": 1e300}, "at"), ({"service": {}}, "service"), ({"labels": []}, "labels"),
        ({"labels": {str(n): "" for n in range(201)}}, "labels"), ({"id": "x" * 513}, "id"),
        ({"url": "https://" + "x" * 2_000}, "url"),
    ],
)  # fmt: skip
def test_what_is_no_change_is_refused_at_its_place(item: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read(**item)

    assert refused.value.problems[0].path == place


PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
)
JSON = (
    PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=2)
)


@settings(deadline=None)
@given(item=st.fixed_dictionaries({}, optional=dict.fromkeys(events.FIELDS, JSON)) | JSON)
def test_whatever_comes_is_a_change_or_is_refused(item: object) -> None:
    found = None
    with contextlib.suppress(InvalidError):
        found = events.read(item, service="shop", received_at=NOON)

    assert found is None or (found.title and found.at.tzinfo is not None)
