"""When a contact is called for several pages at once: the first goes out, what follows waits.

Pure: what waits, what the contact was told lately and the present go in; go or wait comes out.
Nothing is dropped, nothing goes before its time, and what was told to wait goes when it was told.

Source: oncall.md, section 3, 5: first page of a person immediate, later ones bundled for 60 to
120 s; a new service or severity breaks the bundle; throttling delays and shows, never deletes.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

FREE_CALLS = 5
"""Calls of a contact in one window that may follow each other at once, each with news."""

GAP = dt.timedelta(seconds=5)
"""From one call of a contact to the next, once there were that many."""

LATE = dt.timedelta(seconds=60)
"""What is due for longer comes after an outage, and more of it is about to come."""

SETTLE = dt.timedelta(seconds=2)
"""How long the first of what comes after an outage waits for the rest."""

STALE_TRIES = 3
"""After so many failed attempts a call is laid together with others that failed as often."""

MOST = 2000
"""Pages in one call."""

PREFIX = "bundle-"
_HIGH = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """A page that is due for a contact.

    Attributes:
        due_at: When it was due.
        service: Name of the service; may be empty.
        grade: How grave it is, see :func:`grade`.
        held_until: When it goes at the latest; ``None``: nobody has told it to wait yet.
    """

    due_at: dt.datetime
    service: str
    grade: int
    held_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A call of the contact that arrived, or is under way.

    Attributes:
        at: When it began.
        grades: The gravest thing that it told of each service.
    """

    at: dt.datetime
    grades: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the pages that wait.

    Attributes:
        wait_until: When they go; ``None``: now, all in one call.
        reason: Why they wait, for people; empty: they do not.
    """

    wait_until: dt.datetime | None
    reason: str = ""


GO = Decision(None)


def grade(urgency: str, rank: int) -> int:
    """Return how grave a page is: any of high urgency is graver than any of low.

    Args:
        urgency: ``high`` or ``low``.
        rank: Of its severity, 0 to 9; higher is worse.
    """
    return (_HIGH if urgency == "high" else 0) + rank


def decide(
    waiting: Sequence[Waiting],
    calls: Iterable[Told],
    *,
    window: dt.timedelta,
    now: dt.datetime,
) -> Decision:
    """Return whether the pages that wait for one contact go now, in one call, or later.

    Args:
        waiting: What is due; not empty.
        calls: What the contact was told lately; calls that failed are left out.
        window: How long what follows a call is gathered.
        now: The present.
    """
    recent = [told for told in calls if now - window < told.at <= now]
    if not recent:
        return _after_silence(waiting, now=now)
    last = max(told.at for told in recent)
    if any(each.held_until is not None and each.held_until <= now for each in waiting):
        return _from(last + GAP, now, "it goes 5 s after the call before it")
    if any(_is_news(each, recent) for each in waiting):
        if len(recent) < FREE_CALLS:
            return GO
        return _from(last + GAP, now, "it goes 5 s after the call before it")
    return _from(last + window, now, "it goes in one call with what else comes until then")


def _after_silence(waiting: Sequence[Waiting], *, now: dt.datetime) -> Decision:
    is_late = any(each.due_at <= now - LATE for each in waiting)
    if is_late and all(each.held_until is None for each in waiting):
        return Decision(now + SETTLE, "it is late, as others are: all go in one call")
    return GO


def _from(moment: dt.datetime, now: dt.datetime, reason: str) -> Decision:
    return GO if moment <= now else Decision(moment, reason)


def _is_news(each: Waiting, recent: Sequence[Told]) -> bool:
    """Return whether it tells of a service that was not told of, or of something graver there."""
    known = [told.grades[each.service] for told in recent if each.service in told.grades]
    return not known or each.grade > max(known)


def told(waiting: Iterable[Waiting]) -> dict[str, int]:
    """Return the gravest thing that one call tells of each service."""
    found: dict[str, int] = {}
    for each in waiting:
        found[each.service] = max(each.grade, found.get(each.service, 0))
    return found


def bundle_id(page_ids: Collection[str]) -> str:
    """Return the id of a call that tells of these pages: the same for the same pages."""
    text = "\n".join(sorted(page_ids))
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()[:24]
