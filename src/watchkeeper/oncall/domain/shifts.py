"""Shifts as a person has them: what touches is one, whatever layer or override says so.

A shift that a change of clocks, a layer, an override or a colleague's shift cuts in pieces is one
shift for whoever is on all the time.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain.schedule import Entry

Shifts = Mapping[str, tuple[Interval, ...]]
"""Each person's shifts in order, none touching another."""


def of_people(entries: Sequence[Entry]) -> Shifts:
    """Return the shifts of each person in some entries."""
    found: dict[str, list[Interval]] = {}
    for entry in entries:
        for person in entry.people:
            found.setdefault(person, []).append(Interval(entry.start, entry.end))
    return {person: Interval.merged(parts) for person, parts in found.items()}


def starts(shifts: Sequence[Interval], seen: Interval) -> list[dt.datetime]:
    """Return when shifts begin that were seen to begin: not where we began to look."""
    return [shift.start for shift in shifts if shift.start > seen.start]


def ends(shifts: Sequence[Interval], seen: Interval) -> list[dt.datetime]:
    """Return when shifts end that were seen to end: not where we ceased to look."""
    return [shift.end for shift in shifts if shift.end < seen.end]


def less(shifts: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """Return the time of ``shifts`` that is not in ``others``, in order.

    Args:
        shifts: In order, none touching another.
        others: The same.
    """
    found = []
    for shift in shifts:
        start = shift.start
        for other in others:
            if other.end <= start or other.start >= shift.end:
                continue
            if other.start > start:
                found.append(Interval(start, other.start))
            start = max(start, other.end)
        if start < shift.end:
            found.append(Interval(start, shift.end))
    return found


def changed(before: Shifts, after: Shifts) -> dict[str, tuple[list[Interval], list[Interval]]]:
    """Return what each person gained and lost; who has the same as before is left out."""
    found = {}
    for person in sorted({*before, *after}):
        old, new = before.get(person, ()), after.get(person, ())
        gained, lost = less(new, old), less(old, new)
        if gained or lost:
            found[person] = (gained, lost)
    return found
