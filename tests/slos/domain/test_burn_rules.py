"""Burn rates, rules, detection and reset on the published tables.

Source: Google SRE Workbook, chapter 5; factors of other periods as Sloth computes them.
"""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.slos.domain import burn_rate, burn_rules
from watchkeeper.slos.domain.definition import RollingWindow, Severity

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
THREE_NINES = Decimal("0.999")
PAIRS = {
    "page-fast": (HOUR, 5 * MINUTE, "0.0144"),
    "page-slow": (6 * HOUR, 30 * MINUTE, "0.006"),
    "ticket-fast": (DAY, 2 * HOUR, "0.003"),
    "ticket-slow": (3 * DAY, 6 * HOUR, "0.001"),
}


@pytest.mark.parametrize(
    ("days", "factors"),
    [
        (7, [3.36, 1.4, 0.7, 0.233333]),
        (28, [13.44, 5.6, 2.8, 0.933333]),
        (30, [14.4, 6, 3, 1]),
        (90, [43.2, 18, 9, 3]),
    ],
)
def test_factors_follow_share_times_period_over_lookback(days: int, factors: list[float]) -> None:
    shares = [(2, HOUR), (5, 6 * HOUR), (10, DAY), (10, 3 * DAY)]

    found = [
        float(burn_rate.factor_for(Fraction(share, 100), lookback=lookback, period=days * DAY))
        for share, lookback in shares
    ]

    assert found == pytest.approx(factors, abs=1e-6)


def test_the_defaults_at_30_days_are_the_workbooks_four() -> None:
    found = burn_rules.defaults(period=30 * DAY, target=THREE_NINES)

    assert [(r.severity, r.factor) for r in found.rules] == [
        (Severity.PAGE, Decimal("14.4")),
        (Severity.PAGE, Decimal(6)),
        (Severity.TICKET, Decimal(3)),
        (Severity.TICKET, Decimal(1)),
    ]
    assert found.left_out == ()


def test_defaults_that_would_fire_while_healthy_are_left_out_with_a_reason() -> None:
    found = burn_rules.defaults(period=28 * DAY, target=THREE_NINES)

    assert [rule.name for rule in found.rules] == ["page-fast", "page-slow", "ticket-fast"]
    assert "0.9333 is below 1" in found.left_out[0]


def test_defaults_that_no_outage_reaches_are_left_out() -> None:
    # 14.4 x (1 - T) < 1 needs T > 93.0556 %.
    found = burn_rules.defaults(period=30 * DAY, target=Decimal("0.93"))

    assert "page-fast" not in [rule.name for rule in found.rules]
    assert "no outage reaches" in found.left_out[0]


DETECTION = {
    "0.5": [(103.68, 291.36), (259.2, 1778.4), (518.4, 7156.8), (518.4, 21556.8)],
    "0.1": [(518.4, 256.8), (1296, 1692), (2592, 6984), (2592, 21384)],
    "0.05": [(1036.8, 213.6), (2592, 1584), (5184, 6768), (5184, 21168)],
    "0.02": [(2592, 84), (6480, 1260), (12960, 6120), (12960, 20520)],
    "0.01": [None, (12960, 720), (25920, 5040), (25920, 19440)],
    "0.005": [None, None, (51840, 2880), (51840, 17280)],
    "0.002": [None, None, None, (129600, 10800)],
    "1": [(51.84, 295.68), (129.6, 1789.2), (259.2, 7178.4), (259.2, 21578.4)],
}


@pytest.mark.parametrize("error_ratio", list(DETECTION))
def test_detection_and_reset_times_are_the_published_ones(error_ratio: str) -> None:
    for (long, short, theta), expected in zip(PAIRS.values(), DETECTION[error_ratio], strict=True):
        arguments = {"theta": Fraction(theta), "error_ratio": Fraction(error_ratio)}
        detected = burn_rate.detection_time(long=long, **arguments)
        reset = burn_rate.reset_time(short=short, **arguments)
        if expected is None:
            assert (detected, reset) == (None, None)
        else:
            assert detected is not None
            assert reset is not None
            assert (detected.total_seconds(), reset.total_seconds()) == expected


@given(st.fractions(Fraction(1, 50), 1))
def test_the_budget_spent_at_detection_does_not_hang_on_how_bad_it_is(ratio: Fraction) -> None:
    theta = Fraction(144, 10_000)
    detected = burn_rate.detection_time(long=HOUR, theta=theta, error_ratio=ratio)

    assert detected is not None
    spent = float(ratio) * detected.total_seconds() / (0.001 * 30 * 86400)
    assert spent == pytest.approx(0.02, rel=1e-6)


@pytest.mark.parametrize(
    ("rate", "expected"), [(1, 30 * DAY), (2, 15 * DAY), (10, 3 * DAY), (1000, 43.2 * MINUTE)]
)
def test_time_to_exhaustion_of_a_whole_budget(rate: int, expected: dt.timedelta) -> None:
    found = burn_rate.time_to_exhaustion(Fraction(1), Fraction(rate), period=30 * DAY)

    assert found == expected


def test_a_budget_that_nothing_spends_never_ends_and_a_spent_one_has_ended() -> None:
    whole, none = Fraction(1), Fraction(0)

    assert burn_rate.time_to_exhaustion(whole, none, period=DAY) is None
    assert burn_rate.time_to_exhaustion(none, whole, period=DAY) == dt.timedelta(0)
    assert burn_rate.time_to_exhaustion(None, whole, period=DAY) is None


@pytest.mark.parametrize(
    ("theta", "events"), [("0.0144", 70), ("0.006", 167), ("0.003", 334), ("0.001", 1000)]
)
def test_one_failure_alone_does_not_fire_from_this_many_events(theta: str, events: int) -> None:
    assert burn_rate.minimum_total(Fraction(theta)) == events


def test_burn_rates_of_many_slos_are_the_scalar_ones_and_unknown_without_events() -> None:
    bad = np.array([[36, 0], [1, 0]])
    total = np.array([[10_000, 0], [10, 5]])

    found = burn_rate.burn_rates(bad, total, budget=np.array([0.001, 0.1]))

    assert found[0, 0] == pytest.approx(3.6)
    assert np.isnan(found[0, 1])
    assert found[1].tolist() == pytest.approx([1.0, 0.0])
    assert burn_rate.burn_rate(Fraction(36, 10_000), target=Fraction(999, 1000)) == Fraction(
        36, 10
    )


@pytest.mark.parametrize(
    ("target", "factor", "short", "message"),
    [
        ("0.999", "0.98", 5, "below 1"),
        ("0.9", "14.4", 5, "no outage reaches"),
        ("0.999", "14.4", 3, "under 4 samples"),
        ("0.999", "14.4", 60, "not shorter"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_a_sentence(
    target: str, factor: str, short: int, message: str
) -> None:
    rule = burn_rules.BurnRule("mine", Severity.PAGE, HOUR, short * MINUTE, Decimal(factor))

    with pytest.raises(InvalidError, match=message):
        burn_rules.check(rule, target=Decimal(target))


@pytest.mark.parametrize(
    ("target", "message"), [("1", "no error budget"), ("1.2", "no error budget"), ("0", "above 0")]
)
def test_targets_at_the_edges_are_refused_with_a_sentence(target: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        burn_rules.check_target(Decimal(target))


def test_a_window_longer_than_what_is_kept_is_refused() -> None:
    with pytest.raises(InvalidError, match="longer than the 90 days"):
        burn_rules.check_retention(
            [RollingWindow(91 * DAY)],
            retention_days=90,
            at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        )
