"""Lines end at the figure and parts add up to it, in every time zone."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slos.domain.factories import (
    AS_OF,
    DAY,
    END,
    HOUR,
    MINUTE,
    THIRTY_DAYS,
    any_minutes,
    evaluated,
    make_question,
    series,
)
from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import evaluation, timeline
from watchkeeper.slos.domain.definition import (
    BudgetingMethod,
    BurnRule,
    CalendarUnit,
    CalendarWindow,
    NoData,
    RollingWindow,
    Severity,
)
from watchkeeper.slos.domain.timeline import Step
from watchkeeper.telemetry.domain.series import MinuteSeries

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
ways = st.fixed_dictionaries(
    {
        "method": st.sampled_from(BudgetingMethod),
        "no_data": st.sampled_from(NoData),
        "slice_minutes": st.sampled_from([1, 5, 7]),
        "slice_target": st.just("0.95"),
        "window": st.just(RollingWindow(10 * HOUR)),
    }
)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        pytest.param(
            "2024-03-30 12:00",
            "2024-04-01 12:00",
            "Europe/Berlin",
            "30T12 30T23 31T22 01T12",
            id="23 hours",
        ),
        pytest.param(
            "2024-10-26 12:00",
            "2024-10-28 12:00",
            "Europe/Berlin",
            "26T12 26T22 27T23 28T12",
            id="25 hours",
        ),
        pytest.param("2024-05-01", "2024-05-02", "UTC", "01T00 02T00", id="exactly a day"),
    ],
)
def test_days_are_cut_at_local_midnight(start: str, end: str, zone: str, expected: str) -> None:
    found = timeline.boundaries(Interval(utc(start), utc(end)), step=Step.DAY, time_zone=zone)

    assert [at.strftime("%dT%H") for at in found] == expected.split()


def test_hours_are_cut_at_full_local_hours() -> None:
    interval = Interval(utc("2024-05-01 10:10"), utc("2024-05-01 12:00"))

    found = timeline.boundaries(interval, step=Step.HOUR, time_zone="Asia/Kolkata")

    assert [at.strftime("%H:%M") for at in found] == ["10:10", "10:30", "11:30", "12:00"]


@given(any_minutes, ways)
def test_the_line_of_the_budget_begins_whole_and_ends_at_the_figure(
    minutes: MinuteSeries, way: dict[str, object]
) -> None:
    question = make_question(minutes, **way)  # type: ignore[arg-type]
    answer = evaluation.evaluate(question)

    first, last = timeline.budget_over_time(question, at=[AS_OF - 10 * HOUR, AS_OF])

    if answer.remaining is None:
        assert first.remaining is last.remaining is None
    else:
        assert first.remaining == 1
        assert last.remaining == pytest.approx(float(answer.remaining), abs=1e-6)
    assert (first.even, last.even) == (1, 0)


def test_the_line_falls_where_the_errors_were() -> None:
    minutes = series((720, 100, 100), (60, 98, 100), (660, 100, 100))
    window = RollingWindow(DAY)
    question = make_question(minutes, window=window, target="0.999")
    moments = [AS_OF - DAY, AS_OF - 12 * HOUR, AS_OF - 11 * HOUR, AS_OF]

    found = timeline.budget_over_time(question, at=moments)

    spent = 120 / 144
    assert [point.remaining for point in found] == pytest.approx([1, 1, 1 - spent, 1 - spent])
    assert [point.even for point in found] == pytest.approx([1, 0.5, 11 / 24, 0])


def test_a_sparkline_goes_from_the_start_to_the_figure_in_even_steps() -> None:
    question = make_question(series((720, 100, 100), (720, 99.9, 100)), window=RollingWindow(DAY))

    assert timeline.spark(question, points=5) == (1, 1, 1, 0.75, 0.5)
    assert timeline.spark(make_question(series((10, None, None))), points=3) == (None,) * 3


def test_the_even_pace_of_a_month_ends_with_the_month() -> None:
    # The table of the reference screen: 77.2 % on 25 Oct 00:00 in [18 Oct 03:42, 17 Nov 03:42).
    as_of = utc("2026-11-17 03:42")
    question = make_question(series((10, 1, 1)), as_of=as_of, window=THIRTY_DAYS)

    [point] = timeline.budget_over_time(question, at=[utc("2026-10-25")])

    assert point.even == pytest.approx(0.772, abs=5e-4)
    assert point.remaining is None


@settings(deadline=None)
@given(any_minutes, ways, st.lists(st.integers(0, 500), min_size=1, max_size=4))
def test_the_budget_at_each_moment_is_what_was_told_then(
    minutes: MinuteSeries, way: dict[str, object], ago: list[int]
) -> None:
    moments = [AS_OF - minute * MINUTE for minute in sorted(ago, reverse=True)]
    question = make_question(minutes, **way)  # type: ignore[arg-type]

    rule = BurnRule("mine", Severity.PAGE, HOUR, 5 * MINUTE, Decimal(1))

    left = timeline.remaining_at_each(question, at=moments)
    rates = timeline.burn_over_time(question, lookback=HOUR, at=moments)

    for moment, one, rate in zip(moments, left, rates, strict=True):
        then = evaluated(minutes, **way, as_of=moment)
        assert one == (None if then.remaining is None else pytest.approx(float(then.remaining)))
        hour = evaluation.evaluate(
            make_question(minutes, **way, as_of=moment, rules=(rule,))  # type: ignore[arg-type]
        ).burn_rates["1h"]
        assert rate == (None if hour is None else pytest.approx(float(hour), abs=1e-6))


@given(any_minutes, ways, st.sampled_from(ZONES))
def test_the_days_add_up_to_the_window(
    minutes: MinuteSeries, way: dict[str, object], zone: str
) -> None:
    way = {**way, "window": RollingWindow(50 * HOUR)}
    excluded = (Interval(AS_OF - 90 * MINUTE, AS_OF - 70 * MINUTE),)
    question = make_question(minutes, **way, exclusions=excluded)  # type: ignore[arg-type]
    answer = evaluation.evaluate(question)

    days = timeline.by_day(question, time_zone=zone)

    assert sum(day.good for day in days) == answer.good
    assert sum(day.total for day in days) == answer.total
    assert sum(day.measured for day in days) == answer.measured_minutes
    assert sum(day.due for day in days) == answer.due_minutes
    assert sum(day.excluded for day in days) == answer.excluded_minutes == 20
    assert sum(day.error_minutes for day in days) == answer.error_minutes
    assert len({day.day for day in days}) == len(days)
    if answer.total:
        assert sum(day.spent or 0 for day in days) == (answer.total - answer.good) / answer.budget


@given(any_minutes, st.sampled_from(ZONES))
def test_the_hours_add_up_to_the_error_minutes(minutes: MinuteSeries, zone: str) -> None:
    question = make_question(minutes, window=RollingWindow(50 * HOUR))
    answer = evaluation.evaluate(question)

    days = timeline.error_hours(question, time_zone=zone)

    hours = [hour for day in days for hour in day.hours]
    assert sum(hour.error_minutes or 0 for hour in hours) == answer.error_minutes
    assert sum(hour.measured for hour in hours) == answer.measured_minutes
    assert sum(hour.due for hour in hours) == answer.due_minutes
    assert len(timeline.error_minutes(question)) == answer.error_minutes
    assert all(hour.error_minutes is None for hour in hours if not hour.measured)


@pytest.mark.parametrize(
    ("day", "hour", "length", "held"),
    [
        pytest.param("2026-10-25", 2, 25, 120, id="02:00 comes twice"),
        pytest.param("2026-03-29", 2, 23, 0, id="02:00 never comes"),
        pytest.param("2026-06-01", 2, 24, 60, id="a usual day"),
    ],
)
def test_a_repeated_hour_holds_both_and_a_skipped_one_none(
    day: str, hour: int, length: float, held: int
) -> None:
    as_of = utc(day) + 2 * DAY
    minutes = series((4 * 1440, 0, 1), end=evaluation.minute_of(as_of))
    question = make_question(minutes, window=RollingWindow(3 * DAY), as_of=as_of, now=as_of + DAY)

    days = timeline.error_hours(question, time_zone="Europe/Berlin")

    [found] = [one for one in days if one.day.isoformat() == day]
    assert found.length_hours == length
    assert found.hours[hour].measured == held
    assert (found.hours[hour].error_minutes or 0) == held
    assert sum(one.measured for one in found.hours) == length * 60


def test_minutes_are_put_into_the_hour_that_the_wall_shows() -> None:
    minutes = series((30, 1, 1), (1, 0, 1), (29, 1, 1))
    question = make_question(minutes, window=RollingWindow(DAY))
    local = (AS_OF - 30 * MINUTE).astimezone(ZoneInfo("Asia/Kolkata"))

    days = timeline.error_hours(question, time_zone="Asia/Kolkata")

    [hit] = [
        (day.day, place)
        for day in days
        for place, hour in enumerate(day.hours)
        if hour.error_minutes
    ]
    assert hit == (local.date(), local.hour)
    assert timeline.error_minutes(question) == (END - 30,)


def test_a_window_that_begins_now_has_no_days_yet() -> None:
    month = CalendarWindow(CalendarUnit.MONTH, "UTC", dt.datetime.fromisoformat("2026-01-01"))
    question = make_question(series((10, 1, 1)), window=month, as_of=utc("2026-03-01"))

    assert timeline.by_day(question, time_zone="UTC") == ()
    assert timeline.error_hours(question, time_zone="UTC") == ()
    assert timeline.error_minutes(question) == ()
    assert timeline.spark(question) == ()
    assert timeline.budget_over_time(question, at=[utc("2026-03-01")])[0].remaining is None


def test_a_day_says_how_much_of_the_whole_budget_it_spent() -> None:
    minutes = series((1440, 1000, 1000), (720, 999, 1000), (720, 1000, 1000))
    question = make_question(minutes, window=RollingWindow(2 * DAY))

    days = timeline.by_day(question, time_zone="UTC")

    assert [day.spent for day in days] == [0, Fraction(1, 4), 0]
    assert days[1].day == dt.date(2026, 3, 1)
    assert (days[1].start, days[1].end) == (utc("2026-03-01"), utc("2026-03-02"))
