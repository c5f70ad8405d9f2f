"""Minutes from real servers against the differences of raw samples, counted the plain way."""

import math
from itertools import pairwise

import pytest

from tests.integrations.prometheus.history import (
    START,
    History,
    bads,
    bursts,
    counter,
    covered,
    every,
    fetch,
    ratio,
    source,
    totals,
    truth,
)
from tests.servers import Server, StartPrometheus
from watchkeeper.integrations.prometheus.adapter import PrometheusSource
from watchkeeper.telemetry.ports import SliRequest

TOTAL = ratio(total="sum(requests_total)", bad='sum(requests_total{code="500"})')
HOURS = 3
END = HOURS * 3600
MINUTES = HOURS * 60


def shop(scrape: float) -> tuple[History, list[float], list[float]]:
    """Return two instances that restart, are born and fall silent; total and bad per minute."""
    history = History()
    scrapes = {
        "a:80": every(scrape, start=3.2, end=END),
        "b:80": every(scrape, start=11.7, end=END, skip=[(5000, 6500)]),
    }
    good = bursts(every_seconds=45, per_burst=20, end=END)
    bad = bursts(every_seconds=600, per_burst=7, end=END, start=1900)
    total, wrong = [0.0] * MINUTES, [0.0] * MINUTES
    for instance, moments in scrapes.items():
        resets = [4210.0, 8888.0] if instance == "a:80" else []
        history.add("up", [(at, 1) for at in moments], job="shop", instance=instance)
        for code, events, begins in (("200", good, 0.0), ("500", bad, 1900.0)):
            seen = [at for at in moments if at >= begins]
            samples = counter(seen, events=events, resets=resets)
            if code == "500":  # a labelled counter appears with its first event
                samples = [sample for sample in samples if sample[1] > 0]
            history.add("requests_total", samples, job="shop", instance=instance, code=code)
            counted = truth(samples, minutes=MINUTES, born=code == "500")
            if code == "500":
                counted = returned(samples, counted)
            total = [one + other for one, other in zip(total, counted, strict=True)]
            if code == "500":
                wrong = [one + other for one, other in zip(wrong, counted, strict=True)]
    return history, total, wrong


def returned(samples: list[tuple[float, float]], counted: list[float]) -> list[float]:
    """Add first samples after an absence in which the counter was restarted: they count whole."""
    for before, after in pairwise(samples):
        if after[0] - before[0] > 300 and after[1] < before[1]:
            counted[math.ceil(after[0] / 60) - 1] += after[1]
    return counted


@pytest.mark.parametrize("scrape", [15, 30, 60])
def test_minutes_of_prometheus_equal_the_differences_of_its_raw_samples(
    prometheus: StartPrometheus, scrape: int
) -> None:
    history, total, wrong = shop(scrape)

    (found,) = fetch(prometheus(history=history.openmetrics()), TOTAL, minutes=MINUTES)

    assert totals(found) == total
    assert bads(found) == wrong
    assert all(covered(found)[1:-1])


@pytest.mark.parametrize("scrape", [15, 30, 60])
def test_minutes_of_victoria_metrics_equal_the_differences_of_its_raw_samples(
    victoria_metrics: Server, scrape: int
) -> None:
    history, total, wrong = shop(scrape)
    history.import_into(victoria_metrics)

    (found,) = fetch(victoria_metrics, TOTAL, minutes=MINUTES)

    assert totals(found) == total
    assert bads(found) == wrong


def test_minutes_of_a_wide_counter_are_read_raw_only_where_they_must_be(
    prometheus: StartPrometheus,
) -> None:
    history, total, wrong = shop(15)
    server = prometheus(history=history.openmetrics())

    (found,) = PrometheusSource(narrow_bytes=2000).fetch(
        source(server.url), [SliRequest(1, TOTAL)], start=START, end=START + MINUTES
    )

    assert totals(found) == total
    assert bads(found) == wrong


@pytest.mark.parametrize("length", [1, 2, 7, 9, 61])
def test_minutes_are_the_same_however_few_are_asked_at_once(
    prometheus: StartPrometheus, length: int
) -> None:
    history, total, wrong = shop(15)
    server = prometheus(history=history.openmetrics())
    counted, missed = [], []

    for first in range(20, MINUTES - length, length):
        (found,) = fetch(server, TOTAL, minutes=length, first=first)
        counted += totals(found)
        missed += bads(found)

    assert counted == total[20 : 20 + len(counted)]
    assert missed == wrong[20 : 20 + len(counted)]


def test_two_minutes_asked_together_are_the_same_as_asked_alone(
    prometheus: StartPrometheus,
) -> None:
    history, total, wrong = shop(15)
    server, adapter = prometheus(history=history.openmetrics()), PrometheusSource()

    for again in range(20, MINUTES - 10, 3):
        low, high = START + again, START + again + 10
        (found,) = adapter.fetch(
            source(server.url),
            [SliRequest(1, TOTAL)],
            start=low,
            end=high,
            skip=(low + 1, high - 1),
        )

        assert not any(covered(found)[1:-1])
        assert not any(totals(found)[1:-1])
        assert (totals(found)[0], totals(found)[-1]) == (total[again], total[again + 9])
        assert (bads(found)[0], bads(found)[-1]) == (wrong[again], wrong[again + 9])
