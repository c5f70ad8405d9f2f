"""Burn rates, rules, detection and reset on the published tables.

Source: Google SRE Workbook, chapter 5; factors of other periods as Sloth computes them.
"""

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.slos.domain import budget, burn_rate, burn_rules
from watchkeeper.slos.domain.definition import (
    BurnRule,
    CalendarUnit,
    CalendarWindow,
    RollingWindow,
    Severity,
    Window,
)

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
THREE_NINES = Decimal("0.999")


def month(count: int) -> CalendarWindow:
    start = dt.datetime.fromisoformat("2026-01-01")
    return CalendarWindow(CalendarUnit.MONTH, "Europe/Berlin", start, count)


PAIRS = {
    "page-fast": (HOUR, 5 * MINUTE, "0.0144"),
    "page-slow": (6 * HOUR, 30 * MINUTE, "0.006"),
    "ticket-fast": (DAY, 2 * HOUR, "0.003"),
    "ticket-slow": (3 * DAY, 6 * HOUR, "0.001"),
}


LOOKBACKS = (HOUR, 6 * HOUR, DAY, 3 * DAY)
SAMPLE_LOOKBACKS = (30 * MINUTE, 3 * HOUR, 12 * HOUR, 36 * HOUR)


@pytest.mark.parametrize(
    ("days", "percents", "lookbacks", "factors"),
    [
        pytest.param(7, "2 5 10 10", LOOKBACKS, [3.36, 1.4, 0.7, 0.233333], id="7 d"),
        pytest.param(7, "8 12.5 20 42", LOOKBACKS, [13.44, 3.5, 1.4, 0.98], id="7 d, sample"),
        pytest.param(28, "2 5 10 10", LOOKBACKS, [13.44, 5.6, 2.8, 0.933333], id="28 d"),
        pytest.param(30, "2 5 10 10", LOOKBACKS, [14.4, 6, 3, 1], id="30 d, the workbook's"),
        pytest.param(30, "1 2 5 5", SAMPLE_LOOKBACKS, [14.4, 4.8, 3, 1], id="30 d, sample"),
        pytest.param(90, "2 5 10 10", LOOKBACKS, [43.2, 18, 9, 3], id="90 d"),
    ],
)
def test_factors_follow_share_times_period_over_lookback(
    days: int, percents: str, lookbacks: tuple[dt.timedelta, ...], factors: list[float]
) -> None:
    shares = [Fraction(percent) / 100 for percent in percents.split()]

    found = [
        float(burn_rate.factor_for(share, lookback=lookback, period=days * DAY))
        for share, lookback in zip(shares, lookbacks, strict=True)
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


@pytest.mark.parametrize(
    ("target", "is_there"), [("0.930556", True), ("0.9305", False), ("0.93", False)]
)
def test_defaults_that_no_outage_reaches_are_left_out(target: str, is_there: bool) -> None:
    # 14.4 x (1 - T) < 1 needs T > 93.0556 %.
    found = burn_rules.defaults(period=30 * DAY, target=Decimal(target))

    assert ("page-fast" in [rule.name for rule in found.rules]) is is_there
    assert any("no outage reaches" in sentence for sentence in found.left_out) is not is_there


@pytest.mark.parametrize(
    ("days", "names"),
    [
        pytest.param(1, [], id="1 d: every factor is below 1"),
        pytest.param(7, ["page-fast", "page-slow"], id="7 d"),
        pytest.param(28, ["page-fast", "page-slow", "ticket-fast"], id="28 d, as February"),
        pytest.param(31, ["page-fast", "page-slow", "ticket-fast", "ticket-slow"], id="31 d"),
    ],
)
def test_defaults_keep_their_lookbacks_and_make_sense_for_every_period(
    days: int, names: list[str]
) -> None:
    found = burn_rules.defaults(period=days * DAY, target=THREE_NINES)

    assert [rule.name for rule in found.rules] == names
    assert len(found.rules) + len(found.left_out) == 4
    for rule in found.rules:
        burn_rules.check(rule, target=THREE_NINES)
        assert rule.long < days * DAY


DETECTION: dict[str, list[tuple[float, float] | None]] = {
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
        limit, ratio = Fraction(theta), Fraction(error_ratio)
        detected = burn_rate.detection_time(long=long, theta=limit, error_ratio=ratio)
        reset = burn_rate.reset_time(short=short, theta=limit, error_ratio=ratio)
        if expected is None:
            assert (detected, reset) == (None, None)
        else:
            assert detected is not None
            assert reset is not None
            assert (detected.total_seconds(), reset.total_seconds()) == expected


PYRRA = {
    14: "1h 5m 2m",
    7: "6h 30m 15m",
    2: "1d 2h 1h",
    1: "4d 6h 3h",
}
"""Factor: long lookback, short lookback and wait, at 28 days."""

PYRRA_SCALED = {
    7: ["15m 1m 1m", "1h30m 8m 4m", "6h 30m 15m", "1d 1h30m 45m"],
    14: ["30m 3m 1m", "3h 15m 8m", "12h 1h 30m", "2d 3h 1h30m"],
    28: ["1h 5m 2m", "6h 30m 15m", "1d 2h 1h", "4d 6h 3h"],
    30: ["1h4m 5m 2m", "6h26m 32m 16m", "1d1h43m 2h9m 1h4m", "4d6h51m 6h26m 3h13m"],
    90: ["3h13m 16m 6m", "19h17m 1h36m 48m", "3d5h9m 6h26m 3h13m", "12d20h34m 19h17m 9h39m"],
}


def minutes_of(text: str) -> int:
    units = {"d": 1440, "h": 60, "m": 1}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([dhm])", text))


@pytest.mark.parametrize("days", list(PYRRA_SCALED))
def test_lookbacks_of_other_periods_are_pyrras_where_share_and_factor_stay(days: int) -> None:
    # Its lookbacks are those of 28 days times P / 28 d, to the minute, halves up.
    found = []
    for factor, texts in PYRRA.items():
        lengths = []
        for text in texts.split():
            share = budget.share_spent(
                Fraction(factor), lookback=minutes_of(text) * MINUTE, period=28 * DAY
            )
            exact = burn_rate.lookback_for(share, factor=Fraction(factor), period=days * DAY)
            lengths.append(int((exact + MINUTE / 2) // MINUTE))
        found.append(lengths)

    assert found == [[minutes_of(text) for text in row.split()] for row in PYRRA_SCALED[days]]


@pytest.mark.parametrize(("target", "minutes"), [("0.99", 10), ("0.999", 3)])
def test_a_vanished_metric_pages_after_what_pyrra_waits(target: str, minutes: int) -> None:
    # floor(14 x b x 1 h) + 2 min, to the minute; a full outage is found after as long.
    theta = 14 * (1 - Fraction(target))
    found = burn_rate.detection_time(long=HOUR, theta=theta, error_ratio=Fraction(1))

    assert found is not None
    waited = dt.timedelta(seconds=found // dt.timedelta(seconds=1)) + 2 * MINUTE
    assert round(waited / MINUTE) == minutes


def test_at_90_percent_the_factor_14_could_never_fire_and_is_refused() -> None:
    # There Pyrra waits 86 minutes; no outage reaches an error ratio of 1.4.
    rule = BurnRule("critical", Severity.PAGE, HOUR, 5 * MINUTE, Decimal(14))

    with pytest.raises(InvalidError, match="no outage reaches"):
        burn_rules.check(rule, target=Decimal("0.9"))


@pytest.mark.parametrize(
    ("share", "factor", "lookback"),
    [
        ("0.02", "14.4", HOUR),
        ("0.05", "6", 6 * HOUR),
        ("0.05", "36", HOUR),
        ("0.1", "1", 3 * DAY),
    ],
)
def test_the_lookback_is_share_times_period_over_factor(
    share: str, factor: str, lookback: dt.timedelta
) -> None:
    found = burn_rate.lookback_for(Fraction(share), factor=Fraction(factor), period=30 * DAY)

    assert found == lookback


@pytest.mark.parametrize(
    ("long", "theta", "seconds"),
    [
        pytest.param(10 * MINUTE, "0.001", 0.6, id="10 min at the budget itself"),
        pytest.param(36 * HOUR, "0.001", 129.6, id="36 h at the budget itself"),
        pytest.param(HOUR, "0.036", 129.6, id="1 h at 36"),
    ],
)
def test_single_windows_find_a_full_outage_as_the_workbook_says(
    long: dt.timedelta, theta: str, seconds: float
) -> None:
    found = burn_rate.detection_time(long=long, theta=Fraction(theta), error_ratio=Fraction(1))

    assert found == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("long", "theta", "seconds"),
    [
        (HOUR, "0.0144", 3548.16),
        (6 * HOUR, "0.006", 21470.4),
        (DAY, "0.003", 86140.8),
        (3 * DAY, "0.001", 258940.8),
        (HOUR, "0.036", 3470.4),  # "58 minutes"
    ],
)
def test_with_its_long_lookback_only_a_rule_would_go_on_for_long(
    long: dt.timedelta, theta: str, seconds: float
) -> None:
    found = burn_rate.reset_time(short=long, theta=Fraction(theta), error_ratio=Fraction(1))

    assert found == dt.timedelta(seconds=seconds)


@given(st.fractions(Fraction(1, 50), 1))
def test_the_budget_spent_at_detection_does_not_hang_on_how_bad_it_is(ratio: Fraction) -> None:
    theta = Fraction(144, 10_000)
    detected = burn_rate.detection_time(long=HOUR, theta=theta, error_ratio=ratio)

    assert detected is not None
    spent = float(ratio) * detected.total_seconds() / (0.001 * 30 * 86400)
    assert spent == pytest.approx(0.02, rel=1e-6)


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
    rule = BurnRule("mine", Severity.PAGE, HOUR, short * MINUTE, Decimal(factor))

    with pytest.raises(InvalidError, match=message):
        burn_rules.check(rule, target=Decimal(target))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("1", "no error budget"),
        ("1.2", "below 1"),
        ("99.9", "below 1"),
        ("0", "above 0"),
        ("0.99999999999", "at most 10 decimal places"),
    ],
)
def test_targets_at_the_edges_are_refused_with_a_sentence(target: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        burn_rules.check_target(Decimal(target))


@pytest.mark.parametrize(
    ("window", "days"),
    [
        pytest.param(RollingWindow(91 * DAY), 90, id="rolling"),
        pytest.param(month(1), 31, id="a month may have 31 days and an hour"),
        pytest.param(month(3), 92, id="three months"),
    ],
)
def test_a_window_longer_than_what_is_kept_is_refused(window: Window, days: int) -> None:
    with pytest.raises(InvalidError, match=f"longer than the {days} days"):
        burn_rules.check_retention([window], retention_days=days)

    burn_rules.check_retention([window], retention_days=days + 4)


# What is known of a rate against a factor of 9; 9.04 rounded to a decimal would not be above.
@pytest.mark.parametrize(
    ("long", "short", "expected"),
    [
        ("9.04", "9.04", True),
        ("9", "20", False),
        ("20", "9", False),
        ("20", None, None),
        (None, "20", None),
        ("8", None, False),
        (None, "8", False),
        (None, None, None),
    ],
)
def test_a_rule_holds_above_its_factor_over_both_lookbacks(
    long: str | None, short: str | None, expected: bool | None
) -> None:
    rates = [None if rate is None else Fraction(rate) for rate in (long, short)]

    assert burn_rate.holds(*rates, factor=Fraction(9)) is expected


sums = st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)).map(sorted)


@given(
    st.lists(st.tuples(st.sampled_from(["0.9", "0.999", "0.99995"]), sums, sums), min_size=1),
    st.sampled_from(["1", "6", "14.4", "14.88"]),
)
def test_the_rules_of_many_slos_are_judged_as_each_alone(
    rows: list[tuple[str, list[int], list[int]]], factor: str
) -> None:
    bad = np.array([[long[0], short[0]] for _, long, short in rows])
    total = np.array([[long[1], short[1]] for _, long, short in rows])
    thetas = [Fraction(factor) * (1 - Fraction(target)) for target, _, _ in rows]
    table = burn_rate.RuleTable.of([(row, 0, 1, theta) for row, theta in enumerate(thetas)])

    found = burn_rate.judge(bad, total, table)

    for row, (text, *pairs) in enumerate(rows):
        target = Fraction(text)
        rates = [
            burn_rate.burn_rate(Fraction(part, whole) if whole else None, target=target)
            for part, whole in pairs
        ]
        one = burn_rate.holds(rates[0], rates[1], factor=Fraction(factor))
        assert (bool(found.holds[row]), bool(found.clear[row])) == (one is True, one is False)


@given(st.integers(1, 10**9), st.integers(-1, 1))
def test_many_slos_on_the_edge_of_a_rule_are_told_apart_by_one_event(many: int, off: int) -> None:
    # theta 0.0144 = 9/625.
    bad = np.array([[9 * many + off] * 2] * 2)
    total = np.array([[625 * many] * 2] * 2)
    table = burn_rate.RuleTable.of([(row, 0, 1, Fraction("0.0144")) for row in range(2)])

    found = burn_rate.judge(bad, total, table)

    assert found.holds.tolist() == [off > 0] * 2
    assert found.clear.tolist() == [off <= 0] * 2


def test_no_rule_at_all_is_judged_as_nothing() -> None:
    nothing = np.zeros((3, 2), np.int64)

    found = burn_rate.judge(nothing, nothing, burn_rate.RuleTable.of([]))

    assert len(found.holds) == len(found.clear) == 0
