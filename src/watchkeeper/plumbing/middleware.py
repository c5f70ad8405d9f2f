"""The outermost layer of every request: its id, its size, its caller's address, its log line."""

import ipaddress
import re
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import (
    ForbiddenError,
    LimitError,
    UnavailableError,
    WatchkeeperError,
)
from watchkeeper.kernel.ids import new_request_id
from watchkeeper.plumbing import metrics, problems, rest

logger = structlog.get_logger("watchkeeper.access")

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_LARGE = re.compile(r"/api/v1/(apply|validate|slis/[^/]+/minutes)/?\Z")
_LARGE_FACTOR = 64

View = Callable[[HttpRequest], HttpResponse]


class RequestMiddleware:
    """Gives a request its id and address, refuses what is too large or from elsewhere, logs it."""

    def __init__(self, get_response: View) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request``."""
        began = clock.monotonic()
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _ID.match(given) else new_request_id()  # type: ignore[attr-defined]
        request.client_address = _client_address(request)  # type: ignore[attr-defined]
        response = self._refused(request) or self._get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        if not request.path.startswith(settings.STATIC_URL):
            response.setdefault("Cache-Control", "no-store")
        response.setdefault("X-Robots-Tag", "noindex")
        _log(request, response, seconds=clock.monotonic() - began)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer errors that a page raised; the API has answered its own before."""
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("database unavailable", exc_info=error)
            error = UnavailableError("The database cannot be reached")
        return error_answer(request, error) if isinstance(error, WatchkeeperError) else None

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        limit = settings.WATCHKEEPER.body_limit_bytes
        if _LARGE.match(request.path):
            limit *= _LARGE_FACTOR
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > limit:
            response = error_answer(request, LimitError(f"The body is larger than {limit} bytes"))
            response.status_code = 413
            return response
        origin = request.headers.get("Origin")
        if request.method not in _SAFE and origin and not _same_origin(request, origin):
            return error_answer(request, ForbiddenError("The request comes from another site"))
        return None


def error_answer(request: HttpRequest, error: WatchkeeperError) -> HttpResponse:
    """Return ``error`` in the form that fits the door: a problem document or a page."""
    if request.path.startswith("/api/") or request.path == "/metrics":
        return rest.answer(error, request)
    status, title = problems.status_of(error)
    context = {
        "title": title,
        "status": status,
        "error": error,
        "request_id": getattr(request, "request_id", ""),
    }
    response = render(request, "ui/error.html", context, status=status)
    for name, value in problems.headers_of(error).items():
        response[name] = value
    return response


def _same_origin(request: HttpRequest, origin: str) -> bool:
    return origin.lower() == f"{request.scheme}://{request.get_host()}".lower() or (
        origin in settings.CSRF_TRUSTED_ORIGINS
    )


def _client_address(request: HttpRequest) -> str:
    """Return who sent it: the last address that is not one of our own proxies."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    proxies = [ipaddress.ip_network(network) for network in settings.WATCHKEEPER.trusted_proxies]
    if not proxies or not _within(address, proxies):
        return address
    if request.headers.get("X-Forwarded-Proto") == "https":
        request.META["wsgi.url_scheme"] = "https"
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if hop.strip() and not _within(hop.strip(), proxies):
            return hop.strip()
    return address


def _within(address: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _log(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    """Write one line; the query is left out, since it may hold what nobody should read."""
    metrics.REQUESTS.labels(request.method, str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.observe(seconds)
    logger.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        address=getattr(request, "client_address", ""),
        request_id=getattr(request, "request_id", ""),
    )
