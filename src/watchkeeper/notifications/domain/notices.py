"""Notices: what a person is told beside pages, as that their shift begins. Nothing burns.

A notice goes to contacts that carry text. Nobody is called for one, and no machine that waits for
alerts is told, unless the person names that contact for it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.kernel import lengths
from watchkeeper.kernel.errors import Problem
from watchkeeper.notifications.domain import plan
from watchkeeper.notifications.domain.plan import Reach

TEXT = frozenset({"email", "slack", "teams", "ntfy", "sms", "apprise"})
LONGEST_BEFORE = dt.timedelta(days=1)
_SWITCHES = ("start", "end", "changes")
_FIELDS = (*_SWITCHES, "before", "contacts")


@dataclass(frozen=True, slots=True)
class NoticeSpec:
    """Which notices a person wants.

    Attributes:
        start: That their shift begins.
        end: That it is over.
        changes: That somebody else changed their shifts.
        before: How long before a shift begins they are told; at most a day.
        contacts: By which of their contacts; empty: those that their low rules call first.
    """

    start: bool = True
    end: bool = False
    changes: bool = True
    before: dt.timedelta = dt.timedelta(minutes=15)
    contacts: tuple[str, ...] = ()


USUAL = NoticeSpec()


def shape(data: Any, path: str) -> Iterator[Problem]:
    """Yield what is wrong with the shape of notices in a document."""
    if not isinstance(data, Mapping):
        yield Problem(f"notices has {', '.join(_FIELDS)}", path)
        return
    for name in data:
        if name not in _FIELDS:
            yield Problem(f"{name} is not a field here: {', '.join(_FIELDS)}", f"{path}.{name}")
    for name in _SWITCHES:
        if not isinstance(data.get(name, True), bool):
            yield Problem(f"{name} is true or false", f"{path}.{name}")
    before = lengths.read(data.get("before", "15m"))
    if before is None or before > LONGEST_BEFORE:
        yield Problem("before is a length of at most 1d, as 15m", f"{path}.before")
    names = data.get("contacts", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield Problem("contacts is a list of names", f"{path}.contacts")


def read(data: Mapping[str, Any]) -> NoticeSpec:
    """Return the notices of a document whose shape is right; what is left out is as usual."""
    return NoticeSpec(
        **{name: data[name] for name in _SWITCHES if name in data},
        before=lengths.read(data.get("before", "15m")) or dt.timedelta(),
        contacts=tuple(data.get("contacts", ())),
    )


def write(spec: NoticeSpec) -> dict[str, Any]:
    """Return notices as a document has them: only what is not as usual."""
    found: dict[str, Any] = {
        name: getattr(spec, name)
        for name in _SWITCHES
        if getattr(spec, name) is not getattr(USUAL, name)
    }
    if spec.before != USUAL.before:
        found["before"] = lengths.write(spec.before)
    if spec.contacts:
        found["contacts"] = list(spec.contacts)
    return found


def contacts_for(spec: NoticeSpec, reach: Reach, *, wired: frozenset[str]) -> list[str]:
    """Return the contacts that a notice goes to; empty: the person has none for it.

    Args:
        spec: What the person wants.
        reach: How they can be reached.
        wired: Channels that work here.
    """
    usable = {c.name: c for c in reach.contacts if plan.is_usable(c, wired)}
    if spec.contacts:
        return [name for name in spec.contacts if name in usable]
    text = [name for name, contact in usable.items() if contact.channel in TEXT]
    rules = [(after, name) for name, after in reach.rules.get("low", ()) if name in text]
    if not rules:
        return text[:1]
    first = min(after for after, _ in rules)
    return list(dict.fromkeys(name for after, name in rules if after == first))
