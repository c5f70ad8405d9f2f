"""What goes to the process that calls Apprise and what comes back, as JSON; and clean words."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import quote, unquote, unquote_plus

LONGEST_DETAIL = 300
MASK = "…"
_SHORTEST = 4
_PARTS = (re.compile(r"[^\s/?&=#]+"), re.compile(r"[\w.~-]+"), re.compile(r"[A-Za-z0-9]+"))


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        address: Apprise's address, with its secrets.
        title: Subject, where the other side has one.
        body: Text.
        internal: Whether it may lead to internal networks.
        allowed: Internal networks that everybody's addresses may reach.
    """

    address: str
    title: str
    body: str
    internal: bool
    allowed: tuple[str, ...]

    def write(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call.

    Attributes:
        is_accepted: Whether the other side took it.
        is_refused: Whether the address cannot be called from here, now or later.
        words: Why not; may hold secrets of the address.
    """

    is_accepted: bool
    is_refused: bool = False
    words: str = ""

    def write(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self))


def read_call(text: bytes) -> Call:
    """Return the call that :meth:`Call.write` wrote."""
    found = json.loads(text)
    return Call(**found | {"allowed": tuple(found["allowed"])})


def read_answer(text: bytes) -> Answer | None:
    """Return the answer in the last line of ``text``; ``None`` if there is none."""
    last = text.strip().rpartition(b"\n")[2]
    try:
        found = json.loads(last)
        return Answer(bool(found["is_accepted"]), bool(found["is_refused"]), str(found["words"]))
    except (ValueError, KeyError, TypeError):
        return None


def cleaned(text: str, *, address: str) -> str:
    """Return ``text`` in one line, with no part of ``address`` in it that could be a secret.

    Which part is one depends on the service: a token may stand where others have a host. So all
    parts of four characters and more go, in whatever form they are quoted.
    """
    line = " ".join(text.split())
    for part in sorted(set(_parts(address)), key=len, reverse=True):
        line = re.sub(re.escape(part), MASK, line, flags=re.IGNORECASE)
    return line[:LONGEST_DETAIL]


def _parts(address: str) -> Iterator[str]:
    rest = address.partition("://")[2]
    for form in (rest, unquote(rest), unquote_plus(rest)):
        for pattern in _PARTS:
            for part in pattern.findall(form):
                if len(part) >= _SHORTEST:
                    yield from (part, quote(part, safe=""))
