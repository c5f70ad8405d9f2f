"""What senders post, as their own documents and programs show it."""

import json
from typing import Any

import pytest

from tests.conftest import NOON
from watchkeeper.alerts.domain.events import Event
from watchkeeper.alerts.ports import Post
from watchkeeper.integrations.alertmanager.inbound import AlertmanagerReader
from watchkeeper.integrations.generic.inbound import GenericReader
from watchkeeper.integrations.grafana.inbound import GrafanaReader
from watchkeeper.integrations.opsgenie.inbound import OpsgenieDoor
from watchkeeper.integrations.pagerduty.inbound import PagerDutyDoor
from watchkeeper.kernel.errors import InvalidError

FIRING = {
    "status": "firing",
    "labels": {"alertname": "HighLatency", "instance": "shop-1:9090", "service": "shop",
               "severity": "page"},
    "annotations": {"summary": "Latency is high", "description": "p99 over 2 s",
                    "runbook_url": "https://runbooks.example.org/latency"},
    "startsAt": "2026-03-02T11:58:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus.example.org/graph",
    "fingerprint": "5ef77f1f8a3ecf8d",
}  # fmt: skip
WEBHOOK = {
    "version": "4", "groupKey": '{}:{alertname="HighLatency"}', "truncatedAlerts": 0,
    "status": "firing", "receiver": "team", "groupLabels": {}, "commonLabels": {},
    "commonAnnotations": {}, "externalURL": "http://alertmanager.example.org",
    "alerts": [FIRING, FIRING | {"status": "resolved", "fingerprint": "other"}],
}  # fmt: skip


def post(body: Any, path: str = "", **more: Any) -> Post:
    return Post("POST", path, json.dumps(body).encode(), NOON, **more)


def one(reader: Any, body: Any, settings: dict[str, Any] | None = None, **more: Any) -> Event:
    (event,) = reader.read(post(body, **more), settings or {})
    assert isinstance(event, Event)
    return event


def test_alertmanager_opens_and_ends_each_alert_by_its_fingerprint() -> None:
    firing, resolved = AlertmanagerReader().read(post(WEBHOOK), {})

    assert (firing.action.value, firing.key, firing.title) == (
        "trigger", "5ef77f1f8a3ecf8d", "Latency is high",
    )  # fmt: skip
    assert (firing.severity.value, firing.service) == ("critical", "shop")
    assert firing.episode == "2026-03-02T11:58:00.123456+00:00"
    assert firing.runbook_url == "https://runbooks.example.org/latency"
    assert (resolved.action.value, resolved.episode) == ("resolve", firing.episode)


def test_grafana_of_today_is_alertmanagers_with_more() -> None:
    more = {"panelURL": "https://grafana.example.org/d/1?viewPanel=2", "values": {"A": 1.5}}
    body = WEBHOOK | {"alerts": [FIRING | more], "orgId": 1, "title": "[FIRING:1]"}

    event = one(GrafanaReader(), body)

    assert (event.key, event.url) == ("5ef77f1f8a3ecf8d", more["panelURL"])


@pytest.mark.parametrize(
    ("state", "action"), [("alerting", "trigger"), ("no_data", "trigger"), ("ok", "resolve")]
)
def test_grafana_of_yesterday_tells_a_rule(state: str, action: str) -> None:
    body = {
        "ruleId": 7, "ruleName": "Panel Title alert", "state": state, "orgId": 1,
        "ruleUrl": "http://grafana.example.org/d/x", "title": "[Alerting] Panel Title alert",
        "message": "Someone look", "tags": {"severity": "warning", "service": "shop"},
        "evalMatches": [{"value": 100, "metric": "High value", "tags": None}],
    }  # fmt: skip

    event = one(GrafanaReader(), body)

    assert (event.action.value, event.key, event.severity.value) == (action, "1/7", "warning")


def test_a_mapping_finds_fields_where_others_put_them() -> None:
    body = {"alert": {"name": "Disk", "tags": [{"v": "shop"}]}, "level": "high", "id": 7}
    rules = {"key": "id", "title": "alert.name", "service": "alert.tags.0.v",
             "severity": "level", "url": "=https://example.org"}  # fmt: skip

    event = one(GenericReader(), body, {"mapping": rules})

    assert (event.key, event.title, event.service) == ("7", "Disk", "shop")
    assert (event.severity.value, event.url) == ("critical", "https://example.org")


PAGERDUTY = {
    "payload": {"summary": "Disk full on db-1", "severity": "critical", "source": "db-1",
                "timestamp": "2026-03-02T11:58:00Z", "component": "postgres", "group": "prod",
                "class": "disk", "custom_details": {"free": "1%", "service": "shop"}},
    "routing_key": "a" * 32, "dedup_key": "srv01/disk", "event_action": "trigger",
    "client": "Monitoring", "client_url": "https://monitoring.example.org",
    "links": [{"href": "https://example.org", "text": "x"}],
}  # fmt: skip


def test_pagerdutys_trigger_is_read() -> None:
    event = one(PagerDutyDoor(), PAGERDUTY)

    assert (event.key, event.title, event.service) == ("srv01/disk", "Disk full on db-1", "shop")
    assert event.labels["free"] == "1%"
    assert event.url == "https://monitoring.example.org"
    assert PagerDutyDoor().key_of(post(PAGERDUTY)) == "a" * 32


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"event_action": "nothing"}, "event_action"),
        ({"payload": {"severity": "critical"}}, "payload.summary"),
        ({"payload": {"summary": "x", "severity": "bad"}}, "payload.severity"),
        ({"event_action": "resolve", "dedup_key": ""}, "dedup_key"),
        ({"payload": [1]}, "payload"),
    ],
)
def test_pagerdutys_faults_are_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        PagerDutyDoor().read(post(PAGERDUTY | change), {})


def test_a_trigger_without_a_key_gets_one() -> None:
    body = {name: value for name, value in PAGERDUTY.items() if name != "dedup_key"}

    assert len(one(PagerDutyDoor(), body).key) == 32


def test_opsgenies_alert_is_read() -> None:
    body = {"message": "Disk full", "alias": "db-1/disk", "priority": "P1", "entity": "shop",
            "tags": ["disk", "db"], "details": {"free": "1%"}, "source": "https://m.example.org",
            "description": "Under 1 %", "responders": [{"type": "team", "name": "x"}]}  # fmt: skip

    event = one(OpsgenieDoor(), body, path="/v2/alerts")

    assert (event.key, event.severity.value, event.service) == ("db-1/disk", "critical", "shop")
    assert event.labels["tags"] == "disk,db"


@pytest.mark.parametrize(
    ("act", "action"),
    [("close", "resolve"), ("acknowledge", "acknowledge"), ("notes", "note")],
)
def test_what_is_done_to_opsgenies_alert_is_read(act: str, action: str) -> None:
    path = f"/v2/alerts/db-1%2Fdisk/{act}"

    event = one(OpsgenieDoor(), {"note": "n"}, path=path, query={"identifierType": "alias"})

    assert (event.action.value, event.key) == (action, "db-1/disk")
