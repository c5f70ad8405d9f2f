"""Rooms: what is told beside people: a channel of a chat, or the webhook of another system.

Nobody in particular is behind a room. It takes nothing, and telling it wakes nobody.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from watchkeeper.kernel.errors import Problem
from watchkeeper.notifications.domain import contacts

CHATS = ("slack", "teams", "ntfy")
CHANNELS = ("webhook", *CHATS)
PREFIX = "room:"
"""Begins the key of a room; no contact of a person can be named so."""
LONGEST_NAME = 100
_KEY_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Room:
    """Where nobody in particular is told.

    Attributes:
        channel: One of :data:`CHANNELS`.
        address: As a contact of that channel has it; of a Slack channel its id.
        name: What people call it; empty: see :attr:`title`.
    """

    channel: str
    address: str
    name: str = ""

    @property
    def title(self) -> str:
        """What people call it: its name, or as much of the address as everybody may see."""
        if self.name or self.channel == "slack":
            return self.name or self.address
        return _host(self.address) or self.channel

    @property
    def masked(self) -> str:
        """As much of the address as everybody may see; never what is an address itself."""
        if self.channel == "slack":
            return self.address
        host = _host(self.address)
        return f"… on {host}" if host else "…"


def _host(address: str) -> str:
    return urlsplit(address).hostname or "" if "://" in address else ""


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """A room as it is wanted.

    Attributes:
        room: The room.
        secret: What signs what a webhook is sent; ``None``: as it is, or made anew.
        path: Where it is written, for faults.
    """

    room: Room
    secret: str | None = None
    path: str = ""


def key_of(holder: str, room: Room) -> str:
    """Return what a room is kept under: one address is one room of its holder, however named.

    Rooms of two holders are apart even where the address is one: what an admin trusts in one
    place is not trusted for whoever writes it in another.

    Args:
        holder: What tells it, as ``policy shop``.
        room: The room.
    """
    text = "\n".join((holder, room.channel, room.address))
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]


def is_key(contact: str) -> bool:
    """Return whether the contact of a delivery is a room."""
    return contact.startswith(PREFIX)


def faults(spec: RoomSpec) -> Iterator[Problem]:
    """Yield what is wrong with a room, with paths inside it."""
    room = spec.room
    if room.channel not in CHANNELS:
        known = ", ".join(CHATS)
        yield Problem(f"channel is one of {known}, not {room.channel[:40]}", path="channel")
        return
    fault = contacts.address_fault(room.channel, room.address)
    if fault:
        yield Problem(fault, path="address")
    if len(room.name) > LONGEST_NAME or not room.name.isprintable():
        message = f"a room's name is one line of at most {LONGEST_NAME} characters"
        yield Problem(message, path="name")
    if spec.secret is not None and room.channel != "webhook":
        yield Problem("only a webhook has a secret", path="secret")
