"""Shares: compared exactly, whole arrays at once, and written as plain numbers at the doors."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Signs = npt.NDArray[np.int8]

_SAFE = 2**62
_DOUBT = 1e-12
"""Relative distance under which float64 may be wrong about which of two shares is larger."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares to compare with; made once, used at every tick.

    Attributes:
        exact: The thresholds; one that holds for all, or one for each.
        near: The same as float64.
    """

    exact: tuple[Fraction, ...]
    near: Floats

    @classmethod
    def of(cls, values: Iterable[Fraction]) -> Self:
        """Return ``values`` in both forms."""
        exact = tuple(values)
        return cls(exact, np.array([float(value) for value in exact], np.float64))


def compare(part: Counts, whole: Counts, thresholds: Thresholds) -> Signs:
    """Return on which side of its threshold each share ``part / whole`` lies, exactly.

    Whole arrays are compared as float64; those few that float64 cannot tell apart are compared
    again as integers, so no result is ever rounded.

    Args:
        part: What is counted, one axis; any unit.
        whole: What it is a part of, 0 or more, in the same unit and of the same length.
        thresholds: One threshold, or as many as there are shares.

    Returns:
        -1 below, 0 equal, 1 above; 0 too where ``whole`` is 0, which the caller has to mask.
    """
    if len(thresholds.exact) == 1:
        top, bottom = thresholds.exact[0].numerator, thresholds.exact[0].denominator
        largest = max(_largest(part), _largest(whole))
        if largest * max(abs(top), bottom) < _SAFE:
            return np.where(whole > 0, np.sign(part * bottom - whole * top), 0).astype(np.int8)
    scaled = whole * thresholds.near
    difference = part - scaled
    signs = np.where(whole > 0, np.sign(difference), 0).astype(np.int8)
    doubtful = (np.abs(difference) <= _DOUBT * (np.abs(part) + np.abs(scaled))) & (whole > 0)
    for place in np.flatnonzero(doubtful):
        exact = thresholds.exact[place if len(thresholds.exact) > 1 else 0]
        left = int(part[place]) * exact.denominator
        right = int(whole[place]) * exact.numerator
        signs[place] = (left > right) - (left < right)
    return signs


def to_number(value: Fraction | None) -> int | float | None:
    """Return ``value`` for a door: an integer where it is whole, else the nearest float64."""
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def _largest(values: Counts) -> int:
    return max(abs(int(values.max())), abs(int(values.min()))) if len(values) else 0
