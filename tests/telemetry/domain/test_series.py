"""Minutes as arrays, and how an SLI is measured."""

from decimal import Decimal

import numpy as np
import pytest

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [(0, 99, 5), (10, 15, 5), (11, 13, 2), (0, 11, 1), (14, 99, 1), (0, 5, 0), (20, 30, 0),
     (13, 11, 0)],
)  # fmt: skip
def test_a_slice_is_what_both_hold(start: int, end: int, kept: int) -> None:
    series = MinuteSeries(
        10, np.arange(5, dtype=np.int64), np.full(5, 9, np.int64), np.ones(5, np.bool_)
    )

    part = series.slice(start=start, end=end)

    assert len(part.covered) == kept
    assert part.good.tolist() == [m - 10 for m in range(max(start, 10), min(end, 15))][:kept]


def test_an_empty_series_is_not_covered() -> None:
    series = MinuteSeries.empty(start=5, end=8)

    assert (series.end, series.covered.any()) == (8, np.False_)


def test_white_space_in_a_query_does_not_make_another_version() -> None:
    one = SliSpec(kind="ratio", source="p", good="sum( a )\n  ", total="b")
    two = SliSpec(kind="ratio", source="p", good="sum( a )", total=" b")

    assert one.key == two.key
    assert one.key != SliSpec(kind="ratio", source="p", bad="sum( a )", total="b").key


def test_a_spec_survives_its_json() -> None:
    spec = SliSpec(kind="threshold", source="p", value="x", op="lte", bound=Decimal("0.250"))

    back = SliSpec.from_json(spec.to_json())

    assert (back.key, back.bound) == (spec.key, Decimal("0.25"))


@pytest.mark.parametrize("wrong", [{"kind": "odd"}, {"kind": "threshold", "op": "eq"}])
def test_an_unknown_way_of_measuring_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidError, match="not known"):
        SliSpec(**wrong)  # type: ignore[arg-type]


def test_a_stretch_taken_out_is_not_measured() -> None:
    series = MinuteSeries(5, np.array([1, 2, 3]), np.array([2, 3, 4]), np.ones(3, np.bool_))

    rest = series.without(start=6, end=9)

    assert rest.covered.tolist() == [True, False, False]
    assert (rest.good.tolist(), rest.total.tolist()) == ([1, 0, 0], [2, 0, 0])
