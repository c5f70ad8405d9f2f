"""Whether a policy finds somebody at every instant."""

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.oncall.domain.making import utc
from watchkeeper.kernel.intervals import Interval
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.oncall.domain import coverage
from watchkeeper.oncall.domain.coverage import Ahead
from watchkeeper.oncall.domain.policies import Policy, Step, Target
from watchkeeper.oncall.domain.schedule import Entry

DAY = Interval(utc("2026-03-02 00:00"), utc("2026-03-03 00:00"))
SCHEDULE, BOB, TEAM = (
    Target("schedule", "primary"),
    Target("person", "bob"),
    Target("team", "shop"),
)
NONE = dt.timedelta()


def policy(*steps: Target, catch_all: tuple[Target, ...] = ()) -> Policy:
    return Policy("shop", tuple(Step(NONE, (target,)) for target in steps), catch_all=catch_all)


def ahead(*entries: Entry, reachable: tuple[str, ...] = ("alice", "bob")) -> Ahead:
    return Ahead(
        DAY,
        {"primary": entries},
        {"shop": ("carol",)},
        frozenset({"bob"}),
        frozenset(reachable),
    )


def on(start: int, end: int, *people: str) -> Entry:
    begin = DAY.start
    return Entry(
        begin + dt.timedelta(hours=start), begin + dt.timedelta(hours=end), people, "base"
    )


def hours(found: list[coverage.Gap]) -> list[tuple[int, int, bool]]:
    return [
        (
            (gap.interval.start - DAY.start) // dt.timedelta(hours=1),
            (gap.interval.end - DAY.start) // dt.timedelta(hours=1),
            gap.is_caught,
        )
        for gap in found
    ]


def test_holes_of_a_schedule_are_gaps() -> None:
    shifts = ahead(on(2, 9, "alice"), on(9, 17, "alice", "carol"))

    assert hours(coverage.gaps(policy(SCHEDULE), shifts)) == [(0, 2, False), (17, 24, False)]


def test_who_cannot_be_called_covers_nothing_and_is_named() -> None:
    shifts = ahead(on(0, 12, "carol"), on(12, 24, "alice"))

    assert hours(coverage.gaps(policy(SCHEDULE), shifts)) == [(0, 12, False)]
    assert coverage.silent(policy(SCHEDULE, TEAM), shifts) == ["carol"]


def test_a_later_step_covers_and_the_catch_all_does_not_but_is_told() -> None:
    shifts = ahead(on(0, 12, "alice"))

    assert coverage.gaps(policy(SCHEDULE, BOB), shifts) == []
    caught = coverage.gaps(policy(SCHEDULE, catch_all=(BOB,)), shifts)
    assert hours(caught) == [(12, 24, True)]
    assert hours(coverage.gaps(policy(catch_all=(TEAM,)), shifts)) == [(0, 24, False)]


def test_targets_that_are_not_there_are_unknown_and_empty_ones_are_not() -> None:
    gone = policy(Target("schedule", "old"), Target("person", "zoe"), Target("team", "shop"))

    assert coverage.unknown(gone, ahead()) == [Target("person", "zoe"), Target("schedule", "old")]


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 24), st.sampled_from("abc"))))
def test_an_hour_is_in_a_gap_exactly_where_nobody_who_can_be_called_is_on(
    drawn: list[tuple[int, int, str]],
) -> None:
    entries = [on(start, end, name) for start, end, name in drawn if start < end]
    found = coverage.gaps(policy(SCHEDULE), ahead(*entries, reachable=("a", "b")))

    for hour in range(24):
        instant = DAY.start + dt.timedelta(hours=hour)
        is_on = any(e.start <= instant < e.end and e.people[0] in "ab" for e in entries)
        assert any(instant in gap.interval for gap in found) is not is_on


DAYTIME = DayHours(dt.time(8), dt.time(20))


def test_a_step_for_some_hours_covers_only_where_it_is_that_time() -> None:
    step = Step(NONE, (SCHEDULE,), local=DAYTIME)
    shifts = ahead(on(0, 12, "alice", "bob"), on(12, 24, "alice"))
    around = replace(shifts, zones={"alice": "UTC", "bob": "Asia/Tokyo"})

    # Alice is up from 8 to 20; bob, on until 12, from 23 to 11 UTC.
    assert hours(coverage.gaps(Policy("x", (step,)), around)) == [(20, 24, False)]
    alone = replace(around, entries={"primary": [on(0, 24, "alice")]})
    assert hours(coverage.gaps(Policy("x", (step,)), alone)) == [(0, 8, False), (20, 24, False)]
    person = Policy("x", (Step(NONE, (BOB,), local=DAYTIME),))
    assert hours(coverage.gaps(person, around)) == [(11, 23, False)]


def test_a_step_for_low_urgency_covers_nothing() -> None:
    step = Step(NONE, (BOB,), urgency="low")

    assert hours(coverage.gaps(Policy("x", (step,)), ahead())) == [(0, 24, False)]
