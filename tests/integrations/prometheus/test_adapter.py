"""The other questions of telemetry's port: what are you, since when, can you measure this."""

import time
from decimal import Decimal

import pytest

from tests.integrations.prometheus.history import (
    MIDNIGHT,
    START,
    History,
    every,
    fetch,
    ratio,
    source,
)
from tests.servers import Server, StartPrometheus
from watchkeeper.integrations.prometheus.adapter import PrometheusSource
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain.spec import SliSpec

SAMPLES = [(at, at) for at in every(60, start=1000, end=9000)]


def recent() -> History:
    begin = clock.now().timestamp() - MIDNIGHT - 300
    history = History()
    for pod in ("a", "b"):
        history.add("requests_total", [(begin + at, at) for at in range(0, 300, 15)], pod=pod)
    return history


def test_a_server_says_what_it_is(prometheus: StartPrometheus, victoria_metrics: Server) -> None:
    adapter = PrometheusSource()

    assert adapter.probe(source(prometheus().url)).startswith("Prometheus 2.")
    assert adapter.probe(source(victoria_metrics.url)) == "VictoriaMetrics"


def test_a_server_knows_its_first_minute(prometheus: StartPrometheus) -> None:
    server = prometheus(history=History().add("x", SAMPLES).openmetrics())

    assert PrometheusSource().oldest(source(server.url)) == START + 1000 // 60


def test_an_empty_server_has_no_first_minute(prometheus: StartPrometheus) -> None:
    assert PrometheusSource().oldest(source(prometheus().url)) is None


def test_victoria_metrics_knows_its_first_day(victoria_metrics: Server) -> None:
    History().add("x", SAMPLES).import_into(victoria_metrics)

    oldest = PrometheusSource().oldest(source(victoria_metrics.url))

    assert oldest is not None
    assert START - 1440 <= oldest <= START + 1000 // 60


def test_a_query_is_tried_before_it_is_taken(prometheus: StartPrometheus) -> None:
    server = prometheus()
    recent().write_to(server)
    adapter, there = PrometheusSource(), source(server.url)

    fine = adapter.check(there, ratio(total="requests_total", good="requests_total"))
    misspelt = adapter.check(there, ratio(total="requests_total", bad="requests_totel"))

    assert fine == ()
    assert misspelt == ("bad: no series at present: check the name and the labels",)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ratio(total="max(requests_total)", bad="x"), "cannot be counted"),
        (SliSpec("threshold", "p", value="requests_total", op="lt", bound=Decimal(1)),
         "yields 2 series"),
        (SliSpec("raw_ratio", "p", value="nonsense(up)"), "unknown function"),
        (SliSpec("raw_ratio", "p", value="up{"), "refuses the query"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_measured_is_refused(
    prometheus: StartPrometheus, spec: SliSpec, words: str
) -> None:
    server = prometheus()
    recent().write_to(server)

    with pytest.raises(InvalidError, match=words):
        PrometheusSource().check(source(server.url), spec)


def test_the_dialect_of_victoria_metrics_is_accepted_where_the_server_knows_it(
    victoria_metrics: Server,
) -> None:
    History().add("x", [(at, 5) for at in every(15, end=3600)], pod="a").import_into(
        victoria_metrics
    )
    spec = SliSpec(
        "threshold",
        "p",
        value="range_median(max(x))",
        op="gte",
        bound=Decimal(5),
    )

    (found,) = fetch(victoria_metrics, spec, minutes=60)

    assert found.series.covered[1:].all()
    assert found.series.good[1:].sum() == 59 * 1000


def test_a_day_and_more_is_read_in_days_that_add_up(prometheus: StartPrometheus) -> None:
    moments = every(60, start=7, end=26 * 3600)
    history = History()
    for service in ("cart", "pay"):
        history.add("requests_total", [(at, at) for at in moments], service=service)
    specs = [
        ratio(total=f'requests_total{{service="{service}"}}', bad="errors_total")
        for service in ("cart", "pay")
    ]

    begin = time.monotonic()
    found = fetch(prometheus(history=history.openmetrics()), *specs, minutes=26 * 60)

    assert [int(each.series.total.sum()) for each in found] == [
        int((moments[-1] - moments[0]) * 1000)
    ] * 2
    assert time.monotonic() - begin < 30
