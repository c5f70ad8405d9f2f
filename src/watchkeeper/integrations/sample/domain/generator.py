"""Minutes of the sample organisation: a pure function of seed, series and minute.

Whatever stretch is asked for, a minute has the same value: nothing here looks at its neighbours,
so a stopped server catches up and no history needs to be kept to make more of it.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from watchkeeper.integrations.sample.domain import chance, shop
from watchkeeper.integrations.sample.domain.shop import ANCHOR, DAY, SERIES, Outage, Series, Shape
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries

DEFAULT_SEED = 1
_WEEK = 7 * DAY
_THURSDAY = 3 * DAY
"""1 January 1970 was a Thursday; weeks here begin on Monday."""
_FIRST_DEPLOY, _DEPLOY_HOURS = 7 * 60, 9 * 60
_RAMP = 6
"""Minutes in which an outage comes and goes."""

Minutes = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


def names() -> tuple[str, ...]:
    """Return the names of all series."""
    return tuple(SERIES)


def minutes(name: str, *, seed: int, start: int, end: int) -> MinuteSeries:
    """Return minutes ``[start, end)`` of a series.

    Args:
        name: One of :func:`names`.
        seed: Which of all possible histories.
        start: First minute, whole minutes since the Unix epoch.
        end: The minute after the last.

    Raises:
        KeyError: there is no such series.
    """
    series = SERIES[name]
    if start >= end or series.silent:
        return MinuteSeries.empty(start=start, end=end)
    at = np.arange(start, end, dtype=np.int64)
    total = _total(name, series, at, seed)
    bad = np.minimum(total, _bad(name, series, at, total, seed))
    covered = ~_in_gap(name, series, at, seed)
    good = np.where(covered, total - bad, 0) * SCALE
    return MinuteSeries(start, good, np.where(covered, total, 0) * SCALE, covered)


# ---- traffic


def _total(name: str, series: Series, at: Minutes, seed: int) -> Minutes:
    """Return events: the week's shape, a mood that changes by the quarter hour, and noise."""
    usual = _week(series.shape)[(at + _THURSDAY) % _WEEK] * series.peak
    mood = 1 + 0.05 * chance.around(chance.key(seed, name, "mood"), at // 15)
    noise = 1 + 0.09 * chance.around(chance.key(seed, name, "noise"), at)
    return chance.whole(usual * mood * noise, chance.key(seed, name, "events"), at)


@lru_cache
def _week(shape: Shape) -> Shares:
    """Return the usual traffic of each minute of a week as a share of its peak.

    Rounded to 1/10,000, so that a library's last digit of a cosine never shows.
    """
    found = np.empty(_WEEK)
    for minute in range(_WEEK):
        day, hour = divmod(minute, DAY)
        found[minute] = round(_DAYS[shape][day] * _hour(shape, hour / 60), 4)
    found.setflags(write=False)
    return found


_DAYS = {
    Shape.SHOPPING: (0.86, 0.84, 0.86, 0.9, 0.94, 0.92, 1.0),
    Shape.WORKS: (1.0, 0.97, 0.96, 0.97, 0.93, 0.5, 0.32),
    Shape.STEADY: (1.0, 1.0, 1.0, 1.0, 1.0, 0.97, 0.97),
}


def _hour(shape: Shape, hour: float) -> float:
    """Return traffic at an hour (UTC) of a day, 0 to 1."""
    if shape is Shape.STEADY:
        return 0.95 + 0.05 * _bump(hour, 13, 10)
    if shape is Shape.WORKS:
        return 0.08 + 0.92 * _bump(hour, 12, 7.5)
    noon, evening = _bump(hour, 11.5, 6.5), _bump(hour, 19, 5)
    return 0.1 + 0.62 * noon + 0.9 * evening * (1 - 0.36 * noon)


def _bump(hour: float, middle: float, half: float) -> float:
    """Return 1 at ``middle``, falling to 0 ``half`` hours from it, over midnight too."""
    apart = min(abs(hour - middle), 24 - abs(hour - middle))
    return 0.5 + 0.5 * math.cos(math.pi * apart / half) if apart < half else 0.0


# ---- what goes wrong


def _bad(name: str, series: Series, at: Minutes, total: Minutes, seed: int) -> Minutes:
    """Return bad events: some always, more after deploys, in outages and in slow burns."""
    share = series.bad * (1 + 0.3 * chance.around(chance.key(seed, name, "hour"), at // 60))
    share = share + _deploy_dips(name, series, at, seed)
    share = share + series.burn * _slow_burn(series, at)
    for outage, worst in (series.outages or {}).items():
        share = share + worst * _outage(outage, at, seed)
    noise = 1 + 0.35 * chance.around(chance.key(seed, name, "bad-noise"), at)
    mean = np.minimum(share, 0.98) * noise * total
    return chance.whole(mean, chance.key(seed, name, "bad"), at)


def _deploy_dips(name: str, series: Series, at: Minutes, seed: int) -> Shares:
    """Return the share of bad events that deploys add: some minutes on some weekdays."""
    day, minute = np.divmod(at, DAY)
    service = name.split(".")[0]
    one_in = chance.shares(chance.key(seed, service, "deploy"), day)
    begins = chance.shares(chance.key(seed, service, "deploy-at"), day)
    begin = _FIRST_DEPLOY + np.floor(begins * _DEPLOY_HOURS).astype(np.int64)
    lasts = 3 + (chance.words(chance.key(seed, service, "deploy-lasts"), day) % np.uint64(5))
    size = chance.shares(chance.key(seed, service, "deploy-size"), day)
    inside = (minute >= begin) & (minute < begin + lasts.astype(np.int64))
    is_deploy = (one_in < series.deploys) & ((day + 3) % 7 < 5)
    return np.where(inside & is_deploy, 0.004 + 0.03 * size * size, 0.0)


def _slow_burn(series: Series, at: Minutes) -> Shares:
    """Return 0 to 1: how far the slow burn is on; it comes in half a day and goes at once."""
    if not series.burn:
        return np.zeros(len(at))
    turn = series.burn_turn * (shop.BURN_DAYS // 3) * DAY
    since = (at - ANCHOR - turn) % (shop.BURN_DAYS * DAY)
    grown = np.minimum((since + 1) / (DAY // 2), 1.0)
    return np.where(since < shop.BURN_LASTS_DAYS * DAY, grown, 0.0)


def _outage(outage: Outage, at: Minutes, seed: int) -> Shares:
    """Return how bad an outage is at each minute: 0 outside, about 1 at its height."""
    turn, since = np.divmod(at - ANCHOR, shop.OUTAGE_DAYS * DAY)
    lasts = _outage_lasts(outage, turn, seed)
    into = since - shop.OUTAGES[outage].begins
    come = np.minimum((into + 1) / _RAMP, 1.0)
    go = np.minimum((lasts - into) / _RAMP, 1.0)
    inside = (into >= 0) & (into < lasts)
    worst = 0.75 + 0.4 * chance.shares(chance.key(seed, outage.value, "outage-worst"), turn)
    return np.where(inside, np.minimum(come, go) * worst, 0.0)


def _outage_lasts(outage: Outage, turn: Minutes, seed: int) -> Minutes:
    """Return how many minutes the outage of each turn lasts: up to a quarter off the usual."""
    drawn = chance.shares(chance.key(seed, outage.value, "outage-lasts"), turn)
    return np.floor(shop.OUTAGES[outage].lasts * (0.75 + 0.5 * drawn)).astype(np.int64)


def outages(*, seed: int, start: int, end: int) -> list[tuple[Outage, int, int]]:
    """Return the outages that begin in ``[start, end)``: which, first minute, minute after."""
    period = shop.OUTAGE_DAYS * DAY
    turns = np.arange((start - ANCHOR) // period, (end - ANCHOR) // period + 1, dtype=np.int64)
    found = []
    for outage, coming in shop.OUTAGES.items():
        lasts = _outage_lasts(outage, turns, seed)
        for turn, length in zip(turns.tolist(), lasts.tolist(), strict=True):
            first = ANCHOR + turn * period + coming.begins
            if start <= first < end:
                found.append((outage, first, first + length))
    return sorted(found, key=lambda each: each[1])


def _in_gap(name: str, series: Series, at: Minutes, seed: int) -> npt.NDArray[np.bool_]:
    """Return whether a minute was not measured: some hours of some days."""
    if not series.gaps:
        return np.zeros(len(at), np.bool_)
    day, minute = np.divmod(at, DAY)
    drawn = chance.shares(chance.key(seed, name, "gap"), day)
    begin = np.floor(chance.shares(chance.key(seed, name, "gap-at"), day) * 900).astype(np.int64)
    size = chance.shares(chance.key(seed, name, "gap-lasts"), day)
    lasts = 40 + np.floor(size * 420).astype(np.int64)
    return (drawn < series.gaps) & (minute >= begin) & (minute < begin + lasts)
