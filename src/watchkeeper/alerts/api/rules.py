"""JSON door of what decides where alerts go and what is kept quiet."""

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from watchkeeper.alerts.api.moments import sure
from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.domain.documents import InhibitionSpec, RouteSpec, SilenceSpec
from watchkeeper.alerts.queries import directory, previews
from watchkeeper.alerts.schemas.rules import (
    InhibitionIn,
    InhibitionOut,
    InhibitionPreviewOut,
    NewSilenceIn,
    PreviewIn,
    PreviewOut,
    RouteIn,
    RouteOut,
    SilenceIn,
    SilenceOut,
)
from watchkeeper.alerts.usecases import rules
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import hands, rest
from watchkeeper.plumbing.rest import actor_of

router = Router(tags=["alerts"])


# ---- routes


@router.get("/routes", response=list[RouteOut], summary="All routes, in order")
def list_routes(request: HttpRequest) -> list[RouteOut]:
    """Return routes in the order in which they are asked."""
    access.require(actor_of(request), Permission.READ, what="routes")
    return [RouteOut.model_validate(r, from_attributes=True) for r in directory.route_rows()]


@router.get("/routes/{name}", response=RouteOut, summary="One route")
def get_route(request: HttpRequest, response: HttpResponse, name: str) -> RouteOut:
    """Return a route; its ETag may be sent back as If-Match."""
    access.require(actor_of(request), Permission.READ, what=f"route {name}")
    response["ETag"] = f'"{_state_of(name)}"'
    return RouteOut.model_validate(directory.route_row(name), from_attributes=True)


def _state_of(name: str) -> str:
    return hands.state_of(documents.write(directory.route_spec_of(name)))


@router.put("/routes/{name}", response=RouteOut, summary="Make or change a route")
def put_route(request: HttpRequest, response: HttpResponse, name: str, body: RouteIn) -> RouteOut:
    """Make the route be as the body says."""
    access.require(actor_of(request), Permission.READ, what=f"route {name}")
    spec = RouteSpec(
        name=name,
        policy=body.policy,
        order=body.order,
        match=tuple(body.match),
        urgency=body.urgency,
        group_by=tuple(body.group_by),
        group_for=body.group_for,
        times=tuple(each.model_dump(by_alias=True, exclude_unset=True) for each in body.times),
        time_zone=body.time_zone,
    )
    if request.headers.get("If-Match"):
        rest.check_if_match(request, f'"{_state_of(name)}"', what=f"The route {name}")
    rules.save_route(actor=actor_of(request), spec=spec, origin=Origin.API, now=clock.now())
    response["ETag"] = f'"{_state_of(name)}"'
    return RouteOut.model_validate(directory.route_row(name), from_attributes=True)


@router.delete("/routes/{name}", response={204: None}, summary="Remove a route")
def delete_route(request: HttpRequest, name: str) -> Status[None]:
    """Remove a route; alerts that it placed stay where they are."""
    access.require(actor_of(request), Permission.READ, what=f"route {name}")
    rules.remove_route(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


# ---- silences


@router.get("/silences", response=list[SilenceOut], summary="All silences")
def list_silences(request: HttpRequest) -> list[SilenceOut]:
    """Return silences, by name, those that are over too."""
    access.require(actor_of(request), Permission.READ, what="silences")
    rows = directory.silence_rows(now=clock.now())
    return [SilenceOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/silences", response={201: SilenceOut}, summary="Make a silence")
def create_silence(request: HttpRequest, body: NewSilenceIn) -> Status[SilenceOut]:
    """Make a silence; what it matches opens and pages nobody meanwhile."""
    access.require(actor_of(request), Permission.READ, what="silences")
    spec = _silence(body.name, body)
    rules.create_silence(actor=actor_of(request), spec=spec, now=clock.now())
    row = directory.silence_row(body.name, now=clock.now())
    return Status(201, SilenceOut.model_validate(row, from_attributes=True))


@router.get("/silences/{name}", response=SilenceOut, summary="One silence")
def get_silence(request: HttpRequest, name: str) -> SilenceOut:
    """Return a silence."""
    access.require(actor_of(request), Permission.READ, what=f"silence {name}")
    row = directory.silence_row(name, now=clock.now())
    return SilenceOut.model_validate(row, from_attributes=True)


@router.put("/silences/{name}", response=SilenceOut, summary="Make or change a silence")
def put_silence(request: HttpRequest, name: str, body: SilenceIn) -> SilenceOut:
    """Make the silence be as the body says; to end it now, let it end now."""
    access.require(actor_of(request), Permission.READ, what=f"silence {name}")
    spec = _silence(name, body)
    rules.save_silence(actor=actor_of(request), spec=spec, origin=Origin.API, now=clock.now())
    row = directory.silence_row(name, now=clock.now())
    return SilenceOut.model_validate(row, from_attributes=True)


@router.delete("/silences/{name}", response={204: None}, summary="Remove a silence")
def delete_silence(request: HttpRequest, name: str) -> Status[None]:
    """Remove a silence; what it kept quiet and still fires pages then."""
    access.require(actor_of(request), Permission.READ, what=f"silence {name}")
    rules.remove_silence(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post("/silences/{name}/end", response=SilenceOut, summary="End a silence early")
def end_silence(request: HttpRequest, name: str) -> SilenceOut:
    """End early what holds of a silence; one that comes again still comes."""
    access.require(actor_of(request), Permission.READ, what=f"silence {name}")
    rules.end_silence(actor=actor_of(request), name=name, now=clock.now())
    row = directory.silence_row(name, now=clock.now())
    return SilenceOut.model_validate(row, from_attributes=True)


@router.get("/inhibitions", response=list[InhibitionOut], summary="All inhibitions")
def list_inhibitions(request: HttpRequest) -> list[InhibitionOut]:
    """Return inhibitions by name, with what is a source and what is quiet now."""
    access.require(actor_of(request), Permission.READ, what="inhibitions")
    rows = directory.inhibition_rows()
    return [InhibitionOut.model_validate(row, from_attributes=True) for row in rows]


@router.get("/inhibitions/{name}", response=InhibitionOut, summary="One inhibition")
def get_inhibition(request: HttpRequest, name: str) -> InhibitionOut:
    """Return one inhibition."""
    access.require(actor_of(request), Permission.READ, what=f"inhibition {name}")
    return InhibitionOut.model_validate(directory.inhibition_row(name), from_attributes=True)


@router.put("/inhibitions/{name}", response=InhibitionOut, summary="Make or change an inhibition")
def put_inhibition(request: HttpRequest, name: str, body: InhibitionIn) -> InhibitionOut:
    """Make an inhibition be as it is said here."""
    rules.save_inhibition(
        actor=actor_of(request), spec=_inhibition(name, body), origin=Origin.API, now=clock.now()
    )
    return InhibitionOut.model_validate(directory.inhibition_row(name), from_attributes=True)


@router.delete("/inhibitions/{name}", response={204: None}, summary="Remove an inhibition")
def delete_inhibition(request: HttpRequest, name: str) -> Status[None]:
    """Remove an inhibition; what it kept quiet and still fires pages then."""
    rules.remove_inhibition(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post(
    "/inhibition-preview",
    response=InhibitionPreviewOut,
    summary="What an inhibition would keep quiet",
)
def preview_inhibition(request: HttpRequest, body: InhibitionIn) -> InhibitionPreviewOut:
    """Tell which open alerts are sources and which would be quiet; changes nothing."""
    access.require(actor_of(request), Permission.READ, what="alerts")
    spec = _inhibition("preview", body)
    documents.check_inhibition(spec)
    found = previews.preview_inhibition(documents.inhibition_of(spec))
    return InhibitionPreviewOut.model_validate(found, from_attributes=True)


def _inhibition(name: str, body: InhibitionIn) -> InhibitionSpec:
    return InhibitionSpec(name, tuple(body.source), tuple(body.target), tuple(body.equal))


@router.post("/silence-preview", response=PreviewOut, summary="What a silence would keep quiet")
def preview_silence(request: HttpRequest, body: PreviewIn) -> PreviewOut:
    """Return the alerts that match, of those open now and of the last 30 days; changes nothing."""
    access.require(actor_of(request), Permission.READ, what="alerts")
    found = previews.preview(body.match, now=clock.now(), services=body.services)
    return PreviewOut.model_validate(found, from_attributes=True)


def _silence(name: str, body: SilenceIn) -> SilenceSpec:
    start, end = sure(body.start, "start"), sure(body.end, "end")
    return SilenceSpec(
        name, tuple(body.match), start, end, body.reason, body.recurrence, body.time_zone
    )
