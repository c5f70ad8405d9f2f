"""The rules of counting, against a plain account of each series and by their laws."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.integrations.prometheus.domain.minutes import (
    Evidence,
    RawSeries,
    Run,
    count,
    differences,
    merged,
    runs,
)

LENGTH = 60
SERIES = st.lists(
    st.tuples(st.integers(1, 700), st.integers(0, 40) | st.integers(-60, -1)),
    min_size=1,
    max_size=40,
)


def series(samples: list[tuple[float, float]], **labels: str) -> RawSeries:
    times, values = zip(*samples, strict=True)
    return RawSeries(frozenset(labels.items()), np.array(times, float), np.array(values, float))


def walked(steps: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Return samples of a counter from waits and rises; a fall starts it again near zero."""
    moment, value, samples = 0.0, 100.0, []
    for wait, rise in steps:
        moment += wait
        value = value + rise if rise >= 0 else float(-rise % 7)
        samples.append((moment, value))
    return samples


def plainly(samples: list[tuple[float, float]]) -> list[float]:
    amount = [0.0] * LENGTH
    for (before, low), (after, high) in pairwise(samples):
        minute = math.ceil(after / 60) - 1
        if after - before <= 300 and minute < LENGTH:
            amount[minute] += high - low if high >= low else high
    return amount


def unwatched(run: Run) -> list[float]:
    amount = count(run, watched=np.zeros(run.end - run.start, np.bool_)).amount
    return [float(value) for value in amount]


@given(SERIES)
def test_minutes_are_the_rises_between_neighbouring_samples(steps: list[tuple[int, int]]) -> None:
    samples = walked(steps)

    assert unwatched(Run(0, LENGTH, (series(samples),))) == plainly(samples)


@given(SERIES, SERIES)
def test_series_are_counted_by_themselves_and_added_up(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    left, right = walked(one), walked(other)
    expected = [a + b for a, b in zip(plainly(left), plainly(right), strict=True)]

    assert (
        unwatched(
            Run(
                0,
                LENGTH,
                (series(left, job="a", instance="1"), series(right, job="a", instance="2")),
            )
        )
        == expected
    )


@given(SERIES, st.integers(1, LENGTH - 1))
def test_a_stretch_counts_the_same_in_two_parts(steps: list[tuple[int, int]], cut: int) -> None:
    whole = series(walked(steps))

    parts = unwatched(Run(0, cut, (whole,))) + unwatched(Run(cut, LENGTH, (whole,)))

    assert parts == unwatched(Run(0, LENGTH, (whole,)))


def born(
    *, evidence: Evidence, watched: bool = False, others: tuple[RawSeries, ...] = ()
) -> float:
    late = series([(630, 50), (645, 53)], job="shop", instance="a:80", code="500")
    flags = np.full(LENGTH, watched)
    return float(count(Run(0, LENGTH, (late, *others), evidence), watched=flags).amount.sum())


TARGET = ("shop", "a:80")
UP = Evidence(up={TARGET: np.array([600.0, 615.0])})


def test_a_first_sample_counts_whole_where_somebody_was_watching() -> None:
    sibling = series([(600, 9), (615, 9)], job="shop", instance="a:80", code="200")

    assert born(evidence=Evidence()) == 3
    assert born(evidence=Evidence(), watched=True) == 53
    assert born(evidence=UP) == 53
    assert born(evidence=Evidence(), others=(sibling,)) == 53


def test_a_first_sample_that_goes_on_from_before_counts_nothing() -> None:
    labels = frozenset({"job": "shop", "instance": "a:80", "code": "500"}.items())
    went_on = Evidence(before={labels: 20.0}, up=UP.up)
    restarted = Evidence(before={labels: 90.0}, up=UP.up)

    assert born(evidence=went_on, watched=True) == 3
    assert born(evidence=restarted, watched=True) == 53


def test_an_old_process_that_nobody_scraped_counts_from_its_first_sample() -> None:
    assert born(evidence=Evidence(started={TARGET: 29.0}), watched=True) == 3
    assert born(evidence=Evidence(started={TARGET: 31.0}), watched=True) == 53
    assert born(evidence=Evidence(started={TARGET: 29.0}, up=UP.up), watched=True) == 53


def test_a_series_under_more_labels_goes_on_once() -> None:
    ended = series([(600, 40), (615, 41)], job="shop", instance="a:80", code="500")
    first = series([(630, 50), (645, 50)], job="shop", instance="a:80", code="500", zone="x")
    second = series([(630, 60), (645, 60)], job="shop", instance="b:80", code="500", zone="x")

    assert sum(unwatched(Run(0, LENGTH, (ended, first, second)))) == 1 + 9


def test_spellings_of_a_bound_are_one_series_and_no_number_is_no_sample() -> None:
    nan = float("nan")
    (one,) = merged(
        [
            ({"__name__": "x", "le": "1.0"}, np.array([30.0, 45.0]), np.array([3.0, nan])),
            ({"__name__": "x", "le": "1"}, np.array([15.0, 0.0]), np.array([2.0, 1.0])),
        ]
    )

    assert one.times.tolist() == [0, 15, 30]
    assert one.values.tolist() == [1, 2, 3]


def test_differences_of_sums_know_what_they_do_not_tell() -> None:
    nan = float("nan")

    rise, covered, doubt = differences(np.array([5.0, 7.0, nan, 9.0, 8.0, 8.0]))

    assert rise.tolist() == [2, 0, 0, 0, 0]
    assert covered.tolist() == [True, False, False, True, True]
    assert doubt.tolist() == [False, False, False, True, False]


def test_runs_are_the_flagged_stretches_cut_to_length() -> None:
    flags = np.array([True, False, True, True, True, False, True])

    assert runs(flags, start=100, longest=2) == [(100, 101), (102, 104), (104, 105), (106, 107)]
    assert runs(np.zeros(3, np.bool_), start=0, longest=9) == []
