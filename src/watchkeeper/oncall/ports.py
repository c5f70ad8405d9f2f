"""What oncall asks of the slices above it: what is paged for, and by which policy."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Described:
    """A subject as it is now, as pages tell it.

    Attributes:
        id: Its id.
        key: Its dedup key.
        title: One line.
        service: Name of the service; may be empty.
        url: Where to see it.
        is_open: Whether it has not ended.
        severity: In one word; may be empty.
        rank: Of the severity, 0 to 9; higher is worse.
    """

    id: str
    key: str
    title: str
    service: str
    url: str
    is_open: bool
    severity: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A subject as a woken person sees it.

    Attributes:
        title: One line.
        service: Name of the service; may be empty.
        url: Where those who are signed in see all of it.
        is_open: Whether it has not ended.
        is_taken: Whether somebody took it.
        look: How its state looks, as ``crit``.
        words: Where it stands, as ``Acknowledged by alice``.
        description: Longer words; may be empty.
        severity: In one word; may be empty.
        since: When it began.
        runbook_url: What to do; may be empty.
    """

    title: str
    service: str
    url: str
    is_open: bool
    is_taken: bool
    look: str
    words: str
    description: str
    severity: str
    since: dt.datetime
    runbook_url: str


class PagedSubject(Protocol):
    """A kind of thing that people are paged for, named in ``WATCHKEEPER_SUBJECTS`` by kind.

    It is made without arguments.
    """

    def describe(self, ids: Sequence[str]) -> Mapping[str, Described]:
        """Return subjects by id; those that are unknown are left out."""
        ...

    def show(self, id: str) -> Shown | None:
        """Return one subject as a woken person sees it; ``None`` if it is unknown."""
        ...

    def acknowledge(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """Let ``actor`` take it, which stops its escalation."""
        ...

    def resolve(self, id: str, *, actor: Actor, now: dt.datetime) -> None:
        """End it, which stops its escalation."""
        ...


@dataclass(frozen=True, slots=True)
class PolicyUse:
    """Something that names an escalation policy.

    Attributes:
        kind: What it is, as ``route``, ``service`` or ``team``.
        name: Which one.
        url: Where to see it.
    """

    kind: str
    name: str
    url: str


class PolicyUses(Protocol):
    """Knows what names policies; a function, named in ``WATCHKEEPER_POLICY_USES``."""

    def __call__(self, policy: str, /) -> Sequence[PolicyUse]:
        """Return what names the policy, in order; whether there is such a policy or not."""
        ...
