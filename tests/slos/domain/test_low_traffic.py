"""How many events a rule needs before one failure alone stops to fire it."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from watchkeeper.slos.domain import burn_rules, low_traffic

MONTH = dt.timedelta(days=30)
THREE_NINES = Fraction(999, 1000)
RULES = burn_rules.defaults(period=MONTH, target=Decimal("0.999")).rules


@pytest.mark.parametrize(
    ("theta", "events"), [("0.0144", 70), ("0.006", 167), ("0.003", 334), ("0.001", 1000)]
)
def test_one_failure_alone_does_not_fire_from_this_many_events(theta: str, events: int) -> None:
    assert low_traffic.minimum_total(Fraction(theta)) == events
    assert Fraction(1, events) <= Fraction(theta) < Fraction(1, events - 1)


def test_the_defaults_need_70_167_334_and_1000_events_at_999() -> None:
    found = low_traffic.needed_totals(RULES, target=THREE_NINES)

    assert list(found.values()) == [70, 167, 334, 1000]


def test_one_failure_at_ten_requests_an_hour_is_13_89_percent_of_the_budget() -> None:
    weight = low_traffic.weight_of_one_failure(Fraction(7200), target=THREE_NINES)

    assert float(weight or 0) == pytest.approx(0.1389, abs=5e-5)
    assert low_traffic.weight_of_one_failure(Fraction(10), target=THREE_NINES) == 100
    assert low_traffic.weight_of_one_failure(Fraction(0), target=THREE_NINES) is None


@pytest.mark.parametrize(
    ("hourly", "named"),
    [
        pytest.param(
            10, ["page-fast", "page-slow", "ticket-fast", "ticket-slow"], id="10 an hour"
        ),
        pytest.param(28, ["page-fast"], id="28 an hour"),
        pytest.param(70, [], id="70 an hour"),
    ],
)
def test_rules_that_one_failure_fires_are_named(hourly: int, named: list[str]) -> None:
    found = low_traffic.findings(
        RULES,
        target=THREE_NINES,
        total_in_period=Fraction(720 * hourly),
        period_minutes=Fraction(43_200),
    )

    assert [sentence.split()[4].rstrip(":") for sentence in found] == named
