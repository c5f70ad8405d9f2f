"""A change holds from its instant on; the past stays what it was."""

import datetime as dt

from tests.oncall.domain.making import layer, schedule, utc
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import history
from watchkeeper.oncall.domain.history import Standing, Version

ALICE = schedule(layers=[layer(members=["alice"])])
BOB = schedule(layers=[layer(members=["bob"])])
CHANGE, REMOVAL = utc("2026-02-02 12:00"), utc("2026-03-02 12:00")
VERSIONS = [Version(utc("2026-01-20 00:00"), ALICE), Version(CHANGE, BOB), Version(REMOVAL, None)]


def test_every_instant_is_answered_by_the_version_in_force_then() -> None:
    found = history.entries(VERSIONS, Interval(utc("2026-01-01 00:00"), utc("2026-04-01 00:00")))

    assert [(e.start, e.end, e.people) for e in found] == [
        (utc("2026-01-05 09:00"), CHANGE, ("alice",)),  # the first version also says what was
        (CHANGE, REMOVAL, ("bob",)),
    ]


def test_an_instant_and_a_stretch_agree_over_versions() -> None:
    second = dt.timedelta(seconds=1)
    for at in (CHANGE - second, CHANGE, REMOVAL - second, REMOVAL, utc("2026-01-01 00:00")):
        found = history.entries(VERSIONS, Interval(at, at + second))
        people = found[0].people if found else ()
        assert history.on_call_at(VERSIONS, at)[0] == people
        assert history.standing_at(VERSIONS, at).people == people


def test_a_change_that_changes_nobody_is_one_entry() -> None:
    twice = [VERSIONS[0], Version(CHANGE, ALICE)]

    found = history.entries(twice, Interval(utc("2026-02-01 00:00"), utc("2026-02-04 00:00")))

    assert len(found) == 1


def test_until_says_when_the_answer_changes() -> None:
    weekly = [Version(CHANGE, schedule())]
    later = [Version(CHANGE, schedule(layers=[layer(unit="month", every=12, members=["a", "b"])]))]
    at = utc("2026-01-06 09:00")

    assert history.standing_at(weekly, at) == Standing(
        at, ("alice",), "base", utc("2026-01-12 09:00")
    )
    assert history.standing_at(later, at).until == utc("2027-01-05 09:00")
    assert history.standing_at([VERSIONS[0]], at).until is None
    assert history.standing_at(weekly, utc("2025-01-01 00:00")) == Standing(
        utc("2025-01-01 00:00"), (), "", utc("2026-01-05 09:00")
    )
    assert history.standing_at([], at) == Standing(at, (), "", None)
