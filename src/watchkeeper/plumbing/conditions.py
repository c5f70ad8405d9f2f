"""What can be wrong with the installation itself, as any node sees it in the database."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from watchkeeper.plumbing import due_work, pulse

_MS = 1000
_NEVER_CAME_BACK_MS = 3_600_000
_WORDS = {
    "undecided": "posts to be decided",
    "escalation": "escalations",
    "delivery": "pages to be sent",
    pulse.JOB: "jobs",
    pulse.PROBE: "the pager's loops",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong.

    Attributes:
        name: What, the same as long as it lasts.
        detail: What was found, in a sentence.
    """

    name: str
    detail: str


class Concern(Protocol):
    """What a slice knows to be wrong with the installation."""

    def __call__(self, *, now: dt.datetime) -> Iterable[Condition]:
        """Return what is wrong at ``now``."""
        ...


def found(*, stall_ms: int, now: dt.datetime) -> list[Condition]:
    """Return what is wrong now; one cause is told once, not each of its effects.

    Args:
        stall_ms: How old a beat, and how late due work, may be.
        now: The present.
    """
    dead = _engines(stall_ms)
    if dead is not None:
        return [dead]
    conditions = [*_nodes(stall_ms), *_lags(stall_ms), *_given_up(), *_stuck(pulse.stuck())]
    for path in settings.WATCHKEEPER_CONCERNS:
        concern: Concern = import_string(path)
        conditions += concern(now=now)
    return conditions


def in_the_way_of_pages(*, stall_ms: int) -> list[Condition]:
    """Return what keeps pages from going out, as far as this database knows.

    A contact that fails, a person without one, or a job of housekeeping does not: the switch
    outside must not cry of that.
    """
    dead = _engines(stall_ms)
    if dead is not None:
        return [dead]
    stuck = [row for row in pulse.stuck() if row[0] != pulse.JOB]
    return [*_lags(stall_ms), *_stuck(stuck)]


def _engines(stall_ms: int) -> Condition | None:
    age = pulse.last_beat_age_ms()
    if age is None:
        return Condition("engine", "No engine has run on this database: nobody is paged")
    if age > stall_ms:
        detail = f"No engine has beaten for {age // _MS} s: nobody is paged until one runs"
        return Condition("engine", detail)
    return None


def _nodes(stall_ms: int) -> Iterable[Condition]:
    """Yield the engines that fell silent and that none of the same machine took the place of."""
    nodes = pulse.nodes()
    for node in nodes:
        if not stall_ms < node.beat_age_ms < _NEVER_CAME_BACK_MS:
            continue
        if any(n.host == node.host and n.started_ms > node.started_ms for n in nodes):
            continue
        detail = f"Engine {node.name} has not beaten for {node.beat_age_ms // _MS} s"
        yield Condition(f"node {node.name}", f"{detail}; others carry on")


def _lags(stall_ms: int) -> Iterable[Condition]:
    for kind, waits_ms in pulse.lags().items():
        if waits_ms > stall_ms:
            what = _WORDS.get(kind, f"work of kind {kind}")
            detail = (
                f"The oldest of {what} has been due for {waits_ms // _MS} s and nobody does it"
            )
            yield Condition(f"lag {kind}", detail)


def _given_up() -> Iterable[Condition]:
    rows = due_work.quarantined()
    if rows:
        kind, key, error = rows[0]
        detail = f"{len(rows)} pieces of due work were given up, as {kind} {key}: {error}"
        yield Condition("quarantine", detail)


def _stuck(rows: Sequence[tuple[str, str, str]]) -> Iterable[Condition]:
    if rows:
        kind, key, error = rows[0]
        detail = f"{len(rows)} pieces of due work fail again and again, as {kind} {key}: {error}"
        yield Condition("failing", detail)
