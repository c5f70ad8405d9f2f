"""What Datadog's webhook posts when it is given our payload (``payload.json``).

Source: docs.datadoghq.com/integrations/webhooks (variables) and /monitors/notify/variables.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from watchkeeper.alerts.domain import events, payloads
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import ADDRESS, Post, Snippet
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

_PAYLOAD = Path(__file__).with_name("payload.json").read_text(encoding="utf-8")
_UNFILLED = re.compile(r"\$[A-Z][A-Z0-9_]*\Z")
_TRIGGERS = {"triggered", "warn", "no data", "renotify"}
_NAMES = (
    "transition", "cycle_key", "aggreg_key", "title", "message", "status", "type", "priority",
    "tags", "link", "query", "scope", "host", "monitor", "id", "date",
)  # fmt: skip
_TOLD = ("query", "scope", "host", "monitor", "tags", "transition")
_TYPES = {"error": Action.TRIGGER, "warning": Action.TRIGGER, "info": Action.TRIGGER,
          "success": Action.RESOLVE, "recovery": Action.RESOLVE}  # fmt: skip


class DatadogReader:
    """Reads one event of one monitor, or of one of its groups."""

    snippets = (
        Snippet("Integrations, Webhooks, New: the name", "watchkeeper"),
        Snippet("The URL", ADDRESS),
        Snippet("The payload; leave Encode as form off", _PAYLOAD),
        Snippet("In the message of each monitor that is to page", "@webhook-watchkeeper"),
    )

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``."""
        del settings
        body = payloads.mapping(strict_json.read(post.body), "the payload")
        told = {name: _filled(body.get(name), name) for name in _NAMES}
        if not told["transition"] and not told["type"]:
            raise InvalidError(
                "transition and type are missing; paste our payload into the webhook in Datadog"
            )
        return [_event(told)]


def _filled(value: Any, name: str) -> str:
    """Return a field; a variable that Datadog did not fill in is empty."""
    text = payloads.text(value, name).strip()
    return "" if _UNFILLED.match(text) or text in {"null", "None"} else text


def _event(told: Mapping[str, str]) -> Event:
    action = _action(told)
    key = told["cycle_key"] or told["aggreg_key"] or told["id"]
    if not key:
        raise InvalidError("cycle_key, aggreg_key and id are all missing; one must be there")
    labels = tags_of(told["tags"])
    more = {name: told[name] for name in _TOLD if told[name]}
    began = payloads.moment(told["date"], "date") if action is Action.TRIGGER else None
    return events.make(
        action,
        key,
        title=told["title"],
        severity=_severity(told),
        service=labels.get("service", ""),
        started_at=began,
        episode=told["cycle_key"],
        url=told["link"],
        runbook_url=labels.get("runbook_url", ""),
        description=told["message"] or told["status"],
        labels=labels | more,
    )


def _action(told: Mapping[str, str]) -> Action:
    """Return what a transition wants; an event that is no monitor's has none, but a type."""
    word = told["transition"].lower().removeprefix("re-")
    if not word:
        if told["type"].lower() not in _TYPES:
            raise InvalidError(f"The type is {told['type'][:40]!r}, not one that Datadog has")
        return _TYPES[told["type"].lower()]
    if word == "recovered":
        return Action.RESOLVE
    if word in _TRIGGERS:
        return Action.TRIGGER
    raise InvalidError(f"The transition is {told['transition'][:40]!r}, not one that we know")


def _severity(told: Mapping[str, str]) -> str:
    """Return the word: a warning is one whatever the priority; else the priority, else the type.

    Without a priority a monitor that alerts, or has no data, is an error.
    """
    if told["transition"].lower().removeprefix("re-") == "warn":
        return "warning"
    return told["priority"] or told["type"] or "error"


def tags_of(text: str) -> dict[str, str]:
    """Return tags by name; one that comes twice has both values, one without a value is true."""
    found: dict[str, list[str]] = {}
    for tag in text.split(","):
        name, _, value = tag.strip().partition(":")
        if name and len(found) < payloads.MOST_PAIRS:
            values = found.setdefault(name, [])
            if value not in values:
                values.append(value or "true")
    return {name: ",".join(values) for name, values in found.items()}
