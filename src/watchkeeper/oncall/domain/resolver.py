"""Who is on call: the one answer for pages, screens, the API, calendars and reports.

An instant and a stretch of time are decided by the same function (:func:`_decided`); only how the
layers are looked up differs. Laws: the two agree at every instant; the zone in which somebody
looks changes nothing; entries never overlap.
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import restrictions, rotations
from watchkeeper.oncall.domain.rotations import Segment
from watchkeeper.oncall.domain.schedule import (
    OVERRIDE,
    Entry,
    Layer,
    Override,
    People,
    Schedule,
    TimeOff,
)

Answer = tuple[People, str]
"""Who, and the layer that says so; nobody: two empty ones."""

NOBODY: Answer = ((), "")


def on_call_at(schedule: Schedule, instant: dt.datetime) -> Answer:
    """Return who is on call at ``instant`` and the layer that says so; nobody: two empty ones."""
    on = [
        (people, layer.name)
        for layer in reversed(schedule.layers)
        for people in [_layer_at(layer, instant)]
        if people
    ]
    return _decided(
        on,
        [o for o in schedule.overrides if o.start <= instant < o.end],
        {away.person for away in schedule.time_off if away.start <= instant < away.end},
    )


def _layer_at(layer: Layer, instant: dt.datetime) -> People:
    if not restrictions.is_on(layer.restrictions, instant, layer.zone):
        return ()
    return rotations.people_at(layer.rotation, instant, layer.zone)


def resolve(schedule: Schedule, interval: Interval) -> list[Entry]:
    """Return who is on call in ``interval``, in order and clipped to it.

    Neighbours equal in people and layer are one entry; where nobody is on call, there is none.
    """
    layers = [(layer.name, layer_segments(layer, interval)) for layer in schedule.layers]
    overrides = [o for o in schedule.overrides if _touches(o, interval)]
    away = [t for t in schedule.time_off if _touches(t, interval)]
    stretches: list[Override | TimeOff] = [*overrides, *away]
    points = {interval.start, interval.end}
    for _, segments in layers:
        for start, end, _people in segments:
            points.update((start, end))
    for stretch in stretches:
        points.update((max(stretch.start, interval.start), min(stretch.end, interval.end)))
    return merged(_swept(sorted(points), layers, overrides, away))


def _touches(thing: Override | TimeOff, interval: Interval) -> bool:
    return thing.start < interval.end and interval.start < thing.end


def layer_segments(layer: Layer, interval: Interval) -> list[Segment]:
    """Return whose turn it is in one layer where it is on, clipped to ``interval``."""
    start, end, zone = interval.start, interval.end, layer.zone
    turns = rotations.segments(layer.rotation, start, end, zone)
    if not layer.restrictions or not turns:
        return turns
    found: list[Segment] = []
    place = 0
    for opens, closes in restrictions.windows(layer.restrictions, start, end, zone):
        while place < len(turns) and turns[place][1] <= opens:
            place += 1
        at = place
        while at < len(turns) and turns[at][0] < closes:
            begins, ends, people = turns[at]
            found.append((max(begins, opens), min(ends, closes), people))
            at += 1
    return found


def by_layer(schedule: Schedule, interval: Interval) -> dict[str, list[Entry]]:
    """Return what each layer says by itself, without overrides and time off, the winner first."""
    return {
        layer.name: merged(
            Entry(start, end, people, layer.name)
            for start, end, people in layer_segments(layer, interval)
        )
        for layer in reversed(schedule.layers)
    }


def _swept(
    points: Sequence[dt.datetime],
    layers: Sequence[tuple[str, list[Segment]]],
    overrides: Sequence[Override],
    away: Sequence[TimeOff],
) -> Iterable[Entry]:
    """Yield what holds between each point and the next; nothing changes in between."""
    top_down = [(name, segments) for name, segments in reversed(layers) if segments]
    places = [0] * len(top_down)
    is_plain = not overrides and not away
    for start, end in itertools.pairwise(points):
        on: list[Answer] = []
        for which, (name, segments) in enumerate(top_down):
            place = places[which]
            while place < len(segments) and segments[place][1] <= start:
                place += 1
            places[which] = place
            if place < len(segments) and segments[place][0] <= start:
                on.append((segments[place][2], name))
                if is_plain:
                    break
        if is_plain:
            people, layer = on[0] if on else NOBODY
        else:
            people, layer = _decided(
                on,
                [o for o in overrides if o.start <= start < o.end],
                {t.person for t in away if t.start <= start < t.end},
            )
        if people:
            yield Entry(start, end, people, layer)


def _decided(
    on: Sequence[Answer], overrides: Sequence[Override], away: set[str] | frozenset[str]
) -> Answer:
    """Return the answer of the highest layer that is left with somebody.

    Args:
        on: What each layer that is on says, the highest first.
        overrides: Those that hold now, the last written one last.
        away: Who has time off.
    """
    for people, layer in (*on, NOBODY):
        if not overrides and away.isdisjoint(people):
            return people, layer
        answer = _overridden(people, layer, overrides, away)
        if answer is not None:
            return answer
    return NOBODY


def _overridden(
    people: People, layer: str, overrides: Sequence[Override], away: set[str] | frozenset[str]
) -> Answer | None:
    """Return ``people`` after overrides, in the order in which they were written, and time off.

    Everybody who is on holds a place. A swap fills the place that was ``replaces``'s to begin
    with, or is theirs by now, so that of two swaps for one person the later one wins.

    Returns:
        ``None`` where all of the layer's people are away and nobody took their place: the layer
        below is asked.
    """
    places = [_Place(name, name) for name in people]
    own = list(places)
    is_touched = False
    for override in overrides:
        if override.replaces is not None:
            hits = [p for p in places if override.replaces in (p.holder, p.person)]
        elif override.joins or not places:
            hits = [_Place(override.person, override.person)]
            places += hits
        else:
            hits = places
        for place in hits:
            place.person, place.is_given = override.person, True
        is_touched = is_touched or bool(hits)
    if own and not any(place.is_given or place.person not in away for place in own):
        return None
    left = [place.person for place in places if place.is_given or place.person not in away]
    return tuple(sorted(set(left))), OVERRIDE if is_touched else layer


@dataclass(slots=True)
class _Place:
    """One who is on: who held the place by the layer, who holds it now, by an override or not."""

    holder: str
    person: str
    is_given: bool = False


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries, which are in order, with equal neighbours that touch made one."""
    found: list[Entry] = []
    for entry in entries:
        last = found[-1] if found else None
        if (
            last is not None
            and last.end == entry.start
            and last.layer == entry.layer
            and last.people == entry.people
        ):
            found[-1] = Entry(last.start, entry.end, last.people, last.layer)
        else:
            found.append(entry)
    return found
