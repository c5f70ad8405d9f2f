"""What Twilio tells later: signed, once, and a failure calls the next contact."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.factories import HOST
from tests.notifications.conftest import pager, phone  # noqa: F401  fixtures
from tests.notifications.sending import Pager
from watchkeeper.identity import usecases as identity
from watchkeeper.integrations.twilio import receipts
from watchkeeper.integrations.twilio.receipts import signature
from watchkeeper.kernel import clock
from watchkeeper.notifications import queries
from watchkeeper.notifications.models import Contact
from watchkeeper.notifications.usecases import links

pytestmark = pytest.mark.django_db
BASE = "https://w.example.org"
MESSAGES = "/2010-04-01/Accounts/AC1/Messages.json"


@pytest.fixture
def sent(pager: Pager, settings: Settings) -> Pager:  # noqa: F811  the fixture
    """A text message to alice that Twilio accepted; her second contact waits its turn."""
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(
        update={
            "public_url": BASE,
            "twilio_base_url": pager.phone.url(""),
            "twilio_account_sid": "AC1",
            "twilio_auth_token": "hush",
            "twilio_from": "+14155550199",
        }
    )
    settings.ALLOWED_HOSTS = ["*"]
    pager.phone.bodies[MESSAGES] = b'{"sid": "SM1", "status": "queued"}'
    Contact.objects.filter(name="hook").update(channel="sms", address="+14155550100")
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=clock.now())
    pager.plan("p1", group="g")
    pager.plan("p2", "second", late=5, group="g")
    pager.until(lambda: pager.state("p1") == "delivered")
    return pager


def tell(url: str, *, secret: str = "hush", sign: str | None = None, **fields: str) -> int:
    made = signature(url, fields, secret=secret) if sign is None else sign
    answer: Any = Client().post(
        url.removeprefix(BASE), fields, headers={"X-Twilio-Signature": made}
    )
    return int(answer.status_code)


def callback(pager: Pager) -> str:  # noqa: F811  the fixture
    [call] = [each for each in pager.phone.calls() if each["path"] == MESSAGES]
    return str(parse_qs(call["body"])["StatusCallback"][0])


@pytest.mark.parametrize(
    ("caller", "wanted"),
    [
        ("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("+14158675310", "GvWf1cFY/Q7PnoempGyD5oXAezc="),
    ],
)
def test_a_signature_is_that_of_twilios_own_examples(caller: str, wanted: str) -> None:
    """Source: Twilio's documentation, and the tests of its libraries."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": caller,
        "Digits": "1234",
        "From": caller,
        "To": "+18005551212",
    }

    made = signature("https://mycompany.com/myapp.php?foo=1&bar=2", fields, secret="12345")

    assert made == wanted


def test_what_arrived_is_noted_once_and_what_is_under_way_is_not(sent: Pager) -> None:
    url = callback(sent)

    assert tell(url, MessageStatus="sent") == 204
    assert sent.outcomes("p1") == ["accepted"]
    assert tell(url, MessageStatus="delivered") == 204
    assert tell(url, MessageStatus="undelivered", ErrorCode="30003") == 204

    assert (sent.state("p1"), sent.outcomes("p1")) == ("delivered", ["delivered"])
    assert sent.state("p2") == "scheduled"


@pytest.mark.parametrize(
    "fields",
    [{"MessageStatus": "undelivered", "ErrorCode": "30003"}, {"CallStatus": "no-answer"}],
    ids=["text", "call"],
)
def test_what_did_not_arrive_calls_the_next_contact_at_once(
    sent: Pager, fields: dict[str, str]
) -> None:
    assert tell(callback(sent), **fields) == 204
    assert tell(callback(sent), **fields) == 204

    assert (sent.state("p1"), sent.outcomes("p1")) == ("failed", ["permanent"])
    assert "Twilio says" in sent.row("p1").reason
    sent.until(lambda: sent.state("p2") == "delivered")
    assert sent.paths().count("/second") == 1


def test_nobody_else_can_tell(sent: Pager) -> None:
    url = callback(sent)
    good = signature(url, {"MessageStatus": "failed"}, secret="hush")

    assert tell(url, secret="guess", MessageStatus="failed") == 403
    assert tell(url, sign="", MessageStatus="failed") == 403
    assert tell(url, sign=good, MessageStatus="failed", ErrorCode="1") == 403
    assert tell(f"{url[:-1]}{'A' if url[-1] != 'A' else 'B'}", MessageStatus="failed") == 404
    answer_link = links.address_of("p1").rpartition("/")[2]
    assert tell(f"{BASE}/receipts/twilio/{answer_link}", MessageStatus="failed") == 404
    assert sent.state("p1") == "delivered"


def test_without_a_public_address_no_receipts_are_asked_for(settings: Settings) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"public_url": None})

    assert receipts.address_of("p1") == ""


def test_a_receipt_of_a_bundle_counts_for_all_its_pages(sent: Pager, settings: Settings) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"page_bundle_seconds": 60})
    sent.plan("p3", group="h")
    sent.plan("p4", group="i")
    sent.until(lambda: sent.state("p3") == sent.state("p4") == "delivered")
    bundle = sent.row("p3").bundle
    assert bundle is not None

    tell(receipts.address_of(bundle.id), MessageStatus="failed")

    assert {sent.state("p3"), sent.state("p4")} == {"failed"}
    assert queries.deliveries(["p1"])["p1"].state == "delivered"
