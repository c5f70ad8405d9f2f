"""How commands reach the API: in this process on the local data, or over HTTP on a server."""

import io
import json as json_module
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from watchkeeper.kernel import actors
from watchkeeper.kernel.errors import DependencyError, InvalidError, UnauthenticatedError
from watchkeeper.plumbing import egress, problems

_FIRST_REDIRECT = 300
_FIRST_ERROR = 400
_REMOTE_SECONDS = 120.0
_REMOTE_BYTES = 256 * 1024 * 1024


class UnreachableError(DependencyError):
    """The server did not answer at all."""

    code = "unreachable"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON; ``None`` where it is empty.

        Raises:
            DependencyError: the server answered something else.
        """
        if not self.body:
            return None
        try:
            return json_module.loads(self.body)
        except ValueError as error:
            message = "The server's answer is not JSON; is this a Watchkeeper server?"
            raise DependencyError(message, permanent=True) from error


class Transport(Protocol):
    """A way to the API."""

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> Reply:
        """Send one request and return its answer.

        Raises:
            WatchkeeperError: of the kind that the API answered with.
            UnreachableError: there was no answer.
        """
        ...


_current: Transport | None = None


def use(transport: Transport | None) -> None:
    """Let commands go by ``transport`` from now on."""
    global _current  # noqa: PLW0603  one command line, one way
    _current = transport


def current() -> Transport:
    """Return the way that was chosen for this command line.

    Raises:
        InvalidError: none was.
    """
    if _current is None:
        raise InvalidError("This command needs a data folder or a server")
    return _current


class _HostRequest(WSGIRequest):
    """A request made in this process; the actor cannot be claimed from outside."""

    actor = actors.host()
    _dont_enforce_csrf_checks = True


class Local:
    """Handles requests in this process, as the host.

    The signals of Django's servers are left out: they would close the connection of a caller
    that is inside a transaction.
    """

    def __init__(self) -> None:
        self._handler = WSGIHandler()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> Reply:
        """See :class:`Transport`."""
        content = _content(json, body)
        bare, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(bare).decode("latin-1"),  # as WSGI wants it
            "QUERY_STRING": "&".join(part for part in (query, urlencode(params or {})) if part),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT": accept,
            "REMOTE_ADDR": "",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": True,
            "wsgi.version": (1, 0),
        }
        response = self._handler.get_response(_HostRequest(environ))
        answer = b"".join(response)  # streaming or not, it yields bytes
        headers = dict(response.items())
        return _checked(Reply(response.status_code, headers, answer))


class Remote:
    """Sends requests to a server, with a token."""

    def __init__(self, url: str, *, token: str | None) -> None:
        """Remember where and who.

        Args:
            url: Address of the server, as ``https://watchkeeper.example.org``.
            token: API token; ``None`` sends none.

        Raises:
            InvalidError: that is no address of a server.
        """
        if not _is_address(url):
            raise InvalidError(
                f"{url!r} is not the address of a server, as https://watchkeeper.example.org"
            )
        self._url = url.rstrip("/")
        self._token = token

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> Reply:
        """See :class:`Transport`."""
        headers = {"Accept": accept, "Content-Type": content_type}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            response = egress.request(
                method,
                f"{self._url}{path}",
                headers=headers,
                params=params,
                body=_content(json, body),
                trust=egress.Trust.ADMIN,
                timeout_seconds=_REMOTE_SECONDS,
                max_bytes=_REMOTE_BYTES,
            )
        except DependencyError as error:
            raise UnreachableError(
                f"The server {self._url} cannot be reached: {error}", permanent=error.permanent
            ) from error
        return _checked(Reply(response.status, response.headers, response.body))


def _is_address(url: str) -> bool:
    try:
        place = urlsplit(url)
    except ValueError:
        return False
    return place.scheme in {"http", "https"} and bool(place.hostname)


def _content(json: Any, body: bytes | None) -> bytes:
    if body is not None:
        return body
    return b"" if json is None else json_module.dumps(json).encode()


def _checked(reply: Reply) -> Reply:
    """Return a good answer; raise a bad one as the error it tells of."""
    if _FIRST_REDIRECT <= reply.status < _FIRST_ERROR:
        place = reply.headers.get("Location") or reply.headers.get("location") or "elsewhere"
        raise DependencyError(f"The server sends to {place}; use that as --url", permanent=True)
    if reply.status < _FIRST_ERROR:
        return reply
    try:
        told = json_module.loads(reply.body)
    except ValueError:
        told = {}
    if reply.status == 401:
        message = "The server wants a valid token: --token or WATCHKEEPER_TOKEN"
        raise UnauthenticatedError(message)
    raise problems.error_from(told if isinstance(told, dict) else {}, status=reply.status)
