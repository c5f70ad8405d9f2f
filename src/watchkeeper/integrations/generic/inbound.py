"""JSON of anybody's; the fields are in ``alerts.domain.generic``."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain import generic, payloads
from watchkeeper.alerts.domain.events import Event
from watchkeeper.alerts.ports import ADDRESS, Post, Snippet
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

MOST_EVENTS = 10_000


_OPEN = (
    """curl -d '{"title": "Backup failed", "key": "backup", "severity": "error"}' """
    f"{ADDRESS}\n"
)
_END = f"""curl -d '{{"key": "backup", "status": "resolved"}}' {ADDRESS}\n"""


class GenericReader:
    """Reads one object, or a list of them."""

    snippets = (
        Snippet("Open an alert", _OPEN),
        Snippet("End it, by the same key", _END),
    )

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``; ``settings.mapping`` says where each field stands."""
        body = strict_json.read(post.body)
        items = body if isinstance(body, list) else [body]
        if len(items) > MOST_EVENTS:
            raise InvalidError(f"More than {MOST_EVENTS} events in one post")
        rules = payloads.mapping(settings.get("mapping"), "mapping")
        return [generic.event_of(item, rules) for item in items]
