"""Snoozed alerts: quiet for a while, then paged for again."""

import datetime as dt
import threading

import pytest
from django.db import connection, transaction

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
from watchkeeper.alerts.domain.documents import SilenceSpec
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import acts, rules, upkeep, waking
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.kernel.origins import Origin

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
EVENT = {"key": "k", "title": "T", "severity": "error", "started_at": "2026-03-02T11:00:00Z"}


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


@pytest.fixture
def key() -> str:
    make_on_call("alice", "bob")
    return make_integration(service="shop")


def opened(key: str) -> str:
    """Open an alert that alice is paged for."""
    alert: str = send(key, **EVENT)["alert"]
    step(NOON)
    return alert


def is_paging(alert: str) -> bool:
    found = escalation(alert)
    return found is not None and found.is_open


def test_a_snooze_cancels_what_is_to_come_and_pages_from_the_first_step_when_it_ends(
    key: str,
) -> None:
    alert = opened(key)

    acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)
    step(NOON + HOUR / 2)

    row = queries.alert_row(alert)
    assert (row.state, row.pages_again_at) == ("snoozed", NOON + HOUR)
    assert pages_of(alert) == [("alice", "cancelled")]
    assert waking.page_again(now=NOON + HOUR - dt.timedelta(seconds=1)) == 0

    assert waking.page_again(now=NOON + HOUR) == 1
    step(NOON + HOUR)

    row = queries.alert_row(alert)
    assert (row.state, row.pages_again_at) == ("firing", None)
    assert pages_of(alert) == [("alice", "cancelled"), ("alice", "scheduled")]
    assert [(act.act, act.detail) for act in queries.act_rows(alert)] == [
        ("snoozed", "until 2026-03-02T13:00:00Z"),
        ("snooze ended", ""),
    ]
    assert waking.page_again(now=NOON + 2 * HOUR) == 0


@pytest.mark.parametrize("act", ["resolve", "acknowledge"])
def test_what_a_person_takes_or_ends_meanwhile_does_not_wake(key: str, act: str) -> None:
    alert = opened(key)
    acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)

    getattr(acts, act)(actor=HOST, alerts=[alert], now=NOON)

    assert waking.page_again(now=NOON + 2 * HOUR) == 0
    assert queries.alert_row(alert).pages_again_at is None
    assert not is_paging(alert)


@pytest.mark.parametrize("status", ["resolved", "acknowledged"])
def test_what_its_sender_takes_or_ends_meanwhile_does_not_wake(key: str, status: str) -> None:
    alert = opened(key)
    acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)

    send(key, **EVENT, status=status)

    assert queries.alert_row(alert).state == status
    assert waking.page_again(now=NOON + 2 * HOUR) == 0
    assert not is_paging(alert)


def test_the_same_again_stays_quiet_and_what_is_new_or_worse_pages_at_once(key: str) -> None:
    alert = opened(key)
    for more in ({"severity": "critical"}, {"started_at": "2026-03-02T11:30:00Z"}):
        acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)
        assert send(key, **EVENT)["verdict"] == "deduped"
        assert queries.alert_row(alert).state == "snoozed"

        told = send(key, **EVENT | more)

        assert told["verdict"] == "deduped"
        assert "pages again" in queries.event_rows(alert)[-1].reason
        assert queries.alert_row(alert).pages_again_at is None
        assert queries.alert_row(alert).state == "firing"
        assert is_paging(alert)


def test_what_is_silenced_when_its_snooze_ends_stays_quiet_until_the_silence_does(
    key: str,
) -> None:
    alert = opened(key)
    acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)
    spec = SilenceSpec("s", ('service="shop"',), NOON, NOON + 3 * HOUR, "deploy")
    rules.save_silence(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    in_force.forget()

    assert waking.page_again(now=NOON + HOUR) == 0

    row = queries.alert_row(alert)
    assert (row.state, row.muted_by, row.muted_until) == ("firing", "s", NOON + 3 * HOUR)
    assert upkeep.end_silences(now=NOON + 3 * HOUR) == 1
    assert is_paging(alert)


def test_a_snooze_can_be_made_longer_and_what_is_over_cannot_be_snoozed(key: str) -> None:
    alert = opened(key)
    acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)
    acts.snooze(actor=HOST, alerts=[alert], until=NOON + 5 * HOUR, now=NOON)
    assert queries.alert_row(alert).pages_again_at == NOON + 5 * HOUR

    with pytest.raises(InvalidError):
        acts.snooze(actor=HOST, alerts=[alert], length="", now=NOON)

    acts.resolve(actor=HOST, alerts=[alert], now=NOON)
    with pytest.raises(ConflictError):
        acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)


def test_who_took_it_gives_it_back_when_the_snooze_ends(key: str) -> None:
    alert = opened(key)
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)

    waking.page_again(now=NOON + HOUR)

    row = queries.alert_row(alert)
    assert (row.state, row.acknowledged_at, row.acknowledged_by) == ("firing", None, "")


def test_the_page_of_an_alert_snoozes_it_and_says_until_when(key: str) -> None:
    alert, client = opened(key), signed_in("dora", role="admin")

    page = text(client.post(f"/alerts/{alert}/act", {"act": "snooze", "for": "4h"}, follow=True))

    assert "1 alert snoozed for 4h" in page
    assert "Snoozed until" in page
    assert 'value="acknowledge"' in page
    assert "1 snoozed" in " ".join(text(client.get("/alerts")).split())


@pytest.mark.django_db(transaction=True)
def test_an_event_that_comes_while_somebody_acts_changes_nothing_of_that(key: str) -> None:
    """The act is not committed yet when the event is decided: the event must wait for it."""
    alert = opened(key)
    told: list[str] = []

    def tell() -> None:
        told.append(send(key, **EVENT)["verdict"])
        connection.close()

    sender = threading.Thread(target=tell)
    with transaction.atomic():
        acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
        sender.start()
        sender.join(0.3)
    sender.join(20)

    row = Alert.objects.get(pk=alert)
    assert told == ["deduped"]
    assert (row.state, row.count) == ("acknowledged", 2)
    assert not is_paging(alert)
