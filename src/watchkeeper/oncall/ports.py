"""What oncall asks of the slices above it: what is paged for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Described:
    """A subject as it is now."""

    id: str
    key: str
    title: str
    service: str
    url: str
    is_open: bool


class PagedSubject(Protocol):
    """A kind of thing that people are paged for, named in ``WATCHKEEPER_SUBJECTS`` by kind.

    It is made without arguments.
    """

    def describe(self, ids: Sequence[str]) -> Mapping[str, Described]:
        """Return subjects by id; those that are unknown are left out."""
        ...

    def acknowledge(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """Let ``actor`` take it, which stops its escalation."""
        ...

    def resolve(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """End it, which stops its escalation."""
        ...
