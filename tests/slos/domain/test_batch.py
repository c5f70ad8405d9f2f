"""Many objectives at once stand where each of them stands alone."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.slos.domain.factories import END, any_minutes, make_question, series
from watchkeeper.slos.domain import batch, burn_rules, evaluation, slices
from watchkeeper.slos.domain.batch import STATUSES, Member, Roster, Standings, Sums
from watchkeeper.slos.domain.definition import BudgetingMethod, Severity
from watchkeeper.slos.domain.evaluation import Evaluation, Question
from watchkeeper.slos.domain.windows import MINUTE


def judged(questions: list[Question]) -> tuple[Standings, Roster]:
    """Judge the questions from sums that are taken one by one, as the engine keeps them."""
    members = batch.roster(
        [
            Member(
                question.objective.target,
                evaluation.rules_of(question),
                question.definition.minimum_events,
            )
            for question in questions
        ]
    )
    rows: list[list[int]] = []
    back: list[list[list[int]]] = []
    for question in questions:
        minutes = evaluation.prepare(question)
        sums = slices.running_sums(minutes, evaluation.counting_rule(question))
        period = int(evaluation.evaluate(question).interval.length / MINUTE)
        low, high = sums.first_in(END - period), sums.last_in(END)
        part = minutes.part(start=END - period, end=END)
        first = np.flatnonzero(part.series.covered)
        rows.append(
            [
                int(sums.good[high] - sums.good[low]),
                int(sums.total[high] - sums.total[low]),
                int(sums.events[high] - sums.events[low]),
                int(np.count_nonzero(part.measured)),
                int(np.count_nonzero(part.due)),
                int(np.count_nonzero(part.due & part.measured)),
                END - part.series.start - int(first[0]) if len(first) else 0,
                period,
            ]
        )
        counts = [sums.look_back(lookback, end=END) for lookback in members.lookbacks]
        back.append(
            [[int(c.bad * sums.one) for c in counts], [int(c.total * sums.one) for c in counts]]
        )
    is_open = [
        rule.name in question.open_rules
        for question in questions
        for rule in evaluation.rules_of(question)
    ]
    sides = np.array(back, np.int64).reshape(len(questions), 2, len(members.lookbacks))
    good, total, events, measured, due, due_measured, elapsed, period = np.array(rows, np.int64).T
    counted = Sums(
        good=good,
        total=total,
        events=events,
        measured=measured,
        due=due,
        due_measured=due_measured,
        elapsed=elapsed,
        period=period,
        bad_back=sides[:, 0],
        total_back=sides[:, 1],
        is_open=np.array(is_open, np.bool_),
    )
    return batch.judge(members, counted), members


def near(value: object) -> object:
    if value is None:
        return pytest.approx(float("nan"), nan_ok=True)
    return pytest.approx(float(value), rel=1e-9, abs=1e-6)  # type: ignore[arg-type]


def assert_same(found: Standings, row: int, members: Roster, alone: Evaluation) -> None:
    assert STATUSES[found.status[row]] is alone.status
    assert found.sli[row] == near(alone.sli)
    assert found.remaining[row] == near(alone.remaining)
    assert found.projected[row] == near(alone.projected)
    assert found.coverage[row] == near(alone.coverage)
    assert bool(found.is_paging[row]) is (alone.severity is Severity.PAGE)
    assert bool(found.is_burning[row]) is (alone.severity is not None)
    rates = dict(zip(members.lookbacks, found.burn_rates[row].tolist(), strict=True))
    for state in alone.rules:
        assert rates[int(state.rule.long / MINUTE)] == near(state.long_rate)
        assert rates[int(state.rule.short / MINUTE)] == near(state.short_rate)
    own = members.rules.slo == row
    assert found.verdicts.holds[own].tolist() == [state.holds is True for state in alone.rules]
    assert found.verdicts.clear[own].tolist() == [state.holds is False for state in alone.rules]
    if alone.exhausted_in is not None:
        assert found.exhausted_in[row] == near(alone.exhausted_in / MINUTE)
    else:
        assert not np.isfinite(found.exhausted_in[row])


questions = st.builds(
    make_question,
    any_minutes,
    target=st.sampled_from(["0.5", "0.9", "0.999"]),
    method=st.sampled_from(BudgetingMethod),
    slice_target=st.just("0.95"),
    slice_minutes=st.sampled_from([1, 5]),
    minimum_events=st.sampled_from([0, 50]),
    open_rules=st.sampled_from(
        [frozenset(), frozenset({"page-fast"}), frozenset({"ticket-slow"})]
    ),
    rules=st.sampled_from(
        [
            None,
            (),
            burn_rules.defaults(period=90 * 1440 * MINUTE, target=Decimal("0.999")).rules,
        ]
    ),
)


@settings(deadline=None)
@given(st.lists(questions, min_size=1, max_size=4))
def test_many_stand_where_each_stands_alone(asked: list[Question]) -> None:
    found, members = judged(asked)

    for row, question in enumerate(asked):
        assert_same(found, row, members, evaluation.evaluate(question))


def test_a_budget_that_is_just_gone_is_exhausted_and_one_thousandth_less_is_not() -> None:
    asked = [
        make_question(series((43_200, good, 1000)), rules=()) for good in (999, 999.001, 998.999)
    ]

    found, _ = judged(asked)

    assert [STATUSES[code].value for code in found.status] == ["exhausted", "ok", "exhausted"]
