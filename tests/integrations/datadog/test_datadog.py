"""What Datadog posts with our payload, read and posted."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.factories import make_integration, post, settle, states, verdicts
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.ports import Post
from watchkeeper.alerts.usecases import acts
from watchkeeper.integrations.datadog import inbound
from watchkeeper.integrations.datadog.inbound import DatadogReader
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError

FOLDER = Path(inbound.__file__).parent
TRIGGERED = {
    "transition": "Triggered", "cycle_key": "11957604811270402862",
    "aggreg_key": "9bd4ac313a4d1e8fae2482df7b77628", "id": "7100000000000000001",
    "monitor": "1234", "title": "[Triggered] CPU on {host:web-1}", "message": "Look at web-1",
    "status": "system.cpu over host:web-1 was > 90", "type": "error", "priority": "P1",
    "tags": "env:prod,service:shop,monitor,team:a,team:b", "scope": "host:web-1",
    "query": "avg(last_5m):avg:system.cpu{*} by {host} > 90", "host": "web-1",
    "link": "https://app.datadoghq.com/monitors/1234", "date": "1772452680000",
}  # fmt: skip


def read(**change: Any) -> Any:
    body = json.dumps(TRIGGERED | change).encode()
    (event,) = DatadogReader().read(Post("POST", "", body, NOON), {})
    return event


def test_a_monitor_that_alerts_is_read() -> None:
    event = read()

    assert (event.action.value, event.key) == ("trigger", "11957604811270402862")
    assert (event.severity.value, event.service, event.episode) == (
        "critical", "shop", "11957604811270402862",
    )  # fmt: skip
    assert event.started_at is not None
    assert event.started_at.isoformat() == "2026-03-02T11:58:00+00:00"
    assert event.labels["team"] == "a,b"
    assert event.labels["monitor"] == "1234"  # the tag of that name says nothing
    assert event.labels["query"].startswith("avg(last_5m)")


@pytest.mark.parametrize(
    ("transition", "action", "severity"),
    [
        ("Triggered", "trigger", "critical"),
        ("Re-Triggered", "trigger", "critical"),
        ("No Data", "trigger", "critical"),
        ("Re-No Data", "trigger", "critical"),
        ("Warn", "trigger", "warning"),
        ("Re-Warn", "trigger", "warning"),
        ("Renotify", "trigger", "critical"),
        ("Recovered", "resolve", "critical"),
    ],
)
def test_every_transition_means_something(transition: str, action: str, severity: str) -> None:
    event = read(transition=transition)

    assert (event.action.value, event.severity.value) == (action, severity)


@pytest.mark.parametrize(
    ("priority", "kind", "severity"),
    [
        ("P2", "error", "error"),
        ("P3", "error", "warning"),
        ("P5", "error", "info"),
        ("", "error", "error"),
        ("", "warning", "warning"),
        ("$ALERT_PRIORITY", "", "error"),
        (None, "", "error"),
    ],
)
def test_the_priority_says_how_bad_it_is(priority: Any, kind: str, severity: str) -> None:
    assert read(priority=priority, type=kind).severity.value == severity


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"cycle_key": "", "aggreg_key": "a"}, "a"),
        ({"cycle_key": "$ALERT_CYCLE_KEY", "aggreg_key": "a"}, "a"),
        ({"cycle_key": None, "aggreg_key": "null"}, TRIGGERED["id"]),
    ],
)
def test_the_key_falls_back_and_then_tells_no_episode(change: dict[str, Any], key: str) -> None:
    event = read(**change)

    assert (event.key, event.episode) == (key, "")


@pytest.mark.parametrize(
    ("kind", "action"), [("error", "trigger"), ("info", "trigger"), ("success", "resolve")]
)
def test_an_event_that_is_no_monitors_has_a_type(kind: str, action: str) -> None:
    assert read(transition="$ALERT_TRANSITION", type=kind).action.value == action


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"transition": "Exploded"}, "Exploded"),
        ({"transition": "", "type": ""}, "paste our payload"),
        ({"transition": "", "type": "odd"}, "odd"),
        ({"cycle_key": "", "aggreg_key": "", "id": ""}, "cycle_key"),
        ({"tags": {"a": 1}}, "tags is not a text"),
        ({"date": "soon"}, "date is no time"),
    ],
)
def test_faults_are_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        read(**change)


def test_the_payload_to_paste_has_every_field_that_is_read_and_stands_in_the_manual() -> None:
    payload = (FOLDER / "payload.json").read_text()
    pasted = json.loads(payload)

    assert set(pasted) == set(TRIGGERED)
    assert all(re.fullmatch(r"\$[A-Z_]+", value) for value in pasted.values())
    manual = (FOLDER / "doc.md").read_text()
    shown = re.search(r"```json\n(.*?)```", manual, re.DOTALL)
    assert shown is not None
    assert json.loads(shown[1]) == pasted


# ---- at the door


@pytest.fixture
def door(db: None, fake_clock: FakeClock) -> str:
    del db, fake_clock
    settle()
    return f"/in/datadog/{make_integration('datadog')}"


def test_one_cycle_is_one_alert(door: str) -> None:
    for transition in ("Warn", "Triggered", "Renotify", "Recovered"):
        answer = post(door, TRIGGERED | {"transition": transition, "title": "CPU"})
        assert answer.status_code == 202

    assert verdicts() == ["opened", "deduped", "deduped", "resolved"]
    row = Alert.objects.get()
    assert (row.state, row.severity, row.count) == ("resolved", "critical", 3)


def test_a_recovery_that_comes_first_is_held(door: str) -> None:
    post(door, TRIGGERED | {"transition": "Recovered"})
    post(door, TRIGGERED | {"title": "CPU"})

    assert verdicts() == ["held", "resolved"]
    assert states() == {"CPU": "resolved"}


def test_worse_than_what_was_acknowledged_pages_again(door: str) -> None:
    post(door, TRIGGERED | {"transition": "Warn", "title": "CPU"})
    acts.acknowledge(actor=HOST, alerts=[str(Alert.objects.get().pk)], now=clock.now())

    post(door, TRIGGERED | {"title": "CPU"})

    assert states() == {"CPU": "firing"}


def test_another_payload_goes_to_quarantine(door: str) -> None:
    answer = post(door, {"title": "CPU", "body": "as Datadog's own"})

    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    assert "paste our payload" in answer.json()["reason"]
