"""What Twilio tells later of messages and calls: whether they arrived.

Source: Twilio, "Validating Signatures from Twilio": the address and all fields, sorted by name and
written after each other, under HMAC-SHA1 with the account's token; as base64.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import ForbiddenError, NotFoundError
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.usecases import links, receipts
from watchkeeper.plumbing import served_address

_ARRIVED = {"delivered", "read", "completed"}
_FAILED = {"undelivered", "failed", "busy", "no-answer", "canceled"}
_LONGEST = 40


class NotTwilioError(ForbiddenError):
    """The request is not signed by Twilio under our account's token."""

    code = "not_signed"


class UnknownReceiptError(NotFoundError):
    """The address is none that was given to Twilio."""

    code = "receipt_not_found"


def address_of(page_id: str) -> str:
    """Return where Twilio tells what became of a page; empty where it could not reach us."""
    if not settings.WATCHKEEPER.public_url:
        return ""
    token = links.receipt_token_of(page_id)
    return f"{served_address.base()}/receipts/twilio/{token}" if token else ""


# Twilio has no cookie: the request is signed under the account's token instead.
@csrf_exempt
@require_POST
def receive(request: HttpRequest, token: str) -> HttpResponse:
    """Take what Twilio says of one message or call; a repeat changes nothing."""
    url = f"{served_address.base()}{request.get_full_path()}"
    fields = {name: str(request.POST.get(name, "")) for name in request.POST}
    given = request.headers.get("X-Twilio-Signature", "")
    secret = settings.WATCHKEEPER.twilio_auth_token or ""
    if not secret or not hmac.compare_digest(
        given.encode(), signature(url, fields, secret=secret).encode()
    ):
        raise NotTwilioError("This is not signed by Twilio under the token of our account")
    page_id = links.page_of_receipt(token)
    if page_id is None:
        raise UnknownReceiptError("No page was told to answer here")
    result = result_of(fields)
    if result is not None:
        receipts.receive(page_id, result, now=clock.now())
    return HttpResponse(status=204)


def signature(url: str, fields: Mapping[str, str], *, secret: str) -> str:
    """Return what Twilio signs a request with."""
    text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    made = hmac.new(secret.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(made.digest()).decode()


def result_of(fields: Mapping[str, str]) -> Result | None:
    """Return what a receipt says; ``None``: it is still under way."""
    status = (fields.get("MessageStatus") or fields.get("CallStatus") or "").lower()[:_LONGEST]
    if status in _ARRIVED:
        return Result(Outcome.DELIVERED, f"Twilio says {status}")
    if status not in _FAILED:
        return None
    code = fields.get("ErrorCode", "")[:_LONGEST]
    more = f", error {code}" if code.isdigit() else ""
    return Result(Outcome.PERMANENT, f"Twilio says {status}{more}")
