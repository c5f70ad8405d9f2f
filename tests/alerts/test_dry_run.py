"""A dry run says what would become of a post, and leaves no trace."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from typer.testing import CliRunner

from tests.alerts.factories import make_integration, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, make_user
from watchkeeper.alerts.cli import alert_app
from watchkeeper.alerts.domain.documents import RouteSpec, SilenceSpec
from watchkeeper.alerts.queries.integrations import IntegrationNotFoundError
from watchkeeper.alerts.usecases import acts, rules
from watchkeeper.alerts.usecases.dry_run import DryRun, dry_run
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.oncall import usecases as oncall
from watchkeeper.plumbing import transport

pytestmark = pytest.mark.django_db
DISK = {"title": "Disk full", "severity": "critical", "service": "shop", "key": "disk"}


@pytest.fixture(autouse=True)
def shop(db: None, fake_clock: FakeClock) -> str:
    """A route to a policy that pages alice, five minutes later bob, and then round again."""
    del db, fake_clock
    settle()
    for name in ("alice", "bob"):
        make_user(name)
        contacts = (
            ContactSpec("hook", "webhook", "https://example.org/", verified=True),
            ContactSpec("old", "webhook", "https://example.org/old"),
        )
        rule = (RuleSpec("hook"), RuleSpec("old", dt.timedelta(minutes=1)))
        notifications.save_paging(
            actor=HOST, person=name, origin=Origin.API, now=clock.now(),
            spec=PagingSpec(contacts, {"high": rule}),
        )  # fmt: skip
    steps = [{"notify": [{"person": "alice"}]}, {"after": "5m", "notify": [{"person": "bob"}]}]
    data = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy",
            "metadata": {"name": "shop"}, "spec": {"repeat": 1, "steps": steps}}  # fmt: skip
    oncall.save_policy(actor=HOST, document=Document(data), origin=Origin.API, now=clock.now())
    route = RouteSpec("critical", "shop", match=('severity="critical"',), urgency="high")
    rules.save_route(actor=HOST, spec=route, origin=Origin.API, now=clock.now())
    return make_integration("generic")


def counts() -> dict[str, int]:
    """Return how many rows every table has."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: model._default_manager.count() for model in models}


def tried(body: Any, *, at: dt.datetime = NOON, **more: Any) -> DryRun:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    before = counts()
    found = dry_run(actor=HOST, body=raw, at=at, **more)
    assert counts() == before
    return found


def test_it_tells_verdict_route_people_channels_and_minutes() -> None:
    (outcome,) = tried(DISK, integration="generic").outcomes

    assert (outcome.verdict, outcome.route, outcome.policy, outcome.urgency) == (
        "opened", "critical", "shop", "high",
    )  # fmt: skip
    assert outcome.paging is not None
    called = [
        (call.minutes, call.person, call.contact, call.channel)
        for call in outcome.paging.calls
        if not call.skipped
    ]
    assert called == [
        (0, "alice", "hook", "webhook"),
        (5, "bob", "hook", "webhook"),
        (10, "alice", "hook", "webhook"),
        (15, "bob", "hook", "webhook"),
    ]
    left_out = [call for call in outcome.paging.calls if call.skipped]
    assert {(call.contact, call.skipped) for call in left_out} == {
        ("old", "the contact is not verified")
    }
    assert outcome.paging.calls[0].due_at == NOON
    assert outcome.paging.nobody_notified
    assert any("nobody could be paged" in note for note in outcome.paging.notes)


def test_what_is_said_comes_true(shop: str, fake_clock: FakeClock) -> None:
    (outcome,) = tried(DISK, integration="generic").outcomes

    told = send(shop, **DISK)

    assert told["verdict"] == outcome.verdict
    del fake_clock


def test_what_is_open_counts(shop: str) -> None:
    alert = send(shop, **DISK)["alert"]

    (again,) = tried(DISK, integration="generic").outcomes
    (ended,) = tried(DISK | {"status": "resolved"}, integration="generic").outcomes

    assert (again.verdict, again.alert, again.paging) == ("deduped", alert, None)
    assert (ended.verdict, ended.alert, ended.paging) == ("resolved", alert, None)


def test_worse_than_what_was_acknowledged_would_page_again(shop: str) -> None:
    alert = send(shop, **(DISK | {"severity": "warning"}))["alert"]
    acts.acknowledge(actor=HOST, alerts=[alert], now=clock.now())

    (outcome,) = tried(DISK, integration="generic").outcomes

    assert (outcome.verdict, outcome.policy) == ("deduped", "shop")
    assert outcome.paging is not None
    assert outcome.paging.calls[0].person == "alice"


def test_events_of_one_post_count_one_after_the_other() -> None:
    body = [DISK, DISK, DISK | {"status": "resolved"}]

    found = tried(body, integration="generic").outcomes

    assert [each.verdict for each in found] == ["opened", "deduped", "resolved"]


def test_a_silence_of_that_time_counts() -> None:
    begin = NOON + dt.timedelta(days=3)
    spec = SilenceSpec("deploy", ('service="shop"',), begin, begin + dt.timedelta(hours=1), "x")
    rules.save_silence(actor=HOST, spec=spec, origin=Origin.API, now=NOON)

    (now,) = tried(DISK).outcomes
    (then,) = tried(DISK, at=begin).outcomes
    (after,) = tried(DISK, at=begin + dt.timedelta(hours=1)).outcomes

    assert [each.verdict for each in (now, then, after)] == ["opened", "silenced", "opened"]
    assert (then.rule, then.paging) == ("silence:deploy", None)


def test_what_cannot_be_read_is_told_with_the_alert_that_it_opens() -> None:
    found = tried(b"{", integration="generic")

    (outcome,) = found.outcomes
    assert "not JSON" in found.fault
    assert (outcome.verdict, outcome.title) == (
        "quarantined", "generic sent what cannot be read",
    )  # fmt: skip
    assert outcome.paging is not None


def test_a_vendors_payload_needs_no_signature() -> None:
    make_integration("cloudwatch", "aws")
    alarm = {"AlarmName": "x", "NewStateValue": "ALARM", "AlarmArn": "arn:x"}
    names = ("MessageId", "Timestamp", "TopicArn", "SignatureVersion", "Signature",
             "SigningCertURL")  # fmt: skip
    body = dict.fromkeys(names, "x") | {"Type": "Notification", "Message": json.dumps(alarm)}

    (outcome,) = tried(body, integration="aws").outcomes

    assert (outcome.verdict, outcome.key) == ("opened", "arn:x")


def test_faults_are_told() -> None:
    with pytest.raises(IntegrationNotFoundError):
        tried(DISK, integration="nobody")
    with pytest.raises(InvalidError, match="time between"):
        tried(DISK, at=dt.datetime(1800, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(InvalidError, match="100 events"):
        tried([DISK] * 101)


def viewer() -> Client:
    """Return what a program with a viewer's token calls by."""
    made = identity.create_token(actor=HOST, name="v", role="viewer", now=clock.now())
    return Client(headers={"authorization": f"Bearer {made.token}"})


def test_the_api_leaves_no_trace() -> None:
    client = viewer()
    client.get("/api/v1/routes")
    before = counts()

    answers = [
        client.post("/api/v1/alerts/dry-run", body, content_type="application/json")
        for body in (
            {"payload": DISK, "integration": "generic", "at": "2026-03-02T12:00:00Z"},
            {"payload": json.dumps(DISK)},
            {"payload": "{"},
        )
    ]

    assert [each.status_code for each in answers] == [200] * 3
    first = answers[0].json()["outcomes"][0]
    assert (first["verdict"], first["paging"]["calls"][0]["minutes"]) == ("opened", 0)
    assert answers[2].json()["outcomes"][0]["verdict"] == "quarantined"
    assert counts() == before


def test_a_time_without_a_zone_is_refused() -> None:
    client = viewer()

    body = {"payload": DISK, "at": "2026-03-02T12:00:00"}
    answer = client.post("/api/v1/alerts/dry-run", body, content_type="application/json")

    assert (answer.status_code, "zone" in answer.json()["detail"]) == (422, True)


def run(*words: str) -> Any:
    transport.use(transport.Local())
    try:
        return CliRunner().invoke(alert_app, [*words])
    finally:
        transport.use(None)


def test_the_command_tells_it(tmp_path: Path) -> None:
    file = tmp_path / "post.json"
    file.write_text(json.dumps(DISK))

    told = run("dry-run", str(file), "--integration", "generic")
    as_json = run("dry-run", str(file), "--json", "--at", "2026-03-02T12:00:00Z")
    missing = run("dry-run", str(tmp_path / "none.json"))

    assert "Disk full: opened" in told.output
    assert "+5 min" in told.output
    assert json.loads(as_json.output)["outcomes"][0]["route"] == "critical"
    assert isinstance(missing.exception, InvalidError)
    assert "cannot be read" in missing.exception.message
