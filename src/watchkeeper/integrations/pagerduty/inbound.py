"""PagerDuty's Events API v2, so that its senders change only the address.

Source: developer.pagerduty.com/docs/events-api-v2.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain import events, payloads
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import ADDRESS, KEY, Answer, Post, Refused, Snippet, Stored
from watchkeeper.changes.domain import events as changes
from watchkeeper.changes.domain.events import ChangeEvent, ChangeKind
from watchkeeper.changes.usecases import events as usecases
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

PATH = "/v2/enqueue"
CHANGES = "/v2/change/enqueue"
_ACTIONS = {
    "trigger": Action.TRIGGER, "acknowledge": Action.ACKNOWLEDGE, "resolve": Action.RESOLVE,
}  # fmt: skip
_SEVERITIES = {"critical", "error", "warning", "info"}
_RETRY_SECONDS = 5


_RECEIVER = f"""\
- name: watchkeeper
  pagerduty_configs:
    - url: {ADDRESS}
      routing_key: {KEY}
      send_resolved: true
"""
_CURL = f"""\
curl {ADDRESS} -H 'Content-Type: application/json' -d '{{
  "routing_key": "{KEY}", "event_action": "trigger", "dedup_key": "backup",
  "payload": {{"summary": "Backup failed", "severity": "error", "source": "db-1"}}}}'
"""


class PagerDutyDoor:
    """``/v2/enqueue`` and ``/v2/change/enqueue``, which one routing key opens."""

    kind = "pagerduty"
    address = PATH
    snippets = (
        Snippet("In alertmanager.yml, under receivers", _RECEIVER),
        Snippet("Anything that speaks the Events API v2", _CURL),
    )

    def knows(self, method: str, path: str) -> bool:
        """See ``alerts.ports.Door``."""
        return method == "POST" and path.rstrip("/") in {PATH, CHANGES}

    def key_of(self, post: Post) -> str:
        """See ``alerts.ports.Door``; in the body, or in the header that newer senders use."""
        try:
            body = strict_json.read(post.body)
        except InvalidError:
            body = None
        key = body.get("routing_key") if isinstance(body, Mapping) else None
        return key if isinstance(key, str) else post.headers.get("x-routing-key", "")

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Door``."""
        del settings
        body = payloads.mapping(strict_json.read(post.body), "the event")
        if _is_change(post, body):
            _change(post, body, service="")
            return ()
        action = _ACTIONS.get(str(body.get("event_action")))
        if action is None:
            raise InvalidError("'event_action' is missing or not trigger, acknowledge or resolve")
        key = payloads.text(body.get("dedup_key"), "dedup_key")
        if action is not Action.TRIGGER:
            if not key:
                raise InvalidError("'dedup_key' is missing or blank")
            return [events.make(action, key)]
        return [_trigger(body, key or uuid.uuid4().hex)]

    def keep(self, post: Post, *, sender: str, service: str, now: dt.datetime) -> None:
        """See ``alerts.ports.Keeper``."""
        body = strict_json.read(post.body)
        if isinstance(body, Mapping) and _is_change(post, body):
            usecases.keep([_change(post, body, service=service)], source=sender, now=now)

    def accepted(self, post: Post, stored: Stored) -> Answer:
        """See ``alerts.ports.Door``."""
        if stored.fault:
            return _invalid(stored.fault)
        if _is_change(post, {}):
            return Answer(202, {"status": "success", "message": "Change event processed"})
        body = {"status": "success", "message": "Event processed"}
        return Answer(202, body | {"dedup_key": stored.events[0].key})

    def refused(self, post: Post, why: Refused) -> Answer:
        """See ``alerts.ports.Door``; PagerDuty's clients retry 429."""
        del post
        if why is Refused.KEY:
            return _invalid("'routing_key' is missing, or no integration has it")
        body = {"status": "throttle exceeded", "message": f"Nothing was stored: {why.value}"}
        headers = {"Retry-After": str(_RETRY_SECONDS)}
        return Answer(429 if why is Refused.OVERLOADED else 503, body, headers)


def _is_change(post: Post, body: Mapping[str, Any]) -> bool:
    """Return whether a post is of a change; one that is read again has no path any more."""
    if post.path:
        return post.path.rstrip("/") == CHANGES
    return "payload" in body and "event_action" not in body


def _change(post: Post, body: Mapping[str, Any], *, service: str) -> ChangeEvent:
    """Return a change; what it has no field for is in ``custom_details``.

    Source: developer.pagerduty.com/docs/send-change-event.
    """
    payload = payloads.mapping(body.get("payload"), "payload")
    summary = payloads.text(payload.get("summary"), "payload.summary")
    if not summary.strip():
        raise InvalidError("'payload.summary' is missing or blank")
    details = payload.get("custom_details")
    labels = payloads.pairs(details, "custom_details") if isinstance(details, Mapping) else {}
    source = payloads.text(payload.get("source"), "payload.source")
    kind = labels.get("kind", "").lower()
    item = {
        "id": labels.get("id", ""),
        "title": summary,
        "kind": kind if kind in {each.value for each in ChangeKind} else "",
        "service": labels.get("service", ""),
        "at": payloads.text(payload.get("timestamp"), "payload.timestamp"),
        "url": _link(body.get("links")),
        "author": labels.get("author", ""),
        "labels": labels | ({"source": source} if source else {}),
    }
    return changes.read(item, service=service, received_at=post.received_at)


def _trigger(body: Mapping[str, Any], key: str) -> Event:
    payload = payloads.mapping(body.get("payload"), "payload")
    summary = payloads.text(payload.get("summary"), "payload.summary")
    if not summary.strip():
        raise InvalidError("'payload.summary' is missing or blank")
    severity = payloads.text(payload.get("severity"), "payload.severity")
    if severity not in _SEVERITIES:
        raise InvalidError(
            "'payload.severity' is invalid (must be critical, error, warning, info)"
        )
    details = payload.get("custom_details")
    labels = payloads.pairs(details, "custom_details") if isinstance(details, Mapping) else {}
    told = {name: payloads.text(payload.get(name), name) for name in _TOLD}
    return events.make(
        Action.TRIGGER,
        key,
        title=summary,
        severity=severity,
        service=labels.get("service") or told["component"],
        url=payloads.text(body.get("client_url"), "client_url") or _link(body.get("links")),
        runbook_url=labels.get("runbook_url", ""),
        description=labels.get("description", ""),
        labels=labels | {name: value for name, value in told.items() if value},
    )


_TOLD = ("source", "component", "group", "class")


def _link(links: Any) -> str:
    first = links[0] if isinstance(links, list) and links else None
    href = first.get("href") if isinstance(first, Mapping) else None
    return href if isinstance(href, str) else ""


def _invalid(why: str) -> Answer:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": [why]}
    return Answer(400, body)
