"""What is posted is stored, decided and answered; what cannot be read is kept and seen."""

import gzip
import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from tests.alerts.factories import (
    Escalated,
    escalation,
    make_integration,
    post,
    send,
    settle,
    states,
    verdicts,
)
from tests.conftest import FakeClock
from watchkeeper.alerts.models import Alert, HeldResolve, InboundEvent, InboundRequest
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import intake
from watchkeeper.plumbing import redaction, writing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


def test_an_event_opens_an_alert_that_is_escalated() -> None:
    key = make_integration(service="shop")

    told = send(key, key="k1", title="Checkout fails", severity="critical")

    row = queries.alert_row(told["alert"])
    assert (told["verdict"], row.state, row.urgency) == ("opened", "firing", "high")
    assert (row.title, row.service, row.integration) == ("Checkout fails", "shop", "generic")
    assert escalation(row.id) == Escalated("", is_open=True, reason="")


def test_the_raw_body_is_kept_with_its_hash() -> None:
    key = make_integration()
    body = b'{"title":   "as it came"}'

    post(f"/in/generic/{key}", body)

    assert bytes(InboundRequest.objects.get().body) == body


def test_identical_triggers_make_one_alert() -> None:
    key = make_integration()

    for _ in range(5):
        send(key, key="k", title="T")

    assert [(row.count, row.state) for row in Alert.objects.all()] == [(5, "firing")]
    assert verdicts() == ["opened"] + ["deduped"] * 4


def test_many_events_in_one_post_are_decided_in_order() -> None:
    key = make_integration()
    events = [{"key": "a", "title": "A"}, {"key": "b", "title": "B"},
              {"key": "a", "status": "resolved"}, {"key": "a", "title": "A again"}]  # fmt: skip

    answer = post(f"/in/generic/{key}", events)

    assert [e["verdict"] for e in answer.json()["events"]] == [
        "opened", "opened", "resolved", "opened",
    ]  # fmt: skip
    assert states() == {"A": "resolved", "B": "firing", "A again": "firing"}


def test_a_stored_alert_ends_and_another_begins_in_one_post() -> None:
    key = make_integration()
    send(key, key="a", title="A")

    answer = post(
        f"/in/generic/{key}", [{"key": "a", "status": "ok"}, {"key": "a", "title": "A2"}]
    )

    assert [e["verdict"] for e in answer.json()["events"]] == ["resolved", "opened"]
    assert states() == {"A": "resolved", "A2": "firing"}


EPISODE = {"key": "k", "title": "T", "started_at": "2026-03-02T11:00:00Z"}


@pytest.mark.parametrize(
    "order", ["FFO", "FOF", "OFF", "OFOF", "OOFF", "FOOF"], ids=lambda order: order
)
def test_any_order_of_one_episode_ends_resolved(order: str) -> None:
    key = make_integration()

    for letter in order:
        send(key, **EPISODE, status="resolved" if letter == "O" else "firing")

    rows = list(Alert.objects.all())
    assert [(row.state, row.count) for row in rows] == [("resolved", order.count("F"))]
    assert HeldResolve.objects.count() == 0


def test_nobody_is_paged_for_an_episode_whose_end_came_first() -> None:
    key = make_integration()

    send(key, **EPISODE, status="resolved")
    told = send(key, **EPISODE)

    assert told["verdict"] == "resolved"
    assert escalation(told["alert"]) is None


def test_a_resolve_stops_the_escalation() -> None:
    key = make_integration()
    alert = send(key, key="k", title="T")["alert"]

    send(key, key="k", status="resolved")

    assert escalation(alert) == Escalated("", is_open=False, reason="resolved by generic")


def test_worse_news_in_an_acknowledged_alert_page_again() -> None:
    key = make_integration()
    alert = send(key, key="k", title="T", severity="warning")["alert"]
    send(key, key="k", status="acknowledged")
    assert escalation(alert) == Escalated("", is_open=False, reason="acknowledged by generic")

    told = send(key, key="k", title="T", severity="critical")

    row = queries.alert_row(alert)
    assert told["verdict"] == "deduped"
    assert (row.state, row.severity, row.urgency) == ("firing", "critical", "high")
    assert escalation(alert) == Escalated("", is_open=True, reason="")


def test_integrations_of_one_scope_share_their_keys() -> None:
    one = make_integration(name="one", scope="both")
    other = make_integration(name="other", scope="both")

    send(one, key="k", title="T")

    assert send(other, key="k", title="T")["verdict"] == "deduped"


def test_integrations_of_their_own_scope_do_not() -> None:
    one, other = make_integration(name="one"), make_integration(name="other")

    send(one, key="k", title="T")

    assert send(other, key="k", title="T")["verdict"] == "opened"


@pytest.mark.parametrize("path", ["/in/generic/unknown-key", "/in/nothing/x", "/in/grafana/{key}"])
def test_an_unknown_key_opens_no_door(path: str) -> None:
    key = make_integration()

    answer = post(path.replace("{key}", key), {"title": "T"})

    assert answer.status_code == 404
    assert InboundRequest.objects.count() == 0


def test_a_key_opens_nothing_but_the_intake() -> None:
    key = make_integration()

    for path in ("/api/v1/alerts", "/api/v1/slos", "/api/v1/me"):
        assert Client(headers={"authorization": f"Bearer {key}"}).get(path).status_code == 401


MANY = dict.fromkeys(map(str, range(10_000)), "v")
POISON = {
    "no JSON": b"{",
    "empty": b"",
    "a number": b"7",
    "null": b"null",
    "a string": b'"x"',
    "an empty object": b"{}",
    "a list of lists": b"[[]]",
    "10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "100 deep": b'{"title":"x","labels":{"a":' + b"[" * 100 + b"]" * 100 + b"}}",
    "NaN": b'{"title":"x","labels":{"a":NaN}}',
    "infinity": b'{"title":"x","labels":{"a":1e999}}',
    "NUL": b'{"title":"a\\u0000b"}',
    "a NUL byte": b'{"title":"a\x00b"}',
    "half a character": b'{"title":"\\ud800"}',
    "half a character in a key": b'{"title":"x","labels":{"\\ud800":"x"}}',
    "4,300 digits": b'{"title":"x","labels":{"a":' + b"9" * 4_300 + b"}}",
    "10,000 labels": json.dumps({"title": "x", "labels": MANY}).encode(),
    "a title that is a list": b'{"title":[1]}',
    "labels that are a list": b'{"title":"x","labels":[1]}',
    "no time": b'{"title":"x","started_at":"yesterday"}',
    "a time beyond all": b'{"title":"x","started_at":1e300}',
    "a time that is true": b'{"title":"x","started_at":true}',
    "not UTF-8": b'{"title":"\xff\xfe"}',
}  # fmt: skip


@pytest.mark.parametrize("body", POISON.values(), ids=POISON.keys())
@pytest.mark.parametrize("kind", ["generic", "alertmanager", "grafana"])
def test_what_cannot_be_read_is_kept_and_opens_an_alert(kind: str, body: bytes) -> None:
    key = make_integration(kind)

    answer = post(f"/in/{kind}/{key}", body)

    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert told["status"] == "quarantined"
    assert told["reason"]
    assert bytes(InboundRequest.objects.get().body) == body
    event = InboundEvent.objects.get()
    assert (event.verdict, event.reason) == ("quarantined", told["reason"])
    alert = queries.alert_row(told["events"][0]["alert"])
    assert (alert.state, alert.severity) == ("firing", "error")
    assert alert.title == f"{kind} sent what cannot be read"


GOOD = {
    "long texts": {"title": "t" * 100_000, "key": "k" * 100_000, "description": "d" * 100_000},
    "an odd time": {"title": "x", "started_at": "0001-01-01T00:00:00Z"},
    "a time with nanoseconds": {"title": "x", "started_at": "2026-03-02T11:00:00.123456789Z"},
    "milliseconds": {"title": "x", "started_at": 1772449200000},
    "nothing at an offset": {"title": "x", "started_at": "0001-01-01T00:00:00+23:59"},
    "numbers as texts": {"title": 7, "key": 1.5, "severity": 3},
    "markup": {"title": "<script>alert(1)</script>", "url": "javascript:alert(1)"},
    "newlines": {"title": "a\r\nBcc: x"},
}


@pytest.mark.parametrize("event", GOOD.values(), ids=GOOD.keys())
def test_what_is_odd_but_readable_is_taken(event: dict[str, Any]) -> None:
    key = make_integration()

    assert send(key, **event)["verdict"] == "opened"


def test_a_packed_body_is_unpacked() -> None:
    key = make_integration()
    body = gzip.compress(b'{"title":"packed"}')

    answer = post(f"/in/generic/{key}", body, **{"content-encoding": "gzip"})

    assert answer.status_code == 202
    assert states() == {"packed": "firing"}


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(gzip.compress(b" " * 30_000_000), "gzip"), (b"junk", "gzip"), (b"{}", "br")],
    ids=["a bomb", "not packed", "packed in another way"],
)
def test_a_body_that_cannot_be_unpacked_is_refused(body: bytes, encoding: str) -> None:
    key = make_integration()

    answer = post(f"/in/generic/{key}", body, **{"content-encoding": encoding})

    assert 400 <= answer.status_code < 500
    assert InboundRequest.objects.count() == 0


def test_a_body_that_is_too_large_is_refused() -> None:
    key = make_integration()

    assert post(f"/in/generic/{key}", b" " * 5_000_000).status_code == 413


def test_what_cannot_be_stored_is_refused_and_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = make_integration()

    def broken(*_: object, **__: object) -> list[int]:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(writing, "insert", broken)
    answer = post(f"/in/generic/{key}", {"title": "T"})

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert InboundRequest.objects.count() == 0


def test_a_fault_of_a_reader_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_integration()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("watchkeeper.integrations.generic.inbound.GenericReader.read", broken)
    answer = post(f"/in/generic/{key}", {"title": "T"})

    assert answer.status_code == 202
    assert verdicts() == ["quarantined"]


def test_one_bad_post_does_not_stop_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    from watchkeeper.alerts.ports import Post
    from watchkeeper.alerts.usecases import deciding, doors
    from watchkeeper.kernel import clock

    key = make_integration()
    usual = deciding.Batch.run

    def choosy(self: deciding.Batch) -> None:
        if any(item.event.title == "bad" for item in self._incoming):
            raise OperationalError("bad row")
        usual(self)

    monkeypatch.setattr(deciding.Batch, "run", choosy)
    door = doors.find("POST", f"/in/generic/{key}")
    assert door is not None
    arrivals = [
        intake.Arrival(door, Post("POST", f"/in/generic/{key}", body, clock.now()))
        for body in (b'{"title":"good"}', b'{"title":"bad"}', b'{"title":"fine"}')
    ]
    intake.store(arrivals, now=clock.now())

    assert [a.answer.status for a in arrivals if a.answer is not None] == [202, 202, 202]
    assert verdicts() == ["opened", "quarantined", "opened"]


def test_the_key_is_not_in_the_database_in_clear() -> None:
    from watchkeeper.alerts.models import IntegrationKey

    key = make_integration()

    row = IntegrationKey.objects.get()
    assert key not in row.sealed
    assert key not in row.hash


def test_the_key_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    key = make_integration()
    redaction.forget()  # as in a process that never saw it
    with caplog.at_level("DEBUG"):
        for path in (f"/in/generic/{key}", f"/in/other/{key}", f"/in/generic/{key}/more"):
            post(path, {"title": "T"})

    assert "/in/generic" in caplog.text
    assert key not in caplog.text
