"""The outermost layer of every request: its id, its size, its caller's address, its log line.

What is refused here is answered in plain text or as a problem document: no page can be drawn
before the inner layers have run.
"""

import contextlib
import ipaddress
import re
import sys
from collections.abc import Callable
from functools import lru_cache

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render

from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import ActorKind
from watchkeeper.kernel.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.kernel.ids import new_request_id
from watchkeeper.plumbing import body_limit, metrics, problems, rest
from watchkeeper.plumbing.postgresql import connections
from watchkeeper.plumbing.postgresql.connections import Lane

logger = structlog.get_logger("watchkeeper.access")

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_METHODS = _SAFE | {"POST", "PUT", "PATCH", "DELETE"}
_QUIET = re.compile(r"/(healthz|readyz|metrics|static/.*)\Z")
_INTAKE = re.compile(r"/(in/|v2/|api/v1/slis/[^/]+/minutes\Z)")
_SENDERS_KEY = re.compile(r"(?<=/in/)([^/]+)/.+")
_SECRET_PARTS = re.compile(r"token|secret|key|code|password", re.IGNORECASE)
_HEADERS = {
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

View = Callable[[HttpRequest], HttpResponse]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class RequestMiddleware:
    """Gives a request its id and address, refuses what is too large or from elsewhere, logs it."""

    def __init__(self, get_response: View) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request``."""
        began = clock.monotonic()
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _ID.match(given) else new_request_id()
        request.request_id = request_id  # type: ignore[attr-defined]
        bound = structlog.contextvars.bound_contextvars(request_id=request_id)
        with bound, connections.taken_for(_lane_of(request)):
            _settle_address(request)
            response = _refused(request) or self._get_response(request)
            response = _uniform(request, response)
            response["X-Request-ID"] = request_id
            if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
                response.setdefault("Cache-Control", "no-store")
            for name, value in _HEADERS.items():
                response.setdefault(name, value)
            _log(request, response, seconds=clock.monotonic() - began)
            # Django need not tell of it a second time.
            response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        """Answer errors that a page raised; the API has answered its own before."""
        if isinstance(error, WatchkeeperError):
            return error_answer(request, error)
        if isinstance(error, Http404):
            return error_answer(request, NotFoundError("There is nothing at this address"))
        if isinstance(error, PermissionDenied):
            return error_answer(request, ForbiddenError("You may not do this"))
        if isinstance(error, SuspiciousOperation | BadRequest | MultiPartParserError):
            failure = InvalidError("The request is not as this address wants it")
            return error_answer(request, failure, status=400)
        return fault(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what a middleware raised; for Django's ``handler500``."""
    error = sys.exc_info()[1]
    return fault(request, error if isinstance(error, Exception) else RuntimeError("unknown"))


def fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """Log what nobody expected, and answer with nothing but the name that the log gives it.

    A database that is away is expected: whoever asks may ask again.
    """
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("database unavailable", exc_info=error)
        message = "The database cannot be reached; send this again"
        return error_answer(request, UnavailableError(message))
    request_id = getattr(request, "request_id", "")
    logger.error("request failed", request_id=request_id, exc_info=error)
    message = f"This is a fault of Watchkeeper; its log names it {request_id}"
    return error_answer(request, WatchkeeperError(message))


def error_answer(
    request: HttpRequest, error: WatchkeeperError, *, status: int | None = None
) -> HttpResponse:
    """Return ``error`` in the form that fits the door: a problem document or a page.

    Args:
        request: What was asked.
        error: What went wrong.
        status: Another HTTP status than the one of the error's kind.
    """
    if wants_problem(request):
        return rest.answer(error, request, status=status)
    usual, title = problems.status_of(error)
    status = status or usual
    context = {
        "title": title,
        "status": status,
        "error": error,
        "request_id": getattr(request, "request_id", ""),
    }
    try:
        response = render(request, "ui/error.html", context, status=status)
    except Exception:  # whatever broke the page must not hide what went wrong at first
        logger.exception("the error page failed")
        response = _plain(str(error), status)
    for name, value in problems.headers_of(error).items():
        response[name] = value
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without its token; for Django's setting CSRF_FAILURE_VIEW."""
    logger.warning("form refused", reason=reason)
    message = "The form has expired or comes from elsewhere; load the page again and resend it"
    return error_answer(request, ForbiddenError(message))


def wants_problem(request: HttpRequest) -> bool:
    """Return whether the door speaks problem documents instead of pages."""
    return request.path.startswith(("/api/", "/in/", "/v2/")) or request.path == "/metrics"


def _lane_of(request: HttpRequest) -> Lane:
    """Return whose connections a request uses: what is sent to be kept has the reserve."""
    is_intake = request.method == "POST" and _INTAKE.match(request.path) is not None
    return Lane.RESERVE if is_intake else Lane.SCREENS


def _refused(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to what goes no further, or ``None``."""
    query = str(request.META.get("QUERY_STRING", ""))
    if "\0" in request.path or "%00" in query or "\0" in query:
        return _at_the_door(request, InvalidError("An address holds no NUL character"), 400)
    if request.method in _SAFE:
        return None
    origin = request.headers.get("Origin")
    if origin and not _same_origin(request, origin):
        return _at_the_door(request, ForbiddenError("The request comes from another site"), 403)
    return _read_body(request)


def _read_body(request: HttpRequest) -> HttpResponse | None:
    """Take in the body as far as it may be long, whatever length was told beforehand."""
    limit = body_limit.limit_of(request.path)
    told = str(request.META.get("CONTENT_LENGTH") or "0")
    if not (told.isascii() and told.isdigit()):
        return _at_the_door(request, InvalidError("Content-Length is not a number"), 400)
    try:
        body = request.read(limit + 1) if int(told) <= limit else b""
    except UnreadablePostError:
        return _at_the_door(request, InvalidError("The body broke off"), 400)
    if int(told) > limit or len(body) > limit:
        return _at_the_door(request, InvalidError(f"The body is larger than {limit} bytes"), 413)
    request._body = body
    return None


def _at_the_door(request: HttpRequest, error: WatchkeeperError, status: int) -> HttpResponse:
    if wants_problem(request):
        return rest.answer(error, request, status=status)
    return _plain(str(error), status)


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


def _uniform(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give errors that Django itself answered on the API our form, keeping their headers."""
    status = response.status_code
    kind = response.get("Content-Type", "")
    if status < 400 or response.streaming or not wants_problem(request):
        return response
    if kind.startswith(problems.CONTENT_TYPE):
        return response
    ours = rest.answer(_django_error(request, status), request, status=status)
    for name, value in response.items():
        if name not in {"Content-Type", "Content-Length"}:
            ours.setdefault(name, value)
    ours.cookies = response.cookies
    return ours


def _django_error(request: HttpRequest, status: int) -> WatchkeeperError:
    if status == 404:
        return NotFoundError("There is nothing at this address")
    if status == 403:
        return ForbiddenError("You may not do this")
    if status == 405:
        return InvalidError(f"This address does not take {request.method}")
    if status < 500:
        return InvalidError("The request is not as this address wants it")
    request_id = getattr(request, "request_id", "")
    return WatchkeeperError(f"This is a fault of Watchkeeper; its log names it {request_id}")


def _same_origin(request: HttpRequest, origin: str) -> bool:
    return origin.lower() == f"{request.scheme}://{request.get_host()}".lower() or (
        origin in settings.CSRF_TRUSTED_ORIGINS
    )


def _settle_address(request: HttpRequest) -> None:
    """Note who sent it, and by which scheme, believing listed proxies only."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    proxies = _networks(tuple(settings.WATCHKEEPER.trusted_proxies))
    if proxies and _within(address, proxies):
        if request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https":
            request._get_scheme = lambda: "https"  # type: ignore[attr-defined]
        address = _behind(request.headers.get("X-Forwarded-For", ""), address, proxies)
        request.META["REMOTE_ADDR"] = address
    request.client_address = address  # type: ignore[attr-defined]


def _behind(header: str, address: str, proxies: tuple[Network, ...]) -> str:
    """Return the last address in ``header`` that is not one of our own proxies."""
    for hop in (part.strip() for part in reversed(header.split(","))):
        try:
            ipaddress.ip_address(hop)
        except ValueError:  # what stands before nonsense cannot be believed either
            return address
        address = hop
        if not _within(hop, proxies):
            return address
    return address


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _log(request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
    """Write one line; the query is left out, since it may hold what nobody should read."""
    actor = rest.actor_of(request)
    if actor.via == "cli":  # a command in this process: its user sees the answer
        return
    method = request.method if request.method in _METHODS else "other"
    metrics.REQUESTS.labels(method, str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.observe(seconds)
    speak = logger.debug if _QUIET.match(request.path) else logger.info
    speak(
        "request",
        method=method,
        path=_readable_path(request),
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        address=getattr(request, "client_address", ""),
        actor="" if actor.kind is ActorKind.ANONYMOUS else f"{actor.kind.value} {actor.id}",
    )


def _readable_path(request: HttpRequest) -> str:
    """Return the path without the parts of it that open doors, as a set-up link's token."""
    path = _SENDERS_KEY.sub(r"\1/…", request.path)[:300]
    match = getattr(request, "resolver_match", None)
    with contextlib.suppress(AttributeError):
        for name, value in match.kwargs.items():  # type: ignore[union-attr]
            if _SECRET_PARTS.search(name) and value:
                path = path.replace(str(value), "…")
    return path
