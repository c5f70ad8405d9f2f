"""Schedules from short words, read by the same reader that the product uses."""

import datetime as dt
from typing import Any

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import documents, resolver
from watchkeeper.oncall.domain.schedule import Schedule


def spec_document(name: str = "primary", **spec: Any) -> Document:
    """Return a schedule's document; ``spec`` replaces fields of a weekly one."""
    whole = {"timeZone": "UTC", "layers": [layer()]} | spec
    data = {
        "apiVersion": "watchkeeper/v1",
        "kind": "Schedule",
        "metadata": {"name": name},
        "spec": whole,
    }
    return Document(data, file="schedule.yaml")


def layer(name: str = "base", *, restrictions: Any = None, **rotation: Any) -> dict[str, Any]:
    """Return a layer that turns weekly between alice and bob; ``rotation`` replaces fields."""
    turning = {
        "unit": "week",
        "start": "2026-01-05T09:00:00",
        "members": ["alice", "bob"],
    } | rotation
    found: dict[str, Any] = {"name": name, "rotation": turning}
    if restrictions is not None:
        found["restrictions"] = restrictions
    return found


def schedule(**spec: Any) -> Schedule:
    """Return a schedule; see :func:`spec_document`."""
    return documents.read(spec_document(**spec)).schedule


def utc(text: str) -> dt.datetime:
    """Return an instant from ``2026-01-05 09:00``, in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def entries(wanted: Schedule, start: str, end: str) -> list[tuple[str, str, str, str]]:
    """Return entries as short words: from, to, people, layer."""
    return [
        (f"{e.start:%m-%d %H:%M}", f"{e.end:%m-%d %H:%M}", "+".join(e.people), e.layer)
        for e in resolver.resolve(wanted, Interval(utc(start), utc(end)))
    ]
