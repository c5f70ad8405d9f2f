"""Asks a server of the Prometheus family; answers become arrays, refusals become our errors."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np

from watchkeeper.integrations.prometheus.domain.minutes import Numbers
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.plumbing import egress
from watchkeeper.telemetry.domain.load import Meter
from watchkeeper.telemetry.ports import SourceConfig

MAX_BYTES = 64 * 1024 * 1024
_SERVER_ERRORS = 500
_TOO_MUCH = ("too many samples", "too many", "too large", "exceed", "limit", "maxSamples")


class RefusedError(DependencyError):
    """The server read the query and will not answer it, however often it is asked."""

    code = "query_refused"


class TooMuchError(DependencyError):
    """The answer is more than the server or we allow; a smaller question may be answered."""

    code = "query_too_large"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: labels, instants in seconds, values (NaN and Inf as sent)."""

    labels: Mapping[str, str]
    times: Numbers
    values: Numbers


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, and its warnings."""

    series: tuple[Series, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Instants ``start, start + step … end``, all in seconds since the epoch, both included."""

    start: int
    end: int
    step: int

    @property
    def count(self) -> int:
        """How many instants there are."""
        return (self.end - self.start) // self.step + 1

    def halves(self) -> "tuple[Grid, Grid]":
        """Return the earlier and the later half; there must be two instants or more."""
        middle = self.start + (self.count // 2) * self.step
        return Grid(self.start, middle - self.step, self.step), Grid(middle, self.end, self.step)


class _Pace:
    """Bounds how many requests run at once and how many begin in a second."""

    def __init__(self, concurrency: int, per_second: float) -> None:
        self._slots = threading.BoundedSemaphore(concurrency)
        self._gap_seconds = 1 / per_second if per_second else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it."""
        with self._slots:
            with self._lock:
                wait = max(0.0, self._next - clock.monotonic())
                self._next = clock.monotonic() + wait + self._gap_seconds
            if wait:
                time.sleep(wait)
            yield


@lru_cache(maxsize=256)
def _pace(url: str, concurrency: int, per_second: float) -> _Pace:
    """Return the pace of one server, shared by all who ask it."""
    del url
    return _Pace(concurrency, per_second)


@contextmanager
def _counted(meter: Meter) -> Iterator[None]:
    """Count what is asked within, and whether it failed."""
    begun, failed = clock.monotonic(), True
    try:
        yield
        failed = False
    finally:
        meter.note(clock.monotonic() - begun, failed=failed)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one server.

    Attributes:
        url: Base address; what stands before ``/api/v1``, prefix included.
        headers: Headers of every request, those that authenticate included.
        ca_file: Certificates to trust instead of the system's; ``None`` for the system's.
        timeout_seconds: How long one request may take.
        concurrency: How many requests may run at once.
        per_second: How many requests may begin in a second; 0 for no limit.
        meter: Where each request is counted.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = 15.0
    concurrency: int = 4
    per_second: float = 0.0
    meter: Meter = field(default_factory=Meter, compare=False, repr=False)

    @classmethod
    def of(cls, source: SourceConfig) -> "Connection":
        """Return the connection that ``source`` describes; ``doc.md`` names its settings.

        Raises:
            InvalidError: a setting is missing or cannot be read.
        """
        settings = source.settings
        url = str(settings.get("url") or "").rstrip("/")
        if urlsplit(url).scheme not in {"http", "https"}:
            raise InvalidError(f"source {source.name} needs url, as http://prometheus:9090")
        try:
            return cls(
                url=url,
                headers=_headers(source),
                ca_file=Path(str(settings["caFile"])) if settings.get("caFile") else None,
                timeout_seconds=float(settings.get("timeoutSeconds") or 15),
                concurrency=max(1, int(settings.get("concurrency") or 4)),
                per_second=max(0.0, float(settings.get("requestsPerSecond") or 0)),
                meter=source.meter,
            )
        except (TypeError, ValueError) as error:
            raise InvalidError(f"source {source.name}: {error}") from error


def _headers(source: SourceConfig) -> dict[str, str]:
    settings, secrets = source.settings, source.secrets
    headers = {str(name): str(value) for name, value in (settings.get("headers") or {}).items()}
    if settings.get("tenant"):
        headers["X-Scope-OrgID"] = str(settings["tenant"])
    if secrets.get("bearerToken"):
        headers["Authorization"] = f"Bearer {secrets['bearerToken']}"
    elif settings.get("username"):
        pair = f"{settings['username']}:{secrets.get('password', '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return headers


class PrometheusClient:
    """Speaks the HTTP API v1 that the family shares."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._pace = _pace(connection.url, connection.concurrency, connection.per_second)

    def range(self, query: str, grid: Grid, *, max_bytes: int = MAX_BYTES) -> Answer:
        """Return the value of ``query`` at every instant of ``grid``."""
        if grid.count == 1:
            return self.instant(query, at=grid.start, max_bytes=max_bytes)
        asked = {"query": query, "start": grid.start, "end": grid.end, "step": grid.step}
        return _answer(self._ask("query_range", asked, max_bytes=max_bytes))

    def instant(self, query: str, *, at: float, max_bytes: int = MAX_BYTES) -> Answer:
        """Return the value of ``query`` at one instant; raw samples if it names a range."""
        asked = {"query": query, "time": at}
        return _answer(self._ask("query", asked, max_bytes=max_bytes))

    def labels(self, *, start: int, end: int) -> list[str]:
        """Return names of labels that some series has between the instants."""
        return list(self._ask("labels", {"start": start, "end": end})["data"] or ())

    def label_values(self, label: str, *, start: int, end: int) -> list[str]:
        """Return values of ``label`` between the instants."""
        body = self._ask(f"label/{label}/values", {"start": start, "end": end}, method="GET")
        return list(body["data"] or ())

    def series(self, match: str, *, start: int, end: int) -> list[Mapping[str, str]]:
        """Return the labels of every series that ``match`` selects between the instants."""
        asked = {"match[]": match, "start": start, "end": end}
        return list(self._ask("series", asked)["data"] or ())

    def type_of(self, metric: str) -> str | None:
        """Return the metric's type by its targets' word; ``None`` where the server keeps none."""
        try:
            found = self._ask("metadata", {"metric": metric}, method="GET")["data"]
        except DependencyError:
            return None
        entries = found.get(metric) if isinstance(found, Mapping) else None
        return str(entries[0].get("type")) if entries else None

    def build(self) -> Mapping[str, str]:
        """Return what the server says of its build."""
        found = self._ask("status/buildinfo", {}, method="GET")["data"]
        return found if isinstance(found, Mapping) else {}

    def _ask(
        self,
        path: str,
        asked: Mapping[str, object],
        *,
        method: str = "POST",
        max_bytes: int = MAX_BYTES,
    ) -> Mapping[str, Any]:
        """Return the body of a successful answer.

        Raises:
            RefusedError: the server will not answer this query.
            TooMuchError: the answer is too large.
            DependencyError: the server could not be asked.
        """
        there = self.connection
        # VictoriaMetrics rounds cached answers to its step; Thanos may answer in part.
        form = {"nocache": "1", "partial_response": "false", "dedup": "true"} | {
            name: str(value) for name, value in asked.items()
        }
        body = urlencode(form).encode() if method == "POST" else None
        content = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        with self._pace.turn(), _counted(there.meter):
            try:
                response = egress.request(
                    method,
                    f"{there.url}/api/v1/{path}",
                    headers={**there.headers, **content},
                    params=form if body is None else None,
                    body=body,
                    trust=egress.Trust.ADMIN,
                    timeout_seconds=there.timeout_seconds,
                    max_bytes=max_bytes,
                    ca_file=there.ca_file,
                )
            except DependencyError as error:
                if f"more than {max_bytes} bytes" in error.message:
                    raise TooMuchError(error.message, permanent=True) from error
                raise
            return _body(response.status, response.body, self.connection.url)


def _body(status: int, content: bytes, url: str) -> Mapping[str, Any]:
    """Return the JSON of a good answer; raise what a bad one means."""
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        found = {}
    if status == HTTPStatus.OK and found.get("status") == "success" and "data" in found:
        return found
    said = str(found.get("error") or content[:200].decode(errors="replace")).strip()
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise DependencyError(f"{url} refuses our credentials: {said}", permanent=True)
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        if any(words in said for words in _TOO_MUCH):
            raise TooMuchError(f"{url} finds the query too large: {said}", permanent=True)
        raise RefusedError(f"{url} refuses the query: {said}", permanent=True)
    if status == HTTPStatus.OK:
        raise DependencyError(f"{url} does not answer as Prometheus does", permanent=True)
    passing = status >= _SERVER_ERRORS or status == HTTPStatus.TOO_MANY_REQUESTS
    raise DependencyError(f"{url} answered {status}: {said}", permanent=not passing)


def _answer(body: Mapping[str, Any]) -> Answer:
    data = body["data"]
    kind, result = data.get("resultType"), data.get("result") or []
    if kind == "matrix":
        series = tuple(_series(item["metric"], item.get("values") or ()) for item in result)
    elif kind == "vector":
        series = tuple(
            _series(item["metric"], (item["value"],)) for item in result if "value" in item
        )
    elif kind == "scalar":
        series = (_series({}, (result,)),)
    else:
        raise RefusedError(f"the query yields {kind}, not numbers", permanent=True)
    return Answer(series, tuple(str(warning) for warning in body.get("warnings") or ()))


def _series(metric: Mapping[str, str], pairs: Sequence[Any]) -> Series:
    times = np.array([pair[0] for pair in pairs], np.float64)
    return Series(metric, times, np.array([float(pair[1]) for pair in pairs], np.float64))
