"""One objective over one window: the published vectors and the laws."""

import datetime as dt
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.slos.domain.factories import (
    AS_OF,
    DAY,
    END,
    HOUR,
    MINUTE,
    any_minutes,
    evaluated,
    make_question,
    series,
)
from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import evaluation
from watchkeeper.slos.domain.definition import (
    BudgetingMethod,
    CalendarUnit,
    CalendarWindow,
    NoData,
    RollingWindow,
    Severity,
)
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries


def test_a_window_is_weighted_by_events_and_not_by_minutes() -> None:
    # An outage of 60 minutes at night, by 1 a minute, and at the peak, by 1000 a minute. The mean
    # of minute ratios would be 0.041667 both times.
    day = RollingWindow(DAY)
    night = evaluated(series((600, 1000, 1000), (60, 0, 1), (780, 1, 1)), window=day)
    peak = evaluated(series((60, 0, 1000), (540, 1000, 1000), (840, 1, 1)), window=day)

    assert 1 - (night.sli or 0) == Fraction(60, 600_840)
    assert 1 - (peak.sli or 0) == Fraction(60_000, 600_840)


def test_idle_minutes_burn_nothing_and_poison_nothing() -> None:
    found = evaluated(series((1000, 99, 100), (100, 0, 0), (100, 100, 100)))

    assert found.total == 110_000
    assert found.sli == Fraction(109_000, 110_000)


def test_a_new_services_budget_is_shown_as_observed_and_as_projected() -> None:
    # 99 %, day 1 of 30, 100 events, 2 of them bad: -100 % observed, +93.33 % projected.
    found = evaluated(series((1339, 0, 0), (100, 0.98, 1), (1, 0, 0)), target="0.99")

    assert found.remaining == -1
    assert found.projected == Fraction(14, 15)
    assert found.status is SloStatus.EXHAUSTED


def test_budget_is_told_in_events() -> None:
    # The prototype's shop: 17,440,679 good of 17,451,973 at 99.9 % leave 35.2 %.
    found = evaluated(series((1, 17_440_679, 17_451_973)))

    assert found.budget == Fraction(17_451_973, 1000)
    assert float(found.remaining or 0) == pytest.approx(0.3528, abs=1e-4)


@pytest.mark.parametrize(
    ("method", "sli", "good", "total"),
    [
        (BudgetingMethod.OCCURRENCES, Fraction(995, 1010), 995, 1010),
        (BudgetingMethod.TIMESLICES, Fraction(1, 2), 1, 2),
        (BudgetingMethod.RATIO_TIMESLICES, Fraction(745, 1000), Fraction(149, 100), 2),
    ],
)
def test_the_three_methods_on_the_published_vector(
    method: BudgetingMethod, sli: Fraction, good: Fraction, total: int
) -> None:
    # Slices 990/1000 and 5/10, slice target 0.95: 0.985149, 0.5, 0.745.
    found = evaluated(series((1, 990, 1000), (1, 5, 10)), method=method, slice_target="0.95")

    assert found.sli == sli
    assert found.good == good
    assert found.total == total


def test_a_slice_that_just_reaches_its_target_is_good() -> None:
    found = evaluated(
        series((1, 95, 100), (1, 949.999, 1000)),
        method=BudgetingMethod.TIMESLICES,
        slice_target="0.95",
    )

    assert found.good == 1
    assert found.total == 2


@pytest.mark.parametrize(
    ("policy", "sli"),
    [
        (NoData.IGNORE, Fraction(9, 10)),
        (NoData.GOOD, Fraction(95, 100)),
        (NoData.BAD, Fraction(45, 100)),
        (NoData.HOLD, Fraction(9, 10)),
    ],
)
@pytest.mark.parametrize("method", [BudgetingMethod.OCCURRENCES, BudgetingMethod.RATIO_TIMESLICES])
def test_minutes_without_measurement_are_what_the_policy_says(
    policy: NoData, sli: Fraction, method: BudgetingMethod
) -> None:
    found = evaluated(series((50, 9, 10), (50, None, None)), no_data=policy, method=method)

    assert float(found.sli or 0) == pytest.approx(float(sli))
    assert found.coverage == Fraction(1, 2)


@pytest.mark.parametrize(("policy", "rate"), [(NoData.BAD, 1000), (NoData.IGNORE, None)])
def test_a_lookback_without_any_measurement_is_unknown_unless_the_policy_knows(
    policy: NoData, rate: int | None
) -> None:
    found = evaluated(series((100, 10, 10), (10, None, None)), no_data=policy)

    assert found.burn_rates["5m"] == rate


def test_minutes_that_may_still_be_on_their_way_are_not_missing() -> None:
    found = evaluated(series((100, 10, 10), (3, None, None)), no_data=NoData.BAD, now=AS_OF)

    assert found.coverage == 1
    assert found.sli == 1


def test_due_minutes_begin_with_the_expected_start() -> None:
    start = AS_OF - dt.timedelta(minutes=200)

    for minutes in (series((50, 10, 10)), series((150, None, None), (50, 10, 10))):
        found = evaluated(minutes, expected_start=start)
        assert (found.due_minutes, found.coverage) == (200, Fraction(1, 4))


def test_exclusions_take_minutes_out_of_everything() -> None:
    outage = Interval(AS_OF - dt.timedelta(minutes=20), AS_OF - dt.timedelta(minutes=10))
    minutes = series((80, 10, 10), (10, 0, 10), (10, 10, 10))

    assert evaluated(minutes).sli == Fraction(9, 10)
    found = evaluated(minutes, exclusions=(outage,))
    assert found.sli == 1
    assert found.total == 900
    assert found.excluded_minutes == 10
    assert found.coverage == 1


def test_burn_rates_are_told_for_every_lookback_of_the_rules() -> None:
    found = evaluated(series((30 * 1440 - 60, 1000, 1000), (60, 980, 1000)))

    assert list(found.burn_rates) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d"]
    assert found.burn_rates["1h"] == 20
    assert found.burn_rates["2h"] == 10
    assert found.status is SloStatus.BURNING
    [fast] = [state for state in found.rules if state.rule.name == "page-fast"]
    assert fast.holds
    assert fast.spent == Fraction(20, 720)


@pytest.mark.parametrize(("bad", "holds"), [("14.4", False), ("14.401", True)])
def test_a_rule_fires_strictly_above_its_factor_and_nothing_is_rounded(
    bad: str, holds: bool
) -> None:
    found = evaluated(series((30 * 1440, 1000 - float(bad), 1000)))

    assert found.rules[0].holds is holds


@pytest.mark.parametrize(
    ("minutes", "settings", "status"),
    [
        (series((10, None, None)), {}, SloStatus.NO_DATA),
        (series((10, 1, 1)), {"minimum_events": 11}, SloStatus.INSUFFICIENT),
        (series((10, 0, 1)), {"minimum_events": 10}, SloStatus.EXHAUSTED),
        (series((10, 1, 1)), {"open_rules": frozenset({"page-fast"})}, SloStatus.BURNING),
        (series((10, 1, 1)), {}, SloStatus.OK),
        (series((10, 0, 0)), {}, SloStatus.OK),
    ],
)
def test_the_status_is_the_first_that_holds(
    minutes: MinuteSeries, settings: dict[str, object], status: SloStatus
) -> None:
    assert evaluated(minutes, **settings).status is status


def test_nothing_measured_is_unknown_everywhere_and_never_zero() -> None:
    found = evaluated(series((10, None, None)))

    assert (found.sli, found.remaining, found.projected, found.coverage) == (None,) * 4
    assert set(found.burn_rates.values()) == {None}


def test_a_calendar_month_is_projected_over_its_whole_length() -> None:
    month = CalendarWindow(CalendarUnit.MONTH, "UTC", dt.datetime.fromisoformat("2026-01-01"))
    since_start = END - evaluation.minute_of(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))

    found = evaluated(series((since_start, 99.9, 100)), window=month)

    assert found.remaining == 0
    assert found.projected == 1 - Fraction(since_start, 31 * 1440)
    assert found.interval.end == dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def test_a_calendar_month_is_begun_anew_on_its_first_instant() -> None:
    month = CalendarWindow(CalendarUnit.MONTH, "UTC", dt.datetime.fromisoformat("2026-01-01"))
    first_of_march = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    minutes = series((60, 0, 10), end=evaluation.minute_of(first_of_march))

    before = evaluated(minutes, window=month, as_of=first_of_march - MINUTE)
    after = evaluated(minutes, window=month, as_of=first_of_march)

    assert before.status is SloStatus.EXHAUSTED
    assert after.status is SloStatus.NO_DATA


def test_a_window_that_is_partly_measured_is_projected_from_its_first_measured_minute() -> None:
    # 10 of 30 days: half of what was allowed so far is spent, a sixth of what will be.
    found = evaluated(series((10 * 1440, 999.5, 1000)))

    assert found.remaining == Fraction(1, 2)
    assert found.projected == Fraction(5, 6)
    assert found.coverage == 1


def test_an_exclusion_at_the_start_does_not_shorten_the_time_that_ran() -> None:
    start = AS_OF - DAY
    minutes = series((1440, 999, 1000))

    for length in (0, 1, 600):
        excluded = (Interval(start, start + length * MINUTE),) if length else ()
        found = evaluated(minutes, exclusions=excluded)
        assert found.projected == 1 - Fraction(1, 30)


def test_an_exclusion_takes_out_the_minutes_that_begin_in_it() -> None:
    start = AS_OF - 10 * MINUTE
    seconds = dt.timedelta(seconds=30)
    minutes = series((10, 0, 1))

    def total(begin: dt.datetime, end: dt.datetime) -> Fraction:
        return evaluated(minutes, exclusions=(Interval(begin, end),)).total

    assert total(start, start + MINUTE) == 9
    assert total(start + seconds, start + MINUTE) == 10
    assert total(start, start + seconds) == 9
    assert total(start - DAY, AS_OF + DAY) == 0


def test_a_window_whose_minutes_are_all_excluded_has_no_data() -> None:
    found = evaluated(series((10, 0, 1)), exclusions=(Interval(AS_OF - DAY, AS_OF),))

    assert found.status is SloStatus.NO_DATA
    assert found.coverage is None


def test_more_good_than_all_is_kept_and_never_told_as_more_than_all_good() -> None:
    found = evaluated(series((10, 11, 10)))

    assert (found.good, found.total) == (Fraction(110), Fraction(100))
    assert found.sli == 1
    assert found.remaining == 1
    assert found.bad == 0


def test_skew_between_good_and_total_balances_within_the_window() -> None:
    found = evaluated(series((1, 8, 10), (1, 12, 10)))

    assert found.sli == 1


def test_the_minimum_is_in_events_also_where_slices_are_counted() -> None:
    settings = {"method": BudgetingMethod.TIMESLICES, "slice_target": "0.9"}

    enough = evaluated(series((2, 100, 100)), minimum_events=200, **settings)
    few = evaluated(series((2, 100, 100)), minimum_events=201, **settings)

    assert enough.status is SloStatus.OK
    assert few.status is SloStatus.INSUFFICIENT
    assert few.total == 2


def test_minutes_after_the_instant_are_not_looked_at() -> None:
    minutes = series((10, 1, 1), (5, 0, 1), end=END + 5)

    found = evaluated(minutes, as_of=AS_OF, now=AS_OF)

    assert found.sli == 1
    assert found.burn_rates["5m"] == 0


def test_seconds_of_the_instant_do_not_matter() -> None:
    minutes = series((100, 9, 10))

    found = evaluated(minutes, as_of=AS_OF + dt.timedelta(seconds=59))

    assert (found.good, found.due_minutes) == (Fraction(900), 100)


def test_a_series_that_begins_late_means_the_same_as_one_with_gaps_in_front() -> None:
    start = AS_OF - 30 * DAY
    late = series((100, 9, 10))
    whole = series((43_100, None, None), (100, 9, 10))

    for policy in NoData:
        settings = {"expected_start": start, "no_data": policy}
        assert evaluated(late, **settings) == evaluated(whole, **settings)


def test_the_budget_is_told_in_events_and_in_time_of_full_outage() -> None:
    found = evaluated(series((43_200, 999.5, 1000)))

    assert found.budget == 43_200
    assert found.bad == found.left == 21_600
    assert found.allowed_outage == 43.2 * MINUTE
    assert found.left_outage == 21.6 * MINUTE


def test_an_error_minute_has_more_errors_than_the_objective_allows() -> None:
    found = evaluated(
        series((50, 1000, 1000), (3, 999, 1000), (7, 998.999, 1000), (5, 0, 0), (9, None, None))
    )

    assert found.error_minutes == 7
    assert found.missing_minutes == 9


def test_error_minutes_of_time_slices_are_those_of_bad_slices() -> None:
    found = evaluated(
        series((60, 100, 100), (10, 94, 100), (10, 96, 100)),
        method=BudgetingMethod.TIMESLICES,
        slice_target="0.95",
        slice_minutes=5,
    )

    assert found.error_minutes == 10
    assert found.bad == 2


@pytest.mark.parametrize(
    ("outage", "severity", "pace"),
    [
        pytest.param((0, 0), None, 3 * DAY, id="calm: the longest lookback"),
        pytest.param((4320, 2), Severity.TICKET, 3 * DAY, id="a ticket: the longest lookback"),
        pytest.param((60, 30), Severity.PAGE, HOUR, id="a page: the last hour"),
    ],
)
def test_the_pace_is_that_of_the_last_hour_where_a_page_burns(
    outage: tuple[int, int], severity: Severity | None, pace: dt.timedelta
) -> None:
    many, bad = outage
    found = evaluated(series((43_200 - many, 1000, 1000), (many, 1000 - bad, 1000)))
    [paced] = [state for state in found.rules if state.rule.long == pace]

    assert found.severity is severity
    assert found.pace == pace
    assert found.exhausted_in == paced.exhausted_in


def test_the_reason_says_how_many_more_failures_a_rule_takes() -> None:
    # 1 h of 60,000 events at theta 0.0144: fires above 864; 600 failed.
    found = evaluated(series((43_140, 1000, 1000), (60, 990, 1000)))
    fast = found.rules[0]

    assert fast.long_rate == 10
    assert fast.more_failures == 265
    assert evaluated(series((43_140, 1000, 1000), (60, 900, 1000))).rules[0].more_failures == 0
    assert evaluated(series((10, None, None))).rules[0].more_failures is None


def test_a_silent_short_lookback_holds_nothing_against_a_long_one_that_is_clear() -> None:
    quiet = evaluated(series((1440, 1000, 1000), (10, 0, 0))).rules[0]
    burning = evaluated(series((1440, 900, 1000), (10, 0, 0))).rules[0]

    assert quiet.short_rate is burning.short_rate is None
    assert quiet.holds is False
    assert burning.holds is None


def test_an_open_firing_burns_though_its_rule_no_longer_holds() -> None:
    found = evaluated(series((100, 1, 1)), open_rules=frozenset({"ticket-fast", "page-fast"}))

    assert found.status is SloStatus.BURNING
    assert found.severity is Severity.PAGE
    assert [state.is_open for state in found.rules] == [True, False, True, False]


def test_rules_may_be_asked_for_in_place_of_the_definitions_own() -> None:
    minutes = series((100, 1, 1))

    assert evaluated(minutes, rules=()).burn_rates == {}
    assert evaluated(minutes, rules=()).exhausted_in is None


def test_what_is_needed_first_is_the_window_or_the_longest_lookback() -> None:
    question = make_question(series((1, 1, 1)))
    rules = evaluation.rules_of(question)

    short = RollingWindow(DAY)
    assert evaluation.first_needed(short, rules=rules, as_of=AS_OF) == END - 3 * 1440
    assert evaluation.first_needed(short, rules=(), as_of=AS_OF) == END - 1440
    assert evaluation.first_needed(question.window, rules=rules, as_of=AS_OF) == END - 30 * 1440


def naive(minutes: MinuteSeries, policy: NoData, *, first: int, last: int) -> Fraction | None:
    """Return the good share of ``[first, last)`` minute by minute, as the words say."""
    begun = int(np.flatnonzero(minutes.covered)[0]) if minutes.covered.any() else None
    known: list[tuple[int, int]] = []
    held: list[tuple[int, int]] = []
    before: tuple[int, int] | None = None
    missing = 0
    for place in range(len(minutes.covered)):
        is_inside = first <= place < last
        if minutes.covered[place]:
            before = (int(minutes.good[place]), int(minutes.total[place]))
            known.extend([before] * is_inside)
        elif is_inside and begun is not None and place >= begun:
            missing += 1
            held.extend([before] if before else [])
    good, total = (Fraction(sum(pair[side] for pair in known)) for side in (0, 1))
    if policy is NoData.HOLD:
        good += sum(pair[0] for pair in held)
        total += sum(pair[1] for pair in held)
    elif policy is not NoData.IGNORE and missing:
        if not known:
            return Fraction(policy is NoData.GOOD)
        extra = total * missing / len(known)
        good, total = good + extra * (policy is NoData.GOOD), total + extra
    return good / total if total else None


@given(any_minutes, st.sampled_from(NoData))
def test_every_policy_gives_what_counting_minute_by_minute_gives(
    minutes: MinuteSeries, policy: NoData
) -> None:
    found = evaluated(minutes, no_data=policy)
    many = len(minutes.covered)

    assert found.sli == naive(minutes, policy, first=0, last=many)
    for label, lookback in {"5m": 5, "30m": 30, "1h": 60}.items():
        share = naive(minutes, policy, first=max(0, many - lookback), last=many)
        rate = None if share is None else (1 - share) * 1000
        assert found.burn_rates[label] == rate


@given(any_minutes)
def test_what_is_left_and_what_is_spent_make_the_whole(minutes: MinuteSeries) -> None:
    found = evaluated(minutes)

    if found.remaining is not None:
        assert found.remaining + found.bad / found.budget == 1


@given(any_minutes, st.randoms(use_true_random=False))
def test_the_order_of_minutes_in_the_window_does_not_matter(
    minutes: MinuteSeries, random: Random
) -> None:
    order = list(range(len(minutes.covered)))
    random.shuffle(order)
    mixed = MinuteSeries(
        minutes.start, minutes.good[order], minutes.total[order], minutes.covered[order]
    )

    for method in BudgetingMethod:
        settings = {"method": method, "slice_target": "0.95"}
        one, other = evaluated(minutes, **settings), evaluated(mixed, **settings)
        assert (one.good, one.total, one.sli) == (other.good, other.total, other.sli)


@given(any_minutes, st.integers(0, 60), st.integers(1, 60))
def test_a_withdrawn_exclusion_leaves_no_trace(
    minutes: MinuteSeries, ago: int, length: int
) -> None:
    end = AS_OF - ago * MINUTE
    before = evaluated(minutes)

    evaluated(minutes, exclusions=(Interval(end - length * MINUTE, end),))

    assert evaluated(minutes) == before


@given(any_minutes, st.integers(0, 300), st.integers(1, 300))
def test_an_exclusion_takes_its_minutes_out_of_the_sums(
    minutes: MinuteSeries, ago: int, length: int
) -> None:
    end = AS_OF - ago * MINUTE
    inside = slice(max(0, END - ago - length - minutes.start), max(0, END - ago - minutes.start))

    found = evaluated(minutes, exclusions=(Interval(end - length * MINUTE, end),))

    assert found.total * SCALE == int(minutes.total.sum() - minutes.total[inside].sum())
    assert found.good * SCALE == int(minutes.good.sum() - minutes.good[inside].sum())
