"""A sign of life: any request, whatever is in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain import events
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import ADDRESS, Post, Snippet
from watchkeeper.alerts.usecases.heartbeats import KEY


class HeartbeatReader:
    """Reads one ping out of every request."""

    snippets = (
        Snippet("A sign of life", f"curl -fsS -m 10 --retry 3 {ADDRESS}\n"),
        Snippet("After a job in a crontab", f"0 3 * * * backup && curl -fsS -m 10 {ADDRESS}\n"),
    )

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``."""
        del post, settings
        return [events.make(Action.PING, KEY, title="alive")]
