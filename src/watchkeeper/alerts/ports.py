"""What alerts asks of those who know a sender; wired in ``WATCHKEEPER_INTAKES``."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol

from watchkeeper.alerts.domain.events import Event

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Post:
    """A request of a sender.

    Attributes:
        method: ``POST``, or ``GET`` where a sender can do no better.
        path: Its path, unquoted.
        body: Its body, unpacked.
        content_type: As the sender says.
        headers: By name in lower case.
        query: The first value of each name.
        received_at: When it came.
    """

    method: str
    path: str
    body: bytes
    received_at: dt.datetime
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    query: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told: a status, a JSON value, headers."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


class Refused(Enum):
    """Why a post is not taken in."""

    KEY = "no integration has this key"
    OVERLOADED = "too much is waiting to be stored"
    UNAVAILABLE = "it cannot be stored now"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one event.

    Attributes:
        id: Its id, as text.
        key: Its dedup key.
        verdict: In one word.
        reason: In a sentence.
        alert: Id of its alert, as text; empty: it has none.
    """

    id: str
    key: str
    verdict: str
    reason: str
    alert: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a post that is stored for good.

    Attributes:
        id: Id of the request, as text.
        events: Its events, in order.
        fault: Why it could not be read; empty: it could.
    """

    id: str
    events: tuple[Told, ...]
    fault: str = ""


class Reader(Protocol):
    """Reads what one kind of sender posts to ``/in/<kind>/<key>``."""

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """Return the events in ``post``, in the order in which they happened.

        Args:
            post: What came.
            settings: The integration's settings.

        Raises:
            InvalidError: it is not what this kind of sender posts; the text says why.
        """
        ...


class Door(Protocol):
    """A way in with addresses, keys and answers of its own.

    Attributes:
        kind: The kind of integrations that come by it.
        address: The path that senders are told.
    """

    kind: str
    address: str

    def knows(self, method: str, path: str) -> bool:
        """Return whether requests of ``method`` at ``path`` come by this door."""
        ...

    def key_of(self, post: Post) -> str:
        """Return the integration's key that ``post`` carries; empty: none."""
        ...

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """Return the events in ``post``; see :class:`Reader`."""
        ...

    def accepted(self, post: Post, stored: Stored) -> Answer:
        """Return what a sender is told whose post is stored."""
        ...

    def refused(self, post: Post, why: Refused) -> Answer:
        """Return what a sender is told whose post is not stored."""
        ...
