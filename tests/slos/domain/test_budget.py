"""Budgets in events and in minutes, what is left of them and how long that lasts.

Source: Google SRE Workbook, chapters 2 and 5.
"""

import datetime as dt
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.slos.domain import budget

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
THREE_NINES = Fraction(999, 1000)


@pytest.mark.parametrize(("days", "minutes"), [(30, 43.2), (28, 40.32), (90, 129.6), (7, 10.08)])
def test_a_budget_of_999_is_so_many_minutes_of_full_outage(days: int, minutes: float) -> None:
    assert budget.allowed_outage(days * DAY, target=THREE_NINES) == minutes * MINUTE


def test_a_budget_is_told_in_events_at_low_traffic() -> None:
    # 10 requests an hour are 7200 in 30 days; 99.9 % allows 7.2 of them to fail.
    assert budget.allowed_events(Fraction(7200), target=THREE_NINES) == Fraction(72, 10)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        pytest.param("1", 30 * DAY, id="BR 1"),
        pytest.param("2", 15 * DAY, id="BR 2"),
        pytest.param("3", 10 * DAY, id="BR 3"),
        pytest.param("6", 5 * DAY, id="BR 6"),
        pytest.param("10", 3 * DAY, id="BR 10"),
        pytest.param("14.4", 2 * DAY + 2 * HOUR, id="BR 14.4: 2.0833 d"),
        pytest.param("1000", 43.2 * MINUTE, id="BR 1000: full outage"),
    ],
)
def test_time_to_exhaustion_of_a_whole_budget(rate: str, expected: dt.timedelta) -> None:
    found = budget.time_to_exhaustion(Fraction(1), Fraction(rate), period=30 * DAY)

    assert found == expected


@pytest.mark.parametrize(("factor", "days"), [(14, 2), (7, 4), (2, 14), (1, 28)])
def test_a_whole_budget_of_28_days_lasts_as_pyrra_labels_it(factor: int, days: int) -> None:
    found = budget.time_to_exhaustion(Fraction(1), Fraction(factor), period=28 * DAY)

    assert found == days * DAY


def test_a_burn_of_35_for_ever_never_fires_at_36_and_spends_all_in_20_57_hours() -> None:
    found = budget.time_to_exhaustion(Fraction(1), Fraction(35), period=30 * DAY)

    assert found is not None
    assert found / HOUR == pytest.approx(20.57, abs=0.005)


def test_a_budget_that_nothing_spends_never_ends_and_a_spent_one_has_ended() -> None:
    whole, none = Fraction(1), Fraction(0)

    assert budget.time_to_exhaustion(whole, none, period=DAY) is None
    assert budget.time_to_exhaustion(none, whole, period=DAY) == dt.timedelta(0)
    assert budget.time_to_exhaustion(Fraction(-1), whole, period=DAY) == dt.timedelta(0)
    assert budget.time_to_exhaustion(None, whole, period=DAY) is None
    assert budget.time_to_exhaustion(whole, None, period=DAY) is None


def test_an_end_further_away_than_dates_reach_is_never() -> None:
    assert budget.time_to_exhaustion(Fraction(1), Fraction(1, 10**12), period=30 * DAY) is None


@pytest.mark.parametrize(
    ("factor", "lookback", "period", "percent"),
    [
        pytest.param("14.4", HOUR, 30, 2, id="workbook, page fast"),
        pytest.param("6", 6 * HOUR, 30, 5, id="workbook, page slow"),
        pytest.param("3", DAY, 30, 10, id="workbook, ticket fast"),
        pytest.param("1", 3 * DAY, 30, 10, id="workbook, ticket slow"),
        pytest.param("36", HOUR, 30, 5, id="workbook, one window of 1 h at 36"),
        pytest.param("1000", HOUR, 30, 138.9, id="workbook, an outage of one hour"),
        pytest.param("14", HOUR, 28, 2.0833, id="Pyrra, 28 d, x14"),
        pytest.param("7", 6 * HOUR, 28, 6.25, id="Pyrra, 28 d, x7"),
        pytest.param("2", DAY, 28, 7.1429, id="Pyrra, 28 d, x2"),
        pytest.param("1", 4 * DAY, 28, 14.2857, id="Pyrra, 28 d, x1"),
        pytest.param("9", HOUR, 28, 1.339, id="slo-generator, 1 h"),
        pytest.param("3", 12 * HOUR, 28, 5.357, id="slo-generator, 12 h"),
        pytest.param("1.5", 7 * DAY, 28, 37.5, id="slo-generator, 7 d"),
        pytest.param("1", 28 * DAY, 28, 100, id="slo-generator, 28 d"),
    ],
)
def test_share_of_the_budget_that_a_lookback_spends(
    factor: str, lookback: dt.timedelta, period: int, percent: float
) -> None:
    found = budget.share_spent(Fraction(factor), lookback=lookback, period=period * DAY)

    assert float(found) * 100 == pytest.approx(percent, abs=0.05 if percent > 100 else 0.0005)


def test_one_hour_of_the_peak_really_spends_more_than_flat_traffic_says() -> None:
    # 1 h with a fifth of a day's traffic, all bad: flat traffic says 1/720 / b, events say more.
    flat = budget.share_spent(Fraction(1000), lookback=HOUR, period=30 * DAY)
    real = budget.share_spent_by_events(
        Fraction(200), total_in_period=Fraction(30_000), target=THREE_NINES
    )

    assert flat == Fraction(1000, 720)
    assert real == Fraction(200, 30)
    assert (
        budget.share_spent_by_events(Fraction(0), total_in_period=Fraction(0), target=THREE_NINES)
        is None
    )


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 720))
def test_both_forms_of_what_is_spent_agree_at_flat_traffic(
    bad: int, hourly: int, hours: int
) -> None:
    bad = min(bad, hourly * hours)
    rate = Fraction(bad, hourly * hours) / (1 - THREE_NINES)

    flat = budget.share_spent(rate, lookback=hours * HOUR, period=30 * DAY)

    assert flat == budget.share_spent_by_events(
        Fraction(bad), total_in_period=Fraction(720 * hourly), target=THREE_NINES
    )


def test_day_1_of_30_is_minus_100_percent_as_observed_and_93_33_as_projected() -> None:
    ratio, target = Fraction(2, 100), Fraction(99, 100)

    assert budget.remaining(ratio, target=target) == -1
    assert budget.projected_remaining(
        ratio, target=target, elapsed=1440, period=30 * DAY
    ) == Fraction(14, 15)


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), min_size=1, max_size=20),
    st.sampled_from(["0.9", "0.99", "0.999", "0.99999"]),
)
def test_what_is_left_of_many_budgets_is_what_is_left_of_each(
    counts: list[tuple[int, int]], text: str
) -> None:
    target = Fraction(text)
    bad = np.array([min(pair) for pair in counts])
    total = np.array([max(pair) for pair in counts])

    found = budget.remaining_of_many(bad, total, budget=np.full(len(bad), float(1 - target)))

    for one, part, whole in zip(found.tolist(), bad.tolist(), total.tolist(), strict=True):
        exact = budget.remaining(Fraction(part, whole) if whole else None, target=target)
        assert np.isnan(one) if exact is None else one == pytest.approx(float(exact), abs=1e-9)
