"""Buttons under a page in Slack: signed, fresh, and no more than the page's own link can."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.alerts.factories import make_integration, make_on_call, send, settle, states, step
from tests.conftest import NOON, FakeClock
from tests.notifications.provider import Provider, provider
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.audit.models import AuditEntry
from watchkeeper.integrations.slack import buttons
from watchkeeper.notifications.ports import Message, PagedAlert
from watchkeeper.notifications.usecases import links

pytestmark = pytest.mark.django_db
SECRET = "hush"
MINUTES_5 = 300


@pytest.fixture
def phone(tmp_path: Any) -> Any:
    with provider(tmp_path / "calls") as made:
        yield made


@pytest.fixture(autouse=True)
def set_up(fake_clock: FakeClock, settings: Settings, phone: Provider) -> FakeClock:
    settle()
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(
        update={"slack_signing_secret": SECRET, "slack_base_url": phone.url("/api")}
    )
    return fake_clock


@pytest.fixture
def token() -> str:
    """The end of the link of alice's page for an alert that fires."""
    make_on_call("alice", "bob")
    opened = send(make_integration(service="shop"), title="Checkout fails", severity="critical")
    step(NOON)
    page = queries.story(opened["alert"]).pages[0].page_id
    return links.address_of(page).rpartition("/")[2]


def press(
    token: str,
    phone: Provider,
    act: str = "watchkeeper-acknowledge",
    *,
    age: int = 0,
    secret: str = SECRET,
    change: bytes = b"",
) -> int:
    payload = {
        "type": "block_actions",
        "user": {"id": "U012AB3CD"},
        "actions": [{"action_id": act, "value": token}],
        "response_url": phone.url("/actions/1"),
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    at = str(int(NOON.timestamp()) - age)
    answer: Any = Client(enforce_csrf_checks=True).post(
        "/receipts/slack",
        body + change,
        content_type="application/x-www-form-urlencoded",
        headers={
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": buttons.signature(body, at, secret=secret),
        },
    )
    return int(answer.status_code)


def told(phone: Provider) -> list[str]:
    return [json.loads(call["body"])["text"] for call in phone.calls()]


def test_the_signature_is_that_of_slacks_own_example() -> None:
    """Source: Slack, "Verifying requests from Slack"."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
        b"G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"
        b"collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
        b"397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a1"
        b"4d10d2c447fce8b6703c"
    )

    made = buttons.signature(body, "1531420618", secret="8f742231b10e8888abcd99yyyzzz85a5")

    assert made == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_pressing_takes_the_alert_in_the_name_of_who_was_paged(
    token: str, phone: Provider
) -> None:
    assert press(token, phone) == 200
    assert set(states().values()) == {"acknowledged"}
    assert told(phone) == ["Acknowledged."]
    [entry] = AuditEntry.objects.filter(action="page_link.used")
    assert entry.detail["act"] == "acknowledge"

    assert press(token, phone) == 200  # as Slack does when it heard nothing
    assert set(states().values()) == {"acknowledged"}


def test_what_is_over_says_so_and_what_is_resolved_stays_so(token: str, phone: Provider) -> None:
    assert press(token, phone, "watchkeeper-resolve") == 200
    assert press(token, phone) == 200

    assert set(states().values()) == {"resolved"}
    first, second = told(phone)
    assert first == "Resolved."
    assert second != "Acknowledged."


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"age": MINUTES_5 + 1}, "too old"),
        ({"age": -MINUTES_5 - 1}, "from the future"),
        ({"secret": "other"}, "another app's"),
        ({"change": b"&x=1"}, "changed on the way"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_slack_did_not_just_send_does_nothing(
    token: str, phone: Provider, more: dict[str, Any], why: str
) -> None:
    assert press(token, phone, **more) == 403, why
    assert set(states().values()) == {"firing"}
    assert told(phone) == []


@pytest.mark.parametrize("at", ["", "now", "-1", "\u00b2", "1" * 400])
def test_a_time_stamp_that_is_no_number_is_refused(at: str) -> None:
    headers = {
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": buttons.signature(b"", at[:20], secret=SECRET),
    }

    with pytest.raises(buttons.NotSlackError):
        buttons.check(b"", headers, now=NOON.timestamp())


def test_without_a_secret_nobody_may_press(
    token: str, phone: Provider, settings: Settings
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"slack_signing_secret": None})

    assert press(token, phone, secret="") == 403
    assert set(states().values()) == {"firing"}


def test_a_forged_link_and_an_unknown_button_do_nothing(token: str, phone: Provider) -> None:
    assert press(token[:-1] + ("A" if token[-1] != "A" else "B"), phone) == 200
    assert press(token, phone, "watchkeeper-fire") == 422

    assert set(states().values()) == {"firing"}
    assert len(told(phone)) == 1


def test_an_answer_goes_to_slack_and_nowhere_else(token: str, phone: Provider) -> None:
    with_other = phone.port
    phone.port = 9
    try:
        assert press(token, phone) == 200
    finally:
        phone.port = with_other
    assert set(states().values()) == {"acknowledged"}


def test_a_page_has_its_buttons_a_bundle_one_for_all_and_a_test_none(settings: Settings) -> None:
    alert = PagedAlert("1", "k", "Down", "shop")
    page = Message(
        "p1", may_repeat=False, person="alice", step=0, urgency="high", title="Down",
        url="https://w/alerts/1", alerts=(alert,), act_url="https://w/p/p1.seal",
    )  # fmt: skip
    bundle = Message(
        "b1", may_repeat=False, person="alice", step=0, urgency="high", title="Down",
        url="https://w/alerts/1", alerts=(alert, alert), act_url="https://w/p/p1.seal",
    )  # fmt: skip
    test = Message(
        "t1", may_repeat=False, person="alice", step=0, urgency="high", title="Test",
        url="https://w", is_test=True, act_url="",
    )  # fmt: skip

    def labels(message: Message) -> list[tuple[str, str]]:
        shown = buttons.blocks(message, "text")
        return [(b["action_id"], b["value"]) for each in shown[1:] for b in each["elements"]]

    assert labels(page) == [
        ("watchkeeper-acknowledge", "p1.seal"),
        ("watchkeeper-resolve", "p1.seal"),
    ]
    assert labels(bundle) == [("watchkeeper-acknowledge-all", "p1.seal")]
    assert buttons.blocks(test, "text") == []
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"slack_signing_secret": None})
    assert buttons.blocks(page, "text") == []
