"""A page as a webhook carries it: body and signature."""

import hashlib
import hmac
import json
from typing import Any

from watchkeeper.notifications.ports import Message


def body_of(message: Message) -> bytes:
    """Return the body of the request; fields may be added to it, none is ever changed."""
    data: dict[str, Any] = {
        "page_id": message.page_id,
        "may_repeat": message.may_repeat,
        "person": message.person,
        "step": message.step,
        "urgency": message.urgency,
        "url": message.url,
        "alerts": [
            {
                "id": each.id,
                "key": each.key,
                "title": each.title,
                "service": each.service,
                "severity": each.severity,
            }
            for each in message.alerts
        ],
        "title": message.title,
        "is_test": message.is_test,
        "act_url": message.act_url,
        "pages": list(message.pages or (message.page_id,)),
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def signature(body: bytes, *, secret: str, unix: int) -> str:
    """Return ``t=<unix>,v1=<hex>``: HMAC-SHA256 of ``<unix>.<body>`` under ``secret``.

    Args:
        body: The body exactly as it is sent.
        secret: The contact's secret.
        unix: When it is sent, in seconds since the epoch.
    """
    signed = hmac.new(secret.encode(), f"{unix}.".encode() + body, hashlib.sha256)
    return f"t={unix},v1={signed.hexdigest()}"
