"""The list of alerts, and one alert as a woken person sees it."""

import pytest

from tests.alerts.factories import make_integration, send
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock


def test_the_list_shows_what_is_open_and_keeps_filters_in_the_address() -> None:
    client, key = signed_in("alice", role="admin"), make_integration(service="shop")
    send(key, key="a", title="Checkout fails", severity="critical")
    send(key, key="b", title="Disk fills", severity="warning")
    send(key, key="b", status="resolved")

    open_ones, every = text(client.get("/alerts")), text(client.get("/alerts?state=all"))
    warnings = text(client.get("/alerts?state=all&severity=warning&q=disk"))

    assert "Checkout fails" in open_ones
    assert "Disk fills" not in open_ones
    assert "Disk fills" in every
    assert "Disk fills" in warnings
    assert "Checkout fails" not in warnings


def test_a_long_list_is_read_in_pages() -> None:
    client, key = signed_in("alice", role="admin"), make_integration()
    for number in range(60):
        send(key, title=f"Number {number:02}")

    first = text(client.get("/alerts"))
    oldest = queries.alert_rows(queries.Filter(), limit=60)[49].id

    assert "Number 59" in first
    assert "Number 09" not in first
    assert f"before={oldest}" in first
    assert "Number 09" in text(client.get(f"/alerts?before={oldest}"))


def test_several_alerts_are_taken_at_once() -> None:
    client, key = signed_in("alice", role="admin"), make_integration()
    chosen = [send(key, title=title)["alert"] for title in ("A", "B")]

    answer = client.post("/alerts/-/act", {"alert": chosen, "act": "acknowledge"}, follow=True)

    assert "2 alerts acknowledged" in text(answer)
    assert {queries.alert_row(alert).state for alert in chosen} == {"acknowledged"}


def test_the_sentence_counts_each_open_alert_once() -> None:
    client, key = signed_in("alice", role="admin"), make_integration()
    assert "Nothing fires." in text(client.get("/alerts"))
    made = [send(key, key=f"k{n}", title="Disk full")["alert"] for n in range(6)]
    acts.acknowledge(actor=HOST, alerts=made[:1], now=NOON)
    acts.snooze(actor=HOST, alerts=made[1:2], length="1h", now=NOON)
    acts.resolve(actor=HOST, alerts=made[2:3], now=NOON)
    Alert.objects.filter(pk=made[3]).update(muted_by="calm", muted_until=NOON)

    assert "2 firing, 1 acknowledged, 1 snoozed, 1 kept quiet." in text(client.get("/alerts"))


@pytest.mark.parametrize("back", ["https://evil.example.org", "//evil", "/alertsx", ""])
def test_nobody_is_sent_elsewhere_after_acting(back: str) -> None:
    client, key = signed_in("alice", role="admin"), make_integration()
    alert = send(key, title="A")["alert"]

    answer = client.post("/alerts/-/act", {"alert": [alert], "act": "resolve", "back": back})

    assert answer["Location"] == "/alerts"


def test_an_alert_says_what_burns_and_what_to_do() -> None:
    client, key = signed_in("alice", role="admin"), make_integration(service="shop")
    event = {"title": "<b>Checkout</b> fails", "runbook_url": "https://runbooks.example.org/x",
             "description": "8.6 % of requests", "labels": {"zone": "eu-1"}}  # fmt: skip
    alert = send(key, severity="critical", **event)["alert"]

    page = text(client.get(f"/alerts/{alert}"))

    assert "&lt;b&gt;Checkout&lt;/b&gt; fails" in page
    for words in ("https://runbooks.example.org/x", "8.6 % of requests", "eu-1", "Acknowledge"):
        assert words in page
    assert "nothing was open under this key" in page


def test_one_tap_takes_an_alert_and_another_ends_it() -> None:
    client, key = signed_in("alice", role="admin"), make_integration()
    alert = send(key, title="A")["alert"]

    taken = text(client.post(f"/alerts/{alert}/act", {"act": "acknowledge"}, follow=True))
    ended = text(client.post(f"/alerts/{alert}/act", {"act": "resolve"}, follow=True))
    late = text(client.post(f"/alerts/{alert}/act", {"act": "acknowledge"}, follow=True))

    assert "1 alert acknowledged" in taken
    assert "1 alert resolved" in ended
    assert 'value="resolve"' not in ended
    assert "is resolved; there is nothing to take" in late


def test_an_alert_that_is_not_there_is_not_found() -> None:
    assert signed_in("alice").get("/alerts/999").status_code == 404
