"""How long a request's body may be; held on the wire, before anything is kept of it."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

LARGE_FACTOR = 64
_LARGE = re.compile(r"/api/v1/(apply|validate|slis/[^/]+/minutes)/?\Z")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def limit_of(path: str) -> int:
    """Return how many bytes a body may have; minutes and documents may be long."""
    limit = int(settings.WATCHKEEPER.body_limit_bytes)
    return limit * LARGE_FACTOR if _LARGE.match(path) else limit


class BoundedBody:
    """Stands before the ASGI application, which would keep a body of any length on disk."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and break it off where its body grows too long."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        if _told_length(scope) > limit:
            await _refuse(send, limit)
            return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= limit else {"type": "http.disconnect"}

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        await self._application(scope, counted, noted)
        if seen > limit and not started:
            await _refuse(send, limit)


def _told_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send, limit: int) -> None:
    body = f"The body is larger than {limit} bytes\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
