"""What senders of Opsgenie ask: one alert, and what became of a request."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import keys
from watchkeeper.alerts.queries.alerts import AlertRow
from watchkeeper.alerts.queries.keys import Sender
from watchkeeper.integrations.opsgenie import inbound
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError

_PRIORITIES = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P5"}


def alert(request: HttpRequest, identifier: str) -> JsonResponse:
    """Return an alert of the sender's own scope."""
    sender = _sender(request)
    if sender is None:
        return _refusal(401, "Could not authenticate: no integration has this key")
    if request.method not in {"GET", "HEAD"}:
        return _refusal(405, f"This address does not take {request.method}")
    kind = request.GET.get("identifierType", "id")
    try:
        key = inbound.key_named(identifier, kind)
    except InvalidError as error:
        return _refusal(404, error.message)
    row = queries.newest_of(sender.scope, key)
    if row is None:
        return _refusal(404, f"There is no alert {identifier[:80]!r}")
    return _found(_alert(row))


def request_status(request: HttpRequest, request_id: str) -> JsonResponse:
    """Return what became of a request of the sender's own."""
    sender = _sender(request)
    if sender is None:
        return _refusal(401, "Could not authenticate: no integration has this key")
    if request.method not in {"GET", "HEAD"}:
        return _refusal(405, f"This address does not take {request.method}")
    row = queries.event_of_request(request_id, integration_id=sender.id)
    if row is None:
        return _refusal(404, f"There is no request {request_id[:80]!r}")
    is_good = row.verdict != "quarantined"
    data = {
        "success": is_good,
        "isSuccess": is_good,
        "action": row.action,
        "processedAt": row.received_at,
        "status": row.reason,
        "alertId": row.alert or "",
        "alias": row.key,
        "integrationId": str(sender.id),
    }
    return _found(data)


def _sender(request: HttpRequest) -> Sender | None:
    key = inbound.key_in(request.headers.get("Authorization", ""))
    return keys.sender_of(key, kind="opsgenie", now=clock.now())


def _refusal(status: int, message: str) -> JsonResponse:
    return JsonResponse(inbound.told(message), status=status)


def _found(data: dict[str, Any]) -> JsonResponse:
    return JsonResponse({"data": data, "took": 0.0, "requestId": inbound.told("")["requestId"]})


def _alert(row: AlertRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "tinyId": row.id,
        "alias": row.key,
        "message": row.title,
        "description": row.description,
        "status": "closed" if row.state == "resolved" else "open",
        "acknowledged": row.state == "acknowledged",
        "isSeen": row.state != "firing",
        "snoozed": row.state == "snoozed",
        "count": row.count,
        "priority": _PRIORITIES[row.severity],
        "createdAt": row.opened_at,
        "updatedAt": row.last_event_at,
        "lastOccurredAt": row.last_event_at,
        "source": row.integration,
        "details": dict(row.labels),
        "tags": [tag for tag in row.labels.get("tags", "").split(",") if tag],
        "entity": row.labels.get("entity", ""),
    }
