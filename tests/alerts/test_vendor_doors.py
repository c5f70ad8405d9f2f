"""The doors of vendors answer as the vendors do."""

from typing import Any

import pytest
from django.test import Client

from tests.alerts.factories import make_integration, post, settle, states, verdicts
from tests.conftest import FakeClock
from watchkeeper.alerts.models import Heartbeat, InboundRequest
from watchkeeper.alerts.ports import Post, Refused
from watchkeeper.alerts.queries import keys
from watchkeeper.alerts.usecases import doors, upkeep
from watchkeeper.kernel import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock
    settle()


def enqueue(key: str, **more: Any) -> Any:
    payload = {"summary": "Disk full", "severity": "critical", "source": "db-1"}
    body = {"routing_key": key, "event_action": "trigger", "dedup_key": "k", "payload": payload}
    return post("/v2/enqueue", body | more)


def test_pagerdutys_senders_are_answered_as_there() -> None:
    key = make_integration("pagerduty")

    answer = enqueue(key)

    assert (answer.status_code, answer.json()) == (
        202, {"status": "success", "message": "Event processed", "dedup_key": "k"},
    )  # fmt: skip
    enqueue(key, event_action="acknowledge")
    assert states() == {"Disk full": "acknowledged"}
    enqueue(key, event_action="resolve")
    assert verdicts() == ["opened", "acknowledged", "resolved"]


def test_what_pagerduty_would_refuse_is_refused_and_kept() -> None:
    key = make_integration("pagerduty")

    answer = enqueue(key, payload={})

    assert answer.status_code == 400
    assert answer.json()["status"] == "invalid event"
    assert "summary" in answer.json()["errors"][0]
    assert InboundRequest.objects.count() == 1
    assert verdicts() == ["quarantined"]


def test_an_unknown_routing_key_is_refused() -> None:
    assert enqueue("x" * 32).status_code == 400
    assert InboundRequest.objects.count() == 0


@pytest.mark.parametrize("path", ["/v2/enqueue", "/v2/alerts"])
def test_vendors_clients_are_told_to_slow_down_as_they_know_it(path: str) -> None:
    door = doors.find("POST", path)
    assert door is not None

    answer = door.refused(Post("POST", path, b"", clock.now()), Refused.OVERLOADED)

    assert (answer.status, answer.headers) == (429, {"Retry-After": "5"})


class Opsgenie:
    """A sender of Opsgenie's."""

    def __init__(self) -> None:
        self._client = Client(
            headers={"authorization": f"GenieKey {make_integration('opsgenie')}"}
        )

    def post(self, path: str, body: Any) -> Any:
        return self._client.post(f"/v2/alerts{path}", body, content_type="application/json")

    def get(self, path: str) -> Any:
        return self._client.get(f"/v2/alerts{path}")


def test_opsgenies_senders_are_answered_as_there() -> None:
    sender = Opsgenie()

    made = sender.post("", {"message": "Disk full", "alias": "db/disk", "priority": "P1"})

    assert made.status_code == 202
    assert set(made.json()) == {"result", "took", "requestId"}
    request = sender.get(f"/requests/{made.json()['requestId']}").json()["data"]
    assert (request["success"], request["alias"]) == (True, "db/disk")
    by_alias = sender.get("/db%2Fdisk?identifierType=alias").json()["data"]
    assert (by_alias["status"], by_alias["acknowledged"], by_alias["priority"]) == (
        "open", False, "P1",
    )  # fmt: skip
    for kind in ("id", "tiny"):
        found = sender.get(f"/{by_alias['id']}?identifierType={kind}").json()["data"]
        assert found["alias"] == "db/disk"


def test_opsgenies_alert_is_taken_and_closed() -> None:
    sender = Opsgenie()
    sender.post("", {"message": "Disk full", "alias": "a"})
    number = sender.get("/a?identifierType=alias").json()["data"]["id"]

    sender.post(f"/{number}/acknowledge", {})
    assert sender.get(f"/{number}").json()["data"]["acknowledged"] is True
    sender.post("/a/notes?identifierType=alias", {"note": "looking"})
    sender.post("/a/close?identifierType=alias", {"note": "done"})

    assert sender.get(f"/{number}").json()["data"]["status"] == "closed"
    assert verdicts() == ["opened", "acknowledged", "deduped", "resolved"]


def test_what_opsgenie_would_refuse_is_refused_and_kept() -> None:
    sender = Opsgenie()

    assert sender.post("", {"alias": "a"}).status_code == 422
    assert sender.post("/999/close", {}).status_code == 422
    assert sender.get("/999").status_code == 404
    assert sender.get("/x?identifierType=name").status_code == 404
    assert sender.get("/requests/999").status_code == 404
    assert verdicts() == ["quarantined", "quarantined"]


def test_a_sender_sees_its_own_alerts_alone() -> None:
    one = Opsgenie()
    one.post("", {"message": "Disk full", "alias": "a"})
    number = one.get("/a?identifierType=alias").json()["data"]["id"]
    other = Client(
        headers={"authorization": f"GenieKey {make_integration('opsgenie', name='other')}"}
    )

    assert other.get(f"/v2/alerts/{number}").status_code == 404
    other.post(f"/v2/alerts/{number}/close", {}, content_type="application/json")
    assert one.get(f"/{number}").json()["data"]["status"] == "open"


def ping(name: str, key: str, method: str = "POST", *, by_query: bool = False) -> Any:
    path = f"/v2/heartbeats/{name}/ping" + (f"?apiKey={key}" if by_query else "")
    headers = {} if by_query else {"authorization": f"GenieKey {key}"}
    return Client(headers=headers).generic(method, path)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
def test_opsgenies_heartbeats_are_answered_as_there(method: str, fake_clock: FakeClock) -> None:
    make_integration("heartbeat", "backup", settings={"interval": "1h"})
    key = make_integration("opsgenie")
    fake_clock.travel(minutes=30)

    answer = ping("backup", key, method)

    assert (answer.status_code, set(answer.json())) == (202, {"result", "took", "requestId"})
    assert answer.json()["result"] == "PONG - Heartbeat received"
    row = Heartbeat.objects.get()
    assert (row.integration.name, row.last_ping_at) == ("backup", clock.now())
    assert InboundRequest.objects.get().integration_id == row.integration_id
    assert verdicts() == ["heartbeat"]


def test_a_ping_of_opsgenies_ends_the_alert_that_its_silence_opened(
    fake_clock: FakeClock,
) -> None:
    make_integration("heartbeat", "backup", settings={"interval": "1h"})
    key = make_integration("opsgenie")
    upkeep.miss_heartbeats(now=fake_clock.travel(hours=2))
    title = "backup is not heard of any more"
    assert states() == {title: "firing"}

    ping("backup", key, by_query=True)

    assert states() == {title: "resolved"}


def test_pings_that_count_for_nothing_are_told_so() -> None:
    make_integration("heartbeat", "backup")
    make_integration("generic", "scripts")
    key = make_integration("opsgenie")

    assert ping("backup", "wrong").status_code == 401
    for name in ("other", "scripts"):
        answer = ping(name, key)
        assert (answer.status_code, name in answer.json()["message"]) == (404, True)
    assert ping("backup", key, "DELETE").status_code == 404
    assert InboundRequest.objects.count() == 0


def test_a_name_that_no_database_keeps_is_nobodys() -> None:
    sender = keys.sender_of(make_integration("opsgenie"), kind="opsgenie", now=clock.now())
    assert sender is not None

    assert keys.forwarded(("heartbeat", "\0"), by=sender) is None


def test_a_services_key_pings_that_services_heartbeats_alone() -> None:
    make_integration("heartbeat", "backup", service="shop")
    make_integration("heartbeat", "nightly", service="search")
    key = make_integration("opsgenie", service="shop")

    assert ping("backup", key).status_code == 202
    assert ping("nightly", key).status_code == 404


def test_a_heartbeat_may_come_by_get() -> None:
    key = make_integration("heartbeat")

    assert Client().get(f"/in/heartbeat/{key}").status_code == 202
    assert Client().head(f"/in/heartbeat/{key}").status_code == 202
    assert Client().get(f"/in/generic/{make_integration('generic')}").status_code == 404
    assert verdicts() == ["heartbeat", "heartbeat"]
