"""Instants that somebody wrote down."""

import datetime as dt

import pytest

from watchkeeper.kernel import instants
from watchkeeper.kernel.errors import InvalidError


def test_an_instant_is_told_in_utc() -> None:
    found = instants.read("2026-03-02T01:00:00+02:00", path="at")

    assert found == dt.datetime(2026, 3, 1, 23, tzinfo=dt.UTC)
    assert found.tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "not a time"),
        ("", "not a time"),
        ("2026-03-02", "needs its zone"),
        ("2026-03-02T00:00:00", "needs its zone"),
        ("0001-01-01T00:00:00+14:00", "between the years"),  # no UTC time at all
        ("9999-12-31T23:59:59-14:00", "between the years"),
        ("1969-12-31T23:59:59Z", "between the years"),
        ("3000-01-01T00:00:00Z", "between the years"),
    ],
)
def test_what_is_no_instant_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message) as refused:
        instants.read(text, path="at")

    assert [problem.path for problem in refused.value.problems] == ["at"]
