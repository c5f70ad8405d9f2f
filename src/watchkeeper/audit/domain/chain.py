"""The chain: each entry is sealed with a key over its content and the seal before it.

Source: HMAC, RFC 2104, with SHA-256. Whoever can write to the database but has no key can
neither change, remove nor swap an entry without breaking a seal; entries cut off at the end are
told by the head, which is signed and kept in a second place.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as the chain sees it.

    Attributes:
        number: Its place, from 1.
        content: Everything that is stored of it but the seals.
        previous: Seal of the entry before; of the first, :data:`START`.
        seal: Its own.
    """

    number: int
    content: Mapping[str, Any]
    previous: str
    seal: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and why, in a sentence."""

    number: int
    reason: str


def seal(*, key: bytes, number: int, content: Mapping[str, Any], previous: str) -> str:
    """Return the seal of an entry, in hex.

    Args:
        key: 32 secret bytes.
        number: Its place.
        content: Plain JSON values.
        previous: Seal of the entry before.
    """
    text = json.dumps([number, content, previous], sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def head_seal(*, key: bytes, count: int, last: str) -> str:
    """Return the seal of the head: how many entries there are and the last one's seal."""
    text = f"head:{count}:{last}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def verify(
    links: Iterable[Link], *, key: bytes, count: int, last: str, first: int = 1, start: str = START
) -> Break | None:
    """Return the first place where the chain does not hold; ``None`` if it is whole.

    Args:
        links: All entries, in order.
        key: The key that sealed them.
        count: How many entries the head tells of, those before ``first`` included.
        last: The last seal the head tells of.
        first: Number of the first entry that is kept.
        start: Seal before it.
    """
    expected, previous = first, start
    for link in links:
        if link.number != expected:
            return Break(expected, f"entry {expected} is missing")
        if link.previous != previous:
            return Break(link.number, f"entry {link.number} does not follow the one before it")
        wanted = seal(key=key, number=link.number, content=link.content, previous=link.previous)
        if not hmac.compare_digest(wanted, link.seal):
            return Break(link.number, f"entry {link.number} was changed")
        expected, previous = expected + 1, link.seal
    if expected - 1 != count:
        return Break(expected, f"{count - expected + 1} entries are cut off at the end")
    return None if previous == last else Break(count, "the last entry is not the head's")
