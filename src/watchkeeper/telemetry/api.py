"""JSON door of telemetry: sources, SLIs and their minutes."""

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router, Status
from ninja.params import functions

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of
from watchkeeper.telemetry import queries, usecases
from watchkeeper.telemetry.domain import push, sources
from watchkeeper.telemetry.domain.load import Load
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries
from watchkeeper.telemetry.queries import SliRow, SourceNotFoundError, SourceRow, VersionRow
from watchkeeper.telemetry.schemas import (
    CheckedOut,
    FindingOut,
    LoadOut,
    MinutesOut,
    NewSourceIn,
    SliDetailOut,
    SliOut,
    SourceIn,
    SourceOut,
    StoredOut,
    VersionOut,
)
from watchkeeper.telemetry.usecases import StoreResult

router = Router(tags=["telemetry"])

_CSV = "text/csv"
_MOST_JSON = 8 * 1024 * 1024
_CHUNK_MINUTES = 100 * 1440
_SNAKE = {camel: snake for snake, camel in sources.DETAILS.items()}
_OFFSET = re.compile(r" (\d{2}:\d{2})\Z")
"""The end of a time whose + was typed into an address as it is, where it means a space."""
_MINUTE_SCHEMA = {
    "type": "object",
    "required": ["time", "good", "total"],
    "additionalProperties": False,
    "properties": {
        "time": {"type": "string", "format": "date-time"},
        "good": {"type": "number", "minimum": 0},
        "total": {"type": "number", "minimum": 0},
    },
}
_PUSH_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["minutes"],
                "additionalProperties": False,
                "properties": {
                    "minutes": {
                        "type": "array",
                        "maxItems": push.MOST_ROWS,
                        "items": _MINUTE_SCHEMA,
                    }
                },
            }
        },
        _CSV: {"schema": {"type": "string", "description": "Columns time, good, total."}},
    },
}


@router.post(
    "/slis/{name}/minutes",
    response=StoredOut,
    summary="Send minutes of an SLI",
    openapi_extra={"requestBody": _PUSH_BODY},
)
def push_minutes(request: HttpRequest, name: str) -> StoredOut:
    """Store minutes, all or none; NAME is an SLI, or an SLO with one SLI."""
    actor, now = actor_of(request), clock.now()
    if request.content_type == _CSV:
        result = usecases.push_csv(actor=actor, name=name, lines=io.BytesIO(request.body), now=now)
    else:
        result = usecases.push_minutes(actor=actor, name=name, rows=_rows(request), now=now)
    return _stored(result)


def _rows(request: HttpRequest) -> object:
    """Return what stands under ``minutes``; the list is judged row by row further down."""
    if len(request.body) > _MOST_JSON:
        raise InvalidError("The body is too large; send fewer minutes, or CSV")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"The body is not JSON: {str(error)[:200]}") from error
    if not isinstance(body, dict) or set(body) != {"minutes"}:
        raise InvalidError(
            'The body must be {"minutes": [{"time": …, "good": …, "total": …}]}',
            [Problem("minutes is missing, or something else stands beside it", path="minutes")],
        )
    return body["minutes"]


def _stored(result: StoreResult) -> StoredOut:
    return StoredOut(accepted=result.accepted, changed=result.changed, unchanged=result.unchanged)


@router.get("/slis/{name}/minutes", response=MinutesOut, summary="Minutes of an SLI")
def get_minutes(
    request: HttpRequest,
    name: str,
    since: str | None = functions.Query(
        None, alias="from", description="First minute; the first one measured."
    ),
    until: str | None = functions.Query(
        None, alias="to", description="End, not included; the last one measured."
    ),
) -> HttpResponse:
    """Give back stored minutes: as JSON at most 10,000, as CSV (by Accept) all of them."""
    sli = queries.resolve(name)
    start, end = _range(sli, since=since, until=until)
    if _CSV in request.headers.get("Accept", ""):
        text = "".join(_csv(sli.id, start, end))
        response = HttpResponse(text, content_type=f"{_CSV}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{sli.name}.csv"'
        return response
    return JsonResponse(_minutes(sli.id, start, end))


def _range(sli: SliRow, *, since: str | None, until: str | None) -> tuple[int, int]:
    """Return the minutes asked for, within those that are there."""
    first = 0 if sli.first_minute is None else sli.first_minute
    last = -1 if sli.last_minute is None else sli.last_minute
    start = first if since is None else max(first, _moment(since, "from") // 60)
    end = last + 1 if until is None else min(last + 1, -(-_moment(until, "to") // 60))
    return start, max(start, end)


def _moment(text: str, path: str) -> int:
    text = _OFFSET.sub(r"+\1", text)
    try:
        return push.parse_time(text)
    except InvalidError as error:
        raise InvalidError(
            f"{path}: {error.message}", [Problem(error.message, path=path)]
        ) from error


def _chunks(sli_id: int, start: int, end: int) -> Iterator[MinuteSeries]:
    for low in range(start, end, _CHUNK_MINUTES):
        yield queries.minutes(sli_id, start=low, end=min(end, low + _CHUNK_MINUTES))


def _records(sli_id: int, start: int, end: int) -> Iterator[tuple[int, float, float]]:
    for series in _chunks(sli_id, start, end):
        covered = series.covered
        for place, good, total in zip(
            covered.nonzero()[0].tolist(),
            series.good[covered].tolist(),
            series.total[covered].tolist(),
            strict=True,
        ):
            yield series.start + place, _events(good), _events(total)


def _events(thousandths: int) -> float:
    """Return a count as a number, whole where it is whole."""
    return thousandths / SCALE if thousandths % SCALE else thousandths // SCALE


def _csv(sli_id: int, start: int, end: int) -> Iterator[str]:
    yield "time,good,total\n"
    for minute, good, total in _records(sli_id, start, end):
        yield f"{_time(minute)},{good},{total}\n"


def _minutes(sli_id: int, start: int, end: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for minute, good, total in _records(sli_id, start, end):
        if len(rows) == push.MOST_ROWS:
            return {"minutes": rows, "next": _time(minute)}
        rows.append({"time": _time(minute), "good": good, "total": total})
    return {"minutes": rows, "next": None}


def _time(minute: int) -> str:
    return f"{dt.datetime.fromtimestamp(minute * 60, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _time_or_none(minute: int | None) -> str | None:
    return None if minute is None else _time(minute)


@router.get("/slis", response=Page[SliOut], summary="SLIs")
def list_slis(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[SliOut]:
    """Return the SLIs by name."""
    del request
    rest.check_limit(limit)
    after = str(rest.decode_cursor(cursor)) if cursor else None
    found = queries.slis(after=after, limit=limit + 1)
    following = rest.encode_cursor(found[limit - 1].name) if len(found) > limit else None
    return Page[SliOut](items=[SliOut(**_sli(row)) for row in found[:limit]], next=following)


@router.get("/slis/{name}", response=SliDetailOut, summary="One SLI")
def get_sli(request: HttpRequest, name: str) -> SliDetailOut:
    """Return an SLI with its versions and findings; NAME as for its minutes."""
    del request
    row = queries.resolve(name)
    return SliDetailOut(
        **_sli(row),
        versions=[_version(each) for each in queries.versions(row.id)],
        findings=[
            FindingOut(
                code=each.code,
                detail=each.detail,
                count=each.count,
                first_at=each.first_at,
                last_at=each.last_at,
            )
            for each in queries.findings(sli_id=row.id)
        ],
    )


def _sli(row: SliRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "owner_team_id": row.owner_team_id,
        "version": _version(row.version),
        "revision": row.revision,
        "first_minute": _time_or_none(row.first_minute),
        "last_minute": _time_or_none(row.last_minute),
    }


def _version(row: VersionRow) -> VersionOut:
    since = _time(row.since) if row.since else None
    return VersionOut(since=since, **({"counter": False} | row.spec.to_json()))


@router.get("/sources", response=Page[SourceOut], summary="Sources")
def list_sources(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[SourceOut]:
    """Return the sources by name, and how they fare."""
    del request
    now = clock.now()
    chosen, following = rest.page(
        queries.sources(), key=lambda row: row.name, limit=limit, cursor=cursor
    )
    return Page[SourceOut](items=[_source(row, now=now) for row in chosen], next=following)


@router.post("/sources", response={201: SourceOut}, summary="Add a source")
def add_source(request: HttpRequest, body: NewSourceIn) -> Status[SourceOut]:
    """Add a source; 409 if there is one of that name."""
    now = clock.now()
    usecases.save_source(
        actor=actor_of(request),
        definition=_definition(body.name, body),
        origin=Origin.API,
        now=now,
        must_be_new=True,
    )
    return Status(201, _source(_found(body.name), now=now))


@router.get("/sources/{name}", response=SourceOut, summary="One source")
def get_source(request: HttpRequest, response: HttpResponse, name: str) -> SourceOut:
    """Return a source and how it fares."""
    del request
    row = _found(name)
    response["ETag"] = _tag(row)
    return _source(row, now=clock.now())


@router.put("/sources/{name}", response=SourceOut, summary="Change a source")
def change_source(
    request: HttpRequest, name: str, body: SourceIn, take_over: bool = False
) -> SourceOut:
    """Make a source be as the body says; `take_over=true` takes it out of its file."""
    now = clock.now()
    rest.check_if_match(request, _tag(_found(name)), what=f"Source {name}")
    usecases.save_source(
        actor=actor_of(request),
        definition=_definition(name, body),
        origin=Origin.API,
        now=now,
        take_over=take_over,
    )
    return _source(_found(name), now=now)


@router.delete("/sources/{name}", response={204: None}, summary="Remove a source")
def remove_source(request: HttpRequest, name: str) -> Status[None]:
    """Remove a source that measures nothing; the minutes it told stay."""
    usecases.remove_source(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.post("/sources/{name}/check", response=CheckedOut, summary="Ask a source what it is")
def check_source(request: HttpRequest, name: str) -> CheckedOut:
    """Reach out to a source; 502 with the reason if it does not answer."""
    checked = usecases.check_source(actor=actor_of(request), name=name, now=clock.now())
    return CheckedOut(about=checked.about)


def _load(load: Load) -> LoadOut | None:
    if load.mean_seconds is None:
        return None
    return LoadOut(
        requests=load.requests,
        failures=load.failures,
        mean_seconds=load.mean_seconds,
        slowest_seconds=load.slowest_seconds,
    )


def _found(name: str) -> SourceRow:
    row = queries.source_by_name(name)
    if row is None:
        raise SourceNotFoundError(f"There is no source named {name[:253]}")
    return row


def _definition(name: str, body: SourceIn) -> sources.SourceDefinition:
    details = {
        sources.DETAILS[field]: value
        for field, value in body.dict(exclude={"name", "kind"}).items()
        if value is not None
    }
    return sources.define(name=name, kind=body.kind, details=details)


def _tag(row: SourceRow) -> str:
    return rest.etag([row.id, row.kind, dict(row.settings), row.secrets, row.origin])


def _source(row: SourceRow, *, now: dt.datetime) -> SourceOut:
    shown = {
        _SNAKE[field]: value
        for field, value in row.settings.items()
        if field in _SNAKE and field not in {*sources.SECRETS, sources.HEADERS}
    }
    lag, covered = row.lag(now), queries.coverage_of_source(row.id, now=now)
    return SourceOut(
        **shown,
        name=row.name,
        kind=row.kind,
        secrets=[_SNAKE.get(secret, secret) for secret in row.secrets],
        origin=row.origin,
        is_sample=row.is_sample,
        is_taken_over=row.is_taken_over,
        sli_count=row.sli_count,
        last_ok_at=row.last_ok_at,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
        silent_since_at=row.silent_since_at,
        last_minute=_time_or_none(row.last_minute),
        lag_seconds=None if lag is None else lag.total_seconds(),
        coverage=covered.share,
        coverage_counted_at=covered.counted_at,
        backfill_minutes=row.backfill_minutes,
        backfill_share=row.backfill_share,
        load=_load(row.load),
    )
