"""Counters of known truth: what happened, what was scraped of it, and what that should count."""

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.servers import Server
from watchkeeper.integrations.prometheus.adapter import PrometheusSource
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.ports import Fetched, SliRequest, SourceConfig

MIDNIGHT = 1_767_571_200  # 2026-01-05T00:00:00Z
START = MIDNIGHT // 60
STALE_SECONDS = 300

Sample = tuple[float, float]


@dataclass(slots=True)
class History:
    """Samples by metric and labels, for either kind of server."""

    series: dict[tuple[str, tuple[tuple[str, str], ...]], list[Sample]] = field(
        default_factory=dict
    )

    def add(self, metric: str, samples: Iterable[Sample], **labels: str) -> "History":
        """Add samples; times in seconds after midnight."""
        key = metric, tuple(sorted(labels.items()))
        placed = [(MIDNIGHT + second, value) for second, value in samples]
        self.series.setdefault(key, []).extend(placed)
        return self

    def openmetrics(self) -> str:
        lines = []
        for (metric, labels), samples in sorted(self.series.items()):
            inner = ",".join(f'{name}="{value}"' for name, value in labels)
            lines += [
                f"{metric}{{{inner}}} {_text(value)} {moment:.3f}" for moment, value in samples
            ]
        return "\n".join([*lines, "# EOF", ""])

    def import_into(self, server: Server) -> None:
        """Write all samples to VictoriaMetrics and wait until they can be read."""
        rows = [
            json.dumps(
                {
                    "metric": {"__name__": metric, **dict(labels)},
                    "values": [value for _, value in samples if not math.isnan(value)],
                    "timestamps": [
                        int(at * 1000) for at, value in samples if not math.isnan(value)
                    ],
                }
            )
            for (metric, labels), samples in self.series.items()
        ]
        server.post("/api/v1/import", "\n".join(rows).encode())
        server.get("/internal/force_flush")

    def write_to(self, server: Server) -> None:
        """Write all samples, staleness marks (:data:`STALE`) included, by remote write."""
        body = b"".join(
            _part(1, _labels({"__name__": metric, **dict(labels)}) + _samples(samples))
            for (metric, labels), samples in self.series.items()
        )
        literal = b"\xfc" + struct.pack("<I", len(body) - 1) + body  # snappy, nothing packed
        server.post(
            "/api/v1/write",
            _varint(len(body)) + literal,
            Content_Encoding="snappy",
            Content_Type="application/x-protobuf",
            X_Prometheus_Remote_Write_Version="0.1.0",
        )


STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""The mark of a series that ended; source: Prometheus, model/value/value.go."""


def _varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def _part(field_number: int, content: bytes) -> bytes:
    return _varint(field_number << 3 | 2) + _varint(len(content)) + content


def _labels(labels: Mapping[str, str]) -> bytes:
    return b"".join(
        _part(1, _part(1, name.encode()) + _part(2, value.encode()))
        for name, value in sorted(labels.items())
    )


def _samples(samples: Sequence[Sample]) -> bytes:
    return b"".join(
        _part(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(int(moment * 1000)))
        for moment, value in samples
    )


def _text(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:.10g}"


def every(seconds: float, *, start: float = 0, end: float, skip: Sequence[tuple[float, float]] = ()
          ) -> list[float]:  # fmt: skip
    """Return the instants of scrapes, without those in the gaps ``skip``."""
    moments, moment = [], start
    while moment <= end:
        if not any(low <= moment < high for low, high in skip):
            moments.append(moment)
        moment += seconds
    return moments


def counter(scrapes: Iterable[float], *, events: Sequence[float], resets: Sequence[float] = ()
            ) -> list[Sample]:  # fmt: skip
    """Return what scrapes saw of a counter of ``events`` (seconds) that restarts at ``resets``."""
    marks = np.sort(np.array(events, np.float64))
    seen = []
    for moment in scrapes:
        since = max([reset for reset in resets if reset <= moment], default=-math.inf)
        inside = np.searchsorted(marks, moment, "right") - np.searchsorted(marks, since, "right")
        seen.append((moment, float(inside)))
    return seen


def bursts(*, every_seconds: float, per_burst: int, end: float, start: float = 7) -> list[float]:
    """Return events in bursts of ten seconds."""
    return [
        begin + 10 * index / per_burst
        for begin in np.arange(start, end, every_seconds)
        for index in range(per_burst)
    ]


def truth(samples: Sequence[Sample], *, minutes: int, born: bool = False) -> list[float]:
    """Return a counter's events per minute by its raw samples, the plain way.

    Args:
        samples: Seconds after midnight and values, in order.
        minutes: How many minutes from midnight.
        born: Whether the first sample counts from zero.
    """
    found = [0.0] * minutes
    previous: Sample | None = None
    for moment, value in samples:
        amount = value if born and previous is None else 0.0
        if previous is not None and moment - previous[0] <= STALE_SECONDS:
            amount = value - previous[1] if value >= previous[1] else value
        place = math.ceil(moment / 60) - 1
        if 0 <= place < minutes:
            found[place] += amount
        previous = moment, value
    return found


def source(url: str, **settings: object) -> SourceConfig:
    return SourceConfig(1, "prometheus", "prometheus", {"url": url, **settings}, {})


def fetch(server: Server, *specs: SliSpec, minutes: int, first: int = 0) -> list[Fetched]:
    """Fetch ``minutes`` from ``first`` minutes after midnight."""
    requests = [SliRequest(index, spec) for index, spec in enumerate(specs)]
    found = PrometheusSource().fetch(
        source(server.url), requests, start=START + first, end=START + first + minutes
    )
    return list(found)


def ratio(*, total: str, good: str | None = None, bad: str | None = None) -> SliSpec:
    return SliSpec("ratio", "prometheus", good=good, bad=bad, total=total, counter=True)


def totals(found: Fetched) -> list[float]:
    return [value / 1000 for value in found.series.total.tolist()]


def bads(found: Fetched) -> list[float]:
    return [value / 1000 for value in (found.series.total - found.series.good).tolist()]


def covered(found: Fetched) -> list[bool]:
    return [bool(flag) for flag in found.series.covered]
