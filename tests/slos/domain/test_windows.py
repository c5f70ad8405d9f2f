"""Windows on the calendar vectors: daylight saving, month ends, anchors that are not midnight."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.slos.domain import windows
from watchkeeper.slos.domain.definition import CalendarUnit, CalendarWindow, RollingWindow

UNITS = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def window(start: str, zone: str, unit: str) -> CalendarWindow:
    return CalendarWindow(CalendarUnit(UNITS[unit]), zone, dt.datetime.fromisoformat(start))


@pytest.mark.parametrize(
    ("start", "zone", "unit", "instant", "begins", "ends", "minutes"),
    [
        ("2020-01-21 12:30", "America/New_York", "M", "2024-03-15", "2024-02-21T17:30",
         "2024-03-21T16:30", 41700),
        ("2022-01-01 12:00", "America/New_York", "W", "2024-03-12", "2024-03-09T17:00",
         "2024-03-16T16:00", 10020),
        ("2022-01-01 12:00", "America/New_York", "W", "2024-11-05", "2024-11-02T16:00",
         "2024-11-09T17:00", 10140),
        ("2024-01-31 00:00", "UTC", "M", "2024-02-29T12:00", "2024-02-29", "2024-03-31", 44640),
        ("2024-01-01 00:00", "Europe/Warsaw", "Q", "2024-02-01", "2023-12-31T23:00",
         "2024-03-31T22:00", 130980),
        ("2024-01-01 00:00", "Europe/Warsaw", "D", "2024-03-31T12:00", "2024-03-30T23:00",
         "2024-03-31T22:00", 1380),
        ("2024-01-01 00:00", "Europe/Warsaw", "D", "2024-10-27T12:00", "2024-10-26T22:00",
         "2024-10-27T23:00", 1500),
        ("2020-01-01 00:00", "UTC", "Y", "2024-06-01", "2024-01-01", "2025-01-01", 527040),
    ],
)  # fmt: skip
def test_calendar_windows_follow_wall_time(
    start: str, zone: str, unit: str, instant: str, begins: str, ends: str, minutes: int
) -> None:
    found = windows.interval_at(window(start, zone, unit), utc(instant))

    assert (found.start, found.end) == (utc(begins), utc(ends))
    assert found.length / windows.MINUTE == minutes


@given(
    st.integers(946_684_800, 2_208_988_800),
    st.sampled_from(list(UNITS)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]),
)
def test_calendar_windows_leave_no_gap_and_hold_their_instant(
    moment: int, unit: str, zone: str
) -> None:
    chosen = window("2019-01-31 02:30", zone, unit)
    instant = dt.datetime.fromtimestamp(moment, tz=dt.UTC)

    found = windows.interval_at(chosen, instant)

    assert instant in found
    assert windows.interval_at(chosen, found.end).start == found.end


@pytest.mark.parametrize(
    ("minutes", "label"),
    [
        (43200, "30d"),
        (40320, "28d"),
        (10080, "7d"),
        (1440, "1d"),
        (2160, "36h"),
        (720, "12h"),
        (60, "1h"),
        (90, "90m"),
        (5, "5m"),
    ],
)
def test_rolling_windows_are_named_by_their_largest_whole_unit(minutes: int, label: str) -> None:
    rolling = RollingWindow(dt.timedelta(minutes=minutes))

    assert windows.label(rolling) == label
    assert windows.interval_at(rolling, utc("2026-03-02")).end == utc("2026-03-02")
    assert windows.length_at(rolling, utc("2026-03-02")) == rolling.length


@pytest.mark.parametrize(
    ("unit", "count", "label"),
    [
        ("M", 1, "calendar-month Europe/Berlin"),
        ("M", 2, "calendar-2-month Europe/Berlin"),
        ("D", 1, "calendar-day Europe/Berlin"),
        ("Y", 1, "calendar-year Europe/Berlin"),
    ],
)
def test_calendar_windows_are_named_with_their_zone(unit: str, count: int, label: str) -> None:
    chosen = dataclasses.replace(window("2026-01-01", "Europe/Berlin", unit), count=count)

    assert windows.label(chosen) == label


def test_several_units_make_one_window_counted_from_its_start() -> None:
    fortnight = dataclasses.replace(window("2026-01-05", "Europe/Berlin", "W"), count=2)

    found = windows.interval_at(fortnight, utc("2026-03-29T12:00"))

    assert (found.start, found.end) == (utc("2026-03-15T23:00"), utc("2026-03-29T22:00"))


@pytest.mark.parametrize(
    ("start", "instant", "begins"),
    [
        pytest.param(
            "2026-01-01 02:30", "2026-03-29T12:00", "2026-03-29T01:30", id="skipped: an hour later"
        ),
        pytest.param(
            "2026-01-01 02:30", "2026-10-25T12:00", "2026-10-25T00:30", id="twice: the first"
        ),
    ],
)
def test_wall_times_that_a_zone_skips_or_repeats_are_settled(
    start: str, instant: str, begins: str
) -> None:
    found = windows.interval_at(window(start, "Europe/Berlin", "D"), utc(instant))

    assert found.start == utc(begins)


def test_the_anchor_day_comes_back_after_shorter_months() -> None:
    last_days = window("2026-01-31", "UTC", "M")
    instant, found = utc("2026-01-31"), []
    for _ in range(5):
        interval = windows.interval_at(last_days, instant)
        found.append(interval.start.strftime("%d %b"))
        instant = interval.end

    assert found == ["31 Jan", "28 Feb", "31 Mar", "30 Apr", "31 May"]


@given(st.integers(946_684_800, 2_208_988_800), st.sampled_from(list(UNITS)))
def test_no_window_is_longer_than_the_longest(moment: int, unit: str) -> None:
    chosen = window("2020-01-31 02:30", "Europe/Berlin", unit)

    found = windows.length_at(chosen, dt.datetime.fromtimestamp(moment, tz=dt.UTC))

    assert found <= windows.longest(chosen)
