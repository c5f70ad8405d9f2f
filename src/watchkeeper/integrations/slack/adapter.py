"""Notifications' port Channel by direct messages in Slack.

Source: Slack Web API, chat.postMessage; an error comes as status 200 with ``"ok": false``.
"""

import json

from django.conf import settings

from watchkeeper.integrations.slack import buttons
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.notifications.domain.outcomes import ARRIVED, Outcome, Result
from watchkeeper.notifications.ports import Message, Recipient
from watchkeeper.notifications.usecases import posting, texts

_TEMPORARY = {
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
}


MOST_LISTED = 20


class SlackChannel:
    """Writes to a member of the workspace."""

    def is_ready(self) -> bool:
        """See ``Channel``; it needs a bot token."""
        return bool(settings.WATCHKEEPER.slack_token)

    def provider(self, to: Recipient) -> str:
        """See ``Channel``."""
        del to
        return str(settings.WATCHKEEPER.slack_base_url)

    def send(self, message: Message, to: Recipient) -> Result:
        """See ``Channel``."""
        text = _escaped(_text(message))
        shown = buttons.blocks(message, text)
        body = {
            "channel": to.address,
            "text": text,
            **({"blocks": shown} if shown else {}),
            "unfurl_links": False,
            "metadata": {
                "event_type": "watchkeeper_page",
                "event_payload": {"page_id": message.page_id},
            },
        }
        result, answer = posting.post(
            f"{settings.WATCHKEEPER.slack_base_url.rstrip('/')}/chat.postMessage",
            who="Slack",
            is_by_admin=True,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Authorization": f"Bearer {settings.WATCHKEEPER.slack_token}",
            },
            body=json.dumps(body).encode(),
        )
        if answer is None or result.outcome not in ARRIVED:
            return result
        try:
            said = answer.json()
        except DependencyError:
            return Result(Outcome.TEMPORARY, "Slack answered 200 with what is not JSON")
        if isinstance(said, dict) and said.get("ok") is True:
            return result
        error = str(said.get("error", "")) if isinstance(said, dict) else ""
        outcome = Outcome.TEMPORARY if not error or error in _TEMPORARY else Outcome.PERMANENT
        return Result(outcome, f"Slack answered: {error[:100] or 'not ok'}")


def _text(message: Message) -> str:
    """Return headline, list and link."""
    listed = texts.lines(message, most=MOST_LISTED)
    return "\n".join([texts.headline(message), *listed, message.link])


def _escaped(text: str) -> str:
    """Return ``text`` as Slack shows it: none of it is a command or a link in disguise."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
