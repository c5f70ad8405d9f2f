"""Notifications' port Channel by text message and by call, through Twilio.

Source: Twilio REST API 2010-04-01, Messages and Calls; errors carry a ``code`` and a ``message``.
"""

from abc import ABC, abstractmethod
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from django.conf import settings

from watchkeeper.integrations.twilio import receipts
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.notifications.domain.outcomes import ARRIVED, Outcome, Result
from watchkeeper.notifications.ports import Message, Recipient
from watchkeeper.notifications.usecases import posting, texts

LONGEST_TEXT = 480
_FAILED = {"failed", "undelivered", "canceled"}


class _Twilio(ABC):
    """What text messages and calls share."""

    resource = ""

    def is_ready(self) -> bool:
        """See ``Channel``; it needs account, token and a number to send from."""
        environment = settings.WATCHKEEPER
        needed = (
            environment.twilio_account_sid,
            environment.twilio_auth_token,
            environment.twilio_from,
        )
        return all(needed)

    def provider(self, to: Recipient) -> str:
        """See ``Channel``."""
        del to
        return str(settings.WATCHKEEPER.twilio_base_url)

    def send(self, message: Message, to: Recipient) -> Result:
        """See ``Channel``."""
        environment = settings.WATCHKEEPER
        account = environment.twilio_account_sid or ""
        base = environment.twilio_base_url.rstrip("/")
        fields = {"To": to.address, "From": environment.twilio_from, **self.content(message)}
        callback = receipts.address_of(message.page_id)
        if callback:
            fields["StatusCallback"] = callback
        result, answer = posting.post(
            f"{base}/2010-04-01/Accounts/{quote(account, safe='')}/{self.resource}.json",
            who="Twilio",
            is_by_admin=True,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Idempotency-Key": message.page_id,
            },
            body=urlencode(fields).encode(),
            auth=(account, environment.twilio_auth_token or ""),
        )
        if answer is None or result.outcome not in ARRIVED:
            return result
        try:
            said = answer.json()
        except DependencyError:
            return Result(Outcome.TEMPORARY, "Twilio answered with what is not JSON")
        if not isinstance(said, dict) or not said.get("sid"):
            return Result(Outcome.TEMPORARY, "Twilio answered without an id of what it sends")
        if said.get("error_code") or said.get("status") in _FAILED:
            why = f"Twilio says {said.get('status')}, error {said.get('error_code')}"
            return Result(Outcome.PERMANENT, why)
        return result

    @abstractmethod
    def content(self, message: Message) -> dict[str, str]:
        """Return the fields that hold the words."""


class SmsChannel(_Twilio):
    """Sends a text message."""

    resource = "Messages"

    def content(self, message: Message) -> dict[str, str]:
        """Return the text, short enough for a few parts."""
        room = LONGEST_TEXT - len(message.link) - 1
        return {"Body": f"{texts.headline(message)[: max(room, 80)]}\n{message.link}"}


class VoiceChannel(_Twilio):
    """Calls and reads the page out, twice."""

    resource = "Calls"

    def content(self, message: Message) -> dict[str, str]:
        """Return what is read out."""
        words = escape(texts.spoken(message))
        return {"Twiml": f'<Response><Say loop="2">{words}</Say></Response>'}
