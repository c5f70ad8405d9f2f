"""Notifications' port Channel by ntfy, which wakes a phone without a vendor's cloud.

Source: ntfy documentation, "Publish as JSON": the topic stands in the body, priority 5 is urgent.
"""

import json
from urllib.parse import urlsplit

from django.conf import settings

from watchkeeper.notifications.domain.outcomes import Result
from watchkeeper.notifications.ports import Message, Recipient
from watchkeeper.notifications.usecases import posting, texts

MOST_LISTED = 10
_PRIORITY = {"high": 5, "low": 3}


class NtfyChannel:
    """Publishes to a topic, on the server of the settings or of the contact's own address."""

    def is_ready(self) -> bool:
        """See ``Channel``; the default is the public server."""
        return bool(settings.WATCHKEEPER.ntfy_base_url)

    def provider(self, to: Recipient) -> str:
        """See ``Channel``."""
        return _place(to.address)[0]

    def send(self, message: Message, to: Recipient) -> Result:
        """See ``Channel``."""
        server, topic, is_ours = _place(to.address)
        body = {
            "topic": topic,
            "title": "Watchkeeper",
            "message": "\n".join(
                [texts.headline(message), *texts.lines(message, most=MOST_LISTED)]
            ),
            "priority": _PRIORITY.get(message.urgency, 3),
            "click": message.link,
        }
        result, _ = posting.post(
            server,
            who="ntfy",
            is_by_admin=is_ours or to.is_by_admin,
            headers={"Content-Type": "application/json", "Idempotency-Key": message.page_id},
            body=json.dumps(body).encode(),
            shows_answer=is_ours or to.is_by_admin,
        )
        return result


def _place(address: str) -> tuple[str, str, bool]:
    """Return the server, the topic, and whether the server is that of the settings."""
    if "://" not in address:
        return str(settings.WATCHKEEPER.ntfy_base_url), address, True
    parts = urlsplit(address)
    folder, _, topic = parts.path.rstrip("/").rpartition("/")
    return f"{parts.scheme}://{parts.netloc}{folder}/", topic, False
