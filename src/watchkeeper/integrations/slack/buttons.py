"""Buttons under a page in Slack, and what pressing one does.

A button carries the end of the page's own link, so it can do what that link can and nothing more.
What Slack sends is signed over its raw body; the signature is good for five minutes.

Source: Slack, "Verifying requests from Slack" (v0 signatures), "Handling user interaction"
(block_actions; answered within 3 s; ``response_url``).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    WatchkeeperError,
)
from watchkeeper.notifications.ports import Message
from watchkeeper.notifications.usecases import links as signed
from watchkeeper.oncall.usecases import links
from watchkeeper.oncall.usecases.links import Answer
from watchkeeper.plumbing import egress

FRESH_SECONDS = 300
_ANSWER_SECONDS = 2.0
_PREFIX = "watchkeeper-"
_LABELS = {
    Answer.ACKNOWLEDGE: "Acknowledge",
    Answer.ACKNOWLEDGE_ALL: "Acknowledge all",
    Answer.RESOLVE: "Resolve",
}
_DONE = {
    Answer.ACKNOWLEDGE: "Acknowledged.",
    Answer.ACKNOWLEDGE_ALL: "All acknowledged.",
    Answer.RESOLVE: "Resolved.",
}

logger = structlog.get_logger(__name__)


class NotSlackError(ForbiddenError):
    """The request is not signed by Slack under our app's secret, or is too old."""

    code = "not_signed"


def blocks(message: Message, text: str) -> list[dict[str, Any]]:
    """Return a page with its buttons, for ``chat.postMessage``; empty: it has none.

    Args:
        message: The page.
        text: What it says, escaped.
    """
    token = urlsplit(message.act_url).path.rpartition("/")[2]
    if not settings.WATCHKEEPER.slack_signing_secret or message.is_test or not token:
        return []
    acts = [Answer.ACKNOWLEDGE, Answer.RESOLVE]
    if len(message.alerts) > 1:
        acts = [Answer.ACKNOWLEDGE_ALL]
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}},
        {"type": "actions", "elements": [_button(act, token) for act in acts]},
    ]


def _button(act: Answer, token: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "button",
        "text": {"type": "plain_text", "text": _LABELS[act]},
        "action_id": f"{_PREFIX}{act.value}",
        "value": token,
    }
    return made if act is Answer.RESOLVE else made | {"style": "primary"}


# Slack has no cookie: the request is signed under the app's secret instead.
@csrf_exempt
@require_POST
def pressed(request: HttpRequest) -> HttpResponse:
    """Do what a button says, in the name of who was paged, and tell them in Slack.

    Pressing again, or Slack's own repeat, changes nothing.
    """
    check(request.body, request.headers, now=clock.now().timestamp())
    act, token, answer_to = read(request.POST.get("payload", ""))
    try:
        page_id = signed.page_of(token) or ""
        links.answer(
            token,
            act,
            proof=signed.proof_of(page_id, now=clock.now()),
            now=clock.now(),
            address=request.META.get("REMOTE_ADDR", ""),
        )
        told = _DONE[act]
    except (ConflictError, NotFoundError, ForbiddenError) as error:
        told = error.message
    _tell(answer_to, told)
    return HttpResponse(status=200)


def check(body: bytes, headers: Mapping[str, str], *, now: float) -> None:
    """Make sure that Slack sent ``body`` just now.

    Raises:
        NotSlackError: it did not, it is older than five minutes, or no secret is set.
    """
    secret = settings.WATCHKEEPER.slack_signing_secret
    at = headers.get("X-Slack-Request-Timestamp", "")[:20]
    given = headers.get("X-Slack-Signature", "")
    is_fresh = at.isdecimal() and abs(now - int(at)) <= FRESH_SECONDS
    wanted = signature(body, at, secret=secret) if secret else ""
    if not wanted or not is_fresh or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotSlackError("This is not signed by Slack under the secret of our app, or too old")


def signature(body: bytes, at: str, *, secret: str) -> str:
    """Return what Slack signs a request with; ``at`` is its time stamp, Unix seconds."""
    made = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
    return f"v0={made.hexdigest()}"


def read(payload: str) -> tuple[Answer, str, str]:
    """Return what was pressed, the end of the page's link, and where Slack hears the answer.

    Raises:
        InvalidError: it is no button of ours.
    """
    try:
        said = json.loads(payload)
        [pressed_one, *_] = said["actions"]
        act = Answer(str(pressed_one["action_id"]).removeprefix(_PREFIX))
        return act, str(pressed_one["value"])[:300], str(said.get("response_url", ""))[:2000]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidError("This is no button of a page of ours") from error


def _tell(answer_to: str, told: str) -> None:
    """Say in Slack what came of it; what holds is in our rows, so this may fail."""
    ours = urlsplit(settings.WATCHKEEPER.slack_base_url).hostname
    host = urlsplit(answer_to).hostname or ""
    if host != ours and not host.endswith(".slack.com"):
        return
    body = {"text": told, "response_type": "ephemeral", "replace_original": False}
    try:
        egress.request(
            "POST", answer_to, trust=egress.Trust.ADMIN, json=body,
            timeout_seconds=_ANSWER_SECONDS,
        )  # fmt: skip
    except WatchkeeperError as error:
        logger.warning("Slack was not told what a button did", error=error.message)
