"""Sums over any stretch: they add up, the many forms agree, slices keep to their places."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.slos.domain.factories import (
    AS_OF,
    END,
    MINUTE,
    any_minutes,
    evaluated,
    make_question,
    series,
)
from watchkeeper.slos.domain import evaluation, slices
from watchkeeper.slos.domain.definition import (
    BudgetingMethod,
    BurnRule,
    NoData,
    RollingWindow,
    Severity,
)
from watchkeeper.slos.domain.slices import RunningSums
from watchkeeper.telemetry.domain.series import MinuteSeries

ratio_slices = {"method": BudgetingMethod.RATIO_TIMESLICES}
time_slices = {"method": BudgetingMethod.TIMESLICES, "slice_target": "0.95"}
ways = st.fixed_dictionaries(
    {
        "method": st.sampled_from(BudgetingMethod),
        "no_data": st.sampled_from(NoData),
        "slice_minutes": st.sampled_from([1, 2, 5, 7]),
        "slice_target": st.just("0.95"),
    }
)


def sums_of(minutes: MinuteSeries, **settings: object) -> RunningSums:
    question = make_question(minutes, **settings)  # type: ignore[arg-type]
    return slices.running_sums(evaluation.prepare(question), evaluation.counting_rule(question))


@given(any_minutes, ways, st.lists(st.integers(0, 700), min_size=3, max_size=3))
def test_a_stretch_holds_what_its_parts_hold(
    minutes: MinuteSeries, way: dict[str, object], ago: list[int]
) -> None:
    sums = sums_of(minutes, **way)
    start, cut, end = sorted(sums.first_in(END - moment) for moment in ago)

    whole = sums.between(start, end)
    parts = [sums.between(start, cut), sums.between(cut, end)]

    assert whole.good == sum(part.good for part in parts)
    assert whole.total == sum(part.total for part in parts)
    assert whole.events == sum(part.events for part in parts)


@given(any_minutes, ways)
def test_a_rolling_window_gains_what_comes_and_loses_what_goes(
    minutes: MinuteSeries, way: dict[str, object]
) -> None:
    sums = sums_of(minutes, **way)
    end, step = END // sums.size * sums.size, 10 * sums.size  # on the edges of slices
    start = end - 6 * step

    here = sums.count(start=start - step, end=end - step)
    later = sums.count(start=start, end=end)

    came, went = sums.count(start=end - step, end=end), sums.count(start=start - step, end=start)
    assert later.total == here.total + came.total - went.total
    assert later.good == here.good + came.good - went.good


@given(any_minutes, ways, st.lists(st.integers(0, 700), min_size=2, max_size=2))
def test_many_stretches_at_once_are_each_alone(
    minutes: MinuteSeries, way: dict[str, object], ago: list[int]
) -> None:
    sums = sums_of(minutes, **way)
    low, high = sorted(sums.first_in(END - moment) for moment in ago)

    [found] = sums.error_ratios(np.array([low]), np.array([high])).tolist()

    exact = sums.between(low, high).error_ratio
    assert np.isnan(found) if exact is None else found == pytest.approx(float(exact), abs=1e-9)


@given(any_minutes, ways)
def test_one_stretch_is_what_the_running_sums_say(
    minutes: MinuteSeries, way: dict[str, object]
) -> None:
    question = make_question(minutes, **way)  # type: ignore[arg-type]
    prepared, rule = evaluation.prepare(question), evaluation.counting_rule(question)

    alone = slices.count(prepared, rule, start=END - 100, end=END)

    assert alone == slices.running_sums(prepared, rule).count(start=END - 100, end=END)


@pytest.mark.parametrize("size", [1, 5, 10, 60])
@pytest.mark.parametrize("past", [0, 1, 4, 9, 59])
def test_a_lookback_holds_a_slice_at_every_instant(size: int, past: int) -> None:
    assert END % 60 == 0
    as_of = AS_OF + past * MINUTE
    minutes = series((600, 9, 10), end=END + past)

    found = sums_of(minutes, **time_slices, slice_minutes=size, as_of=as_of).look_back(
        5, end=END + past
    )

    assert found.total == -(-5 // size)


def test_slices_lie_on_multiples_of_their_length_since_1970() -> None:
    # 12:00 to 12:05 is bad and 12:05 to 12:10 good; the window looks at 11:57 to 12:12.
    minutes = series((3, 10, 10), (5, 0, 10), (5, 10, 10), (2, 0, 10), end=END + 12)
    as_of, window = AS_OF + 12 * MINUTE, RollingWindow(15 * MINUTE)

    found = evaluated(minutes, **ratio_slices, slice_minutes=5, as_of=as_of, window=window)

    assert (found.good, found.total) == (Fraction(1), Fraction(2))


@pytest.mark.parametrize(
    ("policy", "sli"),
    [
        (NoData.IGNORE, Fraction(1, 2)),
        (NoData.GOOD, Fraction(3, 4)),
        (NoData.BAD, Fraction(1, 4)),
        (NoData.HOLD, Fraction(1, 4)),
    ],
)
def test_slices_without_measurement_are_what_the_policy_says_and_never_told_as_measured(
    policy: NoData, sli: Fraction
) -> None:
    minutes = series((5, 10, 10), (5, 0, 10), (10, None, None))

    found = evaluated(minutes, **time_slices, slice_minutes=5, no_data=policy)

    assert found.sli == sli
    assert (found.good, found.total) == (Fraction(1), Fraction(2))


def test_a_slice_without_events_is_left_out_whatever_the_policy() -> None:
    minutes = series((5, 9, 10), (5, 0, 0))

    for policy in NoData:
        found = evaluated(minutes, **ratio_slices, slice_minutes=5, no_data=policy)
        assert (found.sli, found.total) == (Fraction(9, 10), Fraction(1))


def test_a_partly_measured_slice_is_judged_by_what_was_measured() -> None:
    minutes = series((2, 9, 10), (3, None, None))

    found = evaluated(minutes, **ratio_slices, slice_minutes=5, no_data=NoData.BAD)

    assert found.sli == Fraction(9, 10)


def test_a_slice_is_not_missing_while_its_last_minute_may_still_come() -> None:
    # 11:55 to 12:00: at 12:02 its first minutes have settled, its last has not.
    minutes = series((5, 10, 10), (5, None, None))

    def sli(after: int) -> Fraction | None:
        now = AS_OF + after * MINUTE
        return evaluated(minutes, **ratio_slices, slice_minutes=5, no_data=NoData.BAD, now=now).sli

    assert sli(2) == 1
    assert sli(3) == Fraction(1, 2)


def test_slice_ratios_add_up_exactly() -> None:
    found = evaluated(series((43_200, 9, 10)), **ratio_slices, target="0.9")

    assert found.sli == Fraction(9, 10)
    assert found.remaining == 0
    assert found.good == 38_880


def test_hold_repeats_the_last_measured_minute_with_its_events() -> None:
    minutes = series((10, 100, 100), (1, 500, 1000), (4, None, None), (1, 100, 100))

    found = evaluated(minutes, no_data=NoData.HOLD)

    assert found.sli == Fraction(1000 + 5 * 500 + 100, 1000 + 5 * 1000 + 100)
    assert found.total == 2100


def test_hold_looks_back_before_the_window() -> None:
    rule = BurnRule("mine", Severity.PAGE, 60 * MINUTE, 5 * MINUTE, Decimal(1))
    minutes = series((20, 5, 10), (30, None, None))

    found = evaluated(minutes, no_data=NoData.HOLD, rules=(rule,))

    assert found.burn_rates["5m"] == 500


def test_good_and_bad_minutes_weigh_what_measured_ones_weigh_on_average() -> None:
    minutes = series((1, 10, 10), (1, 30, 30), (2, None, None))

    assert evaluated(minutes, no_data=NoData.BAD).sli == Fraction(1, 2)
    assert evaluated(minutes, no_data=NoData.GOOD).sli == 1


def test_nothing_is_missing_before_measuring_began_or_in_an_exclusion() -> None:
    begun = series((600, None, None), (10, 10, 10))

    assert evaluated(begun, no_data=NoData.BAD).sli == 1
    assert evaluated(begun, no_data=NoData.BAD, expected_start=AS_OF - 20 * MINUTE).sli == (
        Fraction(1, 2)
    )
