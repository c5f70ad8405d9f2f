"""Small drawings beside numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.ui.domain import gauges
from watchkeeper.ui.domain.gauges import BurnRule, Stretch, Tide


@pytest.mark.parametrize(
    ("remaining", "start", "height"),
    [
        (1.0, "0.0", "84.0"),
        (0.5, "42.0", "42.0"),
        (0.0, "84.0", "0.0"),
        (-0.2144, "84.0", "18.0"),
        (-9.0, "84.0", "20.0"),
        (1.4, "0.0", "84.0"),
    ],
)
def test_a_budget_stands_as_water_above_or_below_zero(
    remaining: float, start: str, height: str
) -> None:
    assert gauges.tide(remaining) == Tide(known=True, start=start, height=height)


def test_an_unknown_budget_has_no_water() -> None:
    assert not gauges.tide(None).known
    assert not gauges.tide(float("nan")).known


def test_a_sparkline_breaks_at_gaps_and_ends_in_a_dot() -> None:
    drawn = gauges.sparkline([1.0, 0.5, None, 0.0])

    assert drawn.line == "M0 1.5 32 12.0M96 22.5h.1"
    assert drawn.dot == ("96", "22.5")
    assert drawn.goal == "22.5"


def test_an_overspent_sparkline_goes_under_the_line_of_zero() -> None:
    drawn = gauges.sparkline([1.0, -1.0])

    assert drawn.goal == "12.0"
    assert drawn.dot == ("96", "22.5")


@pytest.mark.parametrize("values", [[], [None, None]])
def test_a_sparkline_of_nothing_is_only_its_line_of_zero(values: list[float | None]) -> None:
    drawn = gauges.sparkline(values)

    assert (drawn.line, drawn.area, drawn.dot) == ("", "", None)


@pytest.mark.parametrize(
    ("rate", "place"), [(0.1, 0), (1, 25), (10, 50), (1000, 100), (0, 0), (0.001, 0), (1e6, 100)]
)
def test_burn_stands_on_a_log_scale(rate: float, place: float) -> None:
    assert gauges.burn_place(rate) == pytest.approx(place)


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_faster_burn_never_has_a_shorter_bar(one: float, other: float) -> None:
    slow, fast = sorted((one, other))

    assert gauges.burn_place(slow) <= gauges.burn_place(fast)


def test_a_rule_shows_which_lookback_passed_its_factor() -> None:
    rule = BurnRule(
        "Page, 6x",
        6.0,
        (("6 h", 5.99), ("30 min", 6.0), ("5 min", None)),
        pages=True,
        firing=False,
    )
    (shape,) = gauges.burn_bars([rule])

    assert [bar.css for bar in shape.bars] == ["f", "over", ""]
    assert [bar.text for bar in shape.bars] == ["5.99x", "6.00x", "—"]
    assert shape.bars[2].value == ""
    assert shape.look == "ok"


def test_a_rule_that_nothing_is_known_of_does_not_look_well() -> None:
    unknown = BurnRule("Page, 14.4x", 14.4, (("1 h", None),), pages=True, firing=None)
    quiet = BurnRule("Page, 14.4x", 14.4, (("1 h", 0.2),), pages=True, firing=False)

    assert [shape.look for shape in gauges.burn_bars([unknown, quiet])] == ["nodata", "ok"]


def test_a_ticket_that_fires_is_no_page() -> None:
    rule = BurnRule("Ticket, 1x", 1.0, (("3 d", 1.2),), pages=False, firing=True)
    (shape,) = gauges.burn_bars([rule])

    assert (shape.look, shape.bars[0].css) == ("watch", "slow")


@pytest.mark.parametrize(
    ("share", "length"), [(0.5, "50.0"), (-1, "0.0"), (2, "100.0"), (None, "0")]
)
def test_a_bar_stays_in_its_track(share: float | None, length: str) -> None:
    assert gauges.bar(share) == length


def test_covered_slices_are_joined() -> None:
    assert gauges.strip([True, True, False, True]) == (
        Stretch("0.00", "50.00", covered=True),
        Stretch("50.00", "25.00", covered=False),
        Stretch("75.00", "25.00", covered=True),
    )
    assert gauges.strip([]) == ()
