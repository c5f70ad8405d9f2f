"""Notifications' port Channel by a Teams workflow that posts what it is sent.

Source: Microsoft, "Create incoming webhooks with Workflows": an adaptive card in a message.
"""

import json
from urllib.parse import urlsplit

from watchkeeper.notifications.domain.outcomes import Result
from watchkeeper.notifications.ports import Message, Recipient
from watchkeeper.notifications.usecases import posting, texts

MOST_LISTED = 20


class TeamsChannel:
    """Posts a card to the address of a workflow."""

    def is_ready(self) -> bool:
        """See ``Channel``; it needs no setting."""
        return True

    def provider(self, to: Recipient) -> str:
        """See ``Channel``."""
        return urlsplit(to.address).netloc

    def send(self, message: Message, to: Recipient) -> Result:
        """See ``Channel``."""
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
                {"type": "TextBlock", "wrap": True, "text": each}
                for each in (texts.headline(message), *texts.lines(message, most=MOST_LISTED))
            ],
            "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": message.link}],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        result, _ = posting.post(
            to.address,
            who="Teams",
            is_by_admin=to.is_by_admin,
            headers={"Content-Type": "application/json", "Idempotency-Key": message.page_id},
            body=json.dumps({"type": "message", "attachments": [attachment]}).encode(),
            shows_answer=to.is_by_admin,
        )
        return result
