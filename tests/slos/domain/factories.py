"""Minutes and questions with dull defaults, for the tests of the maths."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from hypothesis import strategies as st

from watchkeeper.kernel.intervals import Interval
from watchkeeper.slos.domain import evaluation
from watchkeeper.slos.domain.definition import (
    BudgetingMethod,
    BurnRule,
    NoData,
    Objective,
    RollingWindow,
    SloDefinition,
    Window,
)
from watchkeeper.slos.domain.evaluation import Evaluation, Question
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec

AS_OF = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
END = evaluation.minute_of(AS_OF)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
THIRTY_DAYS = RollingWindow(30 * DAY)
LATER = AS_OF + DAY


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


def make_question(
    minutes: MinuteSeries,
    *,
    target: str = "0.999",
    window: Window = THIRTY_DAYS,
    method: BudgetingMethod = BudgetingMethod.OCCURRENCES,
    slice_target: str | None = None,
    slice_minutes: int = 1,
    exclusions: Sequence[Interval] = (),
    no_data: NoData = NoData.IGNORE,
    minimum_events: int = 0,
    expected_start: dt.datetime | None = None,
    open_rules: frozenset[str] = frozenset(),
    as_of: dt.datetime = AS_OF,
    now: dt.datetime = LATER,
    rules: tuple[BurnRule, ...] | None = None,
) -> Question:
    objective = Objective(
        target=Decimal(target),
        sli="requests",
        spec=SliSpec(kind="push"),
        slice_target=Decimal(slice_target) if slice_target else None,
        slice_minutes=slice_minutes,
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
    return Question(
        definition=definition,
        objective=objective,
        window=window,
        series=minutes,
        first_minute=minutes.start + int(covered[0]) if len(covered) else None,
        exclusions=exclusions,
        as_of=as_of,
        now=now,
        open_rules=open_rules,
        rules=rules,
    )


def evaluated(minutes: MinuteSeries, **settings: object) -> Evaluation:
    return evaluation.evaluate(make_question(minutes, **settings))  # type: ignore[arg-type]


def _drawn(runs: list[tuple[int, int | None, int]]) -> MinuteSeries:
    return series(
        *(
            (many, None, None) if good is None else (many, good, good + bad)
            for many, good, bad in runs
        )
    )


any_minutes = st.lists(
    st.tuples(
        st.integers(1, 90), st.one_of(st.none(), st.just(0), st.integers(0, 50)), st.integers(0, 9)
    ),
    min_size=1,
    max_size=8,
).map(_drawn)
"""Measured minutes, idle ones and gaps in any order, the last one just before ``AS_OF``."""
