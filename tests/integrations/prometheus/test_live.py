"""A server that scrapes itself: what we count is what its raw samples say, errors among them."""

import time
from collections.abc import Mapping

import httpx
import pytest

from tests.integrations.prometheus.history import bads, ratio, source, totals
from tests.servers import Server, StartPrometheus
from watchkeeper.integrations.prometheus.adapter import PrometheusSource
from watchkeeper.integrations.prometheus.client import Connection, PrometheusClient
from watchkeeper.integrations.prometheus.usecases import discover
from watchkeeper.kernel import clock
from watchkeeper.telemetry.ports import SliRequest

ITSELF = """
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ["127.0.0.1:$PORT"]}]
"""
API = 'prometheus_http_requests_total{handler=~"/api/v1/.*"}'
FAILED = 'prometheus_http_requests_total{handler=~"/api/v1/.*",code!~"2.."}'


def provoke(server: Server, *, good: int, bad: int) -> None:
    for _ in range(good):
        server.get("/api/v1/query?query=up")
    for _ in range(bad):
        assert httpx.get(server.url + "/api/v1/query?query=(").status_code == 400


def wait_for(server: Server, query: str, at_least: float) -> None:
    until = clock.monotonic() + 30
    client = PrometheusClient(Connection.of(source(server.url)))
    while clock.monotonic() < until:
        found = client.instant(query, at=int(clock.now().timestamp()) + 1).series
        if found and found[0].values[-1] >= at_least:
            return
        time.sleep(0.2)
    pytest.fail(f"{query} did not reach {at_least}")


def rises(server: Server, selector: str, *, end: int) -> float:
    """Return what raw samples rose by; series that came while the target was up count whole."""
    client = PrometheusClient(Connection.of(source(server.url)))
    watching = client.instant('up{job="prometheus"}[10m]', at=end).series[0].times[0]
    risen = 0.0
    for series in client.instant(f"{selector}[10m]", at=end).series:
        risen += series.values[-1] - series.values[0]
        risen += series.values[0] if series.times[0] > watching else 0.0
    return float(risen)


def test_counts_equal_the_raw_samples_of_a_server_that_scrapes_itself(
    prometheus: StartPrometheus,
) -> None:
    server = prometheus(config=ITSELF)
    wait_for(server, "count_over_time(up[1m])", 2)
    first = int(clock.now().timestamp()) // 60 - 1
    provoke(server, good=30, bad=7)
    wait_for(server, f"sum({FAILED})", 7)
    wait_for(server, f"sum({API})", 37)
    end = int(clock.now().timestamp()) // 60 + 1
    spec = ratio(total=f"sum({API})", bad=f"sum({FAILED})")
    adapter = PrometheusSource()

    # The server counts our own questions too, so ask of a moment that is over.
    before = rises(server, API, end=int(clock.now().timestamp()) - 1)
    (found,) = adapter.fetch(source(server.url), [SliRequest(1, spec)], start=first, end=end)
    after = rises(server, API, end=int(clock.now().timestamp()) + 2)

    assert sum(bads(found)) == 7 == rises(server, FAILED, end=end * 60)
    assert before <= sum(totals(found)) <= after
    assert found.over_total == 0


def test_a_server_that_scrapes_itself_is_offered_slos_on_its_own_api(
    prometheus: StartPrometheus,
) -> None:
    server = prometheus(config=ITSELF)
    wait_for(server, "count_over_time(up[1m])", 2)
    provoke(server, good=40, bad=10)
    wait_for(server, f"sum({FAILED})", 10)

    found = discover(source(server.url), now=clock.now())

    assert [each.name for each in found.proposals] == [
        "prometheus-availability",
        "prometheus-latency",
    ]
    offered: Mapping[str, str] = {
        role: each["metricSource"]["spec"]["query"]
        for role, each in found.proposals[0].indicator["ratioMetric"].items()
        if role != "counter"
    }
    assert offered == {
        "bad": 'sum(prometheus_http_requests_total{code!~"2..", handler=~"/api/v1/.*", '
        'job="prometheus"})',
        "total": 'sum(prometheus_http_requests_total{handler=~"/api/v1/.*", job="prometheus"})',
    }
    assert found.server.startswith("Prometheus 2.")
