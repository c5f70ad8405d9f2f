"""Half-open stretches of time: the start belongs to them, the end does not."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from watchkeeper.kernel.errors import InvalidError


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """``[start, end)`` in aware datetimes, ``start < end``.

    Raises:
        InvalidError: ``end`` is not after ``start``.
    """

    start: dt.datetime
    end: dt.datetime

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise InvalidError(f"an interval ends after it starts: {self.start} to {self.end}")

    @property
    def length(self) -> dt.timedelta:
        """How long it is, in elapsed time."""
        return self.end - self.start

    def __contains__(self, moment: dt.datetime) -> bool:
        return self.start <= moment < self.end

    def clip(self, other: "Interval") -> "Interval | None":
        """Return the part shared with ``other``; ``None`` if they only touch or are apart."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None

    def without(self, taken: Iterable["Interval"]) -> "list[Interval]":
        """Return what is left of it outside of ``taken``, which is in order and apart."""
        found = []
        start = self.start
        for each in taken:
            if each.end <= start or self.end <= each.start:
                continue
            if start < each.start:
                found.append(Interval(start, each.start))
            start = each.end
        if start < self.end:
            found.append(Interval(start, self.end))
        return found

    @classmethod
    def merged(cls, intervals: Iterable[Self]) -> "tuple[Interval, ...]":
        """Return the same stretch of time as few intervals, in order, none touching another."""
        result: list[Interval] = []
        for interval in sorted(intervals):
            if result and interval.start <= result[-1].end:
                result[-1] = Interval(result[-1].start, max(result[-1].end, interval.end))
            else:
                result.append(interval)
        return tuple(result)
