"""Errors of the kernel as HTTP statuses and problem documents (RFC 9457); chosen once, here."""

from typing import Any

from watchkeeper.kernel.errors import (
    ConflictError,
    DependencyError,
    ForbiddenError,
    InvalidError,
    LimitError,
    NotFoundError,
    Problem,
    StaleError,
    UnauthenticatedError,
    UnavailableError,
    WatchkeeperError,
)

CONTENT_TYPE = "application/problem+json"
INTERNAL_CODE = "internal"

_STATUS: tuple[tuple[type[WatchkeeperError], int, str], ...] = (
    (NotFoundError, 404, "Not found"),
    (StaleError, 412, "Changed meanwhile"),  # RFC 9110, 13.1.1
    (ConflictError, 409, "Not possible as things are"),
    (InvalidError, 422, "Not valid"),
    (ForbiddenError, 403, "Not allowed"),
    (UnauthenticatedError, 401, "Sign in first"),
    (LimitError, 429, "Too much"),
    (DependencyError, 502, "Another system failed"),
    (UnavailableError, 503, "Not available now"),
)
RETRY_SECONDS = 5
_ALSO_INVALID = {400, 405, 413, 415}


def status_of(error: WatchkeeperError) -> tuple[int, str]:
    """Return the HTTP status of ``error`` and its title."""
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            return status, title
    return 500, "A fault of Watchkeeper"


def headers_of(error: WatchkeeperError) -> dict[str, str]:
    """Return the headers that tell a client what to do about ``error``."""
    if isinstance(error, UnauthenticatedError):
        return {"WWW-Authenticate": 'Bearer realm="watchkeeper"'}
    if isinstance(error, LimitError) and error.retry_after_seconds is not None:
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(RETRY_SECONDS)}
    return {}


def body_of(error: WatchkeeperError, *, request_id: str) -> dict[str, Any]:
    """Return the problem document of ``error``."""
    status, title = status_of(error)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": error.code,
        "detail": error.message,
        "request_id": request_id,
    }
    if isinstance(error, InvalidError):
        body["errors"] = [_item(problem) for problem in error.problems]
    if isinstance(error, DependencyError):
        body["permanent"] = error.permanent
    return body


def _item(problem: Problem) -> dict[str, Any]:
    item = {
        "detail": problem.detail,
        "path": problem.path or None,
        "row": problem.row,
        "file": problem.file,
        "line": problem.line,
    }
    return {key: value for key, value in item.items() if value is not None}


def _problem(item: dict[str, Any]) -> Problem:
    return Problem(
        str(item.get("detail", "")),
        path=str(item.get("path", "")),
        row=item.get("row"),
        file=item.get("file"),
        line=item.get("line"),
    )


def error_from(body: dict[str, Any], *, status: int) -> WatchkeeperError:
    """Return the error that ``body`` tells of; the way back, for clients."""
    message = str(body.get("detail") or body.get("title") or f"The server answered {status}")
    kind = next((kind for kind, code, _ in _STATUS if code == status), WatchkeeperError)
    if kind is InvalidError or status in _ALSO_INVALID:
        items = body.get("errors")
        listed = items if isinstance(items, list) else []
        return InvalidError(message, [_problem(item) for item in listed if isinstance(item, dict)])
    if kind is DependencyError:
        return DependencyError(message, permanent=bool(body.get("permanent", True)))
    return kind(message)
