"""Windows on the calendar vectors: daylight saving, month ends, anchors that are not midnight."""

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
    ("minutes", "label"), [(43200, "30d"), (60, "1h"), (90, "90m"), (5, "5m"), (10080, "7d")]
)
def test_rolling_windows_are_named_by_their_largest_whole_unit(minutes: int, label: str) -> None:
    rolling = RollingWindow(dt.timedelta(minutes=minutes))

    assert windows.label(rolling) == label
    assert windows.interval_at(rolling, utc("2026-03-02")).end == utc("2026-03-02")


def test_calendar_windows_are_named_with_their_zone() -> None:
    assert windows.label(window("2026-01-01", "Europe/Berlin", "M")) == (
        "calendar-month Europe/Berlin"
    )
