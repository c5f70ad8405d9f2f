"""Reads minutes of many SLIs from one server in few requests; the rules are in the domain."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.integrations.prometheus.client import (
    Grid,
    PrometheusClient,
    RefusedError,
    Series,
    TooMuchError,
)
from watchkeeper.integrations.prometheus.domain import minutes, packs
from watchkeeper.integrations.prometheus.domain.minutes import Evidence, Flags, Numbers, Run
from watchkeeper.integrations.prometheus.domain.packs import LOOKBACK_SECONDS, Dialect, Form, Pack
from watchkeeper.integrations.prometheus.domain.queries import (
    CounterQuery,
    LabelMatch,
    Query,
    ValueQuery,
    pattern_of,
)

CHUNK_MINUTES = 1440
_BLOCK_MINUTES = 60
_SHORT_BLOCK_MINUTES = 10
NARROW_BYTES = 4 * 1024 * 1024
_REMEMBERED = "1d"
_MOST_NAMED = 500


@dataclass(slots=True)
class Chunk:
    """What the server told of one stretch of minutes.

    Attributes:
        start: First minute.
        end: The minute after the last.
        skip: Minutes ``[from, to)`` inside that are not asked for; ``None`` for none.
        asked: Whether each minute is asked for.
        edges: Of each counter, the sum at every minute's edge; NaN where there was none.
        watched: Of each counter, whether it had a value shortly before each minute.
        doubts: Of each counter, minutes that edges do not tell.
        spoiled: Of each counter, minutes whose edges are no counts, so that no look clears them.
        runs: Of each counter, raw samples for its doubtful minutes.
        values: Of each value, what it was at each minute's end; NaN where it was not one number.
        several: How many minutes had several series for one value.
        failed: What the server said of queries that it refused.
        warnings: What the server warned of.
    """

    start: int
    end: int
    skip: tuple[int, int] | None = None
    asked: Flags = field(init=False)
    edges: dict[CounterQuery, Numbers] = field(default_factory=dict)
    watched: dict[CounterQuery, Flags] = field(default_factory=dict)
    doubts: dict[CounterQuery, Flags] = field(default_factory=dict)
    spoiled: dict[CounterQuery, Flags] = field(default_factory=dict)
    runs: dict[CounterQuery, list[Run]] = field(default_factory=dict)
    values: dict[ValueQuery, Numbers] = field(default_factory=dict)
    several: dict[ValueQuery, int] = field(default_factory=dict)
    failed: dict[Query, str] = field(default_factory=dict)
    warnings: set[str] = field(default_factory=set)

    @property
    def length(self) -> int:
        """How many minutes there are."""
        return self.end - self.start

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """The minutes ``[from, to)`` that are asked for."""
        if self.skip is None:
            return [(self.start, self.end)]
        low, high = (min(max(each, self.start), self.end) for each in self.skip)
        return [each for each in ((self.start, low), (high, self.end)) if each[0] < each[1]]

    def __post_init__(self) -> None:
        self.asked = np.zeros(self.length, np.bool_)
        for start, end in self.stretches:
            self.asked[start - self.start : end - self.start] = True


class Reader:
    """Asks one server about chunks of minutes.

    Attributes:
        narrow_bytes: A counter whose raw samples of an hour are more than this is wide: which of
            its minutes need raw samples is asked minute by minute first.
    """

    def __init__(
        self, client: PrometheusClient, dialect: Dialect, *, narrow_bytes: int = NARROW_BYTES
    ) -> None:
        self._client = client
        self._dialect = dialect
        self.narrow_bytes = narrow_bytes
        self._wide: set[CounterQuery] = set()

    def read(
        self,
        queries: Iterable[Query],
        *,
        start: int,
        end: int,
        skip: tuple[int, int] | None = None,
    ) -> Chunk:
        """Return what the server tells of ``[start, end)``, at most a day.

        Args:
            queries: What to ask; each is asked once.
            start: First minute.
            end: The minute after the last.
            skip: Minutes ``[from, to)`` inside that need not be told.

        Raises:
            DependencyError: the server could not be asked; a refused query is told in the chunk.
        """
        chunk = Chunk(start, end, skip)
        asked = list(dict.fromkeys(queries))
        counters = [query for query in asked if isinstance(query, CounterQuery)]
        values = [query for query in asked if isinstance(query, ValueQuery)]
        with ThreadPoolExecutor(self._client.connection.concurrency) as pool:
            self._read_values(pool, chunk, values)
            self._read_edges(pool, chunk, counters)
            self._find_doubts(pool, chunk, counters)
            self._read_raw(pool, chunk)
        return chunk

    def _read_values(
        self, pool: ThreadPoolExecutor, chunk: Chunk, queries: Sequence[ValueQuery]
    ) -> None:
        chunk.values = {query: np.full(chunk.length, np.nan) for query in queries}
        seen = {query: np.zeros(chunk.length, np.int64) for query in queries}
        asked = packs.values(queries)
        grids = [Grid((start + 1) * 60, end * 60, 60) for start, end in chunk.stretches]
        for grid in _together(grids):
            for query, series in self._ask(pool, chunk, asked, None, grid):
                assert isinstance(query, ValueQuery)
                minute = (np.rint(series.times).astype(np.int64) // 60) - chunk.start - 1
                chunk.values[query][minute] = series.values
                seen[query][minute] += 1
        for value, times in seen.items():
            chunk.values[value][times > 1] = np.nan
            chunk.several[value] = int(np.count_nonzero(times > 1))

    def _read_edges(
        self, pool: ThreadPoolExecutor, chunk: Chunk, queries: Sequence[CounterQuery]
    ) -> None:
        form = packs.sums(self._dialect)
        first = chunk.start - minutes.WATCHED_MINUTES
        place = {query: row for row, query in enumerate(queries)}
        sums = np.full((len(place), chunk.end - first + 1), np.nan)
        spoiled = np.zeros(sums.shape, np.bool_)
        grid = Grid(first * 60, chunk.end * 60, 60)
        for query, series in self._ask(pool, chunk, packs.grouped(queries, form), form, grid):
            assert isinstance(query, CounterQuery)
            edge = (np.rint(series.times).astype(np.int64) // 60) - first
            sums[place[query], edge] = series.values
            spoiled[place[query], edge] = ~np.isfinite(series.values)  # by one NaN of many
        watched = np.isfinite(sums) | spoiled
        edges = sums[:, minutes.WATCHED_MINUTES :]
        odd = spoiled[:, minutes.WATCHED_MINUTES :]
        odd = (odd[:, 1:] | odd[:, :-1] | minutes.differences(edges)[2]) & chunk.asked
        for counter, row in place.items():
            chunk.watched[counter] = watched[row, : chunk.length]
            chunk.edges[counter] = edges[row]
            chunk.spoiled[counter] = odd[row]
            chunk.doubts[counter] = odd[row].copy()

    def _find_doubts(
        self, pool: ThreadPoolExecutor, chunk: Chunk, queries: Sequence[CounterQuery]
    ) -> None:
        """Mark minutes in which series came, went or were reset, looking closer in two steps.

        A query that only narrows another is asked about only where the other is not clear.
        """
        blocks: dict[tuple[int, int], list[CounterQuery]] = {}
        widest = packs.covers(tuple(queries))
        first = [query for query in queries if query not in widest]
        for length, grid in _blocks(chunk.stretches):
            found = self._anomalies(pool, chunk, first, length, grid)
            unclear = {query for query, _ in found} | chunk.failed.keys()
            then = [query for query, wide in widest.items() if wide in unclear]
            for query, edge in found + self._anomalies(pool, chunk, then, length, grid):
                blocks.setdefault((edge - length, edge), []).append(query)
        for (start, end), doubted in blocks.items():
            for query in doubted:
                chunk.doubts[query][start - chunk.start : end - chunk.start] = True
            wide = [query for query in doubted if query in self._wide]
            if wide:
                self._look_closer(pool, chunk, wide, start, end)

    def _look_closer(
        self,
        pool: ThreadPoolExecutor,
        chunk: Chunk,
        queries: Sequence[CounterQuery],
        start: int,
        end: int,
    ) -> None:
        """Clear the minutes of ``[start, end)`` in which nothing came, went or was reset."""
        grid = Grid((start + 1) * 60, end * 60, 60)
        stretch = slice(start - chunk.start, end - chunk.start)
        kept = {query: np.zeros(end - start, np.bool_) for query in queries}
        for query, edge in self._anomalies(pool, chunk, queries, 1, grid):
            kept[query][edge - 1 - start] = True
        for query in queries:
            chunk.doubts[query][stretch] = kept[query] | chunk.spoiled[query][stretch]

    def _anomalies(
        self,
        pool: ThreadPoolExecutor,
        chunk: Chunk,
        queries: Sequence[CounterQuery],
        length: int,
        grid: Grid,
    ) -> list[tuple[CounterQuery, int]]:
        """Return each counter with the minute at which a doubtful stretch of ``length`` ends."""
        form = packs.anomalies(self._dialect, minutes=length)
        return [
            (query, int(edge) // 60)
            for query, series in self._ask(pool, chunk, packs.grouped(queries, form), form, grid)
            for edge in series.times[series.values > 0]
            if isinstance(query, CounterQuery)
        ]

    def _read_raw(self, pool: ThreadPoolExecutor, chunk: Chunk) -> None:
        """Fetch raw samples for every doubtful minute; a wide counter is looked at closer."""
        narrow = [query for query in chunk.doubts if query not in self._wide]
        late = self._raw_runs(pool, chunk, narrow, max_bytes=self.narrow_bytes)
        self._wide.update(late)
        for query in late:
            chunk.runs[query] = []
            hours = minutes.runs(chunk.doubts[query], start=chunk.start, longest=_BLOCK_MINUTES)
            for start, end in hours:
                if end - start > _SHORT_BLOCK_MINUTES:
                    self._look_closer(pool, chunk, [query], start, end)
        wide = [query for query in chunk.doubts if query in self._wide]
        for query in self._raw_runs(pool, chunk, wide, max_bytes=None):
            chunk.failed[query] = "the raw samples of one minute are more than we read"

    def _raw_runs(
        self,
        pool: ThreadPoolExecutor,
        chunk: Chunk,
        queries: Iterable[CounterQuery],
        *,
        max_bytes: int | None,
    ) -> set[CounterQuery]:
        """Fill ``chunk.runs`` and return the counters whose samples were too many."""
        wanted = [
            (query, start, end)
            for query in queries
            if query not in chunk.failed and chunk.doubts[query].any()
            for start, end in minutes.runs(
                chunk.doubts[query], start=chunk.start, longest=_BLOCK_MINUTES
            )
        ]
        late: set[CounterQuery] = set()

        def fetch(item: tuple[CounterQuery, int, int]) -> tuple[CounterQuery, list[Run] | None]:
            query, start, end = item
            if query in late:
                return query, None
            found = self._runs(chunk, query, start, end, max_bytes=max_bytes)
            if found is None:
                late.add(query)
            return query, found

        for query, found in pool.map(fetch, wanted):
            chunk.runs.setdefault(query, []).extend(found or ())
        return late

    def _runs(
        self, chunk: Chunk, query: CounterQuery, start: int, end: int, *, max_bytes: int | None
    ) -> list[Run] | None:
        """Return raw samples for ``[start, end)``; ``None`` where they are too many."""
        reach = (end - start) * 60 + LOOKBACK_SECONDS + 1
        limit = {} if max_bytes is None else {"max_bytes": max_bytes}
        try:
            answer = self._client.instant(f"{query.selector()}[{reach}s]", at=end * 60, **limit)
        except TooMuchError:
            if max_bytes is not None or end - start == 1:
                return None
            middle = (start + end) // 2
            halves = [
                self._runs(chunk, query, *half, max_bytes=None)
                for half in ((start, middle), (middle, end))
            ]
            return None if None in halves else [run for half in halves for run in half or ()]
        except RefusedError as error:
            chunk.failed[query] = error.message
            return []
        chunk.warnings.update(answer.warnings)
        series = minutes.merged((item.labels, item.times, item.values) for item in answer.series)
        run = Run(start, end, series)
        born = [found for found, _ in minutes.first_samples(run)]
        if not born:
            return [run]
        return [Run(start, end, series, self._evidence(query, run, born, reach))]

    def _evidence(
        self,
        query: CounterQuery,
        run: Run,
        born: Sequence[minutes.RawSeries],
        reach: int,
    ) -> Evidence:
        """Ask what is known of series that begin in ``run``: their past and their targets."""
        narrowed = query.selector(*_naming(born))
        past = self._client.instant(
            f"last_over_time({narrowed}[{_REMEMBERED}])", at=run.start * 60 - LOOKBACK_SECONDS
        )
        before = {
            minutes.labels_of(series.labels): float(series.values[-1])
            for series in past.series
            if np.isfinite(series.values[-1])
        }
        targets = sorted({series.target for series in born if all(series.target)})
        if not targets:
            return Evidence(before)
        where = (
            _either("job", [job for job, _ in targets]),
            _either("instance", [instance for _, instance in targets]),
        )
        process = CounterQuery("process_start_time_seconds").selector(*where)
        started = self._client.instant(f"last_over_time({process}[{reach}s])", at=run.end * 60)
        return Evidence(
            before,
            up=self._seen(query, run, where, reach, set(targets)),
            started={
                minutes.target_of(series.labels.items()): float(series.values[-1])
                for series in started.series
            },
        )

    def _seen(
        self,
        query: CounterQuery,
        run: Run,
        where: tuple[LabelMatch, LabelMatch],
        reach: int,
        targets: set[minutes.Target],
    ) -> dict[minutes.Target, Numbers]:
        """Return when targets were seen: by ``up``, else by other series of the same metric."""
        up = self._client.instant(
            CounterQuery("up").selector(*where) + f"[{reach}s]", at=run.end * 60
        )
        seen = {
            minutes.target_of(series.labels.items()): series.times[series.values == 1]
            for series in up.series
        }
        if targets <= set(seen):
            return seen
        metric = self._dialect.instant(CounterQuery(query.metric).selector(*where))
        first = run.start * 60 - LOOKBACK_SECONDS
        there = self._client.range(
            f"count by (job, instance) ({metric})", Grid(first, run.end * 60, 60)
        )
        return {
            minutes.target_of(series.labels.items()): series.times for series in there.series
        } | seen

    def _ask(
        self,
        pool: ThreadPoolExecutor,
        chunk: Chunk,
        asked: Sequence[Pack],
        form: Form | None,
        grid: Grid,
    ) -> list[tuple[Query, Series]]:
        """Return every series of every pack's answer with the query that it belongs to."""
        portions = packs.requests(asked, steps=grid.count)
        if len(portions) == 1:
            return self._portion(chunk, portions[0], form, grid)
        found = pool.map(lambda portion: self._portion(chunk, portion, form, grid), portions)
        return [item for portion in found for item in portion]

    def _portion(
        self, chunk: Chunk, portion: Sequence[Pack], form: Form | None, grid: Grid
    ) -> list[tuple[Query, Series]]:
        """Ask one request; what is refused is asked in halves until the culprit stands alone."""
        try:
            answer = self._client.range(packs.joined(portion), grid)
        except (RefusedError, TooMuchError) as error:
            smaller = _smaller(portion, form)
            if smaller:
                return [
                    item for half in smaller for item in self._portion(chunk, half, form, grid)
                ]
            if isinstance(error, TooMuchError) and grid.count > 1:
                return [
                    item
                    for half in grid.halves()
                    for item in self._portion(chunk, portion, form, half)
                ]
            chunk.failed.update(dict.fromkeys(portion[0].members.values(), error.message))
            return []
        chunk.warnings.update(answer.warnings)
        found = []
        for series in answer.series:
            pack = portion[int(series.labels.get(packs.TAG, "0"))]
            query = pack.query_of(series.labels)
            if query is not None:
                found.append((query, series))
        return found


def _blocks(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, Grid]]:
    """Return the ends of whole hours and of what is left, with the minutes up to each end."""
    grids: dict[int, list[Grid]] = {}
    for start, end in stretches:
        whole = (end - start) // _BLOCK_MINUTES * _BLOCK_MINUTES
        if whole:
            first = Grid((start + _BLOCK_MINUTES) * 60, (start + whole) * 60, _BLOCK_MINUTES * 60)
            grids.setdefault(_BLOCK_MINUTES, []).append(first)
        if end - start > whole:
            rest = end - start - whole
            grids.setdefault(rest, []).append(Grid(end * 60, end * 60, rest * 60))
    return [(length, grid) for length, own in grids.items() for grid in _together(own)]


def _together(grids: Sequence[Grid]) -> list[Grid]:
    """Return the same instants in fewer grids: two single ones are one of two."""
    if len(grids) != 2 or any(grid.count > 1 for grid in grids):
        return list(grids)
    (first, last) = grids
    return [Grid(first.start, last.end, last.end - first.start)]


def _smaller(portion: Sequence[Pack], form: Form | None) -> list[tuple[Pack, ...]]:
    """Return the same questions in two requests; empty where there is one question."""
    if len(portion) > 1:
        cut = len(portion) // 2
        return [tuple(portion[:cut]), tuple(portion[cut:])]
    halves = portion[0].halves(form) if form is not None else portion
    return [(half,) for half in halves] if len(halves) > 1 else []


def _naming(born: Sequence[minutes.RawSeries]) -> tuple[LabelMatch, ...]:
    """Return the one condition that narrows a selector most to the series that were born."""
    values: dict[str, set[str]] = {}
    for series in born:
        for label, value in series.labels:
            values.setdefault(label, set()).add(value)
    shared = {
        label
        for label in values
        if label != "le" and all(any(name == label for name, _ in s.labels) for s in born)
    }
    if not shared:
        return ()
    label = max(sorted(shared), key=lambda name: len(values[name]))
    if len(values[label]) > _MOST_NAMED:
        return ()
    return (_either(label, values[label]),)


def _either(label: str, values: Iterable[str]) -> LabelMatch:
    return LabelMatch(label, "=~", "|".join(pattern_of(value) for value in sorted(set(values))))
