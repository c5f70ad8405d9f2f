"""Heat maps of days and hours."""

import pytest

from watchkeeper.ui.domain import heat
from watchkeeper.ui.domain.charts import Cell
from watchkeeper.ui.domain.heat import HeatDay, HeatHour, HeatMap
from watchkeeper.ui.domain.numbers import THIN

QUIET = HeatHour(0)


def day(label: str, **hours: HeatHour) -> HeatDay:
    return HeatDay(label, [hours.get(f"h{hour}", QUIET) for hour in range(24)])


def drawn(*days: HeatDay, columns: int = 0) -> heat.HeatGeometry:
    return heat.heat_map(HeatMap("minutes", "Error minutes.", days, (), columns=columns))


@pytest.mark.parametrize(
    ("amount", "level"),
    [(0, 0), (0.5, 1), (1, 1), (2, 1), (3, 2), (6, 3), (13, 4), (24, 4), (25, 5), (60, 5)],
)
def test_anything_above_nothing_has_a_colour(amount: float, level: int) -> None:
    assert heat.level(amount) == level


def test_only_cells_that_say_something_are_drawn() -> None:
    geometry = drawn(day("16 Nov"), day("17 Nov", h3=HeatHour(42, url="/m")), columns=4)

    assert geometry.cells == (heat.HeatCell(1, 3, "q5", f"17 Nov, 03:00: 42{THIN}min", "/m"),)
    assert (geometry.columns, geometry.measured, geometry.linked) == (4, 2, True)


def test_missing_and_excluded_hours_look_different_from_quiet_ones() -> None:
    hours = {
        "h1": HeatHour(None),
        "h2": HeatHour(0, excluded=45),
        "h3": HeatHour(None, excluded=60),
        "h4": HeatHour(7, excluded=5),
    }
    geometry = drawn(day("1 Nov", **hours))

    assert [cell.css for cell in geometry.cells] == ["qn", "qx", "qx", "q3"]
    assert geometry.cells[0].title == "1 Nov, 01:00: no data"
    assert geometry.cells[3].title == f"1 Nov, 04:00: 7{THIN}min, 5{THIN}min excluded"


def test_both_edges_and_the_table_hold_the_totals() -> None:
    geometry = drawn(
        day("16 Nov", h3=HeatHour(6)), day("17 Nov", h3=HeatHour(42), h4=HeatHour(18))
    )

    assert [bar.title for bar in geometry.by_day] == [
        f"16 Nov: 6{THIN}min",
        f"17 Nov: 60{THIN}min",
    ]
    assert [bar.size for bar in geometry.by_day] == ["2.4", "24.0"]
    assert [bar.title for bar in geometry.by_hour] == [
        f"03:00: 48{THIN}min",
        f"04:00: 18{THIN}min",
    ]
    assert geometry.total == f"66{THIN}min"
    assert geometry.rows[1].total == Cell(f"60{THIN}min", "60")
    assert geometry.rows[1].hours[2:5] == (Cell("0", "0"), Cell("42", "42"), Cell("18", "18"))
    assert geometry.totals.total == Cell(f"66{THIN}min", "66")
    assert geometry.totals.hours[2:5] == (Cell("0", "0"), Cell("48", "48"), Cell("18", "18"))
    assert geometry.heads[:5] == ("Day", "Total", "Excluded", "00:00", "01:00")


def test_the_table_tells_every_hour_as_the_map_does() -> None:
    hours = {
        "h1": HeatHour(None),
        "h2": HeatHour(0, excluded=45),
        "h3": HeatHour(None, excluded=60),
        "h4": HeatHour(7, excluded=5),
        "h5": HeatHour(0, is_outside=True),
    }
    (silent,) = drawn(HeatDay("2 Nov", [HeatHour(None), *[hours["h5"]] * 23])).rows
    assert silent.total == Cell("—", "")
    (row,) = drawn(day("1 Nov", **hours)).rows

    assert row.hours[:6] == (
        Cell("0", "0"),
        Cell("—", ""),
        Cell("45 excluded", "0"),
        Cell("60 excluded", ""),
        Cell("7, 5 excluded", "7"),
        Cell("", ""),
    )
    assert row.excluded == Cell(f"110{THIN}min", "110")


def test_a_day_without_a_measurement_is_a_dash_in_the_table() -> None:
    silent = HeatDay("15 Nov", [HeatHour(None)] * 24)

    (row,) = drawn(silent).rows
    assert (row.total, set(row.hours)) == (Cell("—", ""), {Cell("—", "")})


def test_a_day_needs_24_hours() -> None:
    with pytest.raises(ValueError, match="24 hours"):
        drawn(HeatDay("1 Nov", [QUIET] * 23))


def test_hours_outside_the_range_are_neither_quiet_nor_missing() -> None:
    hours = [HeatHour(0, is_outside=True), *[HeatHour(0)] * 23]
    drawn = heat.heat_map(heat.HeatMap("m", "", [heat.HeatDay("1 Nov", hours)], ticks=()))

    assert [(cell.css, cell.title) for cell in drawn.cells] == [
        ("qo", "1 Nov, 00:00: outside the range")
    ]
