"""JSON door of the catalogue."""

from django.http import HttpRequest
from ninja import Router, Status

from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain.backstage import ServiceSpec
from watchkeeper.catalog.schemas import (
    CatalogFindingOut,
    JourneyIn,
    JourneyOut,
    ServiceIn,
    ServiceOut,
)
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["catalogue"])


@router.get("/services", response=Page[ServiceOut], summary="All services")
def list_services(
    request: HttpRequest,
    owner: str | None = None,
    tier: int | None = None,
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ServiceOut]:
    """Return services, by name."""
    access.require(actor_of(request), Permission.READ, what="services")
    rows, following = rest.page(
        queries.services(owner=owner, tier=tier),
        key=lambda row: row.name,
        limit=limit,
        cursor=cursor,
    )
    items = [ServiceOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[ServiceOut](items=items, next=following)


@router.get("/services/{name}", response=ServiceOut, summary="One service")
def get_service(request: HttpRequest, name: str) -> ServiceOut:
    """Return a service."""
    access.require(actor_of(request), Permission.READ, what=f"service {name}")
    return _service(name)


@router.put("/services/{name}", response=ServiceOut, summary="Make or change a service")
def put_service(request: HttpRequest, name: str, body: ServiceIn) -> ServiceOut:
    """Make the service be as the body says."""
    before = queries.service_by_name(name)
    if before is not None:
        current = rest.etag(_service(name).model_dump())
        rest.check_if_match(request, current, what=f"The service {name}")
    given = body.model_dump() | {"hard": tuple(body.hard), "soft": tuple(body.soft)}
    spec = ServiceSpec(name=name, **given)
    usecases.save_service(actor=actor_of(request), spec=spec, origin=Origin.API, now=clock.now())
    return _service(name)


@router.delete("/services/{name}", response={204: None}, summary="Remove a service")
def delete_service(request: HttpRequest, name: str) -> Status[None]:
    """Remove a service."""
    usecases.remove_service(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post(
    "/services/{name}/take-over", response=ServiceOut, summary="Take a service out of its file"
)
def take_over(request: HttpRequest, name: str) -> ServiceOut:
    """Let a service that came from a file be changed here."""
    usecases.take_over_service(actor=actor_of(request), name=name, now=clock.now())
    return _service(name)


def _service(name: str) -> ServiceOut:
    row = queries.service_by_name(name)
    if row is None:
        raise usecases.ServiceNotFoundError(f"There is no service {name}")
    return ServiceOut.model_validate(row, from_attributes=True)


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


@router.put("/journeys/{name}", response=JourneyOut, summary="Make or change a journey")
def put_journey(request: HttpRequest, name: str, body: JourneyIn) -> JourneyOut:
    """Make the journey be as the body says."""
    document = {
        "apiVersion": "watchkeeper/v1",
        "kind": "Journey",
        "metadata": {"name": name},
        "spec": body.model_dump(exclude_none=True),
    }
    spec = usecases.JourneySpec(name, body.title, body.owner, body.services)
    usecases.save_journey(
        actor=actor_of(request), spec=spec, document=document, origin=Origin.API, now=clock.now()
    )
    return next(
        JourneyOut.model_validate(row, from_attributes=True)
        for row in queries.journeys()
        if row.name == name
    )


@router.delete("/journeys/{name}", response={204: None}, summary="Remove a journey")
def delete_journey(request: HttpRequest, name: str) -> Status[None]:
    """Remove a journey."""
    usecases.remove_journey(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.get("/catalog/findings", response=list[CatalogFindingOut], summary="What is wrong with it")
def list_findings(request: HttpRequest) -> list[CatalogFindingOut]:
    """Return findings: no owner, empty team, cycle, tier inversion, single point of failure."""
    access.require(actor_of(request), Permission.READ, what="the catalogue")
    return [
        CatalogFindingOut(kind=found.kind.value, subject=found.subject, detail=found.detail)
        for found in queries.findings()
    ]
