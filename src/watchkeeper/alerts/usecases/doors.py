"""The ways in: ``/in/<kind>/<key>`` for everybody, and those of vendors."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from watchkeeper.alerts.domain.events import Event
from watchkeeper.alerts.models import InboundRequest
from watchkeeper.alerts.ports import (
    ADDRESS,
    BASE,
    KEY,
    Answer,
    Door,
    Errand,
    Post,
    Preparing,
    Reader,
    Refused,
    Running,
    Snippet,
    Stored,
    Teaching,
    TurnedAwayError,
)
from watchkeeper.alerts.queries import keys
from watchkeeper.plumbing import served_address, unpacking

RETRY_SECONDS = 5
_IN = re.compile(r"/in/([a-z][a-z0-9-]{0,39})/([^/]{1,200})/?\Z")
_KEY = re.compile(r"(?<=/in/)([a-z0-9-]+)/[^/]+")
_METHODS = {"POST", "PUT", "GET", "HEAD"}
_PING = "heartbeat"
_KEPT = ("ce-",)
_SECRET = re.compile("key|token|secret|password", re.IGNORECASE)


class PathDoor:
    """``/in/<kind>/<key>``: the key stands in the address, since senders can do no better."""

    def __init__(self, kind: str, reader: Reader) -> None:
        self.kind = kind
        self.address = f"/in/{kind}/<key>"
        self._reader = reader
        self._preparing = reader if isinstance(reader, Preparing) else None
        self._running = reader if isinstance(reader, Running) else None

    def knows(self, method: str, path: str) -> bool:
        """See ``Door``; only a heartbeat may come by GET."""
        found = _IN.match(path)
        if found is None or found[1] != self.kind:
            return False
        return method in ("POST", "PUT") or (method in _METHODS and self.kind == _PING)

    def key_of(self, post: Post) -> str:
        """See ``Door``."""
        found = _IN.match(post.path)
        return found[2] if found is not None else ""

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``Door``."""
        return self._reader.read(post, settings)

    @property
    def may_wait(self) -> bool:
        """Whether a post may be accepted before it is read: its answer needs nothing of it."""
        return self._preparing is None and self._running is None and self.kind != _PING

    @property
    def snippets(self) -> Sequence[Snippet]:
        """See ``alerts.ports.Teaching``."""
        return self._reader.snippets if isinstance(self._reader, Teaching) else ()

    def lacks(self, post: Post) -> bool:
        """See ``alerts.ports.Preparing``."""
        return self._preparing is not None and self._preparing.lacks(post)

    def prepare(self, post: Post) -> None:
        """See ``alerts.ports.Preparing``."""
        if self._preparing is not None:
            self._preparing.prepare(post)

    def errand(self, post: Post) -> Errand | None:
        """See ``alerts.ports.Running``."""
        return self._running.errand(post) if self._running is not None else None

    def accepted(self, post: Post, stored: Stored) -> Answer:
        """See ``Door``."""
        del post
        body: dict[str, Any] = {
            "status": "quarantined" if stored.fault else "accepted",
            "id": stored.id,
            "is_decided": stored.is_decided,
            "events": [
                {"id": told.id, "verdict": told.verdict, "alert": told.alert or None}
                for told in stored.events
            ],
        }
        if stored.fault:
            body["reason"] = stored.fault
        return Answer(202, body)

    def refused(self, post: Post, why: Refused) -> Answer:
        """See ``Door``."""
        del post
        if why is Refused.KEY:
            return Answer(404, _problem(404, "Not found", "There is nothing at this address"))
        detail = f"Nothing was stored: {why.value}; send this again"
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return Answer(503, _problem(503, "Not available now", detail), headers)


def lacks(door: Door, post: Post) -> bool:
    """Return whether :func:`prepare` is needed before ``post`` can be read; asks nobody."""
    return isinstance(door, PathDoor) and door.lacks(post)


def prepare(door: Door, post: Post) -> None:
    """Fetch what reading ``post`` needs, if its key is right; takes its time."""
    is_ours = keys.sender_of(door.key_of(post), kind=door.kind, now=post.received_at) is not None
    if is_ours and isinstance(door, PathDoor):
        door.prepare(post)


def turned_away(error: TurnedAwayError) -> Answer:
    """Return what a sender is told whose post is refused though its key is right."""
    if error.is_passing:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return Answer(503, _problem(503, "Not available now", error.message), headers)
    return Answer(403, _problem(403, "Not verified", error.message))


def _problem(status: int, title: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


@cache
def doors() -> tuple[Door, ...]:
    """Return all ways in, as ``WATCHKEEPER_INTAKES`` names them."""
    found: list[Door] = []
    for kind, dotted in settings.WATCHKEEPER_INTAKES.items():
        made = import_string(dotted)()
        if hasattr(made, "knows"):
            found.append(made)
        else:
            found.append(PathDoor(kind, made))
    return tuple(found)


def find(method: str, path: str) -> Door | None:
    """Return the way in that a request comes by; ``None``: it is no sender's."""
    return next((door for door in doors() if door.knows(method, path)), None)


def of_kind(kind: str) -> Door | None:
    """Return the way in of an integration's kind; ``None``: there is none."""
    return next((door for door in doors() if door.kind == kind), None)


def kinds() -> list[str]:
    """Return the kinds of integrations there are."""
    return list(settings.WATCHKEEPER_INTAKES)


def address_of(kind: str, key: str) -> str:
    """Return where a sender of ``kind`` posts to, its key in it where there is no better place."""
    door = of_kind(kind)
    path = "" if door is None else door.address.replace("<key>", key)
    return f"{served_address.base()}{path}"


def snippets_of(kind: str, *, address: str, key: str) -> list[Snippet]:
    """Return what to paste at a sender of ``kind``, with its address and key filled in."""
    taught: Sequence[Snippet] = getattr(of_kind(kind), "snippets", ())
    filled = {ADDRESS: address, KEY: key, BASE: served_address.base()}
    found = []
    for each in taught:
        text = each.text
        for name, value in filled.items():
            text = text.replace(name, value)
        found.append(Snippet(each.label, text))
    return found


def limit() -> int:
    """Return how many bytes a post may have, unpacked."""
    return int(settings.WATCHKEEPER.body_limit_bytes)


def unpacked(raw: bytes, encoding: str) -> bytes:
    """Return a body unpacked, no longer than bodies may be.

    Raises:
        TooLongError: it is longer.
        PackedWronglyError: it is not packed as it says.
    """
    if not encoding:
        return raw
    return unpacking.unpacked([raw], encoding=encoding, max_bytes=limit())


def kept(post: Post) -> dict[str, Any]:
    """Return what of a post beside its body is needed to read it again, without keys."""
    found: dict[str, Any] = {}
    if post.path and _IN.match(post.path) is None:
        found["path"] = post.path
        query = {name: value for name, value in post.query.items() if not _SECRET.search(name)}
        found |= {"query": query} if query else {}
    headers = {name: value for name, value in post.headers.items() if name.startswith(_KEPT)}
    return found | ({"headers": headers} if headers else {})


def post_again(
    row: InboundRequest, *, body: bytes, received_at: dt.datetime, is_vouched: bool = False
) -> Post:
    """Return a post as it is read again, from what is kept of it; it holds no key.

    Args:
        row: The stored request.
        body: What to read, as it came or mended.
        received_at: When it counts as having come.
        is_vouched: See ``Post``.
    """
    return Post(
        "POST",
        row.kept.get("path", ""),
        body,
        received_at,
        row.content_type,
        headers=row.kept.get("headers", {}),
        query=row.kept.get("query", {}),
        is_vouched=is_vouched,
    )


def readable(path: str) -> str:
    """Return a path without the key in it."""
    return _KEY.sub(r"\1/…", path)
