"""A UTC day of minutes as few bytes, and back, exactly.

Layout of format 1, little endian: format, flags, length of the coverage map, coverage map, then
the columns *total*, *bad* (or *good*, whichever is the smaller) and *observed*, each holding only
the covered minutes. Where all counts are whole, they are divided by 1000 first. A column is coded
in every way below and the shortest is kept; counts of independent events carry noise that no
dictionary can shorten, so Rice codes come near their entropy while zlib wins on anything that
repeats. All arithmetic is modulo 2**64, so every int64 comes back as it was.

Source: R. F. Rice, "Some Practical Universal Noiseless Coding Techniques", JPL 79-22, 1979.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain.series import SCALE, Counts, Flags

DAY_MINUTES = 1440
FORMAT = 1

_WHOLE, _GOOD_KEPT, _ALL_COVERED = 1, 2, 4
_ZLIB, _RICE = 0, 1
_PLAIN, _DELTA, _MIDDLE, _SHARE = 0, 1, 2, 3
_SHARE_BITS = 16
_HEAD = struct.Struct("<BBH")
_COLUMN = struct.Struct("<BBqH")  # method and transform, bits or bytes a value, base, length

Unsigned = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class DayMinutes:
    """The minutes of one UTC day and when each was observed.

    Attributes:
        good: Good events, thousandths; 1,440 values, 0 where not covered.
        total: All valid events, thousandths; 1,440 values, 0 where not covered.
        covered: Whether the minute was measured; 1,440 flags.
        observed: When, in whole seconds since the Unix epoch; 0 where not covered.
    """

    good: Counts
    total: Counts
    covered: Flags
    observed: Counts

    @classmethod
    def empty(cls) -> Self:
        """Return a day on which nothing was measured."""
        return cls(
            np.zeros(DAY_MINUTES, np.int64),
            np.zeros(DAY_MINUTES, np.int64),
            np.zeros(DAY_MINUTES, np.bool_),
            np.zeros(DAY_MINUTES, np.int64),
        )


def encode(day: DayMinutes) -> bytes:
    """Return ``day`` as bytes; what :func:`decode` reads.

    Raises:
        InvalidError: an array does not hold 1,440 minutes.
    """
    for column in (day.good, day.total, day.covered, day.observed):
        if len(column) != DAY_MINUTES:
            raise InvalidError(f"a day has {DAY_MINUTES} minutes, not {len(column)}")
    covered = day.covered
    good, total, observed = day.good[covered], day.total[covered], day.observed[covered]
    flags = _ALL_COVERED if bool(covered.all()) else 0
    if not (good % SCALE).any() and not (total % SCALE).any():
        flags |= _WHOLE
        good, total = good // SCALE, total // SCALE
    bad = total - good
    if int(np.abs(good).sum(dtype=np.float64)) < int(np.abs(bad).sum(dtype=np.float64)):
        flags |= _GOOD_KEPT
    second = good if flags & _GOOD_KEPT else bad
    coverage = b"" if flags & _ALL_COVERED else zlib.compress(np.packbits(covered).tobytes(), 9)
    return b"".join(
        (
            _HEAD.pack(FORMAT, flags, len(coverage)),
            coverage,
            _pack_column(total),
            _pack_column(second, whole=total),
            _pack_column(observed),
        )
    )


def decode(payload: bytes, *, with_observed: bool = True) -> DayMinutes:
    """Return the day that :func:`encode` wrote.

    Args:
        payload: The bytes.
        with_observed: Whether to read when each minute was observed; zeros otherwise.

    Raises:
        InvalidError: the bytes are of an unknown format or damaged.
    """
    try:
        return _decode(payload, with_observed=with_observed)
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise InvalidError(f"a sealed block cannot be read: {error}") from error


def _decode(payload: bytes, *, with_observed: bool) -> DayMinutes:
    version, flags, length = _HEAD.unpack_from(payload)
    if version != FORMAT:
        raise InvalidError(f"a sealed block has format {version}; this program reads {FORMAT}")
    at = _HEAD.size
    covered = np.ones(DAY_MINUTES, np.bool_)
    if not flags & _ALL_COVERED:
        packed = np.frombuffer(zlib.decompress(payload[at : at + length]), np.uint8)
        covered = np.unpackbits(packed, count=DAY_MINUTES).astype(np.bool_)
    at += length
    count = int(covered.sum())
    total, at = _unpack_column(payload, at, count)
    second, at = _unpack_column(payload, at, count, whole=total)
    observed = np.zeros(count, np.int64)
    if with_observed:
        observed, at = _unpack_column(payload, at, count)
    good = second if flags & _GOOD_KEPT else total - second
    if flags & _WHOLE:
        good, total = good * SCALE, total * SCALE
    return DayMinutes(
        _spread(good, covered), _spread(total, covered), covered, _spread(observed, covered)
    )


def _spread(values: Counts, covered: Flags) -> Counts:
    """Return 1,440 minutes with ``values`` where covered and 0 elsewhere."""
    if len(values) == DAY_MINUTES:
        return values
    day = np.zeros(DAY_MINUTES, np.int64)
    day[covered] = values
    return day


def _zigzag(values: Counts) -> Unsigned:
    """Map 0, -1, 1, -2 to 0, 1, 2, 3, so that small distances are small numbers."""
    return ((values << 1) ^ (values >> 63)).view(np.uint64)


def _unzigzag(values: Unsigned) -> Counts:
    one = np.uint64(1)
    return (values >> one).view(np.int64) ^ -(values & one).view(np.int64)


def _middle(values: Counts) -> np.int64:
    """Return the upper median: one of the values, so that no arithmetic can overflow."""
    half = len(values) // 2
    return np.int64(np.partition(values, half)[half])


def _part(whole: Counts, share: int) -> Counts:
    """Return about ``share`` / 2**16 of each value; exact to repeat, even where it overflows."""
    return (whole * np.int64(share)) >> _SHARE_BITS


def _forms(values: Counts, whole: Counts | None) -> list[tuple[int, int, Unsigned]]:
    """Return the transforms to try: kind, base, and values that are small if it fits."""
    low, middle = values.min(), _middle(values)
    steps = np.diff(values, prepend=values[:1])
    step = _middle(steps)
    steps = steps - step
    steps[0] = step
    forms = [
        (_PLAIN, int(low), (values - low).view(np.uint64)),
        (_MIDDLE, int(middle), _zigzag(values - middle)),
        (_DELTA, int(values[0]), _zigzag(steps)),
    ]
    if whole is not None:
        ratio = float(values.sum(dtype=np.float64) / (whole.sum(dtype=np.float64) or 1))
        share = round(min(max(ratio, 0.0), 1.0) * (1 << _SHARE_BITS))
        forms.append((_SHARE, share, _zigzag(values - _part(whole, share))))
    return forms


def _pack_column(values: Counts, *, whole: Counts | None = None) -> bytes:
    """Return the shortest of the ways to write ``values``, with its head."""
    if not len(values):
        return _COLUMN.pack(_ZLIB, 0, 0, 0)
    best: bytes | None = None
    for transform, base, unsigned in _forms(values, whole):
        for method, width, body in _bodies(unsigned):
            if best is None or len(body) + _COLUMN.size < len(best):
                head = _COLUMN.pack(method << 4 | transform, width, base, len(body))
                best = head + body
    assert best is not None
    return best


def _bodies(values: Unsigned) -> list[tuple[int, int, bytes]]:
    """Return ``values`` as zlib over byte planes and, where it is the shorter, as Rice codes."""
    width = (int(values.max()).bit_length() + 7) // 8
    planes = values.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width].T.tobytes()
    squeezed = zlib.compress(planes, 6) if width else b""
    bodies = [(_ZLIB, width, squeezed)]
    remainder_bits, size = _rice_size(values)
    if size < len(squeezed):
        bodies.append((_RICE, remainder_bits, _rice(values, remainder_bits)))
    return bodies


def _rice_size(values: Unsigned) -> tuple[int, int]:
    """Return the best number of remainder bits and the bytes it costs."""
    mean = float(values.mean(dtype=np.float64))
    guess = max(0, int(np.log2(mean + 1)))
    best = (0, 1 << 62)
    for bits in range(max(0, guess - 2), min(guess + 2, 62) + 1):
        quotients = float((values >> np.uint64(bits)).sum(dtype=np.float64))
        size = int((quotients + len(values) * (1 + bits)) // 8) + 1
        if size < best[1]:
            best = (bits, size)
    return best


def _rice(values: Unsigned, bits: int) -> bytes:
    """Return remainders of ``bits`` bits each, then quotients in unary (zeros ended by a one)."""
    quotients = (values >> np.uint64(bits)).astype(np.int64)
    ends = np.cumsum(quotients + 1) - 1
    unary = np.zeros(int(ends[-1]) + 1, np.uint8)
    unary[ends] = 1
    shifts = np.arange(bits, dtype=np.uint64)
    remainders = ((values[:, None] >> shifts) & np.uint64(1)).astype(np.uint8).ravel()
    return np.packbits(np.concatenate((remainders, unary))).tobytes()


def _unrice(body: bytes, bits: int, count: int) -> Unsigned:
    flags = np.unpackbits(np.frombuffer(body, np.uint8))
    remainders = flags[: count * bits].reshape(count, bits)
    values: Unsigned = np.zeros(count, np.uint64)
    for bit in range(bits):
        values |= remainders[:, bit].astype(np.uint64) << np.uint64(bit)
    ends = np.flatnonzero(flags[count * bits :])[:count]
    quotients = np.diff(ends, prepend=-1) - 1
    return values + (quotients.astype(np.uint64) << np.uint64(bits))


def _unpack_column(
    payload: bytes, at: int, count: int, *, whole: Counts | None = None
) -> tuple[Counts, int]:
    """Return the column of ``count`` values at ``at``, and where the next one begins."""
    kind, width, base, length = _COLUMN.unpack_from(payload, at)
    at += _COLUMN.size
    body = payload[at : at + length]
    if len(body) != length:
        raise InvalidError("a sealed block is cut short")
    if not count:
        return np.zeros(0, np.int64), at + length
    unsigned = _unrice(body, width, count) if kind >> 4 == _RICE else _unplane(body, width, count)
    if kind & 15 == _SHARE and whole is not None:
        return _unzigzag(unsigned) + _part(whole, base), at + length
    return _untransform(kind & 15, base, unsigned), at + length


def _unplane(body: bytes, width: int, count: int) -> Unsigned:
    """Return the values whose byte planes ``body`` holds."""
    whole = np.zeros((count, 8), np.uint8)
    if width:
        planes = np.frombuffer(zlib.decompress(body), np.uint8).reshape(width, count)
        whole[:, :width] = planes.T
    return whole.reshape(-1).view("<u8").astype(np.uint64, copy=False)


def _untransform(transform: int, base: int, unsigned: Unsigned) -> Counts:
    if transform == _PLAIN:
        return unsigned.view(np.int64) + np.int64(base)
    signed = _unzigzag(unsigned)
    if transform == _MIDDLE:
        return signed + np.int64(base)
    # The first place holds the usual step, the others their distance from it.
    steps = signed + signed[0]
    steps[0] = base
    return np.cumsum(steps, dtype=np.int64)
