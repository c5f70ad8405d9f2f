"""Changes as JSON of anybody's; the fields are in ``changes.domain.events``."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain.events import Event
from watchkeeper.alerts.ports import ADDRESS, Answer, Post, Snippet, Stored
from watchkeeper.alerts.usecases.doors import PathDoor
from watchkeeper.changes.domain import events
from watchkeeper.changes.domain.events import ChangeEvent
from watchkeeper.changes.usecases import events as usecases
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

MOST = 1_000
_TELL = (
    """curl -d '{"id": "4711", "title": "Checkout 2.4", "kind": "deploy", "service": "shop"}' """
    f"{ADDRESS}\n"
)


class ChangeReader:
    """Reads one change, or a list of them; none of them is an event of an alert."""

    snippets = (Snippet("Tell what changed, at the end of a deployment", _TELL),)

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``; refuses what is no change."""
        del settings
        _changes(post, service="")
        return ()


class ChangeDoor(PathDoor):
    """``/in/change/<key>``."""

    def __init__(self) -> None:
        super().__init__("change", ChangeReader())

    def keep(self, post: Post, *, sender: str, service: str, now: dt.datetime) -> None:
        """See ``alerts.ports.Keeper``."""
        usecases.keep(_changes(post, service=service), source=sender, now=now)

    def accepted(self, post: Post, stored: Stored) -> Answer:
        """See ``alerts.ports.Door``; tells how many changes were in it."""
        if stored.fault:
            return super().accepted(post, stored)
        many = len(_changes(post, service=""))
        return Answer(202, {"status": "accepted", "id": stored.id, "changes": many})


def _changes(post: Post, *, service: str) -> list[ChangeEvent]:
    body = strict_json.read(post.body)
    items = body if isinstance(body, list) else [body]
    if len(items) > MOST:
        raise InvalidError(f"More than {MOST} changes in one post")
    return [events.read(item, service=service, received_at=post.received_at) for item in items]
