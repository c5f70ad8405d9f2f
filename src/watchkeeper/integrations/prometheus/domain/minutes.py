"""Exact minutes from counters: what happened in each minute, so that minutes add up.

The minute *m* is the time ``(60 m, 60 m + 60]``: the value at an instant is the last sample at or
before it, so a sample on the edge closes the minute before. A counter's minute is what its
samples rose by in it, each rise belonging to the minute of its later sample.

Rules, for each series by itself (then added up):

1. Two neighbouring samples at most 5 minutes apart: the later less the earlier; if the counter
   fell it was reset, and the later counts whole.
2. More than 5 minutes apart is a gap. What rose across it is hidden by the gap and is not counted,
   and the minutes inside are not covered. If the counter fell across it, rule 4 decides.
3. A series whose labels are those of one that just ended, some added or some dropped, and whose
   value is not below it, is the same counter under new labels: the difference counts. Bounds of
   buckets written ``1`` and ``1.0`` are the same label.
4. A first sample counts whole (a counter is born at zero) where somebody was watching just before:
   its target was up, another series of its target was there, or the SLI's total had a value four
   minutes before the minute began (so not while a server meets its targets one after another).
   Otherwise it is only where counting begins: at the start of what the server remembers, or when
   a target is added. A new target whose process started more than 10 minutes before its first
   sample is an old one that was added late, and is not counted whole either.
5. Samples that are no finite number are no samples.

A minute is covered if the total had a value at both its edges, or if something was counted in it
by rule 1, 3 or 4. A minute of a covered total without any series of errors has no errors.

Where no series of a selector was reset, came or went, the sum of all at the minute's end less the
sum at its start is the same number, and far cheaper; only the other minutes are read from raw
samples. A minute with values at its edges but no sample in it (a server that stood still for less
than 5 minutes) is covered and empty, and what it missed counts in the minute of the next sample.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from watchkeeper.integrations.prometheus.domain.packs import LOOKBACK_SECONDS
from watchkeeper.integrations.prometheus.domain.queries import bound_of

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Labels = frozenset[tuple[str, str]]
Target = tuple[str, str]
WATCHED_MINUTES = 4
"""How long the total must have had a value for a new target's counters to count from zero."""
_OLD_PROCESS_SECONDS = 600
_STRANGERS_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RawSeries:
    """Samples of one series, oldest first; times in seconds since the epoch."""

    labels: Labels
    times: Numbers
    values: Numbers

    @property
    def target(self) -> Target:
        """The labels ``job`` and ``instance``, empty where the series has none."""
        return target_of(self.labels)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What else is known where series begin.

    Attributes:
        before: Last value of a series before its raw samples, where the server remembers one.
        up: Instants at which a target was seen to answer.
        started: Start of a target's process, in seconds since the epoch.
    """

    before: Mapping[Labels, float] = field(default_factory=dict)
    up: Mapping[Target, Numbers] = field(default_factory=dict)
    started: Mapping[Target, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """Raw samples that decide the minutes ``[start, end)`` of one selector.

    The samples begin 5 minutes before the run, so that every sample in it finds its neighbour.
    """

    start: int
    end: int
    series: tuple[RawSeries, ...]
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a run holds: amount per minute, and whether anything could be counted in it."""

    amount: Numbers
    counted: Flags
    old_targets: int = 0


def target_of(labels: Iterable[tuple[str, str]]) -> Target:
    """Return what was scraped: the labels ``job`` and ``instance``."""
    found = dict(labels)
    return found.get("job", ""), found.get("instance", "")


def labels_of(metric: Mapping[str, str]) -> Labels:
    """Return what tells series of one metric apart, a bucket's bound in one spelling."""
    return frozenset(
        (name, bound_of(value) if name == "le" else value)
        for name, value in metric.items()
        if name != "__name__"
    )


def merged(parts: Iterable[tuple[Mapping[str, str], Numbers, Numbers]]) -> tuple[RawSeries, ...]:
    """Return series of finite samples; those that differ only in spelling become one."""
    found: dict[Labels, list[tuple[Numbers, Numbers]]] = {}
    for metric, times, values in parts:
        keep = np.isfinite(values)
        found.setdefault(labels_of(metric), []).append((times[keep], values[keep]))
    result = []
    for labels, pieces in found.items():
        times = np.concatenate([piece[0] for piece in pieces])
        values = np.concatenate([piece[1] for piece in pieces])
        order = np.argsort(times, kind="stable")
        if len(times):
            result.append(RawSeries(labels, times[order], values[order]))
    return tuple(result)


def first_samples(run: Run) -> list[tuple[RawSeries, int]]:
    """Return the samples of ``run`` that have no neighbour within 5 minutes before them."""
    found = []
    for series in run.series:
        alone = np.concatenate(([True], np.diff(series.times) > LOOKBACK_SECONDS))
        inside = (series.times > run.start * 60) & (series.times <= run.end * 60)
        found += [(series, int(index)) for index in np.flatnonzero(alone & inside)]
    return found


def count(run: Run, *, watched: Flags) -> Counted:
    """Return what ``run`` holds by the rules above.

    Args:
        run: Raw samples and what else is known.
        watched: For each minute of the run, whether the SLI's total had a value
            :data:`WATCHED_MINUTES` before it began.
    """
    amount = np.zeros(run.end - run.start)
    counted = np.zeros(run.end - run.start, np.bool_)
    for series in run.series:
        rise = np.diff(series.values)
        step = np.where(rise >= 0, rise, series.values[1:])
        later = series.times[1:]
        take = (np.diff(series.times) <= LOOKBACK_SECONDS) & (later > run.start * 60)
        take &= later <= run.end * 60
        places = _minute_of(later[take]) - run.start
        np.add.at(amount, places, step[take])
        counted[places] = True
    births, old_targets = _Births(run), 0
    for series, index in sorted(first_samples(run), key=lambda item: item[0].times[item[1]]):
        minute = int(_minute_of(series.times[index : index + 1])[0]) - run.start
        born = births.judge(series, index, watched=bool(watched[minute]))
        old_targets += born is None
        if born is not None and born >= 0:
            amount[minute] += born
            counted[minute] = True
    return Counted(amount, counted, old_targets)


def differences(edges: Numbers) -> tuple[Numbers, Flags, Flags]:
    """Return amounts, coverage and doubt per minute from a sum's values at the minutes' edges.

    Args:
        edges: Sum at each edge, one more than there are minutes; NaN where there was no value.
            The last axis is time, so that many sums are taken at once.

    Returns:
        The rise per minute (0 where an edge is missing), whether both edges had a value, and
        whether the sum fell, which no sum of counters does by itself.
    """
    known = np.isfinite(edges)
    covered = known[..., :-1] & known[..., 1:]
    rise = np.zeros(covered.shape)
    np.subtract(edges[..., 1:], edges[..., :-1], out=rise, where=covered)
    return np.maximum(rise, 0), covered, rise < 0


def runs(flags: Flags, *, start: int, longest: int) -> list[tuple[int, int]]:
    """Return the flagged minutes as stretches ``[from, to)`` of at most ``longest`` minutes."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False]))))
    return [
        (start + first, start + min(first + longest, int(end)))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        for first in range(int(begin), int(end), longest)
    ]


def _minute_of(times: Numbers) -> npt.NDArray[np.int64]:
    return np.ceil(times / 60).astype(np.int64) - 1


class _Births:
    """Judges the first samples of one run, each by what else is known of its target."""

    def __init__(self, run: Run) -> None:
        self._evidence = run.evidence
        self._of_target: dict[Target, list[RawSeries]] = {}
        for series in run.series:
            self._of_target.setdefault(series.target, []).append(series)
        # A counter that goes on under other labels has ended; those with the last sample have not.
        last = max((series.times[-1] for series in run.series), default=0.0)
        self._ended = [series for series in run.series if series.times[-1] < last]

    def judge(self, series: RawSeries, index: int, *, watched: bool) -> float | None:
        """Return what a first sample counts; -1 for nothing; ``None``: an old target, late."""
        moment, value = float(series.times[index]), float(series.values[index])
        older = series.values[index - 1] if index else self._evidence.before.get(series.labels)
        if older is not None and older <= value:
            return -1  # it ran on unseen
        goes_on = self._risen_under_other_labels(series, moment, value) if older is None else None
        if goes_on is not None:
            return goes_on
        if self._target_seen(series, moment):
            return value
        started = self._evidence.started.get(series.target)
        if started is not None and started < moment - _OLD_PROCESS_SECONDS:
            return None
        return value if watched else -1

    def _target_seen(self, series: RawSeries, moment: float) -> bool:
        """Return whether its target was watched in the 5 minutes before ``moment``."""
        up = self._evidence.up.get(series.target)
        if up is not None and _any_before(up, moment):
            return True
        # Series of one scrape share its instant; those of no target may begin one by one.
        until = moment if all(series.target) else moment - _STRANGERS_SECONDS
        return any(
            _any_before(other.times, until)
            for other in self._of_target[series.target]
            if other.labels != series.labels
        )

    def _risen_under_other_labels(
        self, series: RawSeries, moment: float, value: float
    ) -> float | None:
        """Return the rise since the series that this one continues; ``None`` if there is none."""
        for place, other in enumerate(self._ended):
            nested = other.labels < series.labels or series.labels < other.labels
            recent = moment - LOOKBACK_SECONDS <= other.times[-1] < moment
            if nested and recent and other.values[-1] <= value:
                del self._ended[place]
                return value - float(other.values[-1])
        return None


def _any_before(times: Numbers, moment: float) -> bool:
    index = int(np.searchsorted(times, moment, side="left"))
    return index > 0 and bool(times[index - 1] >= moment - LOOKBACK_SECONDS)
