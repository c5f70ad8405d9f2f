"""JSON door of schedules, of who is on call and of escalation policies."""

import datetime as dt
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Body, Query, Router, Status

from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.intervals import Interval
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.domain import documents, fields, policies
from watchkeeper.oncall.queries import PolicyRow, ScheduleRow
from watchkeeper.oncall.schemas import (
    CoverageOut,
    EntryOut,
    FeedIn,
    FeedMade,
    FeedOut,
    OnCallOut,
    OverrideIn,
    OverrideOut,
    PolicyIn,
    PolicyOut,
    RoomOut,
    RoomSecretMade,
    ScheduleDetail,
    ScheduleOut,
    ScheduleSaved,
)
from watchkeeper.oncall.usecases import WantedOverride
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["on call"])

Text = Annotated[str | None, Query(max_length=253)]
_FORTNIGHT = dt.timedelta(days=14)


@router.get("/on-call", response=list[OnCallOut], summary="Who is on call")
def who_is_on_call(
    request: HttpRequest, schedule: Text = None, at: Text = None
) -> list[OnCallOut]:
    """Return who is on call now, or at an instant, in every schedule or in one."""
    access.require(actor_of(request), Permission.READ, what="who is on call")
    zone = _zone(queries.schedule_row(schedule)) if schedule is not None else None
    instant = fields.instant_from(at, zone, path="at") if at else clock.now()
    return [
        OnCallOut(
            schedule=one.schedule,
            at=one.at,
            people=list(one.people),
            layer=one.layer or None,
            until=one.until,
        )
        for one in queries.on_call(at=instant, name=schedule)
    ]


@router.get("/on-call/check", response=list[CoverageOut], summary="What coverage lacks")
def check_coverage(
    request: HttpRequest, days: Annotated[int, Query(ge=1, le=366)] = queries.COVERAGE_DAYS
) -> list[CoverageOut]:
    """Return when policies find nobody with a verified contact in the days to come, and why."""
    access.require(actor_of(request), Permission.READ, what="coverage")
    found = queries.coverage_findings(now=clock.now(), days=days)
    return [CoverageOut.model_validate(each, from_attributes=True) for each in found]


@router.get("/schedules", response=Page[ScheduleOut], summary="All schedules")
def list_schedules(
    request: HttpRequest,
    owner: Text = None,
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ScheduleOut]:
    """Return schedules, by name."""
    access.require(actor_of(request), Permission.READ, what="schedules")
    rows, following = rest.page(
        queries.schedule_rows(owner=owner), key=lambda row: row.name, limit=limit, cursor=cursor
    )
    items = [ScheduleOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[ScheduleOut](items=items, next=following)


@router.get("/schedules/{name}", response=ScheduleDetail, summary="One schedule")
def get_schedule(request: HttpRequest, response: HttpResponse, name: str) -> ScheduleDetail:
    """Return a schedule with its document; its ETag may be sent back as If-Match."""
    access.require(actor_of(request), Permission.READ, what=f"schedule {name}")
    shown = _detail(name)
    response["ETag"] = rest.etag(shown.document)
    return shown


@router.put("/schedules/{name}", response=ScheduleSaved, summary="Make or change a schedule")
def put_schedule(request: HttpRequest, name: str, body: Body[dict[str, Any]]) -> ScheduleSaved:
    """Make the schedule be as the document says, from now on; the past stays."""
    document = Document(body)
    for path, found, wanted in (
        ("apiVersion", document.api_version, documents.API_VERSION),
        ("kind", document.kind, documents.KIND),
        ("metadata.name", document.name, name),
    ):
        if found != wanted:
            message = f"{path} is {found!r}, not {wanted}"
            raise InvalidError(message, [Problem(message, path=path)])
    if request.headers.get("If-Match"):
        current = rest.etag(_detail(name).document)
        rest.check_if_match(request, current, what=f"The schedule {name}")
    change = usecases.save_schedule(
        actor=actor_of(request), document=document, origin=Origin.API, now=clock.now()
    )
    return ScheduleSaved(name=change.name, action=change.action.value)


@router.delete("/schedules/{name}", response={204: None}, summary="Remove a schedule")
def delete_schedule(request: HttpRequest, name: str) -> Status[None]:
    """Remove a schedule from now on; who was on call stays on record."""
    usecases.remove_schedule(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post(
    "/schedules/{name}/take-over", response=ScheduleOut, summary="Take a schedule out of its file"
)
def take_over_schedule(request: HttpRequest, name: str) -> ScheduleOut:
    """Let a schedule that came from a file be changed here."""
    usecases.take_over_schedule(actor=actor_of(request), name=name, now=clock.now())
    return ScheduleOut.model_validate(queries.schedule_row(name), from_attributes=True)


@router.get(
    "/schedules/{name}/entries",
    response=list[EntryOut],
    summary="Who is on call from then to then",
)
def list_entries(
    request: HttpRequest,
    name: str,
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
) -> list[EntryOut]:
    """Return who is on call, in order, clipped to the time asked for; holes are left out.

    A time without a zone is wall time in the schedule's zone. Two weeks from now, unless said.
    """
    access.require(actor_of(request), Permission.READ, what=f"schedule {name}")
    zone = _zone(queries.schedule_row(name))
    first = fields.instant_from(start, zone, path="from") if start else clock.now()
    last = fields.instant_from(end, zone, path="to") if end else first + _FORTNIGHT
    if not first < last:
        message = "to is not after from"
        raise InvalidError(message, [Problem(message, path="to")])
    found = queries.entries(name, Interval(first, last))
    return [
        EntryOut(start=e.start, end=e.end, people=list(e.people), layer=e.layer) for e in found
    ]


@router.get(
    "/schedules/{name}/overrides", response=list[OverrideOut], summary="Overrides made by hand"
)
def list_overrides(request: HttpRequest, name: str) -> list[OverrideOut]:
    """Return overrides that were made by hand, past and ended ones too."""
    access.require(actor_of(request), Permission.READ, what=f"schedule {name}")
    rows = queries.override_rows(name)
    return [OverrideOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/schedules/{name}/overrides", response={201: OverrideOut}, summary="Let somebody stand in"
)
def add_override(request: HttpRequest, name: str, body: OverrideIn) -> Status[OverrideOut]:
    """Let somebody stand in; for a schedule that a file keeps, too."""
    access.require(actor_of(request), Permission.READ, what=f"schedule {name}")
    zone = _zone(queries.schedule_row(name))
    wanted = WantedOverride(
        schedule=name,
        start=fields.instant_from(body.start, zone, path="start"),
        end=fields.instant_from(body.end, zone, path="end"),
        person=body.person,
        replaces=body.replaces,
        joins=body.add,
    )
    made = usecases.add_override(actor=actor_of(request), wanted=wanted, now=clock.now())
    row = queries.override_row(name, made)
    return Status(201, OverrideOut.model_validate(row, from_attributes=True))


@router.delete(
    "/schedules/{name}/overrides/{int:override_id}",
    response={204: None},
    summary="End an override",
)
def end_override(request: HttpRequest, name: str, override_id: int) -> Status[None]:
    """Let an override hold no longer; it stays on record."""
    usecases.end_override(
        actor=actor_of(request), schedule=name, override_id=override_id, now=clock.now()
    )
    return Status(204, None)


@router.get("/calendar-feeds", response=list[FeedOut], summary="Calendar feeds")
def list_feeds(request: HttpRequest) -> list[FeedOut]:
    """Return a person's own feeds, or all of them to an admin; without what opens them."""
    rows = queries.feed_rows(actor_of(request))
    return [FeedOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/calendar-feeds", response={201: FeedMade}, summary="Make a calendar feed")
def make_feed(request: HttpRequest, body: FeedIn) -> Status[FeedMade]:
    """Return a secret address that calendar programs can subscribe to; it is told this once."""
    made = usecases.make_feed(
        actor=actor_of(request), schedule=body.schedule, person=body.person, now=clock.now()
    )
    path = reverse("oncall:calendar", args=[made.secret])
    return Status(201, FeedMade(id=made.id, url=request.build_absolute_uri(path)))


@router.delete(
    "/calendar-feeds/{int:feed_id}", response={204: None}, summary="Revoke a calendar feed"
)
def revoke_feed(request: HttpRequest, feed_id: int) -> Status[None]:
    """Let a feed open nothing any more."""
    usecases.revoke_feed(actor=actor_of(request), feed_id=feed_id, now=clock.now())
    return Status(204, None)


def _detail(name: str) -> ScheduleDetail:
    row = queries.schedule_row(name)
    shown = ScheduleOut.model_validate(row, from_attributes=True).model_dump()
    return ScheduleDetail(**shown, document=dict(queries.document_of(name)))


def _zone(row: ScheduleRow) -> ZoneInfo:
    return ZoneInfo(row.time_zone)


@router.get("/escalation-policies", response=Page[PolicyOut], summary="All escalation policies")
def list_policies(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[PolicyOut]:
    """Return escalation policies, by name."""
    access.require(actor_of(request), Permission.READ, what="escalation policies")
    rows, following = rest.page(
        queries.policy_rows(), key=lambda row: row.name, limit=limit, cursor=cursor
    )
    actor = actor_of(request)
    return Page[PolicyOut](items=[_policy(row, actor) for row in rows], next=following)


@router.get("/escalation-policies/{name}", response=PolicyOut, summary="One escalation policy")
def get_policy(request: HttpRequest, response: HttpResponse, name: str) -> PolicyOut:
    """Return a policy; its ETag may be sent back as If-Match.

    Addresses of rooms are masked for who may not change it.
    """
    access.require(actor_of(request), Permission.READ, what=f"escalation policy {name}")
    shown = _policy(queries.policy_row(name), actor_of(request))
    response["ETag"] = rest.etag(shown.model_dump())
    return shown


@router.put("/escalation-policies/{name}", response=PolicyOut, summary="Make or change a policy")
def put_policy(
    request: HttpRequest, response: HttpResponse, name: str, body: PolicyIn
) -> PolicyOut:
    """Make the policy be as the body says; escalations under way keep the one they have."""
    access.require(actor_of(request), Permission.READ, what=f"escalation policy {name}")
    for row in queries.policy_rows(name):
        current = rest.etag(_policy(row, actor_of(request)).model_dump())
        rest.check_if_match(request, current, what=f"The escalation policy {name}")
    data = {
        "apiVersion": policies.API_VERSION,
        "kind": policies.KIND,
        "metadata": {"name": name},
        "spec": body.spec,
    }
    usecases.save_policy(
        actor=actor_of(request), document=Document(data), origin=Origin.API, now=clock.now()
    )
    shown = _policy(queries.policy_row(name), actor_of(request))
    response["ETag"] = rest.etag(shown.model_dump())
    return shown


@router.delete("/escalation-policies/{name}", response={204: None}, summary="Remove a policy")
def delete_policy(request: HttpRequest, name: str) -> Status[None]:
    """Remove a policy; escalations that began with it go on with it."""
    usecases.remove_policy(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post(
    "/escalation-policies/{name}/take-over",
    response=PolicyOut,
    summary="Take a policy out of its file",
)
def take_over_policy(request: HttpRequest, name: str) -> PolicyOut:
    """Let a policy that came from a file be changed here."""
    usecases.take_over_policy(actor=actor_of(request), name=name, now=clock.now())
    return _policy(queries.policy_row(name), actor_of(request))


@router.get(
    "/escalation-policies/{name}/rooms", response=list[RoomOut], summary="Rooms of a policy"
)
def list_rooms(request: HttpRequest, name: str) -> list[RoomOut]:
    """Return the webhooks and chats that a policy tells, in the order of its steps."""
    access.require(actor_of(request), Permission.READ, what=f"escalation policy {name}")
    found = queries.rooms_of(queries.policy_row(name), actor=actor_of(request))
    return [RoomOut.model_validate(each, from_attributes=True) for each in found]


@router.post(
    "/escalation-policies/{name}/rooms/{room}/secret",
    response={201: RoomSecretMade},
    summary="Make a webhook's secret anew",
)
def remake_room_secret(request: HttpRequest, name: str, room: str) -> Status[RoomSecretMade]:
    """Return a new secret, this once; the old one signs no more."""
    secret = usecases.remake_room_secret(
        actor=actor_of(request), policy=name, room=room, now=clock.now()
    )
    return Status(201, RoomSecretMade(secret=secret))


def _policy(row: PolicyRow, actor: Actor) -> PolicyOut:
    return PolicyOut(
        name=row.name,
        owner=row.owner_name,
        spec=dict(queries.document_for(actor, row)["spec"]),
        origin=row.origin,
        file=row.file,
        is_taken_over=row.is_taken_over,
    )
