"""What alerts asks of those who know a sender, and of those who know what helps.

Wired in ``WATCHKEEPER_INTAKES`` and ``WATCHKEEPER_ALERT_CONTEXTS``.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from watchkeeper.alerts.domain.events import Event
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError

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
        is_vouched: Whether a person lets it be read again, so that nothing is to be proved.
    """

    method: str
    path: str
    body: bytes
    received_at: dt.datetime
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    query: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    is_vouched: bool = False


class TurnedAwayError(InvalidError):
    """A post is refused though its key is right; nothing of it is kept.

    ``is_passing``: the same post may be taken later.
    """

    code = "turned_away"

    def __init__(self, message: str, *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


@dataclass(frozen=True, slots=True)
class Errand:
    """What has to be done outside because of a post, once that is stored.

    Attributes:
        kind: Of the due work.
        key: Which one of the kind; the same errand twice is one.
        payload: What is to be known to run it.
    """

    kind: str
    key: str
    payload: Mapping[str, Any]


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
        is_decided: Whether it has its verdicts; false: it waits for them, as storms do.
    """

    id: str
    events: tuple[Told, ...]
    fault: str = ""
    is_decided: bool = True


class Reader(Protocol):
    """Reads what one kind of sender posts to ``/in/<kind>/<key>``."""

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """Return the events in ``post``, in the order in which they happened.

        Args:
            post: What came.
            settings: The integration's settings.

        Raises:
            InvalidError: it is not what this kind of sender posts; the text says why.
            TurnedAwayError: it cannot be told whose it is.
        """
        ...


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to paste at the sender.

    Attributes:
        label: What it is and where it goes, in words.
        text: What to paste; :data:`ADDRESS`, :data:`KEY` and :data:`BASE` stand for the
            integration's address, its key and the beginning of our addresses.
    """

    label: str
    text: str


ADDRESS, KEY, BASE = "@ADDRESS@", "@KEY@", "@BASE@"


@runtime_checkable
class Teaching(Protocol):
    """A reader or a door that knows how its sender is set up."""

    @property
    def snippets(self) -> Sequence[Snippet]:
        """What to paste, in order."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """A reader that may have to ask outside before it can read; never where posts are stored."""

    def lacks(self, post: Post) -> bool:
        """Return whether :meth:`prepare` is needed; asks nobody."""
        ...

    def prepare(self, post: Post) -> None:
        """Fetch and remember what reading ``post`` needs; a failure is told by reading."""
        ...


@runtime_checkable
class Running(Protocol):
    """A reader whose posts may ask for something to be done outside."""

    def errand(self, post: Post) -> Errand | None:
        """Return what ``post`` asks for; ``None``: nothing.

        Raises:
            TurnedAwayError: it may not ask that.
        """
        ...


@runtime_checkable
class Keeper(Protocol):
    """A door whose posts hold more than events of alerts."""

    def keep(self, post: Post, *, sender: str, service: str, now: dt.datetime) -> None:
        """Keep what else stands in ``post``, in the transaction that stores it.

        Called for what could be read, maybe more than once where a commit did not succeed.

        Args:
            post: What came.
            sender: Name of the integration.
            service: The service that it is for where ``post`` names none; may be empty.
            now: The present.
        """
        ...


@runtime_checkable
class Forwarding(Protocol):
    """A door that takes in what counts on another integration's account than its key's."""

    def named(self, post: Post) -> tuple[str, str] | None:
        """Return kind and name of the integration that ``post`` is for; ``None``: the key's."""
        ...

    def unknown(self, post: Post) -> Answer:
        """Return what a sender is told who names none that there is, or none of theirs."""
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


@dataclass(frozen=True, slots=True)
class ContextItem:
    """Something that helps with an alert, as an open incident or what ended it the last time.

    Attributes:
        kind: What sort, as ``incident``.
        title: One line.
        detail: More words; may be empty.
        url: Where more stands; may be empty.
        at: When it was; ``None``: it goes on, or has no time.
    """

    kind: str
    title: str
    detail: str = ""
    url: str = ""
    at: dt.datetime | None = None


class AlertContext(Protocol):
    """What a slice above knows that helps with an alert; made without arguments.

    Asked in a thread of its own and with a deadline: who is late is left out of the screen.

    Attributes:
        name: What it tells of, in words, as ``incidents``.
    """

    name: str

    def about(
        self, alert: str, /, *, service: str, actor: Actor, now: dt.datetime
    ) -> Sequence[ContextItem]:
        """Return what helps, of what ``actor`` may read, the most helpful first."""
        ...
