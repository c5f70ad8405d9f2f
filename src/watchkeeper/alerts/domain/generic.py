"""An event as JSON of anybody's: fields of ours, or fields of theirs by a mapping."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.alerts.domain import events, payloads
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.kernel.errors import InvalidError

FIELDS = (
    "key", "title", "service", "severity", "status", "started_at", "url", "description", "labels",
)  # fmt: skip
_RESOLVED = {
    "resolved",
    "resolve",
    "ok",
    "closed",
    "close",
    "recovered",
    "recovery",
    "up",
    "green",
}
_TAKEN = {"acknowledged", "acknowledge", "ack"}


def event_of(item: Any, rules: Mapping[str, Any]) -> Event:
    """Return an event.

    Args:
        item: What came.
        rules: Where each field stands: a dotted path, or ``=`` and the value itself.

    Raises:
        InvalidError: it has neither a title nor a key, or a field is not what it has to be.
    """
    if not isinstance(item, Mapping):
        raise InvalidError("An event is an object with a title or a key")
    found = {name: _value(item, name, rules.get(name)) for name in FIELDS}
    texts = {
        name: payloads.text(found[name], name)
        for name in ("key", "title", "service", "severity", "status", "url", "description")
    }
    key = texts["key"] or texts["title"]
    if not key:
        raise InvalidError("An event needs a title or a key")
    return events.make(
        _action(texts["status"]),
        key,
        title=texts["title"],
        severity=texts["severity"],
        service=texts["service"],
        started_at=payloads.moment(found["started_at"], "started_at"),
        url=texts["url"],
        runbook_url=payloads.text(item.get("runbook_url"), "runbook_url"),
        description=texts["description"],
        labels=payloads.pairs(found["labels"], "labels"),
    )


def _value(item: Mapping[str, Any], name: str, rule: Any) -> Any:
    """Return a field: where the rule says it stands, the rule's own word after =, or by name."""
    if not isinstance(rule, str) or not rule:
        return item.get(name)
    return rule[1:] if rule.startswith("=") else payloads.at(item, rule)


def _action(status: str) -> Action:
    word = status.strip().lower()
    if word in _RESOLVED:
        return Action.RESOLVE
    return Action.ACKNOWLEDGE if word in _TAKEN else Action.TRIGGER
