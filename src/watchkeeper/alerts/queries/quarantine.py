"""What came and could not be read, and what was made of it since."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from watchkeeper.alerts.models import InboundEvent, InboundRequest
from watchkeeper.alerts.queries.alerts import number_of
from watchkeeper.kernel.errors import NotFoundError


class EventNotFoundError(NotFoundError):
    """There is no event of that id."""

    code = "event_not_found"


@dataclass(frozen=True, slots=True)
class CameRow:
    """An event with the post that it came with; its body is told by :func:`body_of` alone.

    Attributes:
        id: Id of the event, as text.
        integration: Name of the integration; empty: it is gone.
        service: The integration's service; may be empty.
        received_at: When it came.
        door: By which it came.
        content_type: As the sender said; may be empty.
        size: Bytes of the body.
        verdict: In one word.
        reason: Why, in a sentence.
        alert: Id of its alert; empty: it has none.
        is_read_again: Whether somebody had it read again, as it was or mended.
    """

    id: str
    integration: str
    service: str
    received_at: dt.datetime
    door: str
    content_type: str
    size: int
    verdict: str
    reason: str
    alert: str
    is_read_again: bool


def quarantine_rows(*, limit: int, before: int | None = None) -> list[CameRow]:
    """Return what could not be read, the newest first.

    Args:
        limit: How many at most.
        before: Only those with a lower id; ``None``: from the newest on.
    """
    found = InboundEvent.objects.filter(verdict="quarantined")
    if before is not None:
        found = found.filter(pk__lt=before)
    return [_row(row) for row in _with_post(found.order_by("-pk"))[:limit]]


def came_row(event: str) -> CameRow:
    """Return one event, of whatever verdict.

    Raises:
        EventNotFoundError: there is none of that id.
    """
    row = _with_post(InboundEvent.objects.filter(pk=number_of(event))).first()
    if row is None:
        raise EventNotFoundError(f"There is no event {event[:40]}")
    return _row(row)


def body_of(event: str) -> bytes:
    """Return what came with an event, as it came; it may hold the sender's key.

    Raises:
        EventNotFoundError: there is none of that id.
    """
    found = InboundEvent.objects.filter(pk=number_of(event)).select_related("request").first()
    if found is None:
        raise EventNotFoundError(f"There is no event {event[:40]}")
    return bytes(found.request.body)


def _with_post(found: QuerySet[InboundEvent]) -> QuerySet[InboundEvent]:
    again = InboundRequest.objects.filter(replay_of=OuterRef("request_id"))
    return found.select_related("request__integration").annotate(is_read_again=Exists(again))


def _row(row: InboundEvent) -> CameRow:
    post = row.request
    return CameRow(
        id=str(row.pk),
        integration=post.integration.name if post.integration is not None else "",
        service=post.integration.service_name if post.integration is not None else "",
        received_at=row.received_at,
        door=post.door,
        content_type=post.content_type,
        size=len(post.body),
        verdict=row.verdict,
        reason=row.reason,
        alert=str(row.alert_id) if row.alert_id is not None else "",
        is_read_again=bool(getattr(row, "is_read_again", False)),
    )
