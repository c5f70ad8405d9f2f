"""Instants and lengths, always with the zone beside an exact time."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.numbers import THIN, UNKNOWN

OSLO = times.zone("Europe/Oslo")
NIGHT = dt.datetime(2026, 11, 17, 2, 42, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (52, "52 s"),
        (60, "1 min"),
        (914, "15 min 14 s"),
        (984, "16 min 24 s"),
        (8040, "2 h 14 min"),
        (14_400, "4 h"),
        (21_720, "6 h 2 min"),
        (367_200, "4 d 6 h"),
        (86_400, "1 d"),
        (86_459, "1 d"),
        (-90, "1 min 30 s"),
        (0, "0 s"),
        (0.4, "under 1 s"),
    ],
)
def test_a_length_has_its_two_largest_units(seconds: float, text: str) -> None:
    written = times.duration(seconds).replace(THIN, " ")

    assert written == text
    assert times.duration(dt.timedelta(seconds=seconds)).replace(THIN, " ") == text


@given(st.integers(1, 10_000_000))
def test_a_length_is_never_written_longer_than_it_is(seconds: int) -> None:
    sizes = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    parts = times.duration(seconds).split(" ")
    written = sum(int(part.split(THIN)[0]) * sizes[part.split(THIN)[1]] for part in parts)

    assert 0 <= seconds - written < 3600
    assert len(parts) <= 2


@pytest.mark.parametrize(
    ("earlier", "text"),
    [
        (dt.timedelta(seconds=3), "just now"),
        (dt.timedelta(seconds=20), "20 s ago"),
        (dt.timedelta(minutes=12, seconds=59), "12 min ago"),
        (dt.timedelta(hours=30), "1 d ago"),
        (-dt.timedelta(minutes=4), "in 4 min"),
    ],
)
def test_near_times_are_relative(earlier: dt.timedelta, text: str) -> None:
    assert times.relative(NIGHT - earlier, now=NIGHT).replace(THIN, " ") == text


def test_an_exact_time_says_its_zone() -> None:
    assert times.exact(NIGHT, zone=OSLO) == "Tue 17 Nov 2026, 03:42 CET"
    assert times.exact(NIGHT, zone=times.UTC, seconds=True) == "Tue 17 Nov 2026, 02:42:10 UTC"
    assert times.exact(NIGHT.replace(month=7), zone=OSLO).endswith("CEST")


def test_a_zone_without_a_name_is_written_as_its_offset() -> None:
    assert times.zone("Asia/Dubai").abbreviation(NIGHT) == "UTC+04:00"
    assert times.zone("Asia/Kathmandu").abbreviation(NIGHT) == "UTC+05:45"


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "Europe/Oslo\0", "Europe"])
def test_a_zone_that_does_not_exist_is_utc(name: str) -> None:
    assert times.zone(name) == times.UTC


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (dt.datetime(2026, 11, 17, 1, 58, tzinfo=dt.UTC), "02:58"),
        (dt.datetime(2026, 11, 16, 15, 12, tzinfo=dt.UTC), "Mon 16:12"),
        (dt.datetime(2026, 10, 29, 18, 12, tzinfo=dt.UTC), "29 Oct 19:12"),
        (dt.datetime(2025, 11, 12, 9, 5, tzinfo=dt.UTC), "12 Nov 2025"),
        (dt.datetime(2026, 11, 18, 9, 5, tzinfo=dt.UTC), "18 Nov 10:05"),
        (None, UNKNOWN),
    ],
)
def test_a_list_shows_as_much_of_a_time_as_is_needed(at: dt.datetime | None, text: str) -> None:
    assert times.short(at, now=NIGHT, zone=OSLO) == text


def test_what_never_happened_is_a_dash() -> None:
    assert times.duration(None) == UNKNOWN
    assert times.relative(None, now=NIGHT) == UNKNOWN
    assert times.exact(None, zone=OSLO) == UNKNOWN
    assert times.day(None, zone=OSLO) == UNKNOWN


def test_machines_read_a_minute_with_its_offset() -> None:
    noon = dt.datetime(2026, 7, 1, 10, 0, 30, tzinfo=dt.UTC)

    assert times.stamp(noon) == "2026-07-01T10:00Z"
    assert times.stamp(noon, zone=times.zone("Europe/Oslo")) == "2026-07-01T12:00+02:00"


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (dt.timedelta(hours=5), "08:42"),
        (dt.timedelta(hours=23), "02:42"),
        (dt.timedelta(days=1), "Wed 03:42"),
        (dt.timedelta(days=6), "Mon 03:42"),
        (dt.timedelta(days=7), "24 Nov 03:42"),
        (dt.timedelta(days=60), "16 Jan 2027"),
    ],
)
def test_a_time_to_come_is_as_long_as_it_must_be(ahead: dt.timedelta, text: str) -> None:
    assert times.ahead(NIGHT + ahead, now=NIGHT, zone=OSLO) == text
    assert times.ahead(None, now=NIGHT, zone=OSLO) == UNKNOWN
