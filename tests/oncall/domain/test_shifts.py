"""Shifts as a person has them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oncall.domain.making import layer, schedule, utc
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import resolver, shifts

BASE = utc("2026-03-02 00:00")


def hours(*pairs: tuple[int, int]) -> list[Interval]:
    return [Interval(BASE + dt.timedelta(hours=a), BASE + dt.timedelta(hours=b)) for a, b in pairs]


def of(wanted: str, start: str, end: str, **spec: object) -> list[str]:
    """Return the shifts of a person in a schedule, as short words."""
    entries = resolver.resolve(schedule(**spec), Interval(utc(start), utc(end)))
    found = shifts.of_people(entries).get(wanted, ())
    return [f"{each.start:%m-%d %H:%M} {each.end:%m-%d %H:%M}" for each in found]


def test_a_shift_that_an_override_of_the_same_person_cuts_is_one() -> None:
    mine = {"start": "2026-03-03T09:00:00", "end": "2026-03-04T09:00:00", "person": "alice"}

    found = of("alice", "2026-02-28 00:00", "2026-03-20 00:00", overrides=[mine])

    assert found == ["03-02 09:00 03-09 09:00", "03-16 09:00 03-20 00:00"]


def test_a_shift_whose_colleague_changes_is_one() -> None:
    day = {"start": "2026-03-03T09:00:00", "end": "2026-03-04T09:00:00"}
    joins = day | {"person": "dave", "add": True}

    found = of("alice", "2026-02-28 00:00", "2026-03-12 00:00", overrides=[joins])

    assert found == ["03-02 09:00 03-09 09:00"]


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Europe/Berlin", "2026-03-28 12:00", "2026-03-30 12:00"),
        ("America/Chicago", "2026-10-31 12:00", "2026-11-02 12:00"),
    ],
)
def test_daily_shifts_of_one_person_are_one_across_a_change_of_clocks(
    zone: str, start: str, end: str
) -> None:
    daily = layer(unit="day", members=["alice"])

    [found] = of("alice", start, end, timeZone=zone, layers=[daily])

    assert found == f"{start[5:]} {end[5:]}"


def test_only_what_was_seen_to_begin_and_to_end_counts() -> None:
    seen = Interval(BASE, BASE + dt.timedelta(hours=10))
    own = hours((0, 2), (3, 5), (8, 10))

    assert shifts.starts(own, seen) == [own[1].start, own[2].start]
    assert shifts.ends(own, seen) == [own[0].end, own[1].end]


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost"),
    [
        ([(0, 5)], [(0, 5)], [], []),
        ([(0, 5)], [], [], [(0, 5)]),
        ([], [(0, 5)], [(0, 5)], []),
        ([(0, 5)], [(2, 3)], [], [(0, 2), (3, 5)]),
        ([(0, 5)], [(1, 7)], [(5, 7)], [(0, 1)]),
        ([(0, 2), (4, 6)], [(0, 6)], [(2, 4)], []),
    ],
)
def test_a_change_is_what_was_gained_and_lost(
    before: list[tuple[int, int]],
    after: list[tuple[int, int]],
    gained: list[tuple[int, int]],
    lost: list[tuple[int, int]],
) -> None:
    found = shifts.changed({"a": tuple(hours(*before))}, {"a": tuple(hours(*after))})

    expected = {"a": (hours(*gained), hours(*lost))} if gained or lost else {}
    assert found == expected


_sets = st.sets(st.integers(0, 40))


def _intervals(chosen: set[int]) -> list[Interval]:
    return list(Interval.merged(hours(*((n, n + 1) for n in chosen))))


@given(_sets, _sets)
def test_what_is_less_is_the_difference_hour_by_hour(one: set[int], other: set[int]) -> None:
    assert shifts.less(_intervals(one), _intervals(other)) == _intervals(one - other)
