"""The only way out: every HTTP request that leaves the process goes through here.

reliability.md S15: http and https only, no user-info; every resolved address is judged and the
connection goes to an address that was judged, so that a name cannot change its mind in between;
TLS still checks the name. No redirects unless asked for, no cookies, no proxies from the
environment; bounded in time, from resolving to the last byte, and in size, unpacked.
"""

import atexit
import base64
import ipaddress
import json as json_module
import queue
import re
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings

from watchkeeper.kernel import addresses, clock
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.plumbing import metrics, unpacking, wire_headers

CONNECT_SECONDS = 2.0
_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
MOST_REDIRECTS = 3
_SERVER_ERROR = 500
_REDIRECTS = {301, 302, 303, 307, 308}
_RESOLVERS = threading.BoundedSemaphore(32)


class Trust(Enum):
    """Who set the address."""

    ADMIN = "admin"
    MEMBER = "member"


class TooLargeError(DependencyError):
    """The answer is longer than was asked for."""

    code = "too_large"


class _BrokeOffError(DependencyError):
    """The connection ended in the middle."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole; the names of headers are taken in any case."""

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
        except (ValueError, RecursionError) as error:
            raise DependencyError("The answer is not JSON", permanent=True) from error

    @property
    def is_server_fault(self) -> bool:
        """Whether the same request may work later."""
        return self.status >= _SERVER_ERROR


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request as it goes on the wire, and how much may come back."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    body: bytes
    trust: Trust
    ca_file: Path | None
    timeout_seconds: float
    max_bytes: int

    @property
    def name(self) -> str:
        """The server, for messages."""
        return self.url.netloc.decode("ascii")


class _Deadline(threading.local):
    """When the request of this thread must be over, on the clock that never runs backwards."""

    at: float = 0.0

    def cap(self, timeout: float | None, error: type[Exception]) -> float:
        """Return how long one step may take, at most ``timeout``."""
        left = self.at - clock.monotonic()
        if left <= 0:
            raise error("the time is over")
        return left if timeout is None else min(timeout, left)


_deadline = _Deadline()


class _BoundedStream(httpcore.NetworkStream):
    """A connection on which no step outlasts the request, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._stream.read(max_bytes, _deadline.cap(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of ``buffer``."""
        self._stream.write(buffer, _deadline.cap(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Encrypt from now on, if the certificate is the name's."""
        left = _deadline.cap(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


class _RefusedError(httpcore.ConnectError):
    """The address may not be reached."""


class _Guard(httpcore.SyncBackend):
    """Resolves a name once, judges every address, connects to one that was judged."""

    def __init__(self, trust: Trust) -> None:
        super().__init__()
        self._trust = trust

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a judged address, giving each of several its share of the time."""
        end = clock.monotonic() + _deadline.cap(timeout, httpcore.ConnectTimeout)
        found = judged(host, port, self._trust, seconds=end - clock.monotonic())
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for place, address in enumerate(found):
            share = (end - clock.monotonic()) / (len(found) - place)
            if share <= 0:
                raise httpcore.ConnectTimeout("the time is over")
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _BoundedStream(stream)
        raise failure

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Refuse: nothing that leaves the process goes to a local socket."""
        raise _RefusedError(f"{path} is a local socket")


def judged(host: str, port: int, trust: Trust, *, seconds: float = CONNECT_SECONDS) -> list[str]:
    """Return the addresses of ``host``, all of which may be reached.

    Raises:
        httpcore.ConnectError: it has none, or one of them may not be reached.
        httpcore.ConnectTimeout: the name was not resolved within ``seconds``.
    """
    allowed = [
        ipaddress.ip_network(network, strict=False)
        for network in settings.WATCHKEEPER.egress_allow
    ]
    result: list[str] = []
    for text in _resolved(host, port, seconds=seconds):
        address = ipaddress.ip_address(text)
        if not addresses.is_allowed(address, internal=trust is Trust.ADMIN, allowed=allowed):
            raise _RefusedError(f"it leads to {text}, which may not be reached from here")
        result.append(text)
    return list(dict.fromkeys(result))


def _resolved(host: str, port: int, *, seconds: float) -> list[str]:
    """Ask the system's resolver, which knows no time-out, in a thread that may be left behind."""
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(place[0]).partition("%")[0] for *_, place in found])
        except (OSError, ValueError) as error:
            answers.put(error)
        finally:
            _RESOLVERS.release()

    if not _RESOLVERS.acquire(timeout=seconds):
        raise httpcore.ConnectTimeout("too many names are being resolved")
    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty as error:
        raise httpcore.ConnectTimeout("the name was not resolved") from error
    if isinstance(answer, Exception):
        raise httpcore.ConnectError("the name cannot be resolved") from answer
    return answer


_lock = threading.Lock()
_pools: dict[tuple[Trust, Path | None], tuple[int, httpcore.ConnectionPool]] = {}


def close() -> None:
    """Close all connections that are kept for later."""
    with _lock:
        while _pools:
            _, (_, pool) = _pools.popitem()
            pool.close()


atexit.register(close)


def _pool(trust: Trust, ca_file: Path | None) -> httpcore.ConnectionPool:
    """Return the connections of one trust and one set of certificates, as they are now."""
    stamp = _stamp(ca_file)
    with _lock:
        known = _pools.get((trust, ca_file))
        if known is None or known[0] != stamp:
            known = _pools[trust, ca_file] = stamp, _new_pool(trust, ca_file)
        return known[1]


def _new_pool(trust: Trust, ca_file: Path | None) -> httpcore.ConnectionPool:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        message = f"The certificate file {ca_file} holds no certificates"
        raise DependencyError(message, permanent=True) from error
    return httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=64,
        max_keepalive_connections=16,
        keepalive_expiry=30,
        network_backend=_Guard(trust),
    )


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
    redirects: int = 0,
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
        redirects: How many redirects of a GET are followed, at most 3; each is judged anew, and
            to another origin nothing of ``headers`` and ``auth`` is sent.

    Raises:
        TooLargeError: the answer is longer than ``max_bytes``.
        DependencyError: refused, unreachable, too slow; ``permanent`` where the address or its
            certificate is at fault.
    """
    target = _checked(url)
    sent = dict(headers or {})
    if json is not None:
        body = json_module.dumps(json).encode()
        sent.setdefault("Content-Type", "application/json")
    if auth is not None:
        sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    asked = _Asked(
        method=method.upper(),
        url=target.copy_merge_params(params) if params else target,
        headers=sent,
        body=body or b"",
        trust=trust,
        ca_file=ca_file,
        timeout_seconds=timeout_seconds,
        max_bytes=max_bytes,
    )
    _deadline.at = clock.monotonic() + timeout_seconds
    return _followed(asked, redirects=min(redirects, MOST_REDIRECTS))


def _followed(asked: _Asked, *, redirects: int) -> Response:
    """Return the first answer that redirects no further."""
    for _ in range(redirects + 1):
        response = _counted(asked)
        following = _following(asked, response) if redirects else None
        if following is None:
            return response
        asked = following
    raise DependencyError(f"{asked.url.host} redirects too often", permanent=True)


def _counted(asked: _Asked) -> Response:
    try:
        response = _patient_exchange(asked)
    except DependencyError as error:
        metrics.EGRESS.labels("refused" if error.permanent else "failed").inc()
        raise
    metrics.EGRESS.labels("answered").inc()
    return response


def _patient_exchange(asked: _Asked) -> Response:
    """Ask a second time where a kept connection may have been closed under a harmless request."""
    try:
        return _exchange(asked)
    except _BrokeOffError:
        if asked.method not in {"GET", "HEAD"}:
            raise
        return _exchange(asked)


def _exchange(asked: _Asked) -> Response:
    """Send one request and read its answer, telling in a sentence what went wrong."""
    pool = _pool(asked.trust, asked.ca_file)
    url = asked.url
    seconds = asked.timeout_seconds
    timeout = {"connect": min(CONNECT_SECONDS, seconds), "read": seconds, "write": seconds}
    try:
        with pool.stream(
            asked.method,
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=wire_headers.of(
                asked.headers, host=asked.name, method=asked.method, length=len(asked.body)
            ),
            content=asked.body,
            extensions={"timeout": timeout | {"pool": seconds}},
        ) as answer:
            received = httpx.Headers(answer.headers)
            content = unpacking.unpacked(
                answer.iter_stream(),
                encoding=received.get("content-encoding", ""),
                max_bytes=asked.max_bytes,
            )
            return Response(answer.status, received, content)
    except unpacking.TooLongError as error:
        message = f"{asked.name} answered more than {asked.max_bytes} bytes"
        raise TooLargeError(message, permanent=True) from error
    except unpacking.PackedWronglyError as error:
        raise DependencyError(f"{asked.name} {error}", permanent=True) from error
    except httpcore.ConnectTimeout as error:
        message = f"{asked.name} could not be connected to in time"
        raise DependencyError(message, permanent=False) from error
    except httpcore.TimeoutException as error:
        message = f"{asked.name} did not answer within {seconds:g} s"
        raise DependencyError(message, permanent=False) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise _told(asked, error) from error


def _told(asked: _Asked, error: Exception) -> DependencyError:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        message = f"{asked.name} has a certificate that is not trusted: {cause.verify_message}"
        return DependencyError(message, permanent=True)
    why = _NUMBER.sub("", str(error))
    message = f"{asked.name}: {why}" if why else f"{asked.name} broke off"
    if isinstance(error, httpcore.ReadError | httpcore.WriteError | httpcore.RemoteProtocolError):
        return _BrokeOffError(message, permanent=False)
    return DependencyError(message, permanent=isinstance(error, _RefusedError))


def _stamp(ca_file: Path | None) -> int:
    """Return when the certificates last changed, so that new ones are read."""
    if ca_file is None:
        return 0
    try:
        return ca_file.stat().st_mtime_ns
    except OSError as error:
        message = f"The certificate file {ca_file} cannot be read: {error.strerror}"
        raise DependencyError(message, permanent=True) from error


def _following(asked: _Asked, response: Response) -> _Asked | None:
    """Return the request that ``response`` sends us to, or ``None`` if it is the answer."""
    place = response.headers.get("location")
    if response.status not in _REDIRECTS or not place or asked.method not in {"GET", "HEAD"}:
        return None
    try:
        url = _checked(str(asked.url.join(place)))
    except httpx.InvalidURL as error:
        message = f"{asked.name} redirects to no address"
        raise DependencyError(message, permanent=True) from error
    if asked.url.scheme == "https" and url.scheme != "https":
        raise DependencyError(f"{asked.name} redirects from https to http", permanent=True)
    if (url.scheme, url.host, url.port) == (asked.url.scheme, asked.url.host, asked.url.port):
        return replace(asked, url=url)
    return replace(asked, url=url, headers={})


def _checked(url: str) -> httpx.URL:
    """Return ``url`` if two readers agree on what it is, and it is one that may be asked."""
    try:
        parts = urlsplit(url)
        read = httpx.URL(url)
        is_same = (read.host, _port(read.port, read.scheme)) == (
            parts.hostname,
            _port(parts.port, parts.scheme),
        )
    except (ValueError, httpx.InvalidURL) as error:
        raise DependencyError(f"{_shown(url)} is not an address", permanent=True) from error
    if read.scheme not in {"http", "https"} or not read.host:
        message = f"{_shown(url)} is not an http or https address"
        raise DependencyError(message, permanent=True)
    if read.userinfo or "@" in parts.netloc:
        message = "An address holds no user and password; give them apart"
        raise DependencyError(message, permanent=True)
    if read.port in addresses.FORBIDDEN_PORTS:
        raise DependencyError(f"Port {read.port} is not reached from here", permanent=True)
    if "%" in read.host or (not is_same and read.host.isascii()):
        raise DependencyError(f"{_shown(url)} can be read in two ways", permanent=True)
    return read


def _port(port: int | None, scheme: str) -> int:
    return port if port is not None else 443 if scheme == "https" else 80


def _shown(url: str) -> str:
    """Return ``url`` for a message, without what may stand in front of the host."""
    return repr(url.rpartition("@")[2][:200])
