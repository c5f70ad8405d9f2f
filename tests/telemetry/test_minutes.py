"""Minutes: stored, read back, changed, late, in any order."""

import datetime as dt

import numpy as np
import pytest

from tests.telemetry.factories import make_sli, minute_of
from watchkeeper.kernel import actors
from watchkeeper.telemetry import queries, usecases
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.models import Block, Minute, Restatement
from watchkeeper.telemetry.usecases import MinuteValue, StoreResult

pytestmark = pytest.mark.django_db


def push(sli_id: int, now: dt.datetime, *values: tuple[int, int, int]) -> StoreResult:
    return usecases.store_minutes(
        sli_id=sli_id,
        minutes=[MinuteValue(*value) for value in values],
        origin="push",
        observed_at=now,
        now=now,
    )


def test_stored_minutes_are_read_back(now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now)

    result = push(sli_id, now, (at - 2, 999_000, 1_000_000), (at - 4, 0, 0))

    assert result == StoreResult(accepted=2, changed=0, unchanged=0)
    series = queries.minutes(sli_id, start=at - 5, end=at)
    assert series.good.tolist() == [0, 0, 0, 999_000, 0]
    assert series.total.tolist() == [0, 0, 0, 1_000_000, 0]
    assert series.covered.tolist() == [False, True, False, True, False]
    assert queries.first_minute(sli_id) == at - 4
    assert queries.last_minute(sli_id) == at - 2


def test_a_changed_value_is_counted_and_leaves_a_restatement(now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now) - 3
    push(sli_id, now, (at, 5000, 9000), (at + 1, 1000, 1000))
    later = now + dt.timedelta(seconds=30)

    result = push(sli_id, later, (at, 6000, 9000), (at + 1, 1000, 1000), (at + 2, 0, 0))

    assert result == StoreResult(accepted=3, changed=1, unchanged=1)
    row = Restatement.objects.get()
    assert (row.minute, row.old_good, row.new_good, row.origin) == (at, 5000, 6000, "push")
    assert queries.minutes(sli_id, start=at, end=at + 1).good.tolist() == [6000]


def test_an_older_observation_does_not_replace_a_newer_one(now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now) - 3
    push(sli_id, now, (at, 6000, 9000))

    result = usecases.store_minutes(
        sli_id=sli_id,
        minutes=[MinuteValue(at, 5000, 9000)],
        origin="push",
        observed_at=now - dt.timedelta(minutes=1),
        now=now,
    )

    assert result == StoreResult(accepted=1, changed=0, unchanged=0, superseded=1)
    assert queries.minutes(sli_id, start=at, end=at + 1).good.tolist() == [6000]


def test_revision_moves_only_when_more_than_the_newest_minutes_changed(now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now) - 9
    revisions = []
    for value in [(at, 1, 1), (at + 1, 1, 1), (at + 1, 1, 1), (at + 1, 0, 1), (at - 1, 1, 1)]:
        push(sli_id, now, value)
        revisions.append(queries.heads([sli_id])[sli_id].revision)

    assert np.diff([0, *revisions]).tolist() == [0, 0, 0, 1, 1]


def test_whole_closed_days_go_straight_into_blocks(now: dt.datetime) -> None:
    sli_id = make_sli(now=now)
    midnight = minute_of(now) // 1440 * 1440
    values = [(midnight - 2880 + each, 2000, 3000) for each in range(2880 + 60)]

    push(sli_id, now, *values)

    assert Minute.objects.count() == 0
    sums = Block.objects.order_by("day").values_list("covered", "good", "total", "hours")
    assert list(sums) == [
        (1440, 2_880_000, 4_320_000, 2**24 - 1),
        (1440, 2_880_000, 4_320_000, 2**24 - 1),
        (60, 120_000, 180_000, 1),
    ]
    assert queries.minutes(sli_id, start=midnight - 2880, end=midnight + 60).covered.all()


def test_a_late_change_of_a_sealed_minute_wins_and_is_restated(now: dt.datetime) -> None:
    sli_id = make_sli(now=now)
    midnight = minute_of(now) // 1440 * 1440
    push(sli_id, now, *[(midnight - 1440 + each, 2000, 3000) for each in range(1440)])

    result = push(sli_id, now + dt.timedelta(hours=1), (midnight - 5, 1000, 3000))

    assert (result.changed, Restatement.objects.count()) == (1, 1)
    assert queries.minutes(sli_id, start=midnight - 5, end=midnight).good[0] == 1000
    sums = queries.day_sums(sli_id, start_day=midnight // 1440 - 1, end_day=midnight // 1440)
    assert (sums.good[0], sums.covered[0]) == (1440 * 2000 - 1000, 1440)


def test_each_minute_is_read_from_the_version_in_force_at_it(now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now)
    push(sli_id, now, (at - 1, 1000, 1000), (at + 1, 1000, 1000))

    later = now + dt.timedelta(seconds=1)
    usecases.define_sli(
        actor=actors.host(), name="checkout", spec=SliSpec(kind="push", counter=True), now=later
    )
    push(sli_id, later, (at + 2, 3000, 3000))

    assert queries.minutes(sli_id, start=at - 1, end=at + 3).covered.tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert [row.since for row in queries.versions(sli_id)] == [0, at]


def test_going_back_to_an_earlier_spec_reads_each_stretch_from_its_version(
    now: dt.datetime,
) -> None:
    first, second = SliSpec(kind="push"), SliSpec(kind="push", counter=True)
    sli_id, at = make_sli(now=now), minute_of(now)
    for step, spec in enumerate([first, second, first, second, first]):
        moment = now + dt.timedelta(minutes=step)
        usecases.define_sli(actor=actors.host(), name="checkout", spec=spec, now=moment)
        push(sli_id, moment, (at + step, step * 1000, 9000))

    assert queries.minutes(sli_id, start=at, end=at + 5).good.tolist() == [
        0,
        1000,
        2000,
        3000,
        4000,
    ]
    assert len({row.id for row in queries.versions(sli_id)}) == 2
    sums = queries.day_sums(sli_id, start_day=at // 1440, end_day=at // 1440 + 1)
    assert sums.good.tolist() == [10_000]


def test_a_version_that_measured_nothing_gives_up_its_place(now: dt.datetime) -> None:
    sli_id = make_sli(now=now)

    usecases.define_sli(
        actor=actors.host(), name="checkout", spec=SliSpec(kind="push", counter=True), now=now
    )

    assert [(row.since, row.spec.counter) for row in queries.versions(sli_id)] == [(0, True)]
