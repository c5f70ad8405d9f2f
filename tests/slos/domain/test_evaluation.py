"""One objective over one window: the published vectors and the laws."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import evaluation
from watchkeeper.slos.domain.definition import (
    BudgetingMethod,
    CalendarUnit,
    CalendarWindow,
    NoData,
    Objective,
    RollingWindow,
    SloDefinition,
    Window,
)
from watchkeeper.slos.domain.evaluation import Evaluation, Question
from watchkeeper.slos.domain.status import SloStatus
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec

AS_OF = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
END = evaluation.minute_of(AS_OF)
DAY = dt.timedelta(days=1)
THIRTY_DAYS = RollingWindow(30 * DAY)
LATER = AS_OF + DAY

Runs = list[tuple[int, float, float] | tuple[int, None, None]]


def series(*runs: tuple[int, float | None, float | None], end: int = END) -> MinuteSeries:
    """Return minutes that end at ``end``: (how many, good each, total each), None for a gap."""
    length = sum(run[0] for run in runs)
    found = MinuteSeries.empty(start=end - length, end=end)
    place = 0
    for many, good, total in runs:
        if good is not None and total is not None:
            found.good[place : place + many] = round(good * SCALE)
            found.total[place : place + many] = round(total * SCALE)
            found.covered[place : place + many] = True
        place += many
    return found


def evaluated(
    minutes: MinuteSeries,
    *,
    target: str = "0.999",
    window: Window = THIRTY_DAYS,
    method: BudgetingMethod = BudgetingMethod.OCCURRENCES,
    slice_target: str | None = None,
    exclusions: tuple[Interval, ...] = (),
    no_data: NoData = NoData.IGNORE,
    minimum_events: int = 0,
    expected_start: dt.datetime | None = None,
    open_rules: frozenset[str] = frozenset(),
    now: dt.datetime = LATER,
) -> Evaluation:
    objective = Objective(
        target=Decimal(target),
        sli="requests",
        spec=SliSpec(kind="push"),
        slice_target=Decimal(slice_target) if slice_target else None,
        slice_minutes=1,
    )
    definition = SloDefinition(
        name="checkout",
        service="shop",
        objectives=(objective,),
        windows=(window,),
        method=method,
        no_data=no_data,
        minimum_events=minimum_events,
        expected_start=expected_start,
    )
    covered = np.flatnonzero(minutes.covered)
    return evaluation.evaluate(
        Question(
            definition=definition,
            objective=objective,
            window=window,
            series=minutes,
            first_minute=minutes.start + int(covered[0]) if len(covered) else None,
            exclusions=exclusions,
            as_of=AS_OF,
            now=now,
            open_rules=open_rules,
        )
    )


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
    assert evaluated(minutes, **settings).status is status  # type: ignore[arg-type]


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


minute_runs = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6
)


@given(minute_runs)
def test_what_is_left_and_what_is_spent_make_the_whole(runs: list[tuple[int, int, int]]) -> None:
    found = evaluated(series(*((n, good, good + bad) for n, good, bad in runs)))

    if found.remaining is not None and found.sli is not None:
        assert found.remaining + (found.total - found.good) / found.budget == 1


@given(minute_runs, st.integers(0, 60), st.integers(1, 60))
def test_a_withdrawn_exclusion_leaves_no_trace(
    runs: list[tuple[int, int, int]], ago: int, length: int
) -> None:
    minutes = series(*((n, good, good + bad) for n, good, bad in runs))
    end = AS_OF - dt.timedelta(minutes=ago)
    before = evaluated(minutes)

    evaluated(minutes, exclusions=(Interval(end - dt.timedelta(minutes=length), end),))

    assert evaluated(minutes) == before
