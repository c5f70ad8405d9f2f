"""Codes that prove that a person answers at a contact, and how many may be sent.

A code is worked out from its id under the installation's key, so that none is stored anywhere.

Source: reliability.md, S30: phone numbers are verified before use, with a guard on what they cost.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

LIFE = dt.timedelta(minutes=15)
"""How long a code is good."""

MOST_TRIES = 5
"""How often a code may be guessed."""

PREFIX = "verify-"
_DIGITS = 6
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_LIMITS = (
    ("person", _HOUR, 5, "5 codes in an hour"),
    ("person", _DAY, 15, "15 codes in a day"),
    ("place", _HOUR, 3, "3 codes in an hour to one address"),
    ("place", _DAY, 6, "6 codes in a day to one address"),
)
KEPT = _DAY
"""How long is remembered what was sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A code that was sent.

    Attributes:
        at: When.
        person: Id of the person for whom.
        place: What stands for channel and address.
    """

    at: dt.datetime
    person: int
    place: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no code is sent now.

    Attributes:
        words: The limit, as ``5 codes in an hour``.
        wait: How long until one may be sent.
    """

    words: str
    wait: dt.timedelta


def code_of(page_id: str, *, key: bytes) -> str:
    """Return the six digits that the page of that id carries."""
    made = hmac.new(key, f"code {page_id}".encode(), hashlib.sha256).digest()
    return str(int.from_bytes(made[:8], "big") % 10**_DIGITS).zfill(_DIGITS)


def place_of(channel: str, address: str, *, key: bytes) -> str:
    """Return what stands for an address: the same for the same one, however it is written.

    Text messages and calls of one number are one place: both cost.
    """
    kind = "phone" if channel in {"sms", "voice"} else channel
    text = f"place {kind} {address.strip().lower()}".encode("utf-8", "replace")
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]


def refusal(sent: Iterable[Sent], *, person: int, place: str, now: dt.datetime) -> Refusal | None:
    """Return why no code is sent now; ``None``: one may be.

    Args:
        sent: Codes of the last day, for this person or to this place.
        person: For whom.
        place: Where to.
        now: The present.
    """
    codes = list(sent)
    for kind, span, most, words in _LIMITS:
        of_kind = [
            each.at
            for each in codes
            if (each.person == person if kind == "person" else each.place == place)
            and now - span < each.at <= now
        ]
        if len(of_kind) >= most:
            oldest = sorted(of_kind)[-most]
            return Refusal(words, oldest + span - now)
    return None


def is_right(given: str, page_id: str, *, key: bytes) -> bool:
    """Return whether what was typed is the code, blanks and dashes left out."""
    digits = "".join(each for each in given if each not in " -\t")
    return hmac.compare_digest(digits.encode(), code_of(page_id, key=key).encode())
