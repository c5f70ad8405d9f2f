"""JSON door of SLOs."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Body, Router, Status

from watchkeeper.kernel import access, clock, instants
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.schemas import (
    ExclusionIn,
    ExclusionOut,
    FiringOut,
    ProofOut,
    SavedOut,
    SloDetail,
    SloOut,
    StatusOut,
    VersionOut,
)
from watchkeeper.slos.usecases.exclusions import Wanted

router = Router(tags=["SLOs"])


@router.get("/slos", response=Page[SloOut], summary="All SLOs with where they stand")
def list_slos(
    request: HttpRequest,
    service: str | None = None,
    owner: str | None = None,
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[SloOut]:
    """Return SLOs, by name, as of the newest tick."""
    access.require(actor_of(request), Permission.READ, what="SLOs")
    rows, following = rest.page(
        queries.slo_rows(service=service, owner=owner),
        key=lambda row: row.name,
        limit=limit,
        cursor=cursor,
    )
    items = [SloOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[SloOut](items=items, next=following)


@router.get("/slos/status", response=list[StatusOut], summary="Where every SLO stands, computed")
def status_of_all(request: HttpRequest, at: dt.datetime | None = None) -> list[dict[str, Any]]:
    """Return one object per SLO, objective and window."""
    access.require(actor_of(request), Permission.READ, what="SLOs")
    return queries.status_of(now=clock.now(), at=_aware(at))


@router.get("/slos/{name}", response=SloDetail, summary="One SLO with its document")
def get_slo(request: HttpRequest, name: str) -> SloDetail:
    """Return an SLO."""
    access.require(actor_of(request), Permission.READ, what=f"SLO {name}")
    return _detail(name)


@router.put("/slos/{name}", response=SavedOut, summary="Make or change an SLO")
def put_slo(request: HttpRequest, name: str, body: Body[dict[str, Any]]) -> SavedOut:
    """Make the SLO be as the OpenSLO document says; a change starts a new version."""
    document = Document(body)
    if document.name != name:
        message = f"the document is named {document.name!r}, the address {name!r}"
        raise InvalidError(message, [Problem(message, path="metadata.name")])
    if document.kind != "SLO":
        message = f"kind is {document.kind!r}, not SLO"
        raise InvalidError(message, [Problem(message, path="kind")])
    if request.headers.get("If-Match"):
        current = rest.etag(_detail(name).document)
        rest.check_if_match(request, current, what=f"The SLO {name}")
    change = usecases.save_slo(
        actor=actor_of(request), document=document, origin=Origin.API, now=clock.now()
    )
    return SavedOut(name=change.name, action=change.action.value)


@router.delete("/slos/{name}", response={204: None}, summary="Remove an SLO")
def delete_slo(request: HttpRequest, name: str) -> Status[None]:
    """Remove an SLO; the minutes of its SLIs stay."""
    access.require(actor_of(request), Permission.READ, what=f"SLO {name}")
    usecases.remove_slo(actor=actor_of(request), name=name, origin=Origin.API, now=clock.now())
    return Status(204, None)


@router.get("/slos/{name}/status", response=list[StatusOut], summary="Where one SLO stands")
def status_of_one(
    request: HttpRequest, name: str, at: dt.datetime | None = None
) -> list[dict[str, Any]]:
    """Return one object per objective and window, computed from the minutes."""
    access.require(actor_of(request), Permission.READ, what=f"SLO {name}")
    return queries.status_of(now=clock.now(), at=_aware(at), name=name)


@router.get("/slos/{name}/versions", response=list[VersionOut], summary="What it promised when")
def list_versions(request: HttpRequest, name: str) -> list[VersionOut]:
    """Return all versions, the oldest first."""
    access.require(actor_of(request), Permission.READ, what=f"SLO {name}")
    slo = queries.slo_id(name)
    versions = queries.versions_of([slo])[slo]
    return [
        VersionOut(
            number=version.number,
            valid_from=version.valid_from,
            author=version.author,
            document=dict(version.document),
        )
        for version in versions
    ]


@router.get("/slos/{name}/proof", response=list[ProofOut], summary="Why the figure is what it is")
def get_proof(
    request: HttpRequest, name: str, at: dt.datetime | None = None
) -> list[dict[str, Any]]:
    """Return, per objective and window: count, budget, days, exclusions, query, version."""
    access.require(actor_of(request), Permission.READ, what=f"SLO {name}")
    return queries.proof(name=name, now=clock.now(), at=_aware(at))


@router.post("/slos/{name}/take-over", response=SloDetail, summary="Take an SLO out of its file")
def take_over(request: HttpRequest, name: str) -> SloDetail:
    """Let an SLO that came from a file be changed here."""
    access.require(actor_of(request), Permission.READ, what=f"SLO {name}")
    usecases.take_over(actor=actor_of(request), name=name, now=clock.now())
    return _detail(name)


@router.get("/firings", response=Page[FiringOut], summary="Burn rules that fire, or fired")
def list_firings(
    request: HttpRequest,
    slo: str | None = None,
    is_open: bool | None = None,
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[FiringOut]:
    """Return firings, the newest first."""
    access.require(actor_of(request), Permission.READ, what="firings")
    rest.check_limit(limit)
    rows = queries.firing_rows(name=slo, is_open=is_open, limit=10_000)
    after = rest.decode_cursor(cursor, of=int) if cursor else None
    rest_of = [row for row in rows if after is None or row.id < after]
    items = [FiringOut.model_validate(row, from_attributes=True) for row in rest_of[:limit]]
    following = rest.encode_cursor(rest_of[limit - 1].id) if len(rest_of) > limit else None
    return Page[FiringOut](items=items, next=following)


@router.get("/exclusions", response=Page[ExclusionOut], summary="What does not count")
def list_exclusions(
    request: HttpRequest,
    slo: str | None = None,
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[ExclusionOut]:
    """Return exclusions, withdrawn ones too."""
    access.require(actor_of(request), Permission.READ, what="exclusions")
    rows = sorted(queries.exclusion_rows(name=slo), key=lambda row: row.id)
    chosen, following = rest.page(
        rows, key=lambda row: f"{row.id:012}", limit=limit, cursor=cursor
    )
    items = [ExclusionOut.model_validate(row, from_attributes=True) for row in chosen]
    return Page[ExclusionOut](items=items, next=following)


@router.post("/exclusions", response={201: ExclusionOut}, summary="Take a stretch of time out")
def add_exclusion(request: HttpRequest, body: ExclusionIn) -> Status[ExclusionOut]:
    """Take a stretch of time out of every figure; it can be withdrawn."""
    wanted = Wanted(
        start=instants.in_utc(body.start, path="start"),
        end=instants.in_utc(body.end, path="end"),
        reason=body.reason,
        slo=body.slo,
        service=body.service,
    )
    made = usecases.add_exclusion(actor=actor_of(request), wanted=wanted, now=clock.now())
    row = next(row for row in queries.exclusion_rows() if row.id == made)
    return Status(201, ExclusionOut.model_validate(row, from_attributes=True))


@router.delete(
    "/exclusions/{int:exclusion_id}", response={204: None}, summary="Let it count again"
)
def withdraw_exclusion(request: HttpRequest, exclusion_id: int) -> Status[None]:
    """Withdraw an exclusion; it stays on record."""
    usecases.withdraw_exclusion(
        actor=actor_of(request), exclusion_id=exclusion_id, now=clock.now()
    )
    return Status(204, None)


def _detail(name: str) -> SloDetail:
    row = queries.slo_row(name)
    newest = queries.versions_of([row.id])[row.id][-1]
    shown = SloOut.model_validate(row, from_attributes=True).model_dump()
    return SloDetail(**shown, document=dict(newest.document), version=newest.number)


def _aware(moment: dt.datetime | None) -> dt.datetime | None:
    return None if moment is None else instants.in_utc(moment, path="at")
