"""What somebody took and did not resolve in the time that the policy gives."""

import datetime as dt
from typing import Any

import pytest

from tests.alerts.factories import (
    escalation,
    make_integration,
    make_on_call,
    pages_of,
    send,
    settle,
    step,
)
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts, paging, waking
from watchkeeper.notifications.models import Delivery

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


def opened(key: str = "", **spec: Any) -> str:
    if not key:
        make_on_call("alice", "bob", **spec)
    alert: str = send(key or make_integration(), key="k", title="T")["alert"]
    step(NOON)
    return alert


def test_what_is_not_resolved_in_time_pages_again_from_the_first_step_and_says_why() -> None:
    alert = opened(ackTimeout="30m")
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    assert queries.alert_row(alert).pages_again_at == NOON + 30 * MINUTE
    assert "Pages again unless it is resolved by" in text(
        signed_in("dora").get(f"/alerts/{alert}")
    )

    assert waking.page_again(now=NOON + 29 * MINUTE) == 0
    assert waking.page_again(now=NOON + 30 * MINUTE) == 1
    step(NOON + 30 * MINUTE)

    row = queries.alert_row(alert)
    assert (row.state, row.acknowledged_at, row.acknowledged_by) == ("firing", None, "")
    assert pages_of(alert) == [("alice", "cancelled"), ("alice", "scheduled")]
    told = queries.act_rows(alert)[-1]
    assert (told.act, told.detail) == (
        "not resolved in time", "it was taken at 2026-03-02T12:00:00Z, and not resolved",
    )  # fmt: skip
    assert Delivery.objects.latest("pk").message["title"] == "Not resolved in time: T"
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON + 31 * MINUTE)
    assert queries.alert_row(alert).pages_again_at == NOON + 61 * MINUTE


@pytest.mark.parametrize("spec", [{}, {"ackTimeout": "0m"}], ids=str)
def test_without_a_time_out_it_stays_taken_for_ever(spec: dict[str, str]) -> None:
    alert = opened(**spec)

    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)

    assert queries.alert_row(alert).pages_again_at is None
    assert waking.page_again(now=NOON + 10_000 * MINUTE) == 0


def test_the_time_runs_where_a_sender_says_that_it_was_taken_too() -> None:
    make_on_call("alice", ackTimeout="30m")
    key = make_integration()
    alert = opened(key)

    send(key, key="k", title="T", status="acknowledged")

    assert queries.alert_row(alert).pages_again_at == NOON + 30 * MINUTE
    send(key, key="k", status="resolved")
    assert waking.page_again(now=NOON + 30 * MINUTE) == 0


def test_acknowledging_again_gives_no_more_time_and_a_snooze_does() -> None:
    alert = opened(ackTimeout="30m")
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON + 20 * MINUTE)
    assert queries.alert_row(alert).pages_again_at == NOON + 30 * MINUTE

    acts.snooze(actor=HOST, alerts=[alert], length="2h", now=NOON + 20 * MINUTE)

    assert waking.page_again(now=NOON + 30 * MINUTE) == 0
    assert queries.alert_row(alert).pages_again_at == NOON + 140 * MINUTE


def test_who_an_alert_was_reassigned_to_has_the_same_time() -> None:
    alert = opened(ackTimeout="30m")
    paging.reassign(actor=HOST, alerts=[alert], to={"person": "bob"}, now=NOON)

    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)

    assert queries.alert_row(alert).pages_again_at == NOON + 30 * MINUTE
    found = escalation(alert)
    assert found is not None
    assert not found.is_open
