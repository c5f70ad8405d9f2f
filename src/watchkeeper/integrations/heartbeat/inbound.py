"""A sign of life: any request, whatever is in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain import events
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import Post
from watchkeeper.alerts.usecases.heartbeats import KEY


class HeartbeatReader:
    """Reads one ping out of every request."""

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``."""
        del post, settings
        return [events.make(Action.PING, KEY, title="alive")]
