"""Chance that can be asked for at any place: a pure function of seed, stream and counter.

Everything is whole-number arithmetic and IEEE basics, so that a value does not depend on how many
were asked for at once, nor on the machine.

Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014), the finaliser
of SplitMix64.
"""

import hashlib

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Shares = npt.NDArray[np.float64]

_STEP = 0x9E37_79B9_7F4A_7C15
_FIRST = np.uint64(0xBF58_476D_1CE4_E5B9)
_SECOND = np.uint64(0x94D0_49BB_1331_11EB)
_MASK = (1 << 64) - 1
_SHARE = 2.0**-53


def key(seed: int, *words: str) -> int:
    """Return the key of one stream: 64 bits from ``seed`` and the stream's name."""
    text = "\x1f".join([str(seed), *words])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def words(stream: int, counters: npt.NDArray[np.int64]) -> Words:
    """Return 64 random bits for each counter of a stream."""
    step = np.uint64(_STEP)
    mixed = counters.astype(np.uint64) * step + np.uint64((stream + _STEP) & _MASK)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))


def shares(stream: int, counters: npt.NDArray[np.int64]) -> Shares:
    """Return a number in [0, 1) for each counter of a stream, all equally likely."""
    found: Shares = (words(stream, counters) >> np.uint64(11)).astype(np.float64) * _SHARE
    return found


def around(stream: int, counters: npt.NDArray[np.int64]) -> Shares:
    """Return a number in (-2, 2) for each counter, near 0 more often; its variance is 1/3.

    The sum of four numbers of 16 bits, less their mean.
    """
    bits = words(stream, counters)
    low = np.uint64(0xFFFF)
    parts = [(bits >> np.uint64(shift)) & low for shift in (0, 16, 32, 48)]
    whole = parts[0] + parts[1] + parts[2] + parts[3]
    return np.asarray(whole.astype(np.float64) / 65536.0 - 2.0, dtype=np.float64)


def whole(mean: Shares, stream: int, counters: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return whole numbers whose mean is ``mean``: rounded up as often as its fraction says."""
    return np.floor(mean + shares(stream, counters)).astype(np.int64)
