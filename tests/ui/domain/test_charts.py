"""Where lines, gaps, marks and their words stand."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.ui.domain import charts, numbers
from watchkeeper.ui.domain.charts import Line, LineChart, LineKind, Mark, MarkKind

POINTS = st.lists(
    st.one_of(st.none(), st.floats(-10, 10, allow_nan=False)), min_size=1, max_size=60
).map(lambda values: [(float(index), value) for index, value in enumerate(values)])


def chart(*lines: Line, marks: tuple[Mark, ...] = (), **more: object) -> LineChart:
    return LineChart(
        name="budget",
        summary="Budget left.",
        start=0,
        end=100,
        lines=lines,
        write=numbers.share,
        when=lambda at: f"minute {at:.0f}",
        when_exact=lambda at: f"{at:.0f}",
        ticks=(),
        marks=marks,
        **more,  # type: ignore[arg-type]
    )


def test_a_line_is_drawn_from_top_to_bottom() -> None:
    drawn = charts.line_chart(chart(Line("Left", ((0, 1.0), (100, 0.0)))))

    assert drawn.paths == (charts.Path("l l-1", "M0.0 0.0 1000.0 200.0"),)
    assert [tick.label for tick in drawn.y_ticks][::4] == [
        f"100{numbers.THIN}%",
        f"0{numbers.THIN}%",
    ]
    assert drawn.zero == "100"


def test_a_gap_is_a_gap_and_a_lone_point_is_a_dot() -> None:
    points = ((0, 1.0), (10, 1.0), (20, None), (30, None), (40, 0.5), (50, None), (60, 0.0))
    drawn = charts.line_chart(chart(Line("Left", points)))

    assert [path.d for path in drawn.paths] == [
        "M0.0 0.0 100.0 0.0",
        "M400.0 100.0 400.0 100.0",
        "M600.0 200.0 600.0 200.0",
    ]
    assert drawn.gaps == (("10", "30"), ("40", "20"))
    assert drawn.rows[2].cells[1].text == numbers.UNKNOWN
    assert drawn.rows[2].y == ""


def test_what_is_overspent_lowers_the_axis_and_keeps_the_line_of_zero() -> None:
    drawn = charts.line_chart(chart(Line("Left", ((0, 1.0), (100, -0.2)), LineKind.AREA)))

    assert drawn.zero == "66.67"
    assert drawn.paths[0].d.endswith("133.3Z")


def test_the_table_reads_other_lines_where_the_first_one_has_points() -> None:
    left = Line("Left", ((0, 1.0), (50, 0.9), (100, 0.8)))
    even = Line("Even pace", ((0, 1.0), (100, 0.0)), LineKind.EVEN)
    rows = charts.line_chart(chart(left, even)).rows

    assert [[cell.value for cell in row.cells] for row in rows] == [
        ["0", "1", "1"],
        ["50", "0.9", "0.5"],
        ["100", "0.8", "0"],
    ]


def test_words_of_marks_do_not_cover_each_other() -> None:
    marks = tuple(Mark(10 + index, f"deploy v{index}", MarkKind.DEPLOY) for index in range(6))
    shapes = charts.line_chart(chart(Line("Left", ((0, 1.0),)), marks=marks)).marks

    assert [shape.label_y for shape in shapes[:3]] == [11, 25, 39]
    assert shapes[3].label == ""
    assert shapes[3].title == "deploy v3"


def test_a_word_at_the_right_edge_turns_to_the_left() -> None:
    marks = (Mark(99, "INC-218", MarkKind.INCIDENT),)
    (shape,) = charts.line_chart(chart(Line("Left", ((0, 1.0),)), marks=marks)).marks

    assert (shape.anchor, shape.dx) == ("end", -5)


def test_on_a_phone_what_burned_keeps_its_word_and_a_deploy_loses_it() -> None:
    marks = (Mark(40, "v402", MarkKind.DEPLOY), Mark(48, "INC-204", MarkKind.INCIDENT))
    deploy, incident = charts.line_chart(chart(Line("Left", ((0, 1.0),)), marks=marks)).marks

    assert (deploy.roomy, incident.roomy) == (True, False)


def test_marks_outside_the_axis_are_left_out_and_long_ones_cut() -> None:
    marks = (
        Mark(-50, "before", MarkKind.DEPLOY),
        Mark(-50, "into", MarkKind.EXCLUSION, until=10),
        Mark(90, "open", MarkKind.FIRING, until=500),
        Mark(101, "after", MarkKind.DEPLOY),
    )
    shapes = charts.line_chart(chart(Line("Left", ((0, 1.0),)), marks=marks)).marks

    assert [(shape.title, shape.x, shape.width) for shape in shapes] == [
        ("into", "0", "10"),
        ("open", "90", "10"),
    ]


@pytest.mark.parametrize(
    ("at", "value"),
    [(-1, None), (0, 1.0), (5, 0.75), (10, 0.5), (15, None), (30, 0.2), (31, None)],
)
def test_a_value_is_read_off_the_line_and_never_over_a_gap(at: float, value: float | None) -> None:
    points = ((0.0, 1.0), (10.0, 0.5), (20.0, None), (30.0, 0.2))

    assert charts.value_at(points, at) == (None if value is None else pytest.approx(value))


@given(POINTS)
def test_a_thinned_line_keeps_its_ends_extremes_and_gaps(points: list[charts.Point]) -> None:
    thinned = charts.thin(points, most=12)
    values = [value for _, value in points if value is not None]
    kept = [value for _, value in thinned if value is not None]

    assert thinned[0] == points[0]
    assert thinned[-1] == points[-1]
    assert [at for at, _ in thinned] == sorted({at for at, _ in thinned})
    if values:
        assert (min(kept), max(kept)) == (min(values), max(values))
    if None in dict(points).values():
        assert None in dict(thinned).values()


@given(POINTS)
def test_every_known_point_is_in_exactly_one_run(points: list[charts.Point]) -> None:
    found = list(itertools.chain.from_iterable(charts.runs(points)))

    assert found == [point for point in points if point[1] is not None]


@given(POINTS)
def test_all_places_lie_inside_the_drawing(points: list[charts.Point]) -> None:
    drawn = charts.line_chart(chart(Line("Left", points), low=None))

    assert all(0 <= float(row.x) <= 100 for row in drawn.rows)
    assert all(-0.01 <= float(row.y) <= 100.01 for row in drawn.rows if row.y)


def test_a_chart_without_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a line"):
        charts.line_chart(chart())
