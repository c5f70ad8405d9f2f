"""Whoever is woken sees what helps, and a slow part of it makes nobody wait."""

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tests.alerts.factories import make_integration, send, settle
from tests.conftest import FakeClock
from tests.factories import BEGINNING, HOST, actor_for, make_slo, make_user, slo_document
from tests.pages import signed_in, text
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.ports import ContextItem
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import context
from watchkeeper.alerts.queries.context import Context
from watchkeeper.alerts.usecases import acts, notes
from watchkeeper.catalog.models import Service
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.actors import Actor
from watchkeeper.slos.models import Slo, SloState

pytestmark = pytest.mark.django_db
MOST_QUERIES = 32


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock
    settle()


def helps(alert: str, now: dt.datetime) -> Context:
    return context.context_of(queries.alert_row(alert), actor=HOST, now=now)


class Incidents:
    """A context that answers."""

    name = "incidents"

    def about(
        self, alert: str, /, *, service: str, actor: Actor, now: dt.datetime
    ) -> Sequence[ContextItem]:
        del actor, now
        return [ContextItem("incident", f"Checkout is down, {service}, {alert}", url="/i/1")]


class Slow:
    """A context that never answers, until it is let go."""

    name = "archives"
    let_go = threading.Event()

    def about(
        self, alert: str, /, *, service: str, actor: Actor, now: dt.datetime
    ) -> Sequence[ContextItem]:
        del alert, service, actor, now
        self.let_go.wait(20)
        return [ContextItem("note", "too late")]


class Broken:
    """A context that fails."""

    name = "wiki"

    def about(self, alert: str, /, **_: Any) -> Sequence[ContextItem]:
        raise RuntimeError(alert)


@pytest.fixture
def wired(settings: Settings) -> Iterator[Settings]:
    Slow.let_go.clear()
    yield settings
    Slow.let_go.set()


def test_the_service_and_its_budgets_stand_beside_an_alert(now: dt.datetime) -> None:
    make_slo(slo_document("checkout-latency", service="checkout"))
    Service.objects.filter(name="checkout").update(
        tier=1, runbook_url="https://wiki.example.org/checkout"
    )
    alert = send(make_integration(service="checkout"), title="Slow")["alert"]

    found = helps(alert, now)

    assert (found.service, found.is_known, found.tier) == ("checkout", True, 1)
    assert found.runbook_url == "https://wiki.example.org/checkout"
    [line] = found.slos
    assert (line.name, line.status, line.budget_remaining) == ("checkout-latency", "no_data", None)

    SloState.objects.create(
        slo=Slo.objects.get(), objective_index=0, window_index=0, objective=Decimal("0.99"),
        window="30d", method="Occurrences", as_of=now, status="exhausted", urgency=2, good=90,
        total=100, budget_remaining=-9.0, burn_rates={}, unknown_rules=0, spark=[],
    )  # fmt: skip
    [line] = helps(alert, now).slos
    assert (line.status, line.budget_remaining, line.window) == ("exhausted", -9.0, "30d")


def test_an_alert_without_a_service_has_nothing_made_up(now: dt.datetime) -> None:
    alert = send(make_integration(), title="Slow")["alert"]

    found = helps(alert, now)

    assert (found.service, found.is_known, found.owner, found.tier) == ("", False, None, None)
    assert (found.slos, found.changes, found.earlier, found.items) == ((), (), (), ())


def test_the_same_alert_before_tells_how_it_ended(fake_clock: FakeClock) -> None:
    alice = actor_for(make_user("alice", role="admin"))
    key = make_integration(service="shop", settings={"flapping": "off"})
    first = send(key, key="a", title="Checkout fails")["alert"]
    acts.acknowledge(actor=alice, alerts=[first], now=fake_clock.travel(minutes=1))
    notes.note(actor=HOST, alerts=[first], text="restarted it", now=fake_clock())
    fake_clock.travel(minutes=4)
    send(key, key="a", status="resolved")
    other = send(key, key="b", title="Checkout fails")["alert"]
    send(key, key="b", status="resolved")
    send(key, key="c", title="Something else")
    fake_clock.travel(minutes=10)
    again = send(key, key="a", title="Checkout fails")["alert"]

    found = helps(again, fake_clock())

    assert [each.id for each in found.earlier] == [other, first]
    assert found.earlier_count == 2
    newest, oldest = found.earlier
    assert (newest.is_same_key, oldest.is_same_key) == (False, True)
    assert oldest.lasted_seconds == 300
    assert (oldest.acknowledged_by, newest.acknowledged_by) == ("alice", "")
    assert oldest.notes == ("restarted it",)
    assert (oldest.verdict, oldest.verdict_told) == ("", "")


def test_of_many_before_the_newest_are_shown_and_all_are_counted(fake_clock: FakeClock) -> None:
    key = make_integration(service="shop", settings={"flapping": "off"})
    for _ in range(8):
        send(key, key="a", title="Checkout fails")
        send(key, key="a", status="resolved")
    again = send(key, key="a", title="Checkout fails")["alert"]

    found = helps(again, fake_clock())

    assert (len(found.earlier), found.earlier_count) == (context.MOST_EARLIER, 8)


def test_who_is_late_or_fails_is_named_and_keeps_nobody_waiting(
    wired: Settings, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    wired.WATCHKEEPER_ALERT_CONTEXTS = [
        f"tests.alerts.test_context.{name}" for name in ("Slow", "Broken", "Incidents")
    ]
    monkeypatch.setattr(context, "DEADLINE_SECONDS", 0.3)
    alert = send(make_integration(service="shop"), title="Slow")["alert"]

    found = helps(alert, now)
    page = text(signed_in("alice").get(f"/alerts/{alert}"))

    assert [item.title for item in found.items] == [f"Checkout is down, shop, {alert}"]
    assert found.missing == ("archives", "wiki")
    assert "Checkout is down" in page
    assert "archives, wiki" in page


def test_the_api_tells_the_same(fake_clock: FakeClock) -> None:
    del fake_clock
    make_slo(slo_document("checkout-latency", service="checkout"))
    alert = send(make_integration(service="checkout"), title="Slow")["alert"]

    token = identity.create_token(actor=HOST, name="reader", role="viewer", now=BEGINNING)
    headers = {"Authorization": f"Bearer {token.token}"}
    told = Client().get(f"/api/v1/alerts/{alert}", headers=headers).json()

    assert told["title"] == "Slow"
    assert told["context"]["slos"][0]["budget_remaining"] is None
    assert told["context"]["earlier"] == []
    assert told["context"]["missing"] == []


def test_the_screen_keeps_to_its_budget_of_queries(fake_clock: FakeClock) -> None:
    del fake_clock
    make_slo(slo_document("checkout-latency", service="checkout"))
    key = make_integration(service="checkout", settings={"flapping": "off"})
    counts = []
    client = signed_in("alice")
    for _ in range(2):
        for _ in range(4):
            send(key, key="a", title="Slow")
            send(key, key="a", status="resolved")
        alert = send(key, key="a", title="Slow")["alert"]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(f"/alerts/{alert}").status_code == 200
        counts.append(len(seen))
        send(key, key="a", status="resolved")

    assert counts[1] <= counts[0] + 1  # more of them before cost one count
    assert max(counts) <= MOST_QUERIES
    assert Alert.objects.count() == 10


def test_the_runbook_stays_at_the_head_of_the_screen() -> None:
    key = make_integration(service="shop", settings={"flapping": "off"})
    alert = send(key, title="Slow")["alert"]
    Alert.objects.update(runbook_url="https://wiki.example.org/r")

    page = text(signed_in("alice").get(f"/alerts/{alert}"))

    head = page[page.index("wk-w-top") : page.index("wk-w-hero")]
    assert 'href="https://wiki.example.org/r"' in head
