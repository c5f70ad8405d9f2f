"""Notifications' port Channel by HTTP POST to an address of the person's choice."""

from urllib.parse import urlsplit

from watchkeeper.integrations.webhook.domain import wire
from watchkeeper.kernel import clock
from watchkeeper.notifications.domain.outcomes import Result
from watchkeeper.notifications.ports import Message, Recipient
from watchkeeper.notifications.usecases import posting


class WebhookChannel:
    """Posts one page to one address, signed under the contact's secret."""

    def is_ready(self) -> bool:
        """See ``Channel``; it needs no setting."""
        return True

    def provider(self, to: Recipient) -> str:
        """See ``Channel``."""
        return urlsplit(to.address).netloc

    def send(self, message: Message, to: Recipient) -> Result:
        """See ``Channel``."""
        body = wire.body_of(message)
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.page_id}
        if to.secret:
            unix = int(clock.now().timestamp())
            signed = wire.signature(body, secret=to.secret, unix=unix)
            headers["Watchkeeper-Signature"] = signed
        result, _ = posting.post(
            to.address,
            who="the webhook",
            is_by_admin=to.is_by_admin,
            headers=headers,
            body=body,
            shows_answer=to.is_by_admin,
        )
        return result
