"""The only way out: every HTTP request that leaves the process goes through here.

reliability.md S15: http and https only, no user-info, every resolved address is judged and the
connection goes to the address that was judged (so that a name cannot change its mind in between),
no redirects, no proxies from the environment, bounded in time and size.
"""

import ipaddress
import json as json_module
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings

from watchkeeper.kernel import addresses, clock
from watchkeeper.kernel.errors import DependencyError

CONNECT_SECONDS = 2.0
_SERVER_ERROR = 500
_FORBIDDEN_PORTS = {0, 22, 23, 25, 53, 110, 143, 445, 465, 587, 3306, 5432, 6379, 11211}


class Trust(Enum):
    """Who set the address."""

    ADMIN = "admin"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            DependencyError: it is not JSON.
        """
        try:
            return json_module.loads(self.body)
        except ValueError as error:
            raise DependencyError("The answer is not JSON", permanent=True) from error

    @property
    def is_server_fault(self) -> bool:
        """Whether the same request may work later."""
        return self.status >= _SERVER_ERROR


class _Guard(httpcore.SyncBackend):
    """Resolves a name once, judges every address, connects to one that was judged."""

    def __init__(self, trust: Trust) -> None:
        super().__init__()
        self._trust = trust

    def connect_tcp(  # type: ignore[no-untyped-def]
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ):
        """Connect to a judged address; TLS still checks the certificate of the name."""
        failure: Exception | None = None
        for address in judged(host, port, self._trust):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(  # type: ignore[no-untyped-def]
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ):
        """Refuse: nothing that leaves the process goes to a local socket."""
        raise httpcore.ConnectError(f"{path} is not reached from here")


class _Refused(httpcore.ConnectError):
    """The address may not be reached."""


def judged(host: str, port: int, trust: Trust) -> list[str]:
    """Return the addresses of ``host``, all of which may be reached.

    Raises:
        httpcore.ConnectError: it has none, or one of them may not be reached.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the name {host} cannot be resolved") from error
    allowed = [ipaddress.ip_network(network) for network in settings.WATCHKEEPER.egress_allow]
    result: list[str] = []
    for *_, place in found:
        text = str(place[0]).partition("%")[0]
        address = ipaddress.ip_address(text)
        if not addresses.is_allowed(address, internal=trust is Trust.ADMIN, allowed=allowed):
            raise _Refused(f"{host} leads to {text}, which may not be reached from here")
        result.append(text)
    return list(dict.fromkeys(result))


_lock = threading.Lock()


@lru_cache(maxsize=64)
def _client(trust: Trust, ca_file: Path | None, stamp: int) -> httpx.Client:
    """Return the pooled client of one trust and one set of certificates."""
    del stamp
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    transport = httpx.HTTPTransport(verify=context, trust_env=False, retries=0)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=64,
        max_keepalive_connections=16,
        keepalive_expiry=30,
        network_backend=_Guard(trust),
    )
    return httpx.Client(transport=transport, follow_redirects=False, trust_env=False)


def request(  # noqa: PLR0913  one request has these parts
    method: str,
    url: str,
    *,
    trust: Trust,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
    json: Any = None,
    auth: tuple[str, str] | None = None,
    ca_file: Path | None = None,
    timeout_seconds: float = 8.0,
    max_bytes: int = 1_048_576,
) -> Response:
    """Send one request and return the whole answer, whatever its status.

    Args:
        method: HTTP method.
        url: Absolute, http or https.
        trust: Who set the address: an admin's may be internal, others' may not.
        headers: Headers to send.
        params: Query to add.
        body: Body to send.
        json: Body to send as JSON, instead.
        auth: User and password for Basic authentication.
        ca_file: Certificates to trust instead of the system's.
        timeout_seconds: How long the whole may take.
        max_bytes: How long the answer may be, unpacked.

    Raises:
        DependencyError: refused, unreachable, too slow, too large; ``permanent`` where the address
            itself is at fault.
    """
    _check_url(url)
    sent = dict(headers or {})
    if json is not None:
        body = json_module.dumps(json).encode()
        sent.setdefault("Content-Type", "application/json")
    with _lock:
        client = _client(trust, ca_file, _stamp(ca_file))
    deadline = clock.monotonic() + timeout_seconds
    timeout = httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds))
    name = urlsplit(url).netloc
    try:
        with client.stream(
            method, url, headers=sent, params=params, content=body, auth=auth, timeout=timeout
        ) as answer:
            content = _read(answer, deadline=deadline, max_bytes=max_bytes, name=name)
            return Response(answer.status_code, dict(answer.headers), content)
    except httpx.TimeoutException as error:
        message = f"{name} did not answer within {timeout_seconds:g} s"
        raise DependencyError(message, permanent=False) from error
    except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as error:
        refused = "may not be reached" in str(error)
        raise DependencyError(f"{name}: {error}", permanent=refused) from error


def _stamp(ca_file: Path | None) -> int:
    """Return when the certificates last changed, so that new ones are read."""
    if ca_file is None:
        return 0
    try:
        return ca_file.stat().st_mtime_ns
    except OSError as error:
        message = f"The certificate file {ca_file} cannot be read: {error.strerror}"
        raise DependencyError(message, permanent=True) from error


def _read(answer: httpx.Response, *, deadline: float, max_bytes: int, name: str) -> bytes:
    """Return the unpacked body, giving up when it is too long or too slow."""
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes(65536):
        size += len(part)
        if size > max_bytes:
            raise DependencyError(f"{name} answered more than {max_bytes} bytes", permanent=True)
        if clock.monotonic() > deadline:
            raise DependencyError(f"{name} answered too slowly", permanent=False)
        parts.append(part)
    return b"".join(parts)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DependencyError(f"{url!r} is not an address", permanent=True) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"{url!r} is not an http or https address"
        raise DependencyError(message, permanent=True)
    if parts.username is not None or parts.password is not None:
        message = "An address holds no user and password; give them apart"
        raise DependencyError(message, permanent=True)
    if port in _FORBIDDEN_PORTS:
        raise DependencyError(f"Port {port} is not reached from here", permanent=True)
