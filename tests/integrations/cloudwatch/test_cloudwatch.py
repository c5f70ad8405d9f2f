"""Alarms of CloudWatch at the door: verified, read, and their subscription confirmed."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings
from pytest_httpserver import HTTPServer

from tests.alerts.factories import make_integration, settle, states, verdicts
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.integrations.cloudwatch.signing import ALARM, ARN, TOPIC, Signer, make_signer
from watchkeeper.alerts.models import Alert, InboundEvent, InboundRequest
from watchkeeper.alerts.queries import keys
from watchkeeper.alerts.usecases import acts
from watchkeeper.config import settings as configured
from watchkeeper.integrations.cloudwatch import certificates, confirming
from watchkeeper.kernel import clock
from watchkeeper.plumbing import due_work, metrics
from watchkeeper.plumbing.models import DueWork

pytestmark = pytest.mark.django_db
NEAR = configured.ENVIRONMENT.model_copy(update={"sns_cert_hosts": ("127.0.0.1", "localhost")})


@pytest.fixture(autouse=True)
def named() -> Iterator[None]:
    with override_settings(WATCHKEEPER=NEAR):
        yield


@pytest.fixture
def door(fake_clock: FakeClock, db: None) -> str:
    del db, fake_clock
    keys.forget()
    settle()
    return f"/in/cloudwatch/{make_integration('cloudwatch', 'aws')}"


def deliver(door: str, body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(door, raw, content_type="text/plain; charset=UTF-8")


def test_an_alarm_opens_an_alert_and_ok_ends_it(door: str, sns: Signer) -> None:
    opened = deliver(door, sns.notification(ALARM))
    row = Alert.objects.get()
    ended = deliver(door, sns.notification(ALARM | {"NewStateValue": "OK"}, number=2))

    assert (opened.status_code, ended.status_code) == (202, 202)
    assert verdicts() == ["opened", "resolved"]
    assert (row.key, row.title, row.severity) == (ARN, "High CPU", "error")
    assert row.started_at == NOON - dt.timedelta(minutes=2)
    assert row.labels["InstanceId"] == "i-0123456789"
    assert row.labels["metric"] == "CPUUtilization"
    assert "Threshold Crossed" in row.description
    assert states() == {"High CPU": "resolved"}


def test_the_same_message_counts_once_and_the_certificate_is_fetched_once(
    door: str, sns: Signer, httpserver: HTTPServer
) -> None:
    for _ in range(3):
        deliver(door, sns.notification(ALARM, version="2"))

    assert verdicts() == ["opened", "deduped", "deduped"]
    assert Alert.objects.get().count == 1
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    ("policy", "verdict", "state"),
    [(None, "deduped", "firing"), ("resolve", "resolved", "resolved"),
     ("trigger", "deduped", "firing")],
)  # fmt: skip
def test_a_policy_says_what_no_data_does(
    fake_clock: FakeClock, sns: Signer, policy: str | None, verdict: str, state: str
) -> None:
    del fake_clock
    settle()
    settings = {"insufficientData": policy} if policy else {}
    door = f"/in/cloudwatch/{make_integration('cloudwatch', settings=settings)}"
    deliver(door, sns.notification(ALARM))

    deliver(door, sns.notification(ALARM | {"NewStateValue": "INSUFFICIENT_DATA"}, number=2))

    assert verdicts() == ["opened", verdict]
    assert states() == {"High CPU": state}


def test_no_data_alone_opens_a_warning_if_the_policy_says_so(
    fake_clock: FakeClock, sns: Signer
) -> None:
    del fake_clock
    settle()
    key = make_integration("cloudwatch", settings={"insufficientData": "trigger"})

    deliver(f"/in/cloudwatch/{key}", sns.notification(ALARM | {"NewStateValue": _NO_DATA}))

    row = Alert.objects.get()
    assert (row.title, row.severity) == ("High CPU has no data", "warning")


_NO_DATA = "INSUFFICIENT_DATA"


def refusals(door: str, body: Any) -> tuple[int, str]:
    """Post what is refused, and see that nothing stays; returns the status and the sentence."""
    before = metrics.TURNED_AWAY.labels("cloudwatch")._value.get()
    answer = deliver(door, body)
    assert not InboundRequest.objects.exists()
    assert not Alert.objects.exists()
    assert metrics.TURNED_AWAY.labels("cloudwatch")._value.get() == before + 1
    return answer.status_code, answer.json()["detail"]


def test_what_is_not_signed_by_sns_is_refused_and_never_stored(door: str, sns: Signer) -> None:
    body = sns.notification(ALARM)

    changed = refusals(door, body | {"Message": json.dumps(ALARM | {"AlarmName": "x"})})
    unsigned = refusals(door, ALARM)
    garbage = refusals(door, b"{")

    assert {changed[0], unsigned[0], garbage[0]} == {403}
    assert "was changed on its way" in changed[1]
    assert "raw message delivery" in unsigned[1]
    assert "not JSON" in garbage[1]


def test_anothers_certificate_is_no_proof(door: str, sns: Signer) -> None:
    other = make_signer(begins=NOON)
    other.url = sns.url

    assert refusals(door, other.notification(ALARM))[0] == 403


def test_a_certificate_that_is_over_is_no_proof(
    door: str, sns: Signer, httpserver: HTTPServer
) -> None:
    old = make_signer(begins=NOON - dt.timedelta(days=9), days=8)
    httpserver.expect_request("/old.pem").respond_with_data(old.certificate)
    old.url = httpserver.url_for("/old.pem")

    status, sentence = refusals(door, old.notification(ALARM))

    assert (status, "valid from" in sentence) == (403, True)


@pytest.mark.parametrize("url", ["https://example.org/x.pem", "http://10.0.0.1/x.pem", "x"])
def test_a_certificate_from_elsewhere_is_not_fetched(door: str, sns: Signer, url: str) -> None:
    status, sentence = refusals(door, sns.notification(ALARM) | {"SigningCertURL": url})

    assert status == 403
    assert "https address" in sentence or "WATCHKEEPER_SNS_CERT_HOSTS" in sentence


def test_a_page_that_is_no_certificate_is_no_proof(
    door: str, sns: Signer, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/page.pem").respond_with_data("hello")

    body = sns.notification(ALARM) | {"SigningCertURL": httpserver.url_for("/page.pem")}

    status, sentence = refusals(door, body)
    assert (status, "no certificate" in sentence) == (403, True)


def test_while_the_certificate_cannot_be_fetched_sns_is_asked_to_come_back(
    door: str, sns: Signer, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/down.pem").respond_with_data("down", status=500)
    body = sns.notification(ALARM) | {"SigningCertURL": httpserver.url_for("/down.pem")}

    status, sentence = refusals(door, body)

    assert (status, "cannot be fetched" in sentence) == (503, True)
    assert deliver(door, body)["Retry-After"] == "5"
    assert len(httpserver.log) == 1  # a failure is remembered for a moment


def test_nobody_without_a_key_makes_us_fetch(sns: Signer, httpserver: HTTPServer) -> None:
    settle()

    answer = deliver("/in/cloudwatch/wrongwrongwrong", sns.notification(ALARM))

    assert (answer.status_code, len(httpserver.log)) == (404, 0)


@pytest.mark.parametrize("message", ["hello", {"a": 1}, ALARM | {"NewStateValue": "odd"}, [1]])
def test_what_sns_signed_but_is_no_alarm_goes_to_quarantine(
    door: str, sns: Signer, message: Any
) -> None:
    answer = deliver(door, sns.notification(message))

    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    assert verdicts() == ["quarantined"]


def test_what_was_verified_once_is_read_again_without_proof(
    door: str, sns: Signer, fake_clock: FakeClock
) -> None:
    deliver(door, sns.notification("hello"))
    certificates.forget()
    fake_clock.travel(days=800)
    event = InboundEvent.objects.get()
    mended = json.dumps(sns.notification(ALARM) | {"Signature": "gone"}).encode()

    acts.replay(actor=HOST, event=str(event.pk), now=clock.now(), body=mended)

    assert states()["High CPU"] == "firing"


# ---- subscriptions


@pytest.fixture
def confirm_url(httpserver: HTTPServer) -> str:
    return httpserver.url_for("/?Action=ConfirmSubscription&Token=2336412f37")


def asked(httpserver: HTTPServer) -> int:
    return sum(request.path == "/" for request, _ in httpserver.log)


def test_a_subscription_is_confirmed_once_by_the_engine(
    door: str, sns: Signer, httpserver: HTTPServer, confirm_url: str
) -> None:
    httpserver.expect_request("/").respond_with_data("<ConfirmSubscriptionResponse/>")
    body = sns.asking("SubscriptionConfirmation", confirm_url)

    answers = [deliver(door, body) for _ in range(2)]

    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json()["events"] == []
    assert asked(httpserver) == 0  # not while the post is being answered
    assert confirming.confirm_one(now=clock.now())
    assert not confirming.confirm_one(now=clock.now())
    assert asked(httpserver) == 1
    assert not Alert.objects.exists()


def due() -> None:
    """Let what waits for its next try be due now."""
    key = DueWork.objects.get(kind="cloudwatch.confirm").key
    due_work.pull_in(kind="cloudwatch.confirm", key=key, latest_ms=0)


def test_it_is_tried_again_until_sns_answers(
    door: str, sns: Signer, httpserver: HTTPServer, confirm_url: str
) -> None:
    deliver(door, sns.asking("SubscriptionConfirmation", confirm_url))
    httpserver.expect_ordered_request("/").respond_with_data("busy", status=503)
    httpserver.expect_ordered_request("/").respond_with_data("slow down", status=429)
    httpserver.expect_ordered_request("/").respond_with_data("done")

    for _ in range(3):
        assert confirming.confirm_one(now=clock.now())
        if DueWork.objects.filter(kind="cloudwatch.confirm").exists():
            due()

    assert asked(httpserver) == 3
    assert not DueWork.objects.filter(kind="cloudwatch.confirm").exists()


@pytest.mark.parametrize(("status", "days"), [(403, 0), (500, 3)])
def test_what_cannot_be_confirmed_any_more_is_an_alert(
    door: str, sns: Signer, httpserver: HTTPServer, confirm_url: str, status: int, days: int
) -> None:
    deliver(door, sns.asking("SubscriptionConfirmation", confirm_url))
    httpserver.expect_request("/").respond_with_data("no", status=status)

    confirming.confirm_one(now=NOON + dt.timedelta(days=days))

    assert states() == {f"The subscription to {TOPIC} could not be confirmed": "firing"}
    assert not DueWork.objects.filter(kind="cloudwatch.confirm").exists()


def test_a_subscribe_address_elsewhere_is_not_followed(door: str, sns: Signer) -> None:
    body = sns.asking("SubscriptionConfirmation", "https://example.org/?Token=1")

    status, sentence = refusals(door, body)

    assert (status, "not followed" in sentence) == (403, True)
    assert not DueWork.objects.filter(kind="cloudwatch.confirm").exists()


def test_a_removed_subscription_is_an_alert(door: str, sns: Signer, confirm_url: str) -> None:
    deliver(door, sns.asking("UnsubscribeConfirmation", confirm_url))

    assert states() == {f"The topic {TOPIC} sends no more alarms here": "firing"}
