"""JSON door of changes and maintenance windows."""

import datetime as dt
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Status

from watchkeeper.changes.domain import events as change_events
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.queries import events
from watchkeeper.changes.queries import maintenance as queries
from watchkeeper.changes.schemas import (
    ChangeIn,
    ChangeOut,
    ChangesAsked,
    MaintenanceIn,
    MaintenanceOut,
    NewMaintenanceIn,
    OccurrenceOut,
)
from watchkeeper.changes.usecases import events as event_usecases
from watchkeeper.changes.usecases import maintenance as usecases
from watchkeeper.kernel import access, clock, instants
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["changes"])
_USUAL_RANGE = dt.timedelta(days=90)
_LONGEST_RANGE = dt.timedelta(days=3_660)


@router.get("/maintenance", response=list[MaintenanceOut], summary="All maintenance windows")
def list_maintenance(request: HttpRequest, service: str | None = None) -> list[MaintenanceOut]:
    """Return maintenance windows by name, those that are over too."""
    access.require(actor_of(request), Permission.READ, what="maintenance windows")
    rows = queries.rows(now=clock.now(), service=service)
    return [MaintenanceOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/maintenance", response={201: MaintenanceOut}, summary="Make a maintenance window")
def create_maintenance(request: HttpRequest, body: NewMaintenanceIn) -> Status[MaintenanceOut]:
    """Make a maintenance window; alerts of its services open and page nobody meanwhile."""
    access.require(actor_of(request), Permission.READ, what="maintenance windows")
    usecases.create(actor=actor_of(request), spec=_spec(body.name, body), now=clock.now())
    return Status(201, _shown(body.name))


@router.get("/maintenance/{name}", response=MaintenanceOut, summary="One maintenance window")
def get_maintenance(request: HttpRequest, name: str) -> MaintenanceOut:
    """Return a maintenance window."""
    access.require(actor_of(request), Permission.READ, what=f"maintenance window {name}")
    return _shown(name)


@router.put(
    "/maintenance/{name}", response=MaintenanceOut, summary="Make or change a maintenance window"
)
def put_maintenance(request: HttpRequest, name: str, body: MaintenanceIn) -> MaintenanceOut:
    """Make the maintenance window be as the body says."""
    access.require(actor_of(request), Permission.READ, what=f"maintenance window {name}")
    spec = _spec(name, body)
    usecases.save(actor=actor_of(request), spec=spec, origin=Origin.API, now=clock.now())
    return _shown(name)


@router.delete("/maintenance/{name}", response={204: None}, summary="Remove a maintenance window")
def delete_maintenance(request: HttpRequest, name: str) -> Status[None]:
    """Remove a maintenance window; what it kept quiet and still fires pages then."""
    access.require(actor_of(request), Permission.READ, what=f"maintenance window {name}")
    usecases.remove(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post("/maintenance/{name}/end", response=MaintenanceOut, summary="End it early")
def end_maintenance(request: HttpRequest, name: str) -> MaintenanceOut:
    """End early what is on of a maintenance window; later times of it still come."""
    access.require(actor_of(request), Permission.READ, what=f"maintenance window {name}")
    usecases.end(actor=actor_of(request), name=name, now=clock.now())
    return _shown(name)


@router.get(
    "/maintenance/{name}/occurrences", response=list[OccurrenceOut], summary="When it is on"
)
def list_occurrences(
    request: HttpRequest,
    name: str,
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
) -> list[OccurrenceOut]:
    """Return each time that it is on, at most a thousand; usually of the next 90 days."""
    access.require(actor_of(request), Permission.READ, what=f"maintenance window {name}")
    low = instants.read(start, path="from") if start else clock.now()
    high = instants.read(end, path="to") if end else low + _USUAL_RANGE
    if not low < high <= low + _LONGEST_RANGE:
        message = "to lies after from, at most ten years"
        raise InvalidError(message, [Problem(message, path="to")])
    found = queries.occurrences(name, start=low, end=high)
    return [OccurrenceOut.model_validate(each, from_attributes=True) for each in found]


# ---- changes


@router.get("/changes", response=Page[ChangeOut], summary="Changes, the newest first")
def list_changes(
    request: HttpRequest,
    asked: Query[ChangesAsked],
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ChangeOut]:
    """Return deploys, flags and configuration that changed, by when they did."""
    access.require(actor_of(request), Permission.READ, what="changes")
    rest.check_limit(limit)
    wanted = events.Filter(
        service=asked.service,
        kind=asked.kind,
        since=instants.read(asked.since, path="from") if asked.since else None,
        until=instants.read(asked.until, path="to") if asked.until else None,
    )
    before = _place(rest.decode_cursor(cursor)) if cursor else None
    rows = events.rows(wanted, limit=limit + 1, before=before)
    items = [ChangeOut.model_validate(row, from_attributes=True) for row in rows[:limit]]
    following = rest.encode_cursor(_written(rows[limit - 1].place)) if len(rows) > limit else None
    return Page[ChangeOut](items=items, next=following)


@router.post("/changes", response={201: ChangeOut}, summary="Tell of a change")
def record_change(request: HttpRequest, body: ChangeIn) -> Status[ChangeOut]:
    """Keep a change; one that was told under this id before stays as it was."""
    access.require(actor_of(request), Permission.READ, what="changes")
    now = clock.now()
    told = change_events.read(body.model_dump(), service="", received_at=now)
    made = event_usecases.record(actor=actor_of(request), event=told, now=now)
    return Status(201, ChangeOut.model_validate(events.row(made), from_attributes=True))


@router.get("/changes/{change}", response=ChangeOut, summary="One change")
def get_change(request: HttpRequest, change: str) -> ChangeOut:
    """Return a change."""
    access.require(actor_of(request), Permission.READ, what=f"change {change[:40]}")
    return ChangeOut.model_validate(events.row(change), from_attributes=True)


def _written(place: events.Place) -> str:
    return f"{place[0].isoformat()} {place[1]}"


def _place(text: str) -> events.Place:
    """Return the place that a cursor tells.

    Raises:
        InvalidError: it is none of ours.
    """
    at, _, number = text.partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        message = "cursor is none that a list gave"
        raise InvalidError(message, [Problem(message, path="cursor")])
    return instants.read(at, path="cursor"), int(number)


def _spec(name: str, body: MaintenanceIn) -> MaintenanceSpec:
    return MaintenanceSpec(
        name=name,
        services=tuple(body.services),
        start=body.start,
        end=body.end,
        time_zone=body.time_zone,
        recurrence=body.recurrence,
        exclude=body.exclude,
        reason=body.reason,
    )


def _shown(name: str) -> MaintenanceOut:
    row = queries.row(name, now=clock.now())
    return MaintenanceOut.model_validate(row, from_attributes=True)
