"""What every JSON router stands on: the actor, error answers, pages, ETags."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import structlog
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from watchkeeper.kernel.actors import ANONYMOUS, Actor, ActorKind
from watchkeeper.kernel.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    Problem,
    StaleError,
    UnauthenticatedError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.plumbing import problems, strict_json

logger = structlog.get_logger(__name__)

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_LARGEST = 2**63 - 1
Item = TypeVar("Item")
After = TypeVar("After", str, int)


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


def answer(
    error: WatchkeeperError, request: HttpRequest, *, status: int | None = None
) -> HttpResponse:
    """Return ``error`` as a problem document, with another ``status`` than its kind's if given."""
    body = problems.body_of(error, request_id=getattr(request, "request_id", ""))
    if status is not None:
        body |= {"status": status}
    return JsonResponse(
        body,
        status=body["status"],
        content_type=problems.CONTENT_TYPE,
        headers=problems.headers_of(error),
    )


def install(api: NinjaAPI) -> None:
    """Teach ``api`` to read strictly and to answer every error with a problem document."""
    api.parser = StrictParser()
    api.add_exception_handler(WatchkeeperError, _told)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(DatabaseError, _database)
    api.add_exception_handler(InterfaceError, _database)
    api.add_exception_handler(Exception, _internal)


class StrictParser(Parser):
    """Reads JSON that every database can keep, within the limits of reliability.md S21."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body.

        Raises:
            InvalidError: it is not JSON, too deep, or holds what cannot be stored.
        """
        return strict_json.read(request.body)


def _told(request: HttpRequest, error: Any) -> HttpResponse:
    return answer(error, request)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    found = [_problem(item) for item in error.errors]
    return answer(InvalidError("The request is not as the API wants it", found), request)


def _problem(item: Mapping[str, Any]) -> Problem:
    """Return one finding of the schema in our words, with the row of a list it stands in."""
    source, *places = item["loc"]
    if source == "body":
        places = places[1:]  # the name of the view's argument, which no sender knows
    path = ""
    for place in places:
        path += f"[{place}]" if isinstance(place, int) else f".{place}" if path else str(place)
    row = next((place for place in places[:2] if isinstance(place, int)), None)
    return Problem(str(item["msg"]).removeprefix("Value error, "), path=path, row=row)


def _http(request: HttpRequest, error: Any) -> HttpResponse:
    failure: WatchkeeperError = WatchkeeperError(str(error))
    if error.status_code == 400:
        cause = error.__cause__
        failure = cause if isinstance(cause, InvalidError) else InvalidError(str(error))
    return answer(failure, request, status=error.status_code)


def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    del error
    return answer(NotFoundError("There is nothing at this address"), request)


def _database(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("database unavailable", exc_info=error)
        message = "The database cannot be reached; send this again"
        return answer(UnavailableError(message), request)
    if isinstance(error, IntegrityError):
        logger.warning("two writers at once", exc_info=error)
        message = "Somebody else changed the same thing at the same moment; try again"
        return answer(ConflictError(message), request)
    if isinstance(error, DataError):
        logger.warning("value cannot be stored", exc_info=error)
        return answer(InvalidError("A value is too long or too large to be stored"), request)
    return _internal(request, error)


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


def decode_cursor(cursor: str, *, of: type[After] = str) -> After:  # type: ignore[assignment]
    """Return what :func:`encode_cursor` was given.

    Args:
        cursor: What a list answered with.
        of: ``str`` or ``int``: what the list is ordered by.

    Raises:
        InvalidError: the cursor is not one of ours.
    """
    problem = Problem("this is not a cursor that a list answered with", path="cursor")
    refusal = InvalidError("The cursor is not valid", [problem])
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        after: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise refusal from error
    if type(after) is not of or not strict_json.is_storable(str(after)):
        raise refusal
    if of is int and abs(int(after)) > _LARGEST:
        raise refusal
    return after


def etag(value: object) -> str:
    """Return a strong ETag of ``value``, anything that JSON can hold."""
    text = json.dumps(value, sort_keys=True, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def check_if_match(request: HttpRequest, current: str, *, what: str) -> None:
    """Return if the request may overwrite ``what``, whose ETag is ``current``.

    Raises:
        StaleError: the request was made for another state of it.
    """
    wanted = request.headers.get("If-Match")
    if wanted and wanted != "*" and current not in [tag.strip() for tag in wanted.split(",")]:
        raise StaleError(f"{what} was changed by somebody else; load it again")
