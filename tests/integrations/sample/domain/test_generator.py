"""The sample shop: the same minutes however they are asked for, and alive from any date."""

import datetime as dt
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.integrations.sample.domain import chance, generator, shop
from watchkeeper.integrations.sample.domain.shop import Outage
from watchkeeper.kernel import clock
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries

DAY = 1440
SEED = generator.DEFAULT_SEED
NOW = int(dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC).timestamp()) // 60
NAMES = st.sampled_from(generator.names())
MINUTES = st.integers(0, 60_000_000)
OBJECTIVES: Mapping[str, float] = {
    "payments.decided": 0.9995, "checkout.errors": 0.999, "checkout.latency": 0.995,
    "cart.errors": 0.999, "storefront.screens": 0.999, "storefront.paint": 0.95,
    "catalogue.errors": 0.999, "catalogue.latency": 0.99, "search.errors": 0.999,
    "search.latency": 0.99, "for-you.errors": 0.99, "orders.in-time": 0.995,
    "delivery.quotes": 0.995, "identity.decided": 0.9995, "messages.in-time": 0.98,
}  # fmt: skip
EXHAUSTED = {"for-you.errors"}
SLOW = {"search.latency", "storefront.paint", "orders.in-time"}


def asked(name: str, start: int, end: int, *, seed: int = SEED) -> MinuteSeries:
    return generator.minutes(name, seed=seed, start=start, end=end)


def same(one: MinuteSeries, other: MinuteSeries) -> bool:
    return (
        one.start == other.start
        and np.array_equal(one.good, other.good)
        and np.array_equal(one.total, other.total)
        and np.array_equal(one.covered, other.covered)
    )


@settings(deadline=None, max_examples=60)
@given(
    name=NAMES,
    seed=st.integers(0, 2**63 - 1),
    start=MINUTES,
    length=st.integers(0, 3000),
    cut=st.tuples(st.integers(0, 3000), st.integers(0, 3000)),
)
def test_a_part_is_the_same_as_it_is_in_the_whole(
    name: str, seed: int, start: int, length: int, cut: tuple[int, int]
) -> None:
    low, high = (start + min(length, place) for place in sorted(cut))

    whole = asked(name, start, start + length, seed=seed)

    assert same(whole.slice(start=low, end=high), asked(name, low, high, seed=seed))


@settings(deadline=None, max_examples=60)
@given(name=NAMES, start=MINUTES, length=st.integers(0, 3000))
def test_minutes_are_such_as_a_shop_could_have(name: str, start: int, length: int) -> None:
    series = asked(name, start, start + length)

    assert len(series.good) == len(series.total) == len(series.covered) == length
    assert ((series.good >= 0) & (series.good <= series.total)).all()
    assert not series.total[~series.covered].any()
    assert not (series.total % SCALE).any()


def test_another_seed_is_another_history() -> None:
    one, other = (asked("cart.errors", NOW, NOW + 100, seed=seed) for seed in (1, 2))

    assert not np.array_equal(one.total, other.total)


def test_chance_is_known_forever() -> None:
    """Histories must not change with a release.

    Source of the words: the first two that SplitMix64 gives from the seed 0.
    """
    assert chance.key(1, "a", "b") == 0x2C02_9E61_CD62_D8A0
    assert chance.words(0, np.array([0, 1], np.int64)).tolist() == [
        0xE220_A839_7B1D_CDAF,
        0x6E78_9E6A_A1B9_65F4,
    ]
    series = asked("checkout.errors", 29_500_000, 29_500_005)
    assert (series.good // SCALE).tolist() == [64, 57, 55, 59, 56]
    assert (series.total // SCALE).tolist() == [64, 57, 55, 60, 56]


def test_shares_are_spread_evenly() -> None:
    drawn = chance.shares(chance.key(1, "even"), np.arange(100_000, dtype=np.int64))

    counts, _ = np.histogram(drawn, bins=20, range=(0, 1))
    assert counts.min() > 4700
    assert counts.max() < 5300


def test_numbers_around_zero_have_their_mean_and_variance() -> None:
    drawn = chance.around(chance.key(1, "around"), np.arange(100_000, dtype=np.int64))

    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.var() - 1 / 3) < 0.01


def test_ninety_days_of_everything_take_little_time() -> None:
    begun = clock.monotonic()

    for name in generator.names():
        asked(name, NOW - 90 * DAY, NOW)

    assert clock.monotonic() - begun < 5


def test_weekdays_nights_and_evenings_differ() -> None:
    monday = shop.ANCHOR + 100 * 7 * DAY
    week = asked("delivery.quotes", monday, monday + 7 * DAY).total.reshape(7, DAY).sum(axis=1)
    screens = asked("storefront.screens", monday, monday + DAY).total.reshape(24, 60).sum(axis=1)

    assert week[6] < week[0] / 2
    assert screens[3] < screens[12] < screens[19]


@settings(deadline=None, max_examples=200)
@given(end=st.integers(shop.ANCHOR, shop.ANCHOR + 20 * 365 * DAY), seed=st.integers(0, 2**63 - 1))
def test_any_ninety_days_hold_two_big_outages(end: int, seed: int) -> None:
    found = generator.outages(seed=seed, start=end - 90 * DAY, end=end)

    assert sorted(kind.value for kind, _, _ in found) == ["network", "payments"]


def test_outages_come_at_unequal_distances_and_no_two_are_alike() -> None:
    found = generator.outages(seed=SEED, start=NOW - 720 * DAY, end=NOW)
    begins = [first for _, first, _ in found]
    apart = {later - earlier for earlier, later in pairwise(begins)}
    lengths = [last - first for kind, first, last in found if kind is Outage.PAYMENTS]

    assert len(found) == 16
    assert max(apart) - min(apart) > 10 * DAY
    assert len(set(lengths)) > 4
    assert {first // 60 % 24 for _, first, _ in found} == {9, 18}


def test_an_outage_is_seen_in_what_it_touches() -> None:
    found = generator.outages(seed=SEED, start=NOW - 90 * DAY, end=NOW)
    start, end = next((first, last) for kind, first, last in found if kind is Outage.PAYMENTS)

    during, before = (
        asked("payments.decided", start, end),
        asked("payments.decided", start - 60, start),
    )

    assert 1 - during.good.sum() / during.total.sum() > 0.08
    assert 1 - before.good.sum() / before.total.sum() < 0.01


def test_one_service_is_quiet_one_has_gaps_and_one_was_never_measured() -> None:
    start = NOW - 30 * DAY
    cards, quotes, pick_up = (
        asked(name, start, NOW)
        for name in ("gift-cards.redeemed", "delivery.quotes", "delivery.pick-up")
    )

    assert 3_000 < cards.total.sum() / SCALE < 15_000
    assert cards.covered.all()
    assert 0.85 < quotes.covered.mean() < 0.99
    assert not pick_up.covered.any()


@pytest.fixture(scope="module")
def years() -> Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]]:
    """Return what is left of each budget and whether it burns slowly, over two years."""
    start = int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()) // 60
    days = 760
    at = np.arange(30 * DAY, days * DAY, 431)
    found = {}
    for name, objective in OBJECTIVES.items():
        series = asked(name, start, start + days * DAY)
        bad = np.concatenate([[0], np.cumsum(series.total - series.good)])
        total = np.concatenate([[0], np.cumsum(series.total)])

        def burn(
            minutes: int, bad: npt.NDArray[np.int64] = bad, total: npt.NDArray[np.int64] = total,
            objective: float = objective,
        ) -> npt.NDArray[np.float64]:  # fmt: skip
            failed, events = bad[at] - bad[at - minutes], total[at] - total[at - minutes]
            share: npt.NDArray[np.float64] = failed / np.maximum(events, 1) / (1 - objective)
            return share

        slow = (burn(3 * DAY) >= 1) & (burn(DAY // 4) >= 1)
        found[name] = (1 - burn(30 * DAY), slow)
    return found


def test_one_budget_is_always_gone_and_no_other_ever(
    years: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]],
) -> None:
    for name, (left, _) in years.items():
        if name in EXHAUSTED:
            assert left.max() < 0
        else:
            assert left.min() > 0, name


def test_something_burns_slowly_at_almost_any_time(
    years: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]],
) -> None:
    slow = np.any([years[name][1] for name in SLOW], axis=0)

    assert slow.mean() > 0.98
    assert all(0.2 < years[name][1].mean() < 0.6 for name in SLOW)
