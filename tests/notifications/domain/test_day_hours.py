"""Quiet hours on the wall, over nights and over changes of the clocks."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernel import wall_time
from watchkeeper.notifications.domain import day_hours, plan
from watchkeeper.notifications.domain.day_hours import DayHours

NIGHT = DayHours(dt.time(22), dt.time(7))
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/Chicago", "Australia/Lord_Howe",
                                     "Africa/Casablanca", "Asia/Beirut", "UTC")]  # fmt: skip


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "over"),
    [
        pytest.param("2026-03-02 20:59", None, id="before"),
        pytest.param("2026-03-02 21:00", "2026-03-03 06:00", id="at ten in the evening"),
        pytest.param("2026-03-03 05:59", "2026-03-03 06:00", id="before seven"),
        pytest.param("2026-03-03 06:00", None, id="at seven"),
        pytest.param("2026-03-28 22:00", "2026-03-29 05:00", id="clocks go forward"),
        pytest.param("2026-10-24 22:00", "2026-10-25 06:00", id="clocks go back"),
    ],
)
def test_when_a_night_is_over(moment: str, over: str | None) -> None:
    found = day_hours.over_at(NIGHT, at(moment), BERLIN)

    assert found == (at(over) if over else None)


def test_hours_within_a_day_do_not_reach_over_the_night() -> None:
    noon = DayHours(dt.time(12), dt.time(13))

    assert day_hours.over_at(noon, at("2026-03-02 11:30"), BERLIN) == at("2026-03-02 12:00")
    assert day_hours.over_at(noon, at("2026-03-02 12:30"), BERLIN) is None


times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
instants = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: at("2026-01-01") + dt.timedelta(minutes=minutes)
)


@given(times, times, instants, st.sampled_from(ZONES))
def test_what_waits_waits_less_than_a_day_and_a_bit_and_ends_when_the_wall_says(
    start: dt.time, end: dt.time, moment: dt.datetime, zone: ZoneInfo
) -> None:
    if start == end:
        return
    over = day_hours.over_at(DayHours(start, end), moment, zone)

    if over is not None:
        assert dt.timedelta() < over - moment <= dt.timedelta(hours=25)
        shown = wall_time.shown_at(over, zone)
        wanted = dt.datetime.combine(shown.date(), end)
        assert shown == wanted or over == wall_time.instant_of(wanted, zone)


@given(instants)
def test_high_urgency_never_waits(moment: dt.datetime) -> None:
    reach = plan.Reach(quiet=DayHours(dt.time(0), dt.time(23, 59)), zone="Europe/Berlin")

    assert plan.due_at(reach, "high", moment) == moment
    assert plan.due_at(plan.Reach(), "low", moment) == moment


def test_a_zone_that_nobody_knows_is_utc() -> None:
    reach = plan.Reach(quiet=NIGHT, zone="Mars/Olympus")

    due = plan.due_at(reach, "low", at("2026-03-02 23:00"))
    assert due == at("2026-03-03 07:00")


@pytest.mark.parametrize(
    "text", ["24:00", "7:00", "07:60", "", None, 700, "07:00:00", "\u0660\u0667:00"]
)
def test_what_is_no_wall_time_is_none(text: object) -> None:
    assert day_hours.time_of(text) is None
