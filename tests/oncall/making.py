"""Kept schedules with dull defaults."""

import datetime as dt
from typing import Any

from tests.factories import HOST
from tests.oncall.domain.making import spec_document, utc
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.intervals import Interval
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.usecases import WantedOverride
from watchkeeper.plumbing.kinds import Change

MONDAY = utc("2026-03-02 12:00")


def save(
    document: Document | None = None,
    *,
    now: dt.datetime = MONDAY,
    origin: Origin = Origin.API,
    actor: Actor = HOST,
    **spec: Any,
) -> Change:
    """Save a schedule; ``spec`` replaces fields of a weekly one named primary."""
    wanted = document or spec_document(**spec)
    return usecases.save_schedule(actor=actor, document=wanted, origin=origin, now=now)


def override(
    start: str,
    end: str,
    person: str = "dave",
    *,
    now: dt.datetime = MONDAY,
    actor: Actor = HOST,
    **more: Any,
) -> int:
    """Let somebody stand in by hand."""
    wanted = WantedOverride("primary", utc(start), utc(end), person, **more)
    return usecases.add_override(actor=actor, wanted=wanted, now=now)


def shown(start: str, end: str, name: str = "primary") -> list[tuple[str, str, str, str]]:
    """Return entries as short words: from, to, people, layer."""
    found = queries.entries(name, Interval(utc(start), utc(end)))
    return [
        (f"{e.start:%m-%d %H:%M}", f"{e.end:%m-%d %H:%M}", "+".join(e.people), e.layer)
        for e in found
    ]


def now_on(at: str, name: str | None = None) -> dict[str, str]:
    """Return who is on call at an instant, by schedule."""
    return {one.schedule: "+".join(one.people) for one in queries.on_call(at=utc(at), name=name)}
