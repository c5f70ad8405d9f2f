"""What changed: a deploy, a flag, a piece of configuration; told by whoever changed it."""

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from watchkeeper.kernel.errors import InvalidError, Problem

LONGEST_KEY = 512
LONGEST_TITLE = 1_024
LONGEST_URL = 2_000
LONGEST_NAME = 253
LONGEST_LABEL = 1_000
MOST_LABELS = 200
FIELDS = ("id", "title", "service", "kind", "at", "url", "author", "labels")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
_MILLISECONDS_FROM = 10_000_000_000
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class ChangeKind(Enum):
    """What sort of change it is."""

    DEPLOY = "deploy"
    FLAG = "flag"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One change.

    Attributes:
        key: What makes two tellings of it one, for the sender.
        title: One line for people.
        kind: What sort.
        at: When it took place.
        service: Name of the service; empty: none is named.
        url: Where more stands; empty: nowhere.
        author: Who did it, as the sender says; may be empty.
        labels: The sender's pairs.
    """

    key: str
    title: str
    kind: ChangeKind
    at: dt.datetime
    service: str = ""
    url: str = ""
    author: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)


def read(item: Any, *, service: str, received_at: dt.datetime) -> ChangeEvent:
    """Return the change that a sender tells.

    One without an id that says when it took place is known by all that it says, so that a second
    delivery is not a second change; one that says neither is taken as it comes.

    Args:
        item: What came: fields ``id, title, service, kind, at, url, author, labels``.
        service: Name of the service where it names none.
        received_at: When it came, which is when it took place where it does not say.

    Raises:
        InvalidError: it has no title, or a field is not what it has to be.
    """
    if not isinstance(item, Mapping):
        raise InvalidError("A change is an object with a title")
    title = " ".join(_text(item, "title", LONGEST_TITLE).split())
    if not title:
        raise _fault("a change needs a title", "title")
    told_at = _moment(item.get("at"))
    key = _text(item, "id", LONGEST_KEY)
    if not key:
        key = uuid.uuid4().hex if told_at is None else _digest(item)
    return ChangeEvent(
        key=key,
        title=title,
        kind=_kind(_text(item, "kind", 40)),
        at=told_at or received_at,
        service=_text(item, "service", LONGEST_NAME) or service,
        url=_web(_text(item, "url", LONGEST_URL)),
        author=_text(item, "author", LONGEST_NAME),
        labels=_labels(item.get("labels")),
    )


def _text(item: Mapping[str, Any], name: str, longest: int) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = json.dumps(value)
    if not isinstance(value, str):
        raise _fault(f"{name} is not a text", name)
    if len(value) > longest:
        raise _fault(f"{name} has more than {longest} characters", name)
    return value.strip()


def _kind(word: str) -> ChangeKind:
    try:
        return ChangeKind(word.lower()) if word else ChangeKind.DEPLOY
    except ValueError:
        known = ", ".join(each.value for each in ChangeKind)
        raise _fault(f"the kind is {word[:40]!r}, not one of {known}", "kind") from None


def _moment(value: Any) -> dt.datetime | None:
    """Return an instant from RFC 3339, or seconds or milliseconds since 1970."""
    if value is None or value == "":
        return None
    message = f"at is no time, as 2026-03-02T00:00:00Z: {str(value)[:40]!r}"
    try:
        found = _instant(value)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise _fault(message, "at") from error
    if not _EARLIEST <= found <= _LATEST:
        raise _fault(message, "at")
    return found


def _instant(value: Any) -> dt.datetime:
    if isinstance(value, str):
        found = dt.datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    if isinstance(value, bool):
        raise TypeError("a truth value is no time")
    seconds = float(value)
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _labels(value: Any) -> Mapping[str, str]:
    if value is None:
        return _NO_LABELS
    if not isinstance(value, Mapping) or len(value) > MOST_LABELS:
        raise _fault(f"labels is an object of at most {MOST_LABELS} fields", "labels")
    return {
        str(name)[:LONGEST_LABEL]: _worded(each)[:LONGEST_LABEL] for name, each in value.items()
    }


def _worded(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _digest(item: Mapping[str, Any]) -> str:
    told = json.dumps(item, sort_keys=True, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(told.encode()).hexdigest()


def _web(url: str) -> str:
    """Return ``url`` if it is one that a person may follow; else nothing."""
    return url if url.startswith(("http://", "https://")) else ""


def _fault(detail: str, path: str) -> InvalidError:
    return InvalidError(detail, [Problem(detail, path=path)])
