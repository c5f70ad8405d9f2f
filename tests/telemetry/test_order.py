"""Late, repeated, changed and out-of-order minutes end in the same state, sealed or not."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from tests.telemetry.factories import make_sli, minute_of
from watchkeeper.telemetry import queries, usecases
from watchkeeper.telemetry.domain.codec import DAY_MINUTES
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.telemetry.models import Block, Minute

pytestmark = pytest.mark.django_db

FIRST = minute_of(NOON) // DAY_MINUTES * DAY_MINUTES - 100
LENGTH = DAY_MINUTES // 2 + 100


@dataclass(frozen=True)
class Observation:
    """What one sender says about ``length`` minutes from ``start`` on."""

    start: int
    length: int
    good: int
    second: int


@dataclass(frozen=True)
class Seal:
    """The seal job runs so many hours later."""

    hours: int


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    seconds = draw(st.lists(st.integers(0, 7200), min_size=1, max_size=8, unique=True))
    return [
        Observation(
            start=draw(st.integers(0, LENGTH - 130) | st.sampled_from([0, 40, 99])),
            length=draw(st.sampled_from([1, 1, 2, 61, 130])),
            good=draw(st.integers(0, 2)),
            second=second,
        )
        for second in seconds
    ]


def truth(seen: list[Observation]) -> tuple[list[int], list[bool]]:
    good, covered = np.zeros(LENGTH, np.int64), np.zeros(LENGTH, np.bool_)
    for each in sorted(seen, key=lambda each: each.second):
        part = slice(each.start, each.start + each.length)
        good[part], covered[part] = each.good * 1000, True
    return good.tolist(), covered.tolist()


def store(sli_id: int, each: Observation, *, now: dt.datetime) -> None:
    shape = each.length
    series = MinuteSeries(
        FIRST + each.start,
        np.full(shape, each.good * 1000, np.int64),
        np.full(shape, 5000, np.int64),
        np.ones(shape, np.bool_),
    )
    usecases.store_minutes(
        sli_id=sli_id,
        minutes=series,
        origin="test",
        observed_at=NOON + dt.timedelta(seconds=each.second),
        now=now,
    )


def seal_all(now: dt.datetime) -> None:
    after: int | None = 0
    while after is not None:
        after = usecases.seal_some(after=after, now=now, batch=1)


def assert_holds(sli_id: int, seen: list[Observation]) -> None:
    good, covered = truth(seen)
    series = queries.minutes(sli_id, start=FIRST, end=FIRST + LENGTH)
    assert series.good.tolist() == good
    assert series.covered.tolist() == covered
    days = FIRST // DAY_MINUTES
    sums = queries.day_sums(sli_id, start_day=days, end_day=days + 2)
    assert sums.good.tolist() == [sum(good[:100]), sum(good[100:])]
    assert sums.covered.tolist() == [sum(covered[:100]), sum(covered[100:])]
    assert sums.total.tolist() == [5000 * sum(covered[:100]), 5000 * sum(covered[100:])]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seen=observations())
def test_any_order_of_arrival_with_sealing_in_between_ends_the_same(
    data: st.DataObject, seen: list[Observation]
) -> None:
    seals = data.draw(st.lists(st.builds(Seal, st.integers(0, 14)), max_size=4))
    unordered: list[Observation | Seal] = [*seen, *seals]
    steps = data.draw(st.permutations(unordered))
    with transaction.atomic():
        sli_id, now = make_sli(now=NOON), NOON
        for step in steps:
            if isinstance(step, Observation):
                store(sli_id, step, now=now)
            else:
                now += dt.timedelta(hours=step.hours)
                seal_all(now)

        assert_holds(sli_id, seen)
        assert queries.first_minute(sli_id) == FIRST + min(each.start for each in seen)
        seal_all(now + dt.timedelta(days=2))
        assert_holds(sli_id, seen)
        assert Minute.objects.count() == 0
        transaction.set_rollback(True)


def test_hours_are_sealed_once_closed_for_two_hours() -> None:
    sli_id = make_sli(now=NOON)
    for start in range(100, 100 + 720, 30):
        store(sli_id, Observation(start=start, length=30, good=1, second=start), now=NOON)

    seal_all(NOON)

    assert list(Block.objects.values_list("covered", "hours")) == [(600, 2**10 - 1)]
    assert Minute.objects.count() == 120


def test_sealing_twice_changes_nothing() -> None:
    sli_id = make_sli(now=NOON)
    store(sli_id, Observation(start=0, length=30, good=1, second=0), now=NOON)
    seal_all(NOON)
    before = list(Block.objects.values())

    seal_all(NOON)

    assert list(Block.objects.values()) == before


def test_sealing_leaves_the_revision_as_memory_still_holds() -> None:
    sli_id = make_sli(now=NOON)
    store(sli_id, Observation(start=0, length=30, good=1, second=0), now=NOON)
    before = queries.heads([sli_id])

    seal_all(NOON)

    assert queries.heads([sli_id]) == before
