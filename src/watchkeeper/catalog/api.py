"""JSON door of the catalogue."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.catalog.schemas import (
    CatalogFindingOut,
    JourneyIn,
    JourneyOut,
    ServiceDetailOut,
    ServiceIn,
    ServiceOut,
)
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["catalogue"])

Tier = Annotated[int | None, Query(ge=0, le=3)]
Text = Annotated[str | None, Query(max_length=253)]


@router.get("/services", response=Page[ServiceOut], summary="All services")
def list_services(
    request: HttpRequest,
    owner: Text = None,
    tier: Tier = None,
    journey: Text = None,
    q: Text = None,
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ServiceOut]:
    """Return services, by name; ``owner`` empty asks for those that nobody owns."""
    access.require(actor_of(request), Permission.READ, what="services")
    rows, following = rest.page(
        queries.services(owner=owner, tier=tier, journey=journey, text=q),
        key=lambda row: row.name,
        limit=limit,
        cursor=cursor,
    )
    items = [ServiceOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[ServiceOut](items=items, next=following)


@router.get("/services/{name}", response=ServiceDetailOut, summary="One service")
def get_service(request: HttpRequest, response: HttpResponse, name: str) -> ServiceDetailOut:
    """Return a service; its ETag may be sent back as If-Match."""
    access.require(actor_of(request), Permission.READ, what=f"service {name}")
    shown = _service(name)
    response["ETag"] = _tag(name)
    held = [row.name for row in queries.journeys() if name in row.services]
    return ServiceDetailOut(**shown.model_dump(), needed_by=queries.needed_by(name), journeys=held)


@router.put("/services/{name}", response=ServiceOut, summary="Make or change a service")
def put_service(
    request: HttpRequest, response: HttpResponse, name: str, body: ServiceIn
) -> ServiceOut:
    """Make the service be as the body says."""
    access.require(actor_of(request), Permission.READ, what=f"service {name}")
    if queries.service_by_name(name) is not None:
        rest.check_if_match(request, _tag(name), what=f"The service {name}")
    given = body.model_dump() | {"hard": tuple(body.hard), "soft": tuple(body.soft)}
    spec = ServiceSpec(name=name, **given)
    usecases.save_service(actor=actor_of(request), spec=spec, origin=Origin.API, now=clock.now())
    response["ETag"] = _tag(name)
    return _service(name)


@router.delete("/services/{name}", response={204: None}, summary="Remove a service")
def delete_service(request: HttpRequest, name: str) -> Status[None]:
    """Remove a service that no SLO speaks of."""
    usecases.remove_service(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post(
    "/services/{name}/take-over", response=ServiceOut, summary="Take a service out of its file"
)
def take_over_service(request: HttpRequest, name: str) -> ServiceOut:
    """Let a service that came from a file be changed here."""
    usecases.take_over_service(actor=actor_of(request), name=name, now=clock.now())
    return _service(name)


def _service(name: str) -> ServiceOut:
    row = queries.service_by_name(name)
    if row is None:
        raise usecases.ServiceNotFoundError(f"There is no service {name}")
    return ServiceOut.model_validate(row, from_attributes=True)


def _tag(name: str) -> str:
    return rest.etag(_service(name).model_dump())


@router.get("/journeys", response=Page[JourneyOut], summary="All journeys")
def list_journeys(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[JourneyOut]:
    """Return journeys, by name."""
    access.require(actor_of(request), Permission.READ, what="journeys")
    rows, following = rest.page(
        queries.journeys(), key=lambda row: row.name, limit=limit, cursor=cursor
    )
    items = [JourneyOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[JourneyOut](items=items, next=following)


@router.get("/journeys/{name}", response=JourneyOut, summary="One journey")
def get_journey(request: HttpRequest, response: HttpResponse, name: str) -> JourneyOut:
    """Return a journey; its ETag may be sent back as If-Match."""
    access.require(actor_of(request), Permission.READ, what=f"journey {name}")
    shown = _journey(name)
    response["ETag"] = rest.etag(shown.model_dump())
    return shown


@router.put("/journeys/{name}", response=JourneyOut, summary="Make or change a journey")
def put_journey(
    request: HttpRequest, response: HttpResponse, name: str, body: JourneyIn
) -> JourneyOut:
    """Make the journey be as the body says."""
    access.require(actor_of(request), Permission.READ, what=f"journey {name}")
    if queries.journey_by_name(name) is not None:
        current = rest.etag(_journey(name).model_dump())
        rest.check_if_match(request, current, what=f"The journey {name}")
    spec = JourneySpec(name, body.title, body.owner, tuple(dict.fromkeys(body.services)))
    usecases.save_journey(actor=actor_of(request), spec=spec, origin=Origin.API, now=clock.now())
    response["ETag"] = rest.etag(_journey(name).model_dump())
    return _journey(name)


@router.delete("/journeys/{name}", response={204: None}, summary="Remove a journey")
def delete_journey(request: HttpRequest, name: str) -> Status[None]:
    """Remove a journey; its services stay."""
    usecases.remove_journey(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post(
    "/journeys/{name}/take-over", response=JourneyOut, summary="Take a journey out of its file"
)
def take_over_journey(request: HttpRequest, name: str) -> JourneyOut:
    """Let a journey that came from a file be changed here."""
    usecases.take_over_journey(actor=actor_of(request), name=name, now=clock.now())
    return _journey(name)


def _journey(name: str) -> JourneyOut:
    row = queries.journey_by_name(name)
    if row is None:
        raise usecases.JourneyNotFoundError(f"There is no journey {name}")
    return JourneyOut.model_validate(row, from_attributes=True)


@router.get("/catalog/findings", response=list[CatalogFindingOut], summary="What is wrong with it")
def list_findings(request: HttpRequest) -> list[CatalogFindingOut]:
    """Return findings: no owner, empty team, cycle, tier inversion, single point of failure."""
    access.require(actor_of(request), Permission.READ, what="the catalogue")
    return [
        CatalogFindingOut(
            kind=found.kind.value,
            subject=found.subject,
            detail=found.detail,
            services=list(found.services),
        )
        for found in queries.findings()
    ]
