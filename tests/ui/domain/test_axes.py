"""Ticks stand on round numbers and whole local hours."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.ui.domain import axes, times

OSLO = times.zone("Europe/Oslo")


def instant(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> float:
    return dt.datetime(year, month, day, hour, minute, tzinfo=OSLO.info).timestamp()


@pytest.mark.parametrize(
    ("low", "high", "numbers"),
    [
        (0, 1, (0, 0.25, 0.5, 0.75, 1)),
        (-0.21, 1, (-0.5, 0, 0.5, 1)),
        (0, 613, (0, 200, 400, 600, 800)),
        (0, 0, (0, 0.25, 0.5, 0.75, 1)),
        (0.998, 1, (0.998, 0.9985, 0.999, 0.9995, 1)),
    ],
)
def test_an_axis_has_round_numbers(low: float, high: float, numbers: tuple[float, ...]) -> None:
    assert axes.nice(low, high) == pytest.approx(numbers)


@given(
    st.floats(-1e6, 1e6).map(lambda value: round(value, 4)),
    st.floats(0.001, 1e6).map(lambda value: round(value, 4)),
)
def test_an_axis_holds_its_values_with_few_even_lines(low: float, span: float) -> None:
    numbers = axes.nice(low, low + span)
    steps = [after - before for before, after in itertools.pairwise(numbers)]

    assert 2 <= len(numbers) <= axes.MOST_LINES
    assert numbers[0] <= low + span * 1e-6
    assert numbers[-1] >= low + span * (1 - 1e-6)
    assert max(steps) == pytest.approx(min(steps), rel=1e-6)


def test_a_month_has_a_tick_each_week_with_the_month_where_it_changes() -> None:
    ticks = axes.time_ticks(instant(2026, 10, 18), instant(2026, 11, 20), zone=OSLO)

    assert [tick.label for tick in ticks] == ["18 Oct", "25", "1 Nov", "8", "15"]
    assert ticks[0].at == "0"
    assert ticks[0].anchor == "start"


def test_ticks_stay_on_local_midnight_over_the_end_of_summer_time() -> None:
    start = instant(2026, 10, 23)
    ticks = axes.time_ticks(start, instant(2026, 10, 28), zone=OSLO)
    days = [float(tick.at) / 100 * (instant(2026, 10, 28) - start) / 3600 for tick in ticks]

    assert [round(hour) for hour in days] == [0, 24, 48, 73, 97, 121]


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (1, ["02:15", "02:30", "02:45", "03:00", "03:15"]),
        (6, ["03:00", "04:00", "05:00", "06:00", "07:00", "08:00"]),
        (24, ["04:00", "08:00", "12:00", "16:00", "20:00", "18 Nov"]),
    ],
)
def test_a_day_has_ticks_on_whole_hours(hours: int, labels: list[str]) -> None:
    start = instant(2026, 11, 17, 2, 15)

    assert [
        tick.label for tick in axes.time_ticks(start, start + hours * 3600, zone=OSLO)
    ] == labels


@pytest.mark.parametrize("days", [1, 3, 7, 14, 30, 45, 90, 365, 1100])
def test_no_axis_is_crowded(days: int) -> None:
    start = instant(2026, 11, 17, 2, 15)

    assert 2 <= len(axes.time_ticks(start, start + days * 86400, zone=OSLO)) <= 10


def test_charts_that_share_an_axis_share_whole_days() -> None:
    start, end, columns = axes.day_span(
        instant(2026, 10, 24, 3, 42), instant(2026, 10, 27), zone=OSLO
    )

    assert (start, end, columns) == (instant(2026, 10, 24), instant(2026, 10, 27), 3)
    assert end - start == 73 * 3600
