"""The intake in front of Django: a post goes straight to the thread that stores.

Django's own stack opens a database connection for each request, which a storm of posts cannot
afford. What comes here is logged, counted and bounded as all else is.
"""

import asyncio
import json
import re
from urllib.parse import parse_qsl

import structlog
from django.db import DatabaseError, InterfaceError, connection

from watchkeeper.alerts.ports import Answer, Door, Post, Refused
from watchkeeper.alerts.usecases import doors
from watchkeeper.alerts.usecases.batching import BATCHER, WAIT_SECONDS
from watchkeeper.alerts.usecases.intake import Arrival
from watchkeeper.kernel import clock
from watchkeeper.kernel.ids import new_request_id
from watchkeeper.plumbing import metrics, unpacking
from watchkeeper.plumbing.body_limit import Application, Receive, Scope, Send

logger = structlog.get_logger("watchkeeper.access")

_PREFIXES = ("/in/", "/v2/")
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


class IntakeMiddleware:
    """Answers posts of senders; passes everything else on."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a sender, or pass the request on."""
        door = None
        is_near = scope["type"] == "http" and scope["path"].startswith(_PREFIXES)
        if is_near and scope["method"] in {"POST", "PUT", "PATCH"}:
            door = doors.find(scope["method"], scope["path"])
        if door is None:
            await self._application(scope, receive, send)
            return
        began = clock.monotonic()
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        answer = await _answered(door, scope, receive, headers)
        if answer is None:  # the sender went away
            return
        request_id = headers.get("x-request-id", "")
        request_id = request_id if _ID.match(request_id) else new_request_id()
        await _send(send, answer, request_id)
        _log(scope, answer, request_id, seconds=clock.monotonic() - began)


async def _answered(
    door: Door, scope: Scope, receive: Receive, headers: dict[str, str]
) -> Answer | None:
    raw = await _body(receive)
    if raw is None:
        return None
    try:
        body = doors.unpacked(raw, headers.get("content-encoding", ""))
    except unpacking.TooLongError:
        return Answer(413, {"detail": f"The body is larger than {doors.limit()} bytes unpacked"})
    except unpacking.PackedWronglyError:
        return Answer(415, {"detail": "The body is not packed as it says; gzip is taken"})
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=50))
    post = Post(
        method=scope["method"],
        path=scope["path"],
        body=body,
        received_at=clock.now(),
        content_type=headers.get("content-type", ""),
        headers=headers,
        query=query,
    )
    if doors.lacks(door, post):
        await asyncio.to_thread(_prepare, door, post)
    done = BATCHER.submit(Arrival(door, post))
    try:
        return await asyncio.wait_for(asyncio.wrap_future(done), timeout=WAIT_SECONDS)
    except TimeoutError:
        return door.refused(post, Refused.UNAVAILABLE)


def _prepare(door: Door, post: Post) -> None:
    """Ask outside what reading needs, in a thread that keeps no connection to the database."""
    try:
        doors.prepare(door, post)
    except (DatabaseError, InterfaceError):
        logger.warning("a post could not be prepared; storing it says why", exc_info=True)
    finally:
        connection.close()


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, answer: Answer, request_id: str) -> None:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    kind = "application/json" if answer.status < 400 else "application/problem+json"
    headers = {
        "content-type": kind,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": request_id,
        **answer.headers,
    }
    pairs = [(name.lower().encode("latin-1"), v.encode("latin-1")) for name, v in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _log(scope: Scope, answer: Answer, request_id: str, *, seconds: float) -> None:
    """Write one line, without the key; at a storm's pace only what went wrong is worth one."""
    metrics.REQUESTS.labels(scope["method"], str(answer.status)).inc()
    metrics.REQUEST_SECONDS.observe(seconds)
    speak = logger.debug if answer.status < 300 else logger.info
    speak(
        "request",
        method=scope["method"],
        path=doors.readable(scope["path"])[:300],
        status=answer.status,
        ms=round(seconds * 1000, 1),
        address=(scope.get("client") or ("",))[0],
        request_id=request_id,
    )
