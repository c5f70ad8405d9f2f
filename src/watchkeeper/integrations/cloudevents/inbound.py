"""CloudEvents 1.0 over HTTP: structured, binary and batch.

Source: github.com/cloudevents/spec, v1.0.2: spec.md, formats/json-format.md and
bindings/http-protocol-binding.md.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from watchkeeper.alerts.domain import generic, payloads
from watchkeeper.alerts.domain.events import Event
from watchkeeper.alerts.ports import ADDRESS, Post, Snippet
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

MOST_EVENTS = 10_000
_HEADER = "ce-"
_STRUCTURED = "application/cloudevents"
_BATCH = "application/cloudevents-batch"
_NEEDED = ("id", "source", "type")
_Attributes = Mapping[str, Any]


_TRY = f"""\
curl -H 'Content-Type: application/cloudevents+json' {ADDRESS} -d '{{
  "specversion": "1.0", "id": "1", "source": "/disks", "type": "org.example.disk",
  "data": {{"title": "Disk full", "severity": "critical"}}}}'
"""


class CloudEventsReader:
    """Reads one event per CloudEvent; its data by the rules of a generic integration."""

    snippets = (
        Snippet("The sink of a trigger or a subscription", ADDRESS),
        Snippet("Try it", _TRY),
    )

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``; ``settings.mapping`` says where each field stands."""
        rules = payloads.mapping(settings.get("mapping"), "mapping")
        return [_event(attributes, data, rules) for attributes, data in _events(post)]


def _events(post: Post) -> list[tuple[_Attributes, Any]]:
    """Return the attributes and the data of each CloudEvent in ``post``."""
    kind = post.content_type.partition(";")[0].strip().lower()
    if kind.startswith(_BATCH):
        return [_structured(each) for each in _listed(_json_of(post, kind))]
    if kind.startswith(_STRUCTURED):
        return [_structured(_json_of(post, kind))]
    if f"{_HEADER}specversion" in post.headers:
        return [_binary(post, kind)]
    raise InvalidError(
        f"This is no CloudEvent: its Content-Type is {kind[:80]!r}, not {_STRUCTURED}+json or "
        f"{_BATCH}+json, and it has no header {_HEADER}specversion"
    )


def _json_of(post: Post, kind: str) -> Any:
    if not kind.endswith("+json"):
        raise InvalidError(f"Of CloudEvents only JSON is taken, not {kind[:80]!r}")
    return strict_json.read(post.body)


def _listed(body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise InvalidError("A batch of CloudEvents is a list")
    if len(body) > MOST_EVENTS:
        raise InvalidError(f"More than {MOST_EVENTS} events in one post")
    return body


def _structured(event: Any) -> tuple[_Attributes, Any]:
    if not isinstance(event, Mapping):
        raise InvalidError("A CloudEvent is an object")
    attributes = {name: each for name, each in event.items() if name not in _DATA}
    if event.get("data") is not None:
        return attributes, event["data"]
    packed = payloads.text(event.get("data_base64"), "data_base64")
    try:
        raw = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("data_base64 is not Base64") from error
    return attributes, _data(raw, payloads.text(event.get("datacontenttype"), "datacontenttype"))


_DATA = ("data", "data_base64")


def _binary(post: Post, kind: str) -> tuple[_Attributes, Any]:
    attributes: dict[str, Any] = {
        name.removeprefix(_HEADER): unquote(value)
        for name, value in post.headers.items()
        if name.startswith(_HEADER)
    }
    if not all(strict_json.is_storable(value) for value in attributes.values()):
        raise InvalidError("A CloudEvents header holds a NUL character or half a character")
    return attributes | {"datacontenttype": kind}, _data(post.body, kind)


def _data(raw: bytes, content_type: str) -> Any:
    """Return data as JSON values where it says that it is JSON; else nothing that has fields."""
    kind = content_type.partition(";")[0].strip().lower()
    is_json = not kind or kind.endswith(("/json", "+json"))
    return strict_json.read(raw) if raw and is_json else None


def _event(attributes: _Attributes, data: Any, rules: Mapping[str, Any]) -> Event:
    """Return one CloudEvent as an event."""
    if payloads.text(attributes.get("specversion"), "specversion") != "1.0":
        raise InvalidError("specversion is not 1.0; no other version of CloudEvents is taken")
    told = {name: payloads.text(attributes.get(name), name) for name in (*_NEEDED, "subject")}
    for name in _NEEDED:
        if not told[name]:
            raise InvalidError(f"A CloudEvent needs {name}")
    fields = dict(data) if isinstance(data, Mapping) else {}
    item = _plain(fields, rules) | {"ce": dict(attributes), "data": data}
    if payloads.at(item, str(rules.get("key") or "")) is None and not _is_fixed(rules, "key"):
        rules = {name: rule for name, rule in rules.items() if name != "key"}
        item["key"] = "|".join((told["source"], told["subject"], told["type"]))
    if not item.get("title"):
        item["title"] = f"{told['type']} {told['subject']}".strip()
    event = generic.event_of(item, rules)
    labels = {name: told[name] for name in ("source", "type", "subject") if told[name]}
    return replace(
        event,
        labels={**event.labels, **labels},
        message=json.dumps([told["source"], told["id"]], ensure_ascii=False),
    )


def _is_fixed(rules: Mapping[str, Any], name: str) -> bool:
    return str(rules.get(name, "")).startswith("=")


def _plain(fields: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return data without what only happens to bear a field's name, as an object ``status``."""
    kept = {}
    for name, value in fields.items():
        wanted = Mapping if name == "labels" else str | int | float | None
        is_ours = name in generic.FIELDS and name not in rules
        if not is_ours or isinstance(value, wanted):
            kept[name] = value
    return kept
