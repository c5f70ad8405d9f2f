"""Channels of vendors, beside a fake provider with programmable faults: F17 for each of them."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest
from pytest_django.fixtures import Settings

from tests.notifications.provider import Provider
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.ports import Message, PagedAlert, Recipient

TWILIO = "/2010-04-01/Accounts/AC1"
# channel, address, the path that is called, what is answered when all goes well
CHANNELS = [
    ("webhook", "{base}/hook", "/hook", b"{}"),
    ("teams", "{base}/flow", "/flow", b""),
    ("ntfy", "oncall-alice", "/ntfy", b'{"id": "x"}'),
    ("ntfy", "{base}/own/topic", "/own/", b'{"id": "x"}'),
    ("slack", "U012AB3CD", "/slack/chat.postMessage", b'{"ok": true, "ts": "1"}'),
    ("sms", "+14155550100", f"{TWILIO}/Messages.json", b'{"sid": "SM1", "status": "queued"}'),
    ("voice", "+14155550100", f"{TWILIO}/Calls.json", b'{"sid": "CA1", "status": "queued"}'),
]
ALERT = PagedAlert("17", "disk-full", "Disk <full> & hot", "shop")
MESSAGE = Message(
    page_id="p1",
    may_repeat=False,
    person="alice",
    step=0,
    urgency="high",
    title="Disk <full> & hot",
    url="https://w.example.org/alerts/17",
    alerts=(ALERT,),
)
REPEAT = Message("p1", True, "alice", 0, "high", "Disk full", MESSAGE.url, (ALERT,))


@pytest.fixture(autouse=True)
def wired(settings: Settings, phone: Provider) -> None:
    """All providers are the fake one; their answers are good."""
    changes = {
        "slack_base_url": phone.url("/slack"),
        "slack_token": "xoxb-1",
        "ntfy_base_url": phone.url("/ntfy"),
        "twilio_base_url": phone.url(""),
        "twilio_account_sid": "AC1",
        "twilio_auth_token": "hush",
        "twilio_from": "+14155550199",
    }
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update=changes)
    for _, _, path, body in CHANNELS:
        phone.bodies[path] = body


def send(phone: Provider, channel: str, address: str, message: Message = MESSAGE) -> Result:
    to = Recipient(address.replace("{base}", phone.url("")), is_by_admin=True)
    found = queries.channels()[channel]
    assert found.is_ready()
    assert found.provider(to)
    return found.send(message, to)


@pytest.mark.parametrize(("channel", "address", "path", "body"), CHANNELS)
def test_a_page_is_accepted(
    phone: Provider, channel: str, address: str, path: str, body: bytes
) -> None:
    assert send(phone, channel, address).outcome is Outcome.ACCEPTED

    [call] = phone.calls()
    assert call["path"] == path
    assert "Disk" in call["body"]
    assert "may repeat" not in call["body"]


@pytest.mark.parametrize(
    ("channel", "address"), [(c, a) for c, a, _, _ in CHANNELS if c != "voice"]
)
def test_a_page_carries_the_link_that_answers_it(
    phone: Provider, channel: str, address: str
) -> None:
    link = "https://w.example.org/p/p1.x"

    send(phone, channel, address, replace(MESSAGE, act_url=link))

    [call] = phone.calls()
    read = unquote_plus(call["body"])
    assert link in read
    assert (MESSAGE.url in read) == (channel == "webhook")  # its field stays what it was


@pytest.mark.parametrize(("channel", "address", "path", "body"), CHANNELS)
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("500", Outcome.TEMPORARY),
        ("429:7", Outcome.TEMPORARY),
        ("reset", Outcome.TEMPORARY),
        ("slow:0.3", Outcome.ACCEPTED),
        ("400", Outcome.PERMANENT),
        ("401", Outcome.PERMANENT),
    ],
)
def test_what_a_fault_means(
    phone: Provider,
    channel: str,
    address: str,
    path: str,
    body: bytes,
    fault: str,
    outcome: Outcome,
) -> None:
    phone.faults[path].append(fault)

    result = send(phone, channel, address)

    assert result.outcome is outcome, result.detail
    assert result.retry_after_seconds == (7 if fault == "429:7" else None)
    assert "hush" not in result.detail


@pytest.mark.parametrize(
    ("channel", "address", "path", "body", "outcome"),
    [
        ("slack", "U1", "/slack/chat.postMessage", b'{"ok": false, "error": "ratelimited"}', 0),
        ("slack", "U1", "/slack/chat.postMessage", b'{"ok": false}', 0),
        ("slack", "U1", "/slack/chat.postMessage", b"<html>", 0),
        ("slack", "U1", "/slack/chat.postMessage", b'{"ok":false,"error":"user_not_found"}', 1),
        ("sms", "+14155550100", f"{TWILIO}/Messages.json", b"[]", 0),
        ("sms", "+14155550100", f"{TWILIO}/Messages.json", b"oops", 0),
        (
            "sms",
            "+14155550100",
            f"{TWILIO}/Messages.json",
            b'{"sid": "SM1", "status": "failed", "error_code": 30006}',
            1,
        ),
    ],
)
def test_a_good_status_with_a_bad_body_is_no_success(
    phone: Provider, channel: str, address: str, path: str, body: bytes, outcome: int
) -> None:
    phone.bodies[path] = body

    wanted = (Outcome.TEMPORARY, Outcome.PERMANENT)[outcome]
    assert send(phone, channel, address).outcome is wanted


@pytest.mark.parametrize("channel", ["slack", "teams", "ntfy", "sms", "voice"])
def test_a_repeat_says_so(phone: Provider, channel: str) -> None:
    address = next(row[1] for row in CHANNELS if row[0] == channel)

    send(phone, channel, address, REPEAT)

    [call] = phone.calls()
    assert "may repeat" in call["body"].replace("+", " ")


def form(phone: Provider) -> dict[str, Any]:
    [call] = phone.calls()
    return {name: values[0] for name, values in parse_qs(call["body"]).items()}


def test_a_text_message_holds_the_link_and_comes_from_our_number(phone: Provider) -> None:
    send(phone, "sms", "+14155550100")

    assert form(phone) == {
        "To": "+14155550100",
        "From": "+14155550199",
        "Body": "Disk <full> & hot [shop]\nhttps://w.example.org/alerts/17",
    }
    assert phone.calls()[0]["headers"]["authorization"] == "Basic QUMxOmh1c2g="


def test_words_of_an_alert_are_only_words_to_the_voice(phone: Provider) -> None:
    send(phone, "voice", "+14155550100")

    twiml = form(phone)["Twiml"]
    assert "Disk &lt;full&gt; &amp; hot" in twiml
    assert twiml.startswith('<Response><Say loop="2">This is Watchkeeper')


def test_words_of_an_alert_are_only_words_to_slack(phone: Provider) -> None:
    send(phone, "slack", "U012AB3CD")

    [call] = phone.calls()
    body = json.loads(call["body"])
    assert body["channel"] == "U012AB3CD"
    assert body["text"].startswith("Disk &lt;full&gt; &amp; hot [shop]")
    assert call["headers"]["authorization"] == "Bearer xoxb-1"


def test_ntfy_is_told_the_topic_the_urgency_and_the_link(phone: Provider) -> None:
    send(phone, "ntfy", "oncall-alice")

    [call] = phone.calls()
    body = json.loads(call["body"])
    assert (body["topic"], body["priority"]) == ("oncall-alice", 5)
    assert body["click"] == "https://w.example.org/alerts/17"


@pytest.mark.parametrize("channel", ["slack", "sms", "voice"])
def test_a_channel_without_its_settings_is_not_ready(settings: Settings, channel: str) -> None:
    bare = {"slack_token": None, "twilio_auth_token": None}
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update=bare)

    assert not queries.channels()[channel].is_ready()


MANY = replace(
    MESSAGE,
    page_id="bundle-1",
    alerts=tuple(
        PagedAlert(str(n), f"k{n}", f"Alert {n}", f"service-{n % 7}") for n in range(250)
    ),
    pages=tuple(f"p{n}" for n in range(250)),
)


@pytest.mark.parametrize(("channel", "address", "path", "body"), CHANNELS)
def test_a_call_of_many_tells_how_many_and_the_gravest(
    phone: Provider, channel: str, address: str, path: str, body: bytes
) -> None:
    assert send(phone, channel, address, MANY).outcome is Outcome.ACCEPTED

    [call] = phone.calls()
    read = unquote_plus(call["body"])
    if channel == "webhook":
        sent = json.loads(call["body"])
        assert [each["id"] for each in sent["alerts"]] == [str(n) for n in range(250)]
        assert (sent["page_id"], len(sent["pages"])) == ("bundle-1", 250)
        return
    assert "250 alerts, the gravest: Disk" in read
    assert len(read) < 4000
    if channel in {"sms", "voice"}:
        assert "Alert 0" not in read
    else:
        assert "- Alert 0 [service-0]" in read
        assert " more" in read
