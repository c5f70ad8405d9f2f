"""The overview asks the database as often for much as for little."""

import datetime as dt
import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.alerts.factories import make_integration, make_on_call, send, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, actor_for, make_minutes, make_slo, make_user, slo_document
from tests.oncall.domain.making import layer
from tests.oncall.making import save
from tests.pages import signed_in
from watchkeeper.alerts.usecases import acts
from watchkeeper.changes.domain.events import ChangeEvent, ChangeKind
from watchkeeper.changes.usecases import events
from watchkeeper.kernel import clock
from watchkeeper.notifications.models import Delivery
from watchkeeper.slos import usecases as slos

pytestmark = pytest.mark.django_db
BUDGET = 38
VIEWERS = itertools.count()
LATER = NOON + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def set_up(settled: FakeClock) -> None:
    del settled


def fill(key: str, part: str, many: int) -> None:
    """Make as much of everything that the overview tells."""
    bob = actor_for(make_user(f"bob-{part}", role="admin"))
    for number in range(many):
        name = f"{part}-{number}"
        make_slo(slo_document(name))
        make_minutes(name, NOON, (10_000, 1000, 1000), (60, 900, 1000))
        save(name=name, layers=[layer(members=["alice"])])
        event = ChangeEvent(name, name, ChangeKind.DEPLOY, NOON, service="shop")
        events.record(actor=HOST, event=event, now=NOON)
        send(key, key=name, title=name, severity="error")
        taken = send(key, key=f"{name}-taken", title=name, severity="error")["alert"]
        step(NOON)
        acts.acknowledge(actor=bob, alerts=[taken], now=NOON)
    slos.tick(now=NOON)
    step(LATER)
    Delivery.objects.update(state="delivered")


def asked() -> int:
    """Return how many queries a look takes once what is remembered was read."""
    client = signed_in(f"viewer-{next(VIEWERS)}")
    client.get("/")
    with CaptureQueriesContext(connection) as found:
        assert client.get("/").status_code == 200
    return len(found)


def test_much_takes_no_more_queries_than_little() -> None:
    make_on_call("alice")
    key = make_integration(service="shop")
    fill(key, "few", 1)
    clock.set_source(FakeClock(LATER))
    little = asked()

    clock.set_source(FakeClock(NOON))
    fill(key, "many", 9)
    clock.set_source(FakeClock(LATER))

    assert asked() == little
    assert little <= BUDGET


def test_an_empty_install_takes_no_more() -> None:
    assert asked() <= BUDGET
