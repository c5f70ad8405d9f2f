"""Messages that their sender delivers more than once: each counts once."""

import hashlib
from collections.abc import Iterable

from watchkeeper.alerts.models import InboundEvent
from watchkeeper.plumbing import writing

_EVENTS = InboundEvent._meta.db_table
_CHUNK = 500
Named = tuple[str, str]
"""The scope of a message, and the hash of its name; empty: its sender gives it none."""


def hash_of(name: str) -> str:
    """Return the hash under which a message's name is kept; empty where it has none."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest() if name else ""


class Heard:
    """Which messages came before, in other transactions and in this one."""

    def __init__(self) -> None:
        self._heard: set[Named] = set()

    def read(self, coming: Iterable[Named]) -> None:
        """Find out which of the messages that come now came before."""
        by_scope: dict[str, set[str]] = {}
        for scope, message in coming:
            if message:
                by_scope.setdefault(scope, set()).add(message)
        for scope, messages in by_scope.items():
            ordered = sorted(messages)
            for start in range(0, len(ordered), _CHUNK):
                part = ordered[start : start + _CHUNK]
                where, values = writing.one_by_one(
                    _EVENTS,
                    "message",
                    part,
                    where="NOT (message = '') AND scope = %s",
                    given=[scope],
                )
                found = writing.select(f"SELECT message FROM {_EVENTS} WHERE {where}", values)  # noqa: S608  fixed texts
                self._heard |= {(scope, message) for (message,) in found}

    def is_repeat(self, named: Named) -> bool:
        """Return whether a message came before; from now on it did."""
        if not named[1]:
            return False
        if named in self._heard:
            return True
        self._heard.add(named)
        return False
