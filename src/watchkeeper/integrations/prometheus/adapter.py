"""Telemetry's port MinuteSource for the Prometheus family."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.integrations.prometheus.client import Connection, PrometheusClient, RefusedError
from watchkeeper.integrations.prometheus.domain import answers, packs
from watchkeeper.integrations.prometheus.domain.answers import Counts, Minutes, Plan
from watchkeeper.integrations.prometheus.domain.minutes import Flags
from watchkeeper.integrations.prometheus.domain.packs import Dialect
from watchkeeper.integrations.prometheus.domain.queries import CounterQuery, Query, ValueQuery
from watchkeeper.integrations.prometheus.inbound import CHUNK_MINUTES, NARROW_BYTES, Chunk, Reader
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.ports import Fetched, SliRequest, SourceConfig

_HOUR = 3600
_MONTH = 30 * 86_400
_MONTHS = 120
_EMPTY_MONTHS = 13
_REMEMBERED_SECONDS = 300
_RESETS_OF_A_GAUGE = 20


@dataclass(slots=True)
class _Growing:
    """One answer while its chunks come in."""

    request: SliRequest
    plan: Plan | None
    findings: dict[str, None]
    parts: list[Minutes]


class PrometheusSource:
    """Reads minutes from Prometheus, VictoriaMetrics, Mimir and Thanos."""

    def __init__(self, *, narrow_bytes: int = NARROW_BYTES) -> None:
        self._narrow_bytes = narrow_bytes
        self._dialects: dict[str, Dialect] = {}
        self._oldest: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def fetch(
        self,
        source: SourceConfig,
        requests: Sequence[SliRequest],
        *,
        start: int,
        end: int,
        skip: tuple[int, int] | None = None,
    ) -> Sequence[Fetched]:
        """See ``telemetry.ports.MinuteSource``; one refused query does not stop the others."""
        client = PrometheusClient(Connection.of(source))
        reader = Reader(client, self._dialect(client), narrow_bytes=self._narrow_bytes)
        growing = [_begin(request) for request in requests]
        queries = [query for item in growing if item.plan for query in item.plan.roles.values()]
        for first in range(start, end, CHUNK_MINUTES):
            until = min(end, first + CHUNK_MINUTES)
            chunk = reader.read(queries, start=first, end=until, skip=skip)
            for item in growing:
                item.parts.append(_minutes(item, chunk))
        return [_finished(item, start=start, end=end) for item in growing]

    def oldest(self, source: SourceConfig) -> int | None:
        """See ``telemetry.ports.MinuteSource``; exact to the server's own block or day."""
        client = PrometheusClient(Connection.of(source))
        known = self._oldest.get(client.connection.url)
        if known is not None and clock.monotonic() - known[0] < _REMEMBERED_SECONDS:
            return known[1]
        high = int(clock.now().timestamp()) + _HOUR
        low = 0
        if self._dialect(client).lookback_by_range:
            low, high = _month_before(client, high)
        if low >= high or not client.labels(start=low, end=high):
            return None
        # Label names tell cheaply whether a stretch holds anything; the first is found by halves.
        first = low
        while (
            high - low > 1
        ):  # to the second: a minute is told by the sample, not by where halves fall
            middle = (low + high) // 2
            if client.labels(start=first, end=middle):
                high = middle
            else:
                low = middle
        self._oldest[client.connection.url] = clock.monotonic(), high // 60
        return high // 60

    def check(self, source: SourceConfig, spec: SliSpec) -> tuple[str, ...]:
        """See ``telemetry.ports.MinuteSource``; asks the server for each query's present value."""
        plan = answers.plan(spec)
        client = PrometheusClient(Connection.of(source))
        dialect = self._dialect(client)
        findings = list(plan.findings)
        for role, query in plan.roles.items():
            findings += [f"{role}: {finding}" for finding in _tried(client, dialect, query)]
        return tuple(findings)

    def probe(self, source: SourceConfig) -> str:
        """See ``telemetry.ports.MinuteSource``."""
        client = PrometheusClient(Connection.of(source))
        client.instant("vector(1)", at=int(clock.now().timestamp()))
        try:
            build = client.build()
        except DependencyError:
            return "a server that answers as Prometheus does"
        if _dialect_of(build) is packs.VICTORIA_METRICS:
            return packs.VICTORIA_METRICS.name  # the version it tells is the one it imitates
        return f"{build.get('application') or 'Prometheus'} {build.get('version', '')}".strip()

    def _dialect(self, client: PrometheusClient) -> Dialect:
        url = client.connection.url
        with self._lock:
            known = self._dialects.get(url)
        if known is None:
            try:
                known = _dialect_of(client.build())
            except DependencyError as error:
                if not error.permanent:
                    raise
                known = packs.PROMETHEUS  # it has no such page; the query API decides
            with self._lock:
                self._dialects[url] = known
        return known


def _month_before(client: PrometheusClient, end: int) -> tuple[int, int]:
    """Return the oldest stretch of 30 days that holds anything; empty where nothing does.

    VictoriaMetrics looks into its daily index for up to 40 days, and at all of time for more.
    """
    found, empty = (end, end), 0
    for high in range(end, end - _MONTHS * _MONTH, -_MONTH):
        if client.labels(start=high - _MONTH, end=high):
            found, empty = (high - _MONTH, high), 0
        else:
            empty += 1
        if empty > _EMPTY_MONTHS:
            break
    return found


def _dialect_of(build: Mapping[str, str]) -> Dialect:
    """Return the dialect; VictoriaMetrics tells a version and nothing of how it was built."""
    return packs.PROMETHEUS if "revision" in build else packs.VICTORIA_METRICS


def _begin(request: SliRequest) -> _Growing:
    try:
        plan = answers.plan(request.spec)
    except InvalidError as error:
        return _Growing(request, None, {error.message: None}, [])
    return _Growing(request, plan, dict.fromkeys(plan.findings), [])


def _minutes(item: _Growing, chunk: Chunk) -> Minutes:
    """Return one SLI's minutes of ``chunk`` and note what its owner should know."""
    empty = Minutes(MinuteSeries.empty(start=chunk.start, end=chunk.end))
    if item.plan is None:
        return empty
    refused = [chunk.failed[query] for query in item.plan.roles.values() if query in chunk.failed]
    item.findings.update(dict.fromkeys([*refused, *sorted(chunk.warnings)]))
    if refused:
        return empty
    spec = item.plan.spec
    if "value" in item.plan.roles:
        return _of_value(item, chunk, spec)
    return _of_ratio(item, chunk)


def _of_value(item: _Growing, chunk: Chunk, spec: SliSpec) -> Minutes:
    assert item.plan is not None
    query = item.plan.roles["value"]
    assert isinstance(query, ValueQuery)
    if chunk.several[query]:
        item.findings["the query has several series at once; such minutes are not measured: "
                      "make one of them, as min(…), max(…) or avg(…)"] = None  # fmt: skip
    values = chunk.values[query]
    if spec.kind == "raw_ratio":
        return answers.told(chunk.start, values, failure=spec.raw_type == "failure")
    assert spec.op is not None
    assert spec.bound is not None
    return answers.judged(chunk.start, values, op=spec.op, bound=spec.bound)


def _of_ratio(item: _Growing, chunk: Chunk) -> Minutes:
    assert item.plan is not None
    roles = item.plan.roles
    watched = _watched(roles, chunk)
    found = {role: _counts(query, chunk, watched=watched) for role, query in roles.items()}
    if any(counts.old_targets for counts in found.values()):
        item.findings["a target was added whose counters had been running; they count from their "
                      "first sample"] = None  # fmt: skip
    total = found.get("total") or answers.together(found["good"], found["bad"])
    good = found.get("good")
    bad = None if good is not None else found.get("bad")
    return answers.shares(chunk.start, total=total, good=good, bad=bad)


def _watched(roles: Mapping[str, Query], chunk: Chunk) -> Flags:
    """Return whether the SLI's total was measured shortly before each minute."""
    watched = np.zeros(chunk.length, np.bool_)
    for role in ("total",) if "total" in roles else ("good", "bad"):
        query = roles[role]
        if isinstance(query, CounterQuery):
            watched |= chunk.watched[query]
        else:
            watched |= np.isfinite(chunk.values[query])
    return watched


def _counts(query: Query, chunk: Chunk, *, watched: Flags) -> Counts:
    if isinstance(query, ValueQuery):
        values = chunk.values[query]
        return Counts(values, np.isfinite(values))
    return answers.counted(
        chunk.edges[query], chunk.runs.get(query, []), start=chunk.start, watched=watched
    ).only(chunk.asked)


def _finished(item: _Growing, *, start: int, end: int) -> Fetched:
    over_total = sum(part.over_total for part in item.parts)
    if over_total:
        minutes = "minute" if over_total == 1 else "minutes"
        item.findings[f"a part exceeded the total in {over_total} {minutes}"] = None
    if len(item.parts) == 1:
        series = item.parts[0].series
    elif item.parts:
        series = MinuteSeries(
            start,
            np.concatenate([part.series.good for part in item.parts]),
            np.concatenate([part.series.total for part in item.parts]),
            np.concatenate([part.series.covered for part in item.parts]),
        )
    else:
        series = MinuteSeries.empty(start=start, end=end)
    return Fetched(item.request.version_id, series, over_total, tuple(item.findings))


def _tried(client: PrometheusClient, dialect: Dialect, query: Query) -> list[str]:
    """Return what the server's present answer says about ``query``."""
    now = int(clock.now().timestamp())
    if isinstance(query, ValueQuery):
        return _tried_value(client, query, now)
    findings = []
    try:
        found = client.instant(f"count({dialect.instant(query.selector())})", at=now).series
        if not found:
            return ["no series at present: check the name and the labels"]
        resets = client.instant(f"max(resets({query.selector()}[1h]))", at=now).series
    except RefusedError as error:
        raise InvalidError(error.message) from error
    if client.type_of(query.metric) == "gauge":
        findings.append(f"{query.metric} is a gauge by its target's word, counted as a counter")
    elif resets and resets[0].values[-1] > _RESETS_OF_A_GAUGE:
        findings.append(f"{query.metric} fell {int(resets[0].values[-1])} times in an hour: "
                        "is it a counter?")  # fmt: skip
    return findings


def _tried_value(client: PrometheusClient, query: ValueQuery, now: int) -> list[str]:
    try:
        found = client.instant(query.text, at=now).series
    except RefusedError as error:
        raise InvalidError(error.message) from error
    if not found:
        return ["no value at present: check the names and the labels"]
    if len(found) > 1:
        raise InvalidError(
            f"the query yields {len(found)} series, one number is needed: "
            "make one of them, as min(…), max(…) or avg(…)"
        )
    return []
