"""How long the history of many SLOs takes to be read from a real Prometheus."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from bench import house

BOUND_SECONDS = 180
BOUND_FIRST_SECONDS = 10
SCRAPE_SECONDS = 60
_WRITE_SECONDS = 3600
"""So much is written at once; the server keeps up and compacts behind it."""


def main() -> None:
    """Fill a Prometheus with days of counters, and read all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.backfill", description=__doc__)
    parser.add_argument("--slos", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    chosen = parser.parse_args()
    with house.fresh(), tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        run(Path(folder), slos=chosen.slos, days=chosen.days)


def run(folder: Path, *, slos: int, days: int) -> None:
    """Measure from the first question to the last minute stored."""
    from tests.factories import HOST, make_slo, slo_document
    from tests.servers import start_prometheus

    from watchkeeper.kernel import clock
    from watchkeeper.kernel.origins import Origin
    from watchkeeper.slos import usecases as slos_usecases
    from watchkeeper.telemetry import queries, usecases
    from watchkeeper.telemetry.domain import sources
    from watchkeeper.telemetry.usecases import collect

    server = start_prometheus(folder)
    try:
        _fill(server, slos, days)
        now = clock.now()
        definition = sources.define(name="prom", kind="prometheus", details={"url": server.url})
        usecases.save_source(actor=HOST, definition=definition, origin=Origin.UI, now=now)
        for place in range(slos):
            make_slo(slo_document(f"slo-{place}", indicator=_indicator(place)), now=now)
        source = queries.source_by_name("prom")
        assert source is not None
        begun = time.perf_counter()
        before = house.processor_seconds(server.process.pid)
        collect.next_round(source.id, now=now)
        first = None
        while (chunk := collect.next_history(source.id, now=now)) is not None:
            oldest, answer = chunk.fetch()
            collect.finish_history(chunk, oldest, answer, now=now)
            if first is None:
                slos_usecases.tick(now=now)
                first = time.perf_counter() - begun
        taken = time.perf_counter() - begun
        there = house.processor_seconds(server.process.pid) - before
    finally:
        server.stop()
    minutes = sum(int(queries.minutes(row.id, start=0, end=1 << 26).covered.sum())
                  for row in queries.slis()[:1])  # fmt: skip
    assert minutes >= days * 1440 - 10, minutes
    assert first is not None
    print(f"{days} days of {slos} SLOs of two counters each, scraped every {SCRAPE_SECONDS} s")
    print(
        f"  all of it        {taken:7.1f} s   bound {BOUND_SECONDS} s"
        f"   ratio {taken / BOUND_SECONDS:.2f}"
    )
    print(
        f"  first figures    {first:7.1f} s   bound {BOUND_FIRST_SECONDS} s"
        f"   ratio {first / BOUND_FIRST_SECONDS:.2f}"
    )
    print(f"  of it Prometheus {there:7.1f} s of processor")


def _indicator(place: int) -> dict[str, object]:
    def asked(query: str) -> dict[str, object]:
        return {"metricSource": {"metricSourceRef": "prom", "spec": {"query": query}}}

    chosen = f'bench_requests_total{{job="svc-{place}"'
    return {
        "metadata": {"name": f"sli-{place}"},
        "spec": {
            "ratioMetric": {
                "counter": True,
                "bad": asked(f'sum({chosen},code=~"5.."}})'),
                "total": asked(f"sum({chosen}}})"),
            }
        },
    }


def _fill(server: "object", slos: int, days: int) -> None:
    """Write counters up to now, in the order of time, as scrapes would have."""
    from tests.integrations.prometheus.history import MIDNIGHT, History
    from tests.servers import Server

    assert isinstance(server, Server)
    end = int(time.time()) // SCRAPE_SECONDS * SCRAPE_SECONDS - MIDNIGHT
    begin = end - days * 86_400 - 600
    chance = np.random.default_rng(7)
    reached = np.zeros((slos, 2), np.int64)
    for low in range(begin, end, _WRITE_SECONDS):
        moments = range(low, min(low + _WRITE_SECONDS, end), SCRAPE_SECONDS)
        made = History()
        for place in range(slos):
            for column, (code, rate) in enumerate((("200", 3000.0), ("500", 3.0))):
                values = reached[place, column] + np.cumsum(chance.poisson(rate, len(moments)))
                reached[place, column] = values[-1]
                samples = zip(moments, values.astype(float).tolist(), strict=True)
                made.add("bench_requests_total", samples, job=f"svc-{place}", code=code)
        made.write_to(server)


if __name__ == "__main__":
    main()
