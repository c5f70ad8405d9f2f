"""A day of minutes survives its bytes, and the bytes are few."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain import codec
from watchkeeper.telemetry.domain.codec import DAY_MINUTES, DayMinutes
from watchkeeper.telemetry.domain.series import SCALE, Counts, Flags

INT64 = npst.arrays(
    np.int64,
    DAY_MINUTES,
    elements=st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5) | st.just(3000),
    fill=st.integers(0, 2000),
)
FLAGS = npst.arrays(np.bool_, DAY_MINUTES, fill=st.booleans())


def same(left: DayMinutes, right: DayMinutes) -> bool:
    return all(
        np.array_equal(getattr(left, name), getattr(right, name))
        for name in ("good", "total", "covered", "observed")
    )


def masked(good: Counts, total: Counts, covered: Flags, observed: Counts) -> DayMinutes:
    return DayMinutes(
        np.where(covered, good, 0),
        np.where(covered, total, 0),
        covered,
        np.where(covered, observed, 0),
    )


@settings(max_examples=150, deadline=None)
@given(good=INT64, total=INT64, covered=FLAGS, observed=INT64, scale=st.sampled_from([1, SCALE]))
def test_every_day_comes_back_as_it_was(
    good: Counts,
    total: Counts,
    covered: Flags,
    observed: Counts,
    scale: int,
) -> None:
    day = masked(good * scale, total * scale, covered, observed)

    assert same(codec.decode(codec.encode(day)), day)


def test_a_day_without_measurement_is_a_few_bytes() -> None:
    payload = codec.encode(DayMinutes.empty())

    assert len(payload) < 80
    assert same(codec.decode(payload), DayMinutes.empty())


def test_good_above_total_is_kept() -> None:
    day = DayMinutes.empty()
    day.covered[5], day.good[5], day.total[5], day.observed[5] = True, 7000, 5000, 1

    assert codec.decode(codec.encode(day)).good[5] == 7000


def poisson_day(*, error_ratio: float, season: float, seed: int) -> DayMinutes:
    """Return 3,000 events a minute on average, asked by the engine ten minutes after."""
    random = np.random.default_rng(seed)
    minutes = np.arange(DAY_MINUTES)
    rate = 3000 * (1 + season * np.sin(2 * np.pi * minutes / DAY_MINUTES))
    total = random.poisson(rate).astype(np.int64)
    good = total - random.binomial(total, error_ratio)
    observed = 1_772_409_600 + 60 * (minutes + 11)
    return DayMinutes(
        good * SCALE, total * SCALE, np.ones(DAY_MINUTES, np.bool_), observed.astype(np.int64)
    )


@pytest.mark.parametrize("season", [0.0, 0.3, 0.6], ids=["flat", "mild season", "strong season"])
@pytest.mark.parametrize("error_ratio", [0, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 1])
def test_a_day_of_3000_events_a_minute_takes_at_most_3_kilobytes(
    error_ratio: float, season: float
) -> None:
    for seed in range(3):
        day = poisson_day(error_ratio=error_ratio, season=season, seed=seed)
        payload = codec.encode(day)

        assert len(payload) <= 3000
        assert same(codec.decode(payload), day)


@pytest.mark.parametrize("payload", [b"", b"\x09\x00\x00\x00", b"\x01\x00\xff\x00abc"])
def test_damaged_bytes_are_refused_with_a_sentence(payload: bytes) -> None:
    with pytest.raises(InvalidError, match="sealed block"):
        codec.decode(payload)


def test_a_block_cut_short_is_refused() -> None:
    payload = codec.encode(poisson_day(error_ratio=0.01, season=0, seed=1))

    for length in (3, 10, 100, len(payload) - 1):
        with pytest.raises(InvalidError):
            codec.decode(payload[:length])


def test_when_it_was_observed_is_read_only_on_demand() -> None:
    day = poisson_day(error_ratio=0.01, season=0, seed=1)

    assert not codec.decode(codec.encode(day), with_observed=False).observed.any()
