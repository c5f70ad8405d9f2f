"""When something is on: clocks that change, ranges, cuts."""

import datetime as dt
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.changes.domain import documents, maintenance, occasions
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.domain.occasions import Occasion
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.intervals import Interval

UTC = dt.UTC
HOUR = dt.timedelta(hours=1)
WEEK = dt.timedelta(days=7)


def on(start: str, end: str, *, zone: str = "Europe/Berlin", rule: str = "") -> Occasion:
    return documents.occasion(start=start, end=end, zone=zone, rule=rule)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(found: tuple[Interval, ...]) -> list[str]:
    return [f"{each.start:%m-%d %H:%M}-{each.end:%H:%M}" for each in found]


# Germany 2026: clocks go from 02:00 to 03:00 on 29 March, from 03:00 to 02:00 on 25 October.
@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("2026-02-03T02:00:00", "2026-02-03T04:00:00", ["02-03 01:00-03:00"]),  # winter
        ("2026-07-03T02:00:00", "2026-07-03T04:00:00", ["07-03 00:00-02:00"]),  # summer
        ("2026-03-29T01:30:00", "2026-03-29T03:30:00", ["03-29 00:30-01:30"]),  # an hour is lost
        (
            "2026-03-29T02:30:00",
            "2026-03-29T03:30:00",
            ["03-29 01:00-01:30"],
        ),  # from the gap's end
        ("2026-03-29T02:10:00", "2026-03-29T02:50:00", []),  # that time did not exist
        ("2026-10-25T02:30:00", "2026-10-25T03:30:00", ["10-25 00:30-02:30"]),  # from the first
        ("2026-10-25T01:30:00", "2026-10-25T02:30:00", ["10-24 23:30-00:30"]),  # to the first
        ("2026-02-03T02:00:00Z", "2026-02-03T04:00:00+01:00", ["02-03 02:00-03:00"]),
    ],
)
def test_begin_and_end_are_wall_times(start: str, end: str, wanted: list[str]) -> None:
    whole = occasions.occurrences(on(start, end), utc("2026-01-01"), utc("2027-01-01"))

    assert told(whole) == wanted


def test_a_weekly_window_stays_at_its_hour_when_clocks_change() -> None:
    window = on("2026-03-22T02:30:00", "2026-03-22T04:00:00", rule="FREQ=WEEKLY")

    found = occasions.occurrences(window, utc("2026-03-20"), utc("2026-04-08"))

    assert told(found) == ["03-22 01:30-03:00", "03-29 01:00-02:00", "04-05 00:30-02:00"]


def test_what_lies_in_a_gap_comes_again_the_week_after() -> None:
    window = on("2026-03-22T02:10:00", "2026-03-22T02:50:00", rule="FREQ=WEEKLY")

    found = occasions.occurrences(window, utc("2026-03-20"), utc("2026-04-08"))

    assert told(found) == ["03-22 01:10-01:50", "04-05 00:10-00:50"]


def test_a_long_one_that_began_before_the_range_is_found_whole() -> None:
    window = on("2026-01-01T00:00:00", "2026-01-20T00:00:00", rule="FREQ=MONTHLY", zone="UTC")

    found = occasions.occurrences(window, utc("2026-03-10"), utc("2026-03-11"))

    assert found == (Interval(utc("2026-03-01"), utc("2026-03-20")),)


WINDOWS = st.sampled_from(
    [
        on("2026-02-03T02:00:00", "2026-02-03T04:00:00"),
        on("2026-02-03T02:00:00", "2026-02-03T04:00:00", rule="FREQ=WEEKLY"),
        on("2026-02-03T23:00:00", "2026-02-05T01:00:00", rule="FREQ=DAILY;INTERVAL=3"),
        on("2026-02-03T00:10:00", "2026-02-03T01:40:00", rule="FREQ=HOURLY;INTERVAL=2"),
        on("2026-02-03T00:00:00", "2026-02-03T05:00:00", rule="FREQ=DAILY;COUNT=90",
           zone="Australia/Lord_Howe"),
        on("2026-01-31T22:00:00", "2026-02-01T03:00:00", rule="FREQ=MONTHLY;BYMONTHDAY=-1",
           zone="America/Chicago"),
    ]
)  # fmt: skip


@lru_cache
def every_time(window: Occasion) -> tuple[Interval, ...]:
    return occasions.occurrences(window, utc("2025-12-01"), utc("2027-06-01"))


@settings(deadline=None)
@given(window=WINDOWS, minutes=st.integers(0, 600_000))
def test_what_is_near_is_what_is_on(window: Occasion, minutes: int) -> None:
    at = utc("2026-01-01") + dt.timedelta(minutes=minutes)
    every = every_time(window)

    active = occasions.active_at(occasions.near(window, at), at)
    following = occasions.following(window, at)

    assert (active is not None) == any(at in each for each in every)
    assert following == min((each for each in every if each.start > at), default=None)


@settings(deadline=None)
@given(window=WINDOWS, low=st.integers(0, 400), length=st.integers(1, 60))
def test_a_range_holds_all_that_touches_it_and_nothing_else(
    window: Occasion, low: int, length: int
) -> None:
    start = utc("2026-01-01") + dt.timedelta(days=low)
    end = start + dt.timedelta(days=length)
    every = every_time(window)

    found = occasions.occurrences(window, start, end)

    assert found == tuple(each for each in every if each.start < end and start < each.end)


def test_what_was_ended_early_is_cut_off_and_the_next_time_comes_whole() -> None:
    spec = MaintenanceSpec("m", ("shop",), "2026-02-03T02:00:00", "2026-02-03T04:00:00",
                           recurrence="FREQ=WEEKLY")  # fmt: skip
    start = utc("2026-02-03T02:00:00")
    cut = Interval(start + HOUR, start + 2 * HOUR)
    window = documents.window_of(spec, cuts=(cut,))

    assert maintenance.active_at(window, start) == Interval(start, start + HOUR)
    assert maintenance.active_at(window, start + HOUR) is None
    assert maintenance.occurrences(window, start, start + WEEK + HOUR) == (
        Interval(start, start + HOUR), Interval(start + WEEK, start + WEEK + 2 * HOUR),
    )  # fmt: skip
    assert maintenance.near(window, start + HOUR) == ()


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        ("", "2026-02-03T03:00:00"),
        ("FREQ=WEEKLY", None),
        ("FREQ=WEEKLY;COUNT=2", "2026-02-10T03:00:00"),
        ("FREQ=WEEKLY;UNTIL=20260301T000000Z", "2026-03-01T02:00:00"),
    ],
)
def test_it_is_known_when_all_of_it_is_over(rule: str, end: str | None) -> None:
    window = on("2026-02-03T02:00:00", "2026-02-03T04:00:00", rule=rule)

    assert occasions.ends_at(window) == (utc(end) if end is not None else None)


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"services": ()}, "spec.services", "1 to 200"),
        ({"services": ("shop", "shop")}, "spec.services", "twice"),
        ({"services": ("no name!",)}, "spec.services[0]", "cannot be named"),
        ({"start": "tomorrow"}, "spec.start", "is not a time"),
        ({"start": "2026-13-03T02:00:00"}, "spec.start", "is not a time"),
        ({"end": "1969-02-03T02:00:00"}, "spec.end", "1970 to 2199"),
        ({"end": "2026-02-03T02:00:00"}, "spec.end", "not after start"),
        ({"end": "2027-03-03T02:00:00"}, "spec.end", "366 days"),
        ({"end": "2026-04-03T02:00:00", "recurrence": "FREQ=YEARLY"}, "spec.end", "31 days"),
        ({"time_zone": "Mars/Base"}, "spec.timeZone", "not a time zone"),
        ({"time_zone": "../../etc/passwd"}, "spec.timeZone", "not a time zone"),
        ({"recurrence": "FREQ=SECONDLY"}, "spec.recurrence", "hourly is the finest"),
        ({"reason": "x" * 1_001}, "spec.reason", "1000"),
        ({"name": "x" * 201}, "metadata.name", "200"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(
    changed: dict[str, object], place: str, words: str
) -> None:
    given = {"name": "m", "services": ("shop",), "start": "2026-02-03T02:00:00",
             "end": "2026-02-03T04:00:00"}  # fmt: skip

    with pytest.raises(InvalidError) as refused:
        documents.window_of(MaintenanceSpec(**(given | changed)))  # type: ignore[arg-type]

    (problem,) = refused.value.problems
    assert problem.path == place
    assert words in problem.detail
