"""Minutes of good and total as arrays; the form in which history is read."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SCALE = 1000
"""Stored counts are thousandths of an event."""


@dataclass(frozen=True, slots=True)
class MinuteSeries:
    """Consecutive minutes of one SLI.

    Attributes:
        start: First minute, in whole minutes since the Unix epoch.
        good: Good events of each minute, in thousandths; 0 where not covered.
        total: All valid events of each minute, in thousandths; 0 where not covered.
        covered: Whether the minute was measured; a measured minute may hold no events.
    """

    start: int
    good: Counts
    total: Counts
    covered: Flags

    @property
    def end(self) -> int:
        """The minute after the last."""
        return self.start + len(self.covered)

    @classmethod
    def empty(cls, *, start: int, end: int) -> Self:
        """Return ``[start, end)`` with nothing measured."""
        length = max(0, end - start)
        return cls(
            start,
            np.zeros(length, np.int64),
            np.zeros(length, np.int64),
            np.zeros(length, np.bool_),
        )

    def without(self, *, start: int, end: int) -> "MinuteSeries":
        """Return the same with nothing measured in ``[start, end)``."""
        keep = np.ones(len(self.covered), np.bool_)
        keep[max(0, start - self.start) : max(0, end - self.start)] = False
        return MinuteSeries(self.start, self.good * keep, self.total * keep, self.covered & keep)

    def slice(self, *, start: int, end: int) -> "MinuteSeries":
        """Return the part in ``[start, end)`` that this series holds, as views."""
        low = min(max(start - self.start, 0), len(self.covered))
        high = min(max(end - self.start, low), len(self.covered))
        return MinuteSeries(
            self.start + low, self.good[low:high], self.total[low:high], self.covered[low:high]
        )
