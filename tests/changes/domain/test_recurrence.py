"""Recurrence rules: what is taken, what comes of it, and that none can be slow."""

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.changes.domain import recurrence
from watchkeeper.kernel.errors import InvalidError

BERLIN = ZoneInfo("Europe/Berlin")
START = dt.datetime(2026, 2, 3, 2, 0)  # noqa: DTZ001  a wall clock shows it; a Tuesday
YEAR = dt.timedelta(days=365)


def times(rule: str, *, low: str = "2026-01-01", high: str = "2027-01-01") -> list[str]:
    """Return the first three times of a rule that begins at START."""
    found = recurrence.read(rule, start=START, zone=BERLIN)
    ends = (dt.datetime.fromisoformat(low), dt.datetime.fromisoformat(high))
    walls = recurrence.starts(found, START, low=ends[0], high=ends[1])
    return [f"{wall:%m-%d %H:%M}" for wall in walls[:3]]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("FREQ=WEEKLY", ["02-03 02:00", "02-10 02:00", "02-17 02:00"]),
        ("RRULE:freq=weekly;interval=2", ["02-03 02:00", "02-17 02:00", "03-03 02:00"]),
        ("FREQ=WEEKLY;BYDAY=SA,SU", ["02-07 02:00", "02-08 02:00", "02-14 02:00"]),
        ("FREQ=MONTHLY;BYDAY=1SU", ["03-01 02:00", "04-05 02:00", "05-03 02:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", ["02-24 02:00", "03-31 02:00", "04-28 02:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["02-28 02:00", "03-31 02:00", "04-30 02:00"]),
        ("FREQ=DAILY;COUNT=2", ["02-03 02:00", "02-04 02:00"]),
        ("FREQ=DAILY;UNTIL=20260204", ["02-03 02:00", "02-04 02:00"]),
        ("FREQ=DAILY;UNTIL=20260204T010000Z", ["02-03 02:00", "02-04 02:00"]),
        ("FREQ=DAILY;UNTIL=20260204T005959Z", ["02-03 02:00"]),
        ("FREQ=HOURLY;INTERVAL=6", ["02-03 02:00", "02-03 08:00", "02-03 14:00"]),
        ("FREQ=YEARLY;BYMONTH=2,3", ["02-03 02:00", "03-03 02:00"]),
    ],
)
def test_rules_mean_what_the_standard_says(rule: str, wanted: list[str]) -> None:
    assert times(rule) == wanted


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=SECONDLY", "hourly is the finest"),
        ("FREQ=MINUTELY;INTERVAL=90", "hourly is the finest"),
        ("FREQ=HOURLY;BYMINUTE=0,1,2,3", "time of day is that of start"),
        ("FREQ=DAILY;BYSECOND=1", "time of day is that of start"),
        ("FREQ=DAILY;BYHOUR=1", "time of day is that of start"),
        ("FREQ=FORTNIGHTLY", "FREQ is HOURLY"),
        ("", "is no rule"),
        ("every tuesday", "is no rule"),
        ("FREQ=WEEKLY;FREQ=DAILY", "twice"),
        ("FREQ=WEEKLY;DTSTART=20260101", "is not taken"),
        ("FREQ=WEEKLY;INTERVAL=0", "between 1 and 999"),
        ("FREQ=WEEKLY;INTERVAL=1000", "between 1 and 999"),
        ("FREQ=WEEKLY;INTERVAL=-1", "not what a rule can say"),
        ("FREQ=DAILY;COUNT=99999", "between 1 and 10000"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "not by both"),
        ("FREQ=DAILY;UNTIL=20261399", "UNTIL=20261399"),
        ("FREQ=DAILY;UNTIL=00010101T000000Z", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20250101", "never comes about"),
        ("FREQ=WEEKLY;BYDAY=1MO", "in months and years only"),
        ("FREQ=MONTHLY;BYDAY=0MO", "from 1 to 53"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "between 1 and 31"),
        ("FREQ=MONTHLY;BYSETPOS=1", "beside it"),
        ("FREQ=HOURLY;BYDAY=MO;BYSETPOS=2", "months and years only"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never comes about"),
        ("FREQ=WEEKLY;" + "X" * 500, "at most 500"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_sentence(rule: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        recurrence.read(rule, start=START, zone=BERLIN)


@pytest.mark.parametrize("frequency", ["HOURLY", "DAILY", "MONTHLY", "YEARLY"])
def test_a_rule_that_never_comes_about_costs_little(frequency: str) -> None:
    began = time.perf_counter()

    with pytest.raises(InvalidError):
        recurrence.read(f"FREQ={frequency};BYMONTH=2;BYMONTHDAY=30", start=START, zone=BERLIN)

    assert time.perf_counter() - began < 10  # up to the year 9999 it takes a minute


def test_years_gone_by_cost_nothing() -> None:
    start = dt.datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock shows it
    rule = recurrence.read("FREQ=HOURLY;INTERVAL=5", start=start, zone=BERLIN)
    low = dt.datetime(2198, 1, 1)  # noqa: DTZ001  a wall clock shows it
    began = time.perf_counter()

    found = recurrence.starts(rule, start, low=low, high=low + dt.timedelta(days=1))

    assert len(found) == 5
    assert all((wall - start) % dt.timedelta(hours=5) == dt.timedelta() for wall in found)
    assert time.perf_counter() - began < 1  # two million hours lie between


RULES = st.sampled_from(
    [
        "FREQ=HOURLY;INTERVAL=7", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=YEARLY;INTERVAL=2", "FREQ=DAILY;COUNT=40",
        "FREQ=WEEKLY;UNTIL=20270101", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU;WKST=SU",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(rule=RULES, days=st.integers(0, 700), length=st.integers(1, 90))
def test_a_part_of_the_whole_is_the_same_as_the_part_alone(
    rule: str, days: int, length: int
) -> None:
    found = recurrence.read(rule, start=START, zone=BERLIN)
    low = START + dt.timedelta(days=days)
    high = low + dt.timedelta(days=length)

    whole = recurrence.starts(found, START, low=START, high=START + 3 * YEAR)

    assert recurrence.starts(found, START, low=low, high=high) == [
        wall for wall in whole if low <= wall < high
    ]
