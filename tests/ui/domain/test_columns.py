"""Parts of wholes along time."""

import pytest

from watchkeeper.ui.domain import columns
from watchkeeper.ui.domain.charts import Cell
from watchkeeper.ui.domain.columns import Column, ColumnShape
from watchkeeper.ui.domain.numbers import THIN

WORDS = columns.ColumnWords("From", "Until", "Due", "Measured", "Coverage", "Missing")


def drawn(*given: Column, start: float = 0, end: float = 100) -> columns.ColumnGeometry:
    return columns.column_chart(
        columns.ColumnChart(
            name="coverage",
            summary="",
            start=start,
            end=end,
            columns=given,
            words=WORDS,
            when=lambda at: f"at {at:g}",
            when_exact=lambda at: f"{at:g}",
            ticks=(),
        )
    )


def test_whole_neighbours_are_one_and_what_lacks_is_grey_above() -> None:
    geometry = drawn(Column(0, 25, 5, 5), Column(25, 50, 9, 9), Column(50, 100, 1, 4))

    assert geometry.shapes == (
        ColumnShape("f", "0", "50", "0", "100"),
        ColumnShape("x", "50", "50", "0", "100"),
        ColumnShape("f", "50", "50", "75", "25"),
    )


def test_where_nothing_was_due_nothing_is_drawn_and_where_all_lacks_only_grey() -> None:
    geometry = drawn(Column(0, 50, 0, 0), Column(50, 100, 0, 7))

    assert geometry.shapes == (ColumnShape("x", "50", "50", "0", "100"),)
    assert [(row.x, row.y) for row in geometry.rows] == [("25", ""), ("75", "100")]
    assert geometry.rows[0].cells[-1] == Cell("—", "")


def test_one_missing_minute_of_many_is_seen_and_told_exactly() -> None:
    geometry = drawn(Column(0, 100, 99_999, 100_000))

    assert [shape.css for shape in geometry.shapes] == ["x", "f"]
    assert geometry.shapes[1].height == "96"
    assert geometry.rows[0].cells == (
        Cell("at 0", "0"),
        Cell("at 100", "100"),
        Cell("100,000", "100000"),
        Cell("99,999", "99999"),
        Cell(f"99.99{THIN}%", "0.99999"),
    )


def test_columns_are_cut_at_the_ends_of_the_axis() -> None:
    geometry = drawn(Column(-50, 50, 1, 1), Column(100, 150, 1, 1))

    assert geometry.shapes == (ColumnShape("f", "0", "50", "0", "100"),)
    assert geometry.zoom == ("0", "100")


def test_an_axis_needs_a_length() -> None:
    with pytest.raises(ValueError, match="after its start"):
        drawn(start=5, end=5)
