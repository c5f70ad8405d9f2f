"""Changes from senders: durable before they are answered, once by id, shown beside alerts."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from tests.alerts.factories import make_integration, post, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import BEGINNING, HOST, make_team
from tests.pages import signed_in, text
from watchkeeper.alerts.models import Alert, InboundRequest
from watchkeeper.alerts.queries import alerts, keys
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import acts, intake
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.changes.models import ChangeEvent
from watchkeeper.changes.queries import events
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.origins import Origin

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    for module in (keys, in_force):
        module.forget()
    settle()
    return fake_clock


def titles(**wanted: Any) -> list[str]:
    return [row.title for row in events.rows(events.Filter(**wanted), limit=100)]


def test_a_change_is_kept_before_it_is_answered_and_once_by_its_id() -> None:
    key = make_integration("change", name="ci", service="shop")
    told = {"id": "4711", "title": "shop 1.8.2", "url": "https://ci.example.org/4711",
            "author": "bob", "labels": {"region": "eu"}}  # fmt: skip

    first, again = post(f"/in/change/{key}", told), post(f"/in/change/{key}", told)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == {
        "status": "accepted", "id": str(InboundRequest.objects.earliest("pk").pk), "changes": 1,
    }  # fmt: skip
    (row,) = events.rows(events.Filter(), limit=10)
    assert (row.source, row.key, row.service, row.kind, row.at) == (
        "ci", "4711", "shop", "deploy", NOON,
    )  # fmt: skip
    assert InboundRequest.objects.count() == 2
    assert Alert.objects.count() == 0


def test_ids_of_two_senders_do_not_meet() -> None:
    for name in ("ci", "flags"):
        key = make_integration("change", name=name)
        post(f"/in/change/{key}", {"id": "1", "title": name})

    assert sorted(titles()) == ["ci", "flags"]


def test_a_list_is_kept_whole() -> None:
    key = make_integration("change")

    answer = post(f"/in/change/{key}", [{"title": "a", "kind": "flag"}, {"title": "b"}])

    assert answer.json()["changes"] == 2
    assert titles(kind="flag") == ["a"]


@pytest.mark.parametrize(
    "body", [b"{", b'{"title": ""}', b'{"title": "x", "kind": "y"}', b'[{"title": "x"}, 7]',
             b'{"title": "\\u0000"}', json.dumps([{"title": "x"}] * 1_001).encode()]
)  # fmt: skip
def test_what_cannot_be_read_is_kept_and_opens_an_alert(body: bytes) -> None:
    key = make_integration("change", name="ci")

    answer = post(f"/in/change/{key}", body)

    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    assert [row.title for row in Alert.objects.all()] == ["ci sent what cannot be read"]
    assert bytes(InboundRequest.objects.get().body) == body
    assert ChangeEvent.objects.count() == 0


def test_what_was_mended_is_read_again() -> None:
    key = make_integration("change")
    told = post(f"/in/change/{key}", b"{").json()["events"][0]["id"]

    acts.replay(actor=HOST, event=told, now=NOON, body=b'{"title": "mended"}')

    assert titles() == ["mended"]


def test_what_cannot_be_stored_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_integration("change")
    monkeypatch.setattr(intake, "_attempt", lambda *_, **__: False)

    answer = post(f"/in/change/{key}", {"title": "x"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert ChangeEvent.objects.count() == 0


# ---- PagerDuty

CHANGE = {
    "payload": {
        "summary": "Build Success", "timestamp": "2026-03-02T11:42:58.315+0000",
        "source": "build-pipeline", "custom_details": {"build": 2, "kind": "config"},
    },
    "links": [{"href": "https://ci.example.org/build/2", "text": "More"}],
}  # fmt: skip


def test_pagerdutys_senders_of_changes_are_answered_as_there() -> None:
    key = make_integration("pagerduty", service="shop")

    answers = [post("/v2/change/enqueue", CHANGE | {"routing_key": key}) for _ in range(2)]
    by_header = post("/v2/change/enqueue", CHANGE, **{"X-Routing-Key": key})

    for answer in (*answers, by_header):
        assert answer.status_code == 202
        assert answer.json() == {"status": "success", "message": "Change event processed"}
    (row,) = events.rows(events.Filter(), limit=10)  # one timestamp: told again, not done again
    assert (row.title, row.service, row.kind) == ("Build Success", "shop", "config")
    assert row.at == dt.datetime(2026, 3, 2, 11, 42, 58, 315000, dt.UTC)
    assert row.url == "https://ci.example.org/build/2"
    assert row.labels == {"build": "2", "kind": "config", "source": "build-pipeline"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"payload": {"source": "x"}}, "'payload.summary' is missing or blank"),
        ({}, "'payload.summary' is missing or blank"),
        ({"payload": []}, "payload is not an object"),
        ({"payload": {"summary": "x", "timestamp": "soon"}}, "at is no time"),
    ],
)
def test_what_pagerduty_would_refuse_is_refused_and_kept(body: dict[str, Any], words: str) -> None:
    key = make_integration("pagerduty")

    answer = post("/v2/change/enqueue", body | {"routing_key": key})

    assert answer.status_code == 400
    assert (answer.json()["status"], answer.json()["message"]) == (
        "invalid event", "Event object is invalid",
    )  # fmt: skip
    assert words in answer.json()["errors"][0]
    assert InboundRequest.objects.count() == 1
    assert Alert.objects.count() == 1


def test_a_change_of_pagerdutys_that_was_mended_is_read_again() -> None:
    key = make_integration("pagerduty")
    post("/v2/change/enqueue", {"routing_key": key, "payload": {}})
    event = alerts.quarantined()[0].id

    acts.replay(actor=HOST, event=event, now=NOON, body=json.dumps(CHANGE).encode())

    assert titles() == ["Build Success"]


def test_without_a_routing_key_nothing_is_kept() -> None:
    answer = post("/v2/change/enqueue", CHANGE | {"routing_key": "x" * 32})

    assert answer.status_code == 400
    assert InboundRequest.objects.count() == 0


def test_alerts_still_come_by_the_other_address() -> None:
    key = make_integration("pagerduty")
    event = {"routing_key": key, "event_action": "trigger",
             "payload": {"summary": "x", "severity": "error", "source": "y"}}  # fmt: skip

    assert post("/v2/enqueue", event).json()["message"] == "Event processed"
    assert ChangeEvent.objects.count() == 0


# ---- beside an alert


def shop_needs_a_database() -> None:
    make_team("t")
    for spec in (ServiceSpec("db", owner="t"), ServiceSpec("mail", owner="t"),
                 ServiceSpec("shop", owner="t", hard=("db",), soft=("mail",))):  # fmt: skip
        catalog.save_service(actor=HOST, spec=spec, origin=Origin.API, now=BEGINNING)


def test_an_alert_shows_what_changed_in_the_hour_before_it_and_what_it_hangs_on() -> None:
    shop_needs_a_database()
    key = make_integration("change", name="ci")
    for title, service, minutes in (
        ("long ago", "shop", 61), ("an hour ago", "shop", 60), ("the database", "db", 5),
        ("the mails", "mail", 5), ("another", "search", 5), ("afterwards", "shop", -1),
    ):  # fmt: skip
        at = (NOON - minutes * MINUTE).isoformat()
        post(f"/in/change/{key}", {"title": title, "service": service, "at": at})
    alert = send(make_integration(service="shop"), title="T")["alert"]

    page = text(signed_in("alice").get(f"/alerts/{alert}"))

    told = [row.title for row in alerts.explained(alert)["changes"]]
    assert told == ["the database", "an hour ago"]
    assert "Changed in the hour before" in page
    assert "the database" in page
    assert "another" not in page


def test_an_alert_without_a_service_shows_no_changes() -> None:
    key = make_integration("change")
    post(f"/in/change/{key}", {"title": "of no service"})
    alert = send(make_integration(), title="T")["alert"]

    assert alerts.explained(alert)["changes"] == []


# ---- by the API and on pages


def test_the_api_tells_and_lists_changes_in_pages() -> None:
    token = identity.create_token(actor=HOST, name="t", role="admin", team=None, now=NOON).token
    asking = Client(headers={"authorization": f"Bearer {token}"})
    for number in range(5):
        body = {"title": f"n{number}", "id": str(number), "service": "shop",
                "at": (NOON + number * MINUTE).isoformat()}  # fmt: skip
        made = asking.post("/api/v1/changes", json.dumps(body), content_type="application/json")
        assert made.status_code == 201, made.content

    first = asking.get("/api/v1/changes?limit=2").json()
    second = asking.get(f"/api/v1/changes?limit=2&cursor={first['next']}").json()
    some = asking.get("/api/v1/changes?from=2026-03-02T12:01:00Z&to=2026-03-02T12:03:00Z").json()
    one = asking.get(f"/api/v1/changes/{first['items'][0]['id']}").json()

    assert [item["title"] for item in first["items"] + second["items"]] == ["n4", "n3", "n2", "n1"]
    assert [item["title"] for item in some["items"]] == ["n2", "n1"]
    assert (one["title"], one["source"], one["key"]) == ("n4", "", "4")
    assert asking.get("/api/v1/changes/999").status_code == 404
    for query in ("cursor=eA", "from=x", "kind=release", "limit=0"):
        assert asking.get(f"/api/v1/changes?{query}").status_code == 422, query


def test_the_page_lists_filters_and_turns_over() -> None:
    key = make_integration("change")
    many = [{"title": f"<b>n{n:02}", "service": "shop", "at": (NOON + n * MINUTE).isoformat()}
            for n in range(60)]  # fmt: skip
    post(f"/in/change/{key}", [*many, {"title": "a flag", "kind": "flag", "service": "search"}])
    client = signed_in("alice")

    first, flags = text(client.get("/changes")), text(client.get("/changes?kind=flag"))
    fiftieth = events.rows(events.Filter(), limit=50)[-1].id
    older = text(client.get(f"/changes?before={fiftieth}"))

    assert "&lt;b&gt;n59" in first
    assert "n05" not in first
    assert f"before={fiftieth}" in first
    assert "n05" in older
    assert "a flag" in flags
    assert "n59" not in flags
    assert "No change is like that" in text(client.get("/changes?service=x"))
    assert client.get("/changes?before=999").status_code == 404


def test_a_services_page_shows_its_changes() -> None:
    shop_needs_a_database()
    key = make_integration("change", service="shop")
    post(f"/in/change/{key}", {"title": "shop 1.8.2"})
    client = signed_in("alice")

    assert "shop 1.8.2" in text(client.get("/services/shop"))
    assert "All changes" not in text(client.get("/services/db"))
