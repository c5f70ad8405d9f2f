"""What a schedule is: layers of rotations, restrictions, overrides, time off. Values only."""

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from zoneinfo import ZoneInfo

People = tuple[str, ...]
"""Names of those who are on call at once, each once, by name."""

OVERRIDE = "override"
"""What entries that an override made have as their layer."""


class Unit(Enum):
    """What the length of a shift is counted in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns.

    Shift ``i`` is the time from boundary ``i`` to boundary ``i + 1``, so that there is no gap
    between shifts whatever clocks do.

    Attributes:
        unit: What ``every`` counts.
        every: Units in a shift, 1 or more.
        anchor: The first hand-off as the wall clock shows it, naive; before it nobody.
        first: The same as an instant.
        turns: Who is on, shift after shift, round and round.
    """

    unit: Unit
    every: int
    anchor: dt.datetime
    first: dt.datetime
    turns: tuple[People, ...]


@dataclass(frozen=True, slots=True)
class CustomShift:
    """One shift of a rotation that is written down shift by shift, in wall time."""

    start: dt.datetime
    end: dt.datetime
    people: People


@dataclass(frozen=True, slots=True)
class CustomRotation:
    """Shifts as they are written, once or again and again.

    Attributes:
        shifts: In the order in which they are written; where two overlap, both are on.
        unit: What ``every`` counts: days, weeks or months; ``None``: nothing is repeated.
        every: After how many units all shifts come again; none is longer than that.
    """

    shifts: tuple[CustomShift, ...]
    unit: Unit | None = None
    every: int = 1


@dataclass(frozen=True, slots=True)
class Restriction:
    """When a layer is on, in wall time.

    Attributes:
        days: Weekdays on which it begins, Monday is 0.
        start: When it begins.
        end: When it ends; not after ``start``: on the next day.
    """

    days: frozenset[int]
    start: dt.time
    end: dt.time


@dataclass(frozen=True, slots=True)
class Layer:
    """A rotation and when it is on; a later layer wins where it is.

    Attributes:
        name: Its name, one of its kind in a schedule.
        rotation: Who takes turns.
        zone: Where the wall clock hangs that its hand-offs and restrictions go by.
        restrictions: When it is on; empty: always.
    """

    name: str
    rotation: Rotation | CustomRotation
    zone: ZoneInfo
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else than the layers say, in ``[start, end)``.

    Attributes:
        start: First instant.
        end: First instant after it.
        person: Who is on.
        replaces: Whose place they take; ``None``: everybody's, or with ``joins`` nobody's.
        joins: Whether they are on beside those who are.
    """

    start: dt.datetime
    end: dt.datetime
    person: str
    replaces: str | None = None
    joins: bool = False


@dataclass(frozen=True, slots=True)
class TimeOff:
    """Somebody is away in ``[start, end)``: layers do without them, overrides may name them."""

    person: str
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who is on call when.

    Attributes:
        zone: Where the wall clock hangs that times without a zone go by.
        layers: The later one wins.
        overrides: In the order in which they were written; the later one wins.
        time_off: Who is away.
    """

    zone: ZoneInfo
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()
    time_off: tuple[TimeOff, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of time in which the same people are on call.

    Attributes:
        start: First instant.
        end: First instant after it.
        people: Who; never empty.
        layer: Name of the layer that says so, or ``override``.
    """

    start: dt.datetime
    end: dt.datetime
    people: People
    layer: str
