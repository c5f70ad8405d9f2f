"""Shares are compared exactly, however many there are and however close they lie."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.slos.domain import ratios
from watchkeeper.slos.domain.ratios import Thresholds

thresholds = st.one_of(
    st.sampled_from([Fraction("0.0144"), Fraction("0.999"), Fraction("0.95"), Fraction(1, 3)]),
    st.fractions(Fraction(0), Fraction(1), max_denominator=10**27),
)
counts = st.lists(st.tuples(st.integers(0, 2**53), st.integers(0, 2**53)), min_size=1, max_size=8)


def signs(pairs: list[tuple[int, int]], limits: list[Fraction]) -> list[int]:
    part, whole = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    return [int(sign) for sign in ratios.compare(part, whole, Thresholds.of(limits))]


def exact(part: int, whole: int, limit: Fraction) -> int:
    if whole == 0:
        return 0
    share = Fraction(part, whole)
    return (share > limit) - (share < limit)


@given(counts, thresholds)
def test_many_shares_against_one_threshold_are_each_compared_exactly(
    pairs: list[tuple[int, int]], limit: Fraction
) -> None:
    assert signs(pairs, [limit]) == [exact(*pair, limit) for pair in pairs]


@given(st.lists(st.tuples(st.integers(0, 2**53), st.integers(0, 2**53), thresholds), min_size=2))
def test_every_share_against_its_own_threshold_is_compared_exactly(
    rows: list[tuple[int, int, Fraction]],
) -> None:
    found = signs([row[:2] for row in rows], [row[2] for row in rows])

    assert found == [exact(*row) for row in rows]


@given(st.integers(1, 10**12), st.integers(-1, 1), st.booleans())
def test_a_difference_of_one_is_seen_on_the_threshold_itself(
    many: int, off: int, alone: bool
) -> None:
    # 0.0144 = 9/625: exactly on the edge for 9n of 625n, which float64 cannot tell.
    limits = [Fraction("0.0144")] * (1 if alone else 2)

    assert signs([(9 * many + off, 625 * many)] * len(limits), limits) == [off] * len(limits)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), (Fraction(3), 3), (Fraction(999, 1000), 0.999), (Fraction(-1, 2), -0.5)],
)
def test_numbers_for_doors_are_whole_where_they_are_whole(
    value: Fraction | None, expected: float | None
) -> None:
    found = ratios.to_number(value)

    assert found == expected
    assert type(found) is type(expected)
