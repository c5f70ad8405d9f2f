"""Alerts that their sender says nothing of any more are closed, where that is wanted."""

import datetime as dt

import pytest

from tests.alerts.factories import escalation, make_integration, send, settle, states, verdicts
from tests.conftest import FakeClock
from tests.factories import HOST
from watchkeeper.alerts.domain.documents import IntegrationSpec, SilenceSpec
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts, rules, stale, waking
from watchkeeper.alerts.usecases import integrations as senders
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key(db: None, fake_clock: FakeClock) -> str:
    del db, fake_clock
    settle()
    return make_integration(settings={"autoClose": "2h"})


def test_what_nothing_is_heard_of_is_closed_and_its_paging_ends(
    key: str, fake_clock: FakeClock
) -> None:
    alert = send(key, title="Disk full")["alert"]
    fake_clock.travel(minutes=119)
    assert stale.close_stale(now=clock.now()) == 0

    assert stale.close_stale(now=fake_clock.travel(minutes=1)) == 1

    row = queries.alert_row(alert)
    assert (row.state, row.resolved_by, row.resolved_at) == ("resolved", "system", clock.now())
    (act,) = queries.act_rows(alert)
    assert (act.act, "2:00:00" in act.detail) == ("closed by itself", True)
    paging = escalation(alert)
    assert paging is not None
    assert not paging.is_open
    assert stale.close_stale(now=clock.now()) == 0


def test_what_is_told_again_stays(key: str, fake_clock: FakeClock) -> None:
    send(key, title="Disk full")
    fake_clock.travel(minutes=90)
    send(key, title="Disk full")

    assert stale.close_stale(now=fake_clock.travel(minutes=90)) == 0
    assert states() == {"Disk full": "firing"}


def test_what_was_acknowledged_is_closed_too(key: str, fake_clock: FakeClock) -> None:
    alert = send(key, title="Disk full")["alert"]
    acts.acknowledge(actor=HOST, alerts=[alert], now=clock.now())
    due = clock.now() + dt.timedelta(hours=3)
    Alert.objects.filter(pk=int(alert)).update(pages_again_at=due)

    assert stale.close_stale(now=fake_clock.travel(hours=2)) == 1
    assert waking.page_again(now=fake_clock.travel(hours=2)) == 0
    assert states() == {"Disk full": "resolved"}


def test_what_is_snoozed_or_silenced_waits(key: str, fake_clock: FakeClock) -> None:
    end = clock.now() + dt.timedelta(days=1)
    spec = SilenceSpec("deploy", ('title="Quiet"',), clock.now(), end, "x")
    rules.save_silence(actor=HOST, spec=spec, origin=Origin.API, now=clock.now())
    send(key, title="Quiet")
    alert = send(key, title="Later")["alert"]
    acts.snooze(actor=HOST, alerts=[alert], length="1d", now=clock.now())

    assert stale.close_stale(now=fake_clock.travel(hours=3)) == 0


def test_the_same_episode_opens_a_new_alert_afterwards(key: str, fake_clock: FakeClock) -> None:
    began = "2026-03-02T11:58:00Z"
    send(key, title="Disk full", started_at=began)
    stale.close_stale(now=fake_clock.travel(hours=2))

    send(key, title="Disk full", started_at=began)

    assert verdicts() == ["opened", "opened"]
    assert Alert.objects.filter(state="firing").count() == 1


def test_others_are_left_alone(fake_clock: FakeClock) -> None:
    send(make_integration(name="other"), title="Disk full")

    assert stale.close_stale(now=fake_clock.travel(days=30)) == 0


def test_a_heartbeats_silence_does_not_end_its_alert() -> None:
    spec = IntegrationSpec("x", "heartbeat", settings={"autoClose": "1h"})

    with pytest.raises(InvalidError, match="does not go with a heartbeat"):
        senders.create_integration(actor=HOST, spec=spec, now=clock.now())


@pytest.mark.parametrize("length", ["soon", 7, "-1h", ""])
def test_a_length_that_is_none_is_refused(length: object) -> None:
    spec = IntegrationSpec("x", "generic", settings={"autoClose": length})

    with pytest.raises(InvalidError, match="autoClose is a length"):
        senders.create_integration(actor=HOST, spec=spec, now=clock.now())
