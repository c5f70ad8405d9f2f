"""Numbers are written so that none looks better than it is."""

from decimal import Decimal
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.ui.domain import numbers
from watchkeeper.ui.domain.numbers import MINUS, THIN, UNKNOWN

OBJECTIVES = st.sampled_from(
    [Decimal(text) for text in ("0.9", "0.99", "0.995", "0.9995", "0.99999")]
)
SHARES = st.floats(0, 1, allow_nan=False)


def read(text: str) -> Decimal:
    """Return the share that ``text`` says."""
    return (
        Decimal(text.replace(MINUS, "-").replace(",", "").split(THIN)[0].removeprefix("under "))
        / 100
    )


@pytest.mark.parametrize(
    ("value", "against", "text"),
    [
        (0.99935, 0.999, "99.93 %"),
        (0.999879, 0.9999, "99.987 %"),
        (0.9989999, 0.999, "99.89 %"),
        (0.98785, 0.99, "98.7 %"),
        (0.9, 0.9, "90.0 %"),
        (1, 0.999, "100 %"),
        (0.9999999, 0.999, "99.99 %"),
        (Decimal("0.99955"), Decimal("0.9995"), "99.955 %"),
        (0.99981, None, "99.98 %"),
        (0, 0.999, "0.00 %"),
        (None, 0.999, UNKNOWN),
        (nan, 0.999, UNKNOWN),
    ],
)
def test_a_ratio_shows_the_nines_that_matter(
    value: float | Decimal | None, against: float | Decimal | None, text: str
) -> None:
    assert numbers.ratio(value, against=against) == text.replace(" ", THIN)


@given(value=SHARES, against=OBJECTIVES)
def test_a_ratio_under_its_objective_never_reads_as_having_met_it(
    value: float, against: Decimal
) -> None:
    written = read(numbers.ratio(value, against=against))

    assert written <= numbers.exact(value)
    assert (written < against) == (numbers.exact(value) < against)


@given(value=st.floats(-50, 50, allow_nan=False))
def test_a_share_is_never_written_larger_than_it_is_but_for_the_word_under(value: float) -> None:
    text = numbers.share(value)

    if text.startswith("under"):
        assert 0 < value < read(text)
    else:
        assert read(text) <= numbers.exact(value)
        assert numbers.exact(value) - read(text) <= Decimal("0.001")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.3529, "35.2 %"),
        (0.38, "38 %"),
        (1, "100 %"),
        (0.99999, "99.9 %"),
        (0.0004, "under 0.1 %"),
        (0, "0 %"),
        (-0.2144, f"{MINUS}21.5 %"),
        (-3, f"{MINUS}300 %"),
        (None, UNKNOWN),
        (inf, UNKNOWN),
    ],
)
def test_a_share_is_floored_and_never_reads_as_nothing_while_something_is_left(
    value: float | None, text: str
) -> None:
    assert numbers.share(value) == text.replace(" ", THIN, 1).replace(
        f"under{THIN}0.1 ", f"under 0.1{THIN}"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (14.39, "14.3x"),
        (14.4, "14.4x"),
        (3.2, "3.20x"),
        (0.494, "0.49x"),
        (57.41, "57.4x"),
        (113.9, "113x"),
        (1234.5, "1234x"),
        (0, "0x"),
        (0.001, "under 0.01x"),
        (None, UNKNOWN),
    ],
)
def test_a_burn_rate_is_cut_to_three_figures(value: float | None, text: str) -> None:
    assert numbers.burn(value) == text


@given(rate=st.floats(0.01, 5000), factor=st.sampled_from([1.0, 3.0, 6.0, 14.4]))
def test_a_burn_rate_under_a_factor_never_reads_as_having_reached_it(
    rate: float, factor: float
) -> None:
    written = float(numbers.burn(rate).removesuffix("x"))

    assert (written >= factor) == (rate >= factor)


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (numbers.objective, 0.999, "99.9 %"),
        (numbers.objective, Decimal("0.99950"), "99.95 %"),
        (numbers.objective, 0.99, "99 %"),
        (numbers.objective, 0.9, "90 %"),
        (numbers.factor, 14.4, "14.4x"),
        (numbers.factor, 6.0, "6x"),
        (numbers.count, 17451973, "17,451,973"),
        (numbers.count, 12.5, "12.5"),
        (numbers.count, 12.0, "12"),
        (numbers.count, -19533, f"{MINUS}19,533"),
        (numbers.compact, 9999, "9,999"),
        (numbers.compact, 12412, "12.4 k"),
        (numbers.compact, 999_999, "999 k"),
        (numbers.compact, 4_400_000, "4.40 M"),
        (numbers.compact, None, UNKNOWN),
        (numbers.points, -0.026, f"{MINUS}2.6 pt"),
        (numbers.points, 0.012, "+1.2 pt"),
        (numbers.points, 0, "0.0 pt"),
    ],
)
def test_other_numbers_are_written_in_full_or_cut(write, value, text: str) -> None:  # type: ignore[no-untyped-def]
    assert write(value) == text.replace(" ", THIN)


@pytest.mark.parametrize(
    ("remaining", "size", "events", "text"),
    [
        (0.38, "16 min 24 s", None, f"38{THIN}% left · 16 min 24 s"),
        (0.352, None, 5120, f"35.2{THIN}% left · 5,120 requests"),
        (-0.2144, None, -19533, f"21.5{THIN}% overspent · 19,533 requests"),
        (None, None, 1, UNKNOWN),
        (1, None, None, f"100{THIN}% left"),
    ],
)
def test_a_budget_is_written_in_percent_and_in_a_human_size(
    remaining: float | None, size: str | None, events: int | None, text: str
) -> None:
    assert numbers.budget(remaining, size=size, events=events, unit="requests") == text


def test_a_number_that_is_not_finite_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="not a number"):
        numbers.exact(nan)
