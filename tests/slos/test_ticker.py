"""A ticker that remembers says what the minutes say, whatever arrives, and in whatever order."""

import datetime as dt
import random
from typing import Any

import pytest

from tests.factories import HOST, make_minutes, make_slo, slo_document
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.models import SloState
from watchkeeper.slos.queries.standing import number
from watchkeeper.slos.usecases.exclusions import Wanted

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
MONTH = {
    "duration": "1M",
    "isRolling": False,
    "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"},
}
DAY = MONTH | {"duration": "1d"}
FIGURES = ("sli", "remaining", "projected", "coverage")


def several() -> tuple[str, ...]:
    """Make SLOs that can be kept in sums, and some that cannot."""
    short = {"duration": "6h", "isRolling": True}
    slices = {"displayName": "s", "target": 0.99, "timeSliceTarget": 0.9, "timeSliceWindow": "5m"}
    low = {"watchkeeper/minimum-events": "30000"}
    return (
        make_slo(slo_document("plain")),
        make_slo(slo_document("month", timeWindow=[MONTH])),
        make_slo(slo_document("day", timeWindow=[DAY])),
        make_slo(slo_document("short", timeWindow=[short])),
        make_slo(slo_document("low", annotations=low)),
        make_slo(slo_document("silent")),
        make_slo(slo_document("held", annotations={"watchkeeper/no-data": "hold"})),
        make_slo(slo_document("slices", budgetingMethod="Timeslices", objectives=[slices])),
    )


def assert_states_are_right(now: dt.datetime) -> None:
    """Compare every state row with what the minutes say."""
    rows = {(s.slo_id, s.objective_index, s.window_index): s for s in SloState.objects.all()}
    for standing in queries.standings(now=now):
        answer = standing.answer
        row = rows.pop((standing.slo_id, standing.objective_index, standing.window_index))
        told = (row.sli, row.budget_remaining, row.budget_remaining_projected, row.coverage)
        truth = tuple(near(number(getattr(answer, figure))) for figure in FIGURES)
        left = answer.exhausted_in.total_seconds() if answer.exhausted_in is not None else None
        words = (row.status, row.severity)
        assert (standing.name, told) == (standing.name, truth)
        assert words == (answer.status.value, answer.severity.value if answer.severity else "")
        assert (row.good, row.total) == (float(answer.good), float(answer.total))
        assert row.as_of == answer.as_of
        assert row.exhausted_in_seconds == near(left)
        rates = {label: near(number(rate)) for label, rate in answer.burn_rates.items()}
        assert row.burn_rates == rates
    assert not rows


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_remembered_equals_what_is_stored(seed: int) -> None:
    chance = random.Random(seed)
    live = [name for name in several() if name != "silent"]
    for name in live:
        make_minutes(name, NOON - 5 * MINUTE, (3000, 1000, 1000), (3, None, None), (40, 998, 1000))
    ticker = usecases.Ticker()
    now = NOON + chance.randrange(700) * MINUTE
    for step in range(60):
        for name in live:
            back = chance.choice((1, 2, 2, 2, 3, 8, 400))
            bad = chance.choice((0, 0, 0, 1, 300))
            if chance.random() < 0.8:
                make_minutes(name, now - back * MINUTE, (1, 1000 - bad, 1000), now=now)
        if step == 20:
            make_minutes("silent", now - 30 * MINUTE, (2, 10, 10), now=now)
        ticker.tick(now=now + dt.timedelta(seconds=chance.randrange(60)))
        now += chance.choice((1, 1, 1, 2, 9, 30)) * MINUTE
        if step % 3 == 0:
            moment = now + dt.timedelta(seconds=7)
            ticker.tick(now=moment)
            assert_states_are_right(moment)


def test_a_new_version_an_exclusion_and_its_withdrawal_are_seen() -> None:
    make_slo()
    make_minutes("checkout", NOON, (3000, 999, 1000))
    ticker = usecases.Ticker()
    ticker.tick(now=NOON)
    ticker.tick(now=NOON + MINUTE)

    make_slo(slo_document(objectives=[{"target": 0.9}]), now=NOON + MINUTE)
    ticker.tick(now=NOON + 2 * MINUTE)
    assert_states_are_right(NOON + 2 * MINUTE)
    wanted = Wanted(NOON - 10 * MINUTE, NOON, "agreed with the customer", slo="checkout")
    made = usecases.add_exclusion(actor=HOST, wanted=wanted, now=NOON + 2 * MINUTE)
    ticker.tick(now=NOON + 3 * MINUTE)
    assert_states_are_right(NOON + 3 * MINUTE)
    usecases.withdraw_exclusion(actor=HOST, exclusion_id=made, now=NOON + 3 * MINUTE)
    ticker.tick(now=NOON + 4 * MINUTE)
    ticker.tick(now=NOON + 5 * MINUTE)

    assert_states_are_right(NOON + 5 * MINUTE)
    assert float(SloState.objects.get().objective) == 0.9


def test_most_slos_are_not_evaluated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for number_ in range(5):
        make_slo(slo_document(f"slo-{number_}"))
        make_minutes(f"slo-{number_}", NOON, (600, 1000, 1000))
    ticker = usecases.Ticker()
    ticker.tick(now=NOON)
    seen: list[int] = []
    whole = queries.standings_of

    def counted(ids: list[int], **rest: Any) -> Any:
        seen.extend(ids)
        return whole(ids, **rest)

    monkeypatch.setattr(queries, "standings_of", counted)
    for minutes in range(1, 6):
        make_minutes("slo-3", NOON + minutes * MINUTE, (1, 1000, 1000))
        assert ticker.tick(now=NOON + minutes * MINUTE) == 5

    assert seen == []
    assert_states_are_right(NOON + 5 * MINUTE)


def test_an_slo_that_is_removed_is_forgotten() -> None:
    make_slo()
    make_slo(slo_document("other"))
    ticker = usecases.Ticker()
    ticker.tick(now=NOON)

    usecases.remove_slo(actor=HOST, name="checkout", origin=Origin.FILE, now=NOON)

    assert ticker.tick(now=NOON + MINUTE) == 1
    assert ticker.tick(now=NOON + 2 * MINUTE) == 1
