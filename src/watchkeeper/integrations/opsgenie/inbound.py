"""Opsgenie's Alert and Heartbeat APIs, so that their senders change only the address.

Sources: docs.opsgenie.com/docs/alert-api, docs.opsgenie.com/docs/heartbeat-api.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from watchkeeper.alerts.domain import events, payloads
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import ADDRESS, BASE, KEY, Answer, Post, Refused, Snippet, Stored
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import heartbeats
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

_CREATE = re.compile(r"/v2/alerts/?\Z")
_ACT = re.compile(r"/v2/alerts/(.{1,600})/(close|acknowledge|notes)/?\Z")
_PING = re.compile(r"/v2/heartbeats/([^/]{1,253})/ping/?\Z")
_PING_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH"}
_ACTIONS = {"close": Action.RESOLVE, "acknowledge": Action.ACKNOWLEDGE, "notes": Action.NOTE}
_RETRY_SECONDS = 5
PONG = "PONG - Heartbeat received"


_RECEIVER = f"""\
- name: watchkeeper
  opsgenie_configs:
    - api_url: {BASE}/
      api_key: {KEY}
      send_resolved: true
"""
_CURL = f"""\
curl {ADDRESS} -H 'Authorization: GenieKey {KEY}' -H 'Content-Type: application/json' \\
  -d '{{"message": "Backup failed", "alias": "backup", "priority": "P2"}}'
"""
_PINGED = f"curl -fsS {BASE}/v2/heartbeats/backup/ping -H 'Authorization: GenieKey {KEY}'\n"


class OpsgenieDoor:
    """``/v2/alerts``, what is done to one of them, and pings of heartbeats."""

    kind = "opsgenie"
    address = "/v2/alerts"
    snippets = (
        Snippet("In alertmanager.yml, under receivers", _RECEIVER),
        Snippet("Anything that speaks the Alert API", _CURL),
        Snippet("A ping of the heartbeat integration backup", _PINGED),
    )

    def knows(self, method: str, path: str) -> bool:
        """See ``alerts.ports.Door``."""
        if _PING.match(path):
            return method in _PING_METHODS
        return method == "POST" and bool(_CREATE.match(path) or _ACT.match(path))

    def named(self, post: Post) -> tuple[str, str] | None:
        """See ``alerts.ports.Forwarding``: a ping is for the heartbeat in its address."""
        ping = _PING.match(post.path)
        return (heartbeats.KIND, unquote(ping[1])) if ping is not None else None

    def unknown(self, post: Post) -> Answer:
        """See ``alerts.ports.Forwarding``."""
        kind, name = self.named(post) or ("", "")
        return Answer(404, told(f"There is no {kind} {name[:80]!r} for this key; make one first"))

    def key_of(self, post: Post) -> str:
        """See ``alerts.ports.Door``; in the header, or in the query as some heartbeats do."""
        return key_in(post.headers.get("authorization", "")) or post.query.get("apiKey", "")

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Door``."""
        del settings
        if _PING.match(post.path):
            return [events.make(Action.PING, heartbeats.KEY, title="alive")]
        body = payloads.mapping(strict_json.read(post.body) if post.body else {}, "the body")
        act = _ACT.match(post.path)
        if act is None:
            return [_create(body)]
        key = key_named(unquote(act[1]), post.query.get("identifierType", "id"))
        note = payloads.text(body.get("note"), "note")
        return [events.make(_ACTIONS[act[2]], key, title=key, description=note)]

    def accepted(self, post: Post, stored: Stored) -> Answer:
        """See ``alerts.ports.Door``."""
        if stored.fault:
            message = "Request body is not processable. Please check the errors."
            errors = {"errors": {"message": stored.fault}}
            return Answer(422, told(message, stored.id) | errors)
        result = PONG if _PING.match(post.path) else "Request will be processed"
        body = {"result": result, "took": 0.0, "requestId": stored.id}
        return Answer(202, body)

    def refused(self, post: Post, why: Refused) -> Answer:
        """See ``alerts.ports.Door``; Opsgenie's clients retry 429."""
        del post
        if why is Refused.KEY:
            return Answer(401, told("Could not authenticate: no integration has this key"))
        headers = {"Retry-After": str(_RETRY_SECONDS)}
        status = 429 if why is Refused.OVERLOADED else 503
        return Answer(status, told(f"Nothing was stored: {why.value}"), headers)


def key_in(header: str) -> str:
    """Return the key in an Authorization header; empty: none."""
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "geniekey" else ""


def key_named(name: str, kind: str) -> str:
    """Return the dedup key of the alert that a sender names by alias, id or tiny id.

    Raises:
        InvalidError: there is no such kind of name, or no such alert.
    """
    if kind == "alias":
        return events.bounded_key(name)
    if kind not in {"id", "tiny"}:
        raise InvalidError("identifierType is id, alias or tiny")
    key = queries.key_of(name)
    if key is None:
        raise InvalidError(f"There is no alert {name[:80]!r}")
    return key


def told(message: str, request: str = "") -> dict[str, Any]:
    """Return a refusal as Opsgenie writes it."""
    return {"message": message, "took": 0.0, "requestId": request or uuid.uuid4().hex}


def _create(body: Mapping[str, Any]) -> Event:
    message = payloads.text(body.get("message"), "message")
    if not message.strip():
        raise InvalidError("Message can not be empty.")
    labels = payloads.pairs(body.get("details"), "details")
    tags = body.get("tags")
    listed = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    entity = payloads.text(body.get("entity"), "entity")
    source = payloads.text(body.get("source"), "source")
    more = {"tags": ",".join(listed), "entity": entity, "source": source}
    return events.make(
        Action.TRIGGER,
        payloads.text(body.get("alias"), "alias") or uuid.uuid4().hex,
        title=message,
        severity=payloads.text(body.get("priority"), "priority") or "P3",
        service=labels.get("service") or entity,
        url=source,
        runbook_url=labels.get("runbook_url", ""),
        description=payloads.text(body.get("description"), "description"),
        labels=labels | {name: value for name, value in more.items() if value},
    )
