"""What every JSON router stands on: the actor, error answers, pages, ETags."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from watchkeeper.kernel.actors import ANONYMOUS, Actor, ActorKind
from watchkeeper.kernel.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    Problem,
    UnauthenticatedError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.plumbing import problems

logger = structlog.get_logger(__name__)

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """One page of a list; ``next`` is the cursor of the following page, null at the end."""

    items: list[Item]
    next: str | None = None


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks; the middleware of identity has put it there."""
    actor = getattr(request, "actor", ANONYMOUS)
    return actor if isinstance(actor, Actor) else ANONYMOUS


def signed_in(request: HttpRequest) -> Actor:
    """Return who asks; for ``NinjaAPI(auth=...)``.

    Raises:
        UnauthenticatedError: nobody does.
    """
    actor = actor_of(request)
    if actor.kind is ActorKind.ANONYMOUS:
        raise UnauthenticatedError("Send a token: Authorization: Bearer wk_…")
    return actor


def answer(error: WatchkeeperError, request: HttpRequest) -> HttpResponse:
    """Return ``error`` as a problem document."""
    status, _ = problems.status_of(error)
    return JsonResponse(
        problems.body_of(error, request_id=getattr(request, "request_id", "")),
        status=status,
        content_type=problems.CONTENT_TYPE,
        headers=problems.headers_of(error),
    )


def install(api: NinjaAPI) -> None:
    """Teach ``api`` to answer every error with a problem document."""
    api.add_exception_handler(WatchkeeperError, lambda request, error: answer(error, request))
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(DatabaseError, _database)
    api.add_exception_handler(InterfaceError, _database)
    api.add_exception_handler(Exception, _internal)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    found = []
    for item in error.errors:
        path = ".".join(str(part) for part in item["loc"][1:] if part != "body")
        found.append(Problem(str(item["msg"]), path=path))
    return answer(InvalidError("The request is not as the API wants it", found), request)


def _http(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code == 400:
        response = answer(InvalidError(str(error)), request)
        response.status_code = 400
        return response
    failure = WatchkeeperError(str(error))
    response = answer(failure, request)
    response.status_code = error.status_code
    return response


def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    del error
    return answer(NotFoundError("There is nothing at this address"), request)


def _database(request: HttpRequest, error: Any) -> HttpResponse:
    if not isinstance(error, OperationalError | InterfaceError):
        return _internal(request, error)
    logger.error("database unavailable", exc_info=error)
    return answer(UnavailableError("The database cannot be reached; send this again"), request)


def _internal(request: HttpRequest, error: Any) -> HttpResponse:
    request_id = getattr(request, "request_id", "")
    logger.error("request failed", request_id=request_id, exc_info=error)
    failure = WatchkeeperError(f"This is a fault of Watchkeeper; its log names it {request_id}")
    return answer(failure, request)


def page(
    items: Sequence[Item],
    *,
    key: Callable[[Item], str],
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> tuple[list[Item], str | None]:
    """Return one page of ``items``, which are in the order of ``key``, and the next cursor.

    Raises:
        InvalidError: ``limit`` or ``cursor`` is not one of ours.
    """
    check_limit(limit)
    after = decode_cursor(cursor) if cursor else None
    rest = [item for item in items if after is None or key(item) > after]
    chosen = rest[:limit]
    return chosen, encode_cursor(key(chosen[-1])) if len(rest) > limit else None


def check_limit(limit: int) -> int:
    """Return ``limit`` if a page may be that long.

    Raises:
        InvalidError: it is not within 1 and 200.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidError(
            f"limit is {limit}, not within 1 and {MAX_LIMIT}",
            [Problem(f"within 1 and {MAX_LIMIT}, please", path="limit")],
        )
    return limit


def encode_cursor(after: str | int) -> str:
    """Return an opaque cursor for what comes after ``after``."""
    return base64.urlsafe_b64encode(json.dumps(after).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Any:
    """Return what :func:`encode_cursor` was given.

    Raises:
        InvalidError: the cursor is not one of ours.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        problem = Problem("this is not a cursor that a list answered with", path="cursor")
        raise InvalidError("The cursor is not valid", [problem]) from error


def etag(value: object) -> str:
    """Return a strong ETag of ``value``, anything that JSON can hold."""
    text = json.dumps(value, sort_keys=True, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def check_if_match(request: HttpRequest, current: str, *, what: str) -> None:
    """Return if the request may overwrite ``what``, whose ETag is ``current``.

    Raises:
        ConflictError: the request was made for another state of it.
    """
    wanted = request.headers.get("If-Match")
    if wanted and wanted != "*" and current not in [tag.strip() for tag in wanted.split(",")]:
        raise ConflictError(f"{what} was changed by somebody else; load it again")
