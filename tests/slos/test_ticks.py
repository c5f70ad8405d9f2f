"""The tick writes where each SLO stands, and begins and ends firings."""

import datetime as dt
from typing import Any

import pytest

from tests.factories import HOST, make_minutes, make_slo, slo_document
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.usecases.exclusions import Wanted
from watchkeeper.telemetry import queries as telemetry_queries
from watchkeeper.telemetry import usecases as telemetry

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def test_the_tick_writes_what_lists_read() -> None:
    make_slo()
    make_minutes("checkout", NOON, (1000, 1000, 1000))

    assert usecases.tick(now=NOON) == 1
    assert usecases.tick(now=NOON + MINUTE) == 1

    [row] = queries.slo_rows()
    [state] = row.states
    assert (state.status, state.words, state.budget_remaining) == ("ok", "OK", 1.0)
    assert state.as_of == NOON + MINUTE
    assert state.spark[-1] is not None


def test_a_burn_begins_a_firing_with_its_reason_and_calm_ends_it() -> None:
    make_slo()
    make_minutes("checkout", NOON, (4000, 1000, 1000), (60, 900, 1000))
    usecases.tick(now=NOON)

    firing = next(f for f in queries.firing_rows(is_open=True) if f.rule == "page-fast")
    assert (firing.severity, firing.started_at) == ("page", NOON)
    assert firing.reason["long"] == "1h"
    assert firing.reason["long_rate"] == 100
    assert firing.reason["factor"] == 14.4
    assert firing.reason["budget_spent"] == pytest.approx(100 / 720)

    now = NOON
    for _ in range(8):
        now += MINUTE
        make_minutes("checkout", now, (1, 1000, 1000))
        usecases.tick(now=now)

    ended = [f for f in queries.firing_rows(is_open=False) if f.rule == "page-fast"]
    assert len(ended) == 1


def test_too_few_events_begin_no_firing_until_they_are_enough() -> None:
    annotations = {"watchkeeper/minimum-events": "1000"}
    make_slo(slo_document(annotations=annotations))
    make_minutes("checkout", NOON, (60, 1, 10))
    ticker = usecases.Ticker()

    ticker.tick(now=NOON)
    make_minutes("checkout", NOON + MINUTE, (1, 1, 10))
    ticker.tick(now=NOON + MINUTE)

    assert queries.firing_rows() == []
    make_minutes("checkout", NOON + 2 * MINUTE, (1, 0, 390))
    ticker.tick(now=NOON + 2 * MINUTE)
    assert "page-fast" in {firing.rule for firing in queries.firing_rows(is_open=True)}


def test_a_source_that_falls_silent_ends_no_firing() -> None:
    make_slo()
    make_minutes("checkout", NOON, (60, 900, 1000))
    usecases.tick(now=NOON)
    before = {f.id for f in queries.firing_rows(is_open=True)}

    for minutes in range(1, 20):
        usecases.tick(now=NOON + minutes * MINUTE)

    still = {f.id for f in queries.firing_rows(is_open=True) if f.rule == "page-fast"}
    assert still <= before
    assert still


def test_an_exclusion_restates_and_its_withdrawal_restores() -> None:
    make_slo()
    make_minutes("checkout", NOON, (60, 1000, 1000), (10, 0, 1000))
    wanted = Wanted(NOON - 10 * MINUTE, NOON, "agreed with the customer", slo="checkout")

    made = usecases.add_exclusion(actor=HOST, wanted=wanted, now=NOON)
    [excluded] = queries.status_of(now=NOON, at=NOON)
    usecases.withdraw_exclusion(actor=HOST, exclusion_id=made, now=NOON)
    [restored] = queries.status_of(now=NOON, at=NOON)

    assert (excluded["sli"], excluded["total"]) == (1, 60_000)
    assert restored["total"] == 70_000


def test_an_slo_that_goes_with_its_sli_while_it_is_read_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("checkout", "search"):
        make_slo(slo_document(name))
        make_minutes(name, NOON, (10, 1000, 1000))
    minutes_of = telemetry_queries.minutes_of

    def somebody_else_is_faster(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.undo()
        [gone] = telemetry_queries.slis(["search-requests"])
        usecases.remove_slo(actor=HOST, name="search", origin=Origin.FILE, now=NOON)
        telemetry.remove_sli(actor=HOST, sli_id=gone.id, now=NOON)
        return minutes_of(*args, **kwargs)

    monkeypatch.setattr(telemetry_queries, "minutes_of", somebody_else_is_faster)

    assert usecases.tick(now=NOON) == 1
    assert [row.name for row in queries.slo_rows()] == ["checkout"]
