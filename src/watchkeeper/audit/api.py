"""JSON door of the log."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from watchkeeper.audit import queries
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["audit"])


class EntryOut(Schema):
    """One act."""

    number: int
    at: dt.datetime
    actor_kind: str
    actor_id: int | None
    via: str
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]
    request_id: str
    address: str


@router.get("/audit", response=Page[EntryOut], summary="The audit log, the newest first")
def list_entries(
    request: HttpRequest,
    action: str | None = None,
    object_kind: str | None = None,
    object_id: str | None = None,
    actor_id: int | None = None,
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[EntryOut]:
    """Return entries; for auditors and admins."""
    rest.check_limit(limit)
    rows = queries.entries(
        actor=actor_of(request),
        wanted=queries.Filter(
            action=action, object_kind=object_kind, object_id=object_id, actor_id=actor_id
        ),
        before=rest.decode_cursor(cursor, of=int) if cursor else None,
        limit=limit + 1,
    )
    following = rest.encode_cursor(rows[limit - 1].number) if len(rows) > limit else None
    items = [EntryOut.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return Page[EntryOut](items=items, next=following)
