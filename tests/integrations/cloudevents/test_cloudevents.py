"""CloudEvents as their specification shows them, read and posted."""

import base64
import json
from typing import Any

import pytest
from django.test import Client

from tests.alerts.factories import make_integration, settle, states, verdicts
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from watchkeeper.alerts.models import Alert, InboundEvent, InboundRequest
from watchkeeper.alerts.ports import Post
from watchkeeper.alerts.queries import keys
from watchkeeper.alerts.usecases import acts
from watchkeeper.integrations.cloudevents.inbound import CloudEventsReader
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError

STRUCTURED = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json"
DATA = {"title": "Disk full", "severity": "critical", "service": "shop", "status": "firing"}
EVENT = {
    "specversion": "1.0", "id": "41", "source": "/disks", "type": "org.example.disk",
    "subject": "db-1", "time": "2026-03-02T11:58:00Z", "datacontenttype": "application/json",
    "data": DATA,
}  # fmt: skip
KEY = "/disks|db-1|org.example.disk"


def read(body: Any, kind: str = STRUCTURED, rules: Any = None, **headers: str) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    post = Post("POST", "", raw, NOON, kind, headers)
    return list(CloudEventsReader().read(post, {"mapping": rules} if rules else {}))


def test_a_structured_event_is_read() -> None:
    (event,) = read(EVENT)

    assert (event.action.value, event.key, event.title) == ("trigger", KEY, "Disk full")
    assert (event.severity.value, event.service) == ("critical", "shop")
    assert event.labels == {"source": "/disks", "type": "org.example.disk", "subject": "db-1"}
    assert event.message == '["/disks", "41"]'


def test_the_three_modes_say_the_same() -> None:
    headers = {"ce_specversion": "1.0", "ce_id": "41", "ce_source": "%2Fdisks",
               "ce_type": "org.example.disk", "ce_subject": "db-1"}  # fmt: skip
    packed = {name: value for name, value in EVENT.items() if name != "data"}
    packed["data_base64"] = base64.b64encode(json.dumps(DATA).encode()).decode()

    (structured,) = read(EVENT)

    assert read(DATA, "application/json", **headers) == [structured]
    assert read([EVENT], BATCH) == [structured]
    assert read([], BATCH) == []
    assert read(packed) == [structured]


def test_the_end_needs_the_same_source_subject_and_type() -> None:
    (event,) = read(EVENT | {"data": {"status": "resolved"}})

    assert (event.action.value, event.key) == ("resolve", KEY)


def test_without_data_the_type_and_subject_are_the_title() -> None:
    bare = {name: value for name, value in EVENT.items() if name != "data"}

    (event,) = read(bare)

    assert (event.title, event.key) == ("org.example.disk db-1", KEY)


def test_a_mapping_finds_fields_in_the_data_and_in_the_attributes() -> None:
    rules = {"key": "ce.subject", "title": "alarm.text", "status": "alarm.state",
             "severity": "=warning"}  # fmt: skip
    data = {"alarm": {"text": "Hot", "state": "ok"}}

    (event,) = read(EVENT | {"data": data}, rules=rules)

    assert (event.key, event.title, event.action.value) == ("db-1", "Hot", "resolve")
    assert event.severity.value == "warning"


def test_a_mapping_whose_place_is_empty_leaves_the_usual_key() -> None:
    assert read(EVENT, rules={"key": "alarm.id"})[0].key == KEY
    assert read(EVENT, rules={"key": "=fixed"})[0].key == "fixed"


def test_what_only_bears_a_fields_name_is_left_alone() -> None:
    data = {"status": {"phase": "Failed"}, "labels": ["a"], "url": {"x": 1}, "key": "photo.jpg"}

    (event,) = read(EVENT | {"data": data})

    assert (event.action.value, event.key, event.url) == ("trigger", KEY, "")


@pytest.mark.parametrize("data", ["text", 7, [1], {"title": None}])
def test_data_of_any_shape_is_taken(data: Any) -> None:
    assert read(EVENT | {"data": data})[0].title == "org.example.disk db-1"


def test_data_that_is_no_json_has_no_fields() -> None:
    headers = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "s", "ce_type": "t"}

    (event,) = read(b"<a/>", "application/xml", **headers)

    assert (event.title, event.key) == ("t", "s||t")


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (EVENT | {"specversion": "0.3"}, STRUCTURED, "specversion"),
        (EVENT | {"id": ""}, STRUCTURED, "needs id"),
        (EVENT | {"source": None}, STRUCTURED, "needs source"),
        (EVENT | {"type": {"a": 1}}, STRUCTURED, "type is not a text"),
        ([EVENT], STRUCTURED, "object"),
        (EVENT, BATCH, "list"),
        ([EVENT, 7], BATCH, "object"),
        (EVENT, "application/json", "no CloudEvent"),
        (EVENT, "application/cloudevents+avro", "only JSON"),
        (b"{", STRUCTURED, "not JSON"),
        ({**EVENT, "data": None, "data_base64": "%"}, STRUCTURED, "Base64"),
    ],
)
def test_faults_are_named(body: Any, kind: str, told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        read(body, kind)


def test_a_header_that_no_database_keeps_is_refused() -> None:
    with pytest.raises(InvalidError, match="NUL"):
        read({}, "", ce_specversion="1.0", ce_id="%00", ce_source="s", ce_type="t")


# ---- at the door


@pytest.fixture
def door(db: None, fake_clock: FakeClock) -> str:
    del db, fake_clock
    settle()
    return f"/in/cloudevents/{make_integration('cloudevents')}"


def deliver(door: str, body: Any, kind: str = STRUCTURED, **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(door, raw, content_type=kind, headers=headers)


def test_a_message_counts_once_however_often_it_is_delivered(door: str) -> None:
    first = deliver(door, [EVENT, EVENT], BATCH)
    again = deliver(door, EVENT)
    deliver(door, EVENT | {"id": "42"})

    assert (first.status_code, again.status_code) == (202, 202)
    assert verdicts() == ["opened", "deduped", "deduped", "deduped"]
    assert Alert.objects.get().count == 2
    reasons = list(InboundEvent.objects.order_by("pk").values_list("reason", flat=True))
    assert "this very message" in reasons[1]
    assert "this very message" in reasons[2]
    assert "open already" in reasons[3]
    assert again.json()["events"][0]["alert"] == str(Alert.objects.get().pk)


def test_a_repeat_does_not_open_again_what_was_resolved(door: str) -> None:
    deliver(door, EVENT)
    deliver(door, EVENT | {"id": "42", "data": {"status": "resolved"}})
    deliver(door, EVENT)

    assert verdicts() == ["opened", "resolved", "deduped"]
    assert states() == {"Disk full": "resolved"}


def test_two_integrations_may_hear_the_same_message(door: str) -> None:
    other = make_integration("cloudevents", "other")
    deliver(door, EVENT)
    deliver(f"/in/cloudevents/{other}", EVENT)

    assert verdicts() == ["opened", "opened"]


def test_what_could_not_be_read_is_read_again_with_its_headers(door: str) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t"}

    answer = deliver(door, b"{", "application/json", authorization="Bearer x", **headers)

    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    row = InboundRequest.objects.get()
    assert row.kept == {"headers": headers}
    event = str(InboundEvent.objects.get().pk)
    keys.forget()
    acts.replay(actor=HOST, event=event, now=clock.now(), body=b'{"title": "Disk full"}')
    assert states()["Disk full"] == "firing"


def test_one_that_is_read_again_on_purpose_counts_again(door: str) -> None:
    deliver(door, EVENT)
    event = str(InboundEvent.objects.get().pk)

    acts.replay(actor=HOST, event=event, now=clock.now())

    assert Alert.objects.get().count == 2
