"""From amounts to minutes of good and total."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.integrations.prometheus.domain.answers import Counts, judged, plan, shares, told
from watchkeeper.integrations.prometheus.domain.queries import CounterQuery, ValueQuery
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain.spec import SliSpec

YES = np.ones(3, np.bool_)


def counts(*amount: float, covered: tuple[bool, ...] = (True, True, True)) -> Counts:
    return Counts(np.array(amount), np.array(covered))


def test_bad_is_taken_from_total_and_never_leaves_less_than_nothing() -> None:
    found = shares(0, total=counts(10, 4, 0), good=None, bad=counts(1, 5, 0))

    assert found.series.good.tolist() == [9000, 0, 0]
    assert found.over_total == 1


def test_good_above_total_is_kept() -> None:
    found = shares(0, total=counts(10, 4, 0), good=counts(10, 5, 0), bad=None)

    assert found.series.good.tolist() == [10_000, 5000, 0]
    assert found.over_total == 1


def test_a_part_that_was_not_seen_is_none_and_an_unseen_total_is_no_measurement() -> None:
    total = counts(10, 4, 0, covered=(True, False, True))
    found = shares(0, total=total, good=None, bad=counts(7, 7, 7, covered=(False, True, True)))

    assert found.series.covered.tolist() == [True, False, True]
    assert found.series.total.tolist() == [10_000, 0, 0]
    assert found.series.good.tolist() == [10_000, 0, 0]


@pytest.mark.parametrize(
    ("op", "good"), [("lt", [1, 0, 0]), ("lte", [1, 1, 0]), ("gt", [0, 0, 1]), ("gte", [0, 1, 1])]
)
def test_a_threshold_judges_each_minute(op: str, good: list[int]) -> None:
    values = np.array([0.2, 0.5, np.inf, np.nan])

    found = judged(7, values, op=op, bound=Decimal("0.5"))

    assert found.series.good.tolist() == [1000 * each for each in [*good, 0]]
    assert found.series.total.tolist() == [1000, 1000, 1000, 0]
    assert found.series.covered.tolist() == [True, True, True, False]


@given(st.floats(0, 1), st.integers(0, 10**8), st.integers(1, 3000))
def test_a_told_ratio_adds_up_though_a_minute_is_coarse(
    share: float, start: int, length: int
) -> None:
    found = told(start, np.full(length, share), failure=False)

    assert abs(found.series.good.sum() - share * 1000 * length) < 6
    assert found.series.good.max() <= 1000


def test_a_told_ratio_rounds_the_same_minute_the_same_way() -> None:
    whole = told(100, np.full(50, 0.99961), failure=True)
    part = told(120, np.full(30, 0.99961), failure=True)

    assert whole.series.good[20:].tolist() == part.series.good.tolist()


def test_a_told_ratio_outside_its_range_is_cut_or_unknown() -> None:
    found = told(0, np.array([1.5, -0.1, np.nan]), failure=False)

    assert found.series.good.tolist() == [1000, 0, 0]
    assert found.series.covered.tolist() == [True, False, False]
    assert found.over_total == 1


def test_a_plan_names_the_role_whose_query_is_refused() -> None:
    spec = SliSpec("ratio", "p", good="max(x)", total="sum(x)", counter=True)

    with pytest.raises(InvalidError, match=r"^good: max"):
        plan(spec)


def test_values_stay_values_and_windows_to_be_filled_in_make_counters() -> None:
    spec = SliSpec("ratio", "p", good="good_per_minute", total="sum(rate(x[{{.window}}]))")

    roles = plan(spec).roles

    assert roles["good"] == ValueQuery("sum(good_per_minute)")
    assert roles["total"] == CounterQuery("x")


@pytest.mark.parametrize(
    "spec",
    [
        SliSpec("ratio", "p", total="x", counter=True),
        SliSpec("threshold", "p", value="x"),
        SliSpec("raw_ratio", "p"),
    ],
    ids=["one side only", "nothing to compare with", "no query"],
)
def test_an_indicator_that_lacks_something_is_refused(spec: SliSpec) -> None:
    with pytest.raises(InvalidError):
        plan(spec)
