"""From a Prometheus server to living budgets, by the commands that a stranger would type.

The server scrapes itself. Discovery proposes SLOs on its API, they are checked and applied as they
are, errors are provoked while the product is killed and started again, and in the end what
``slo status`` counts is compared with the server's raw samples, read by a few lines of our own.
"""

import json
import os
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.databases import new_database
from tests.factories import slo_document
from tests.journeys.sender import Sender, text_of
from tests.product import Product
from tests.servers import Server, StartPrometheus
from watchkeeper.plumbing import yaml_documents

pytestmark = pytest.mark.database

SCRAPE_SECONDS = 15
ITSELF = f"""
global: {{scrape_interval: {SCRAPE_SECONDS}s}}
scrape_configs:
  - job_name: prometheus
    static_configs: [{{targets: ["127.0.0.1:$PORT"]}}]
"""
TOTAL = 'prometheus_http_requests_total{handler=~"/api/v1/.*",job="prometheus"}'
BAD = 'prometheus_http_requests_total{code!~"2..",handler=~"/api/v1/.*",job="prometheus"}'
PROVOKED_SECONDS = 60
ASKED_SECONDS = 300
"""A minute is asked for when it is 90 s old; so long is waited for it at most."""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    postgresql = os.environ.get("WATCHKEEPER_TEST_DATABASE") == "postgresql"
    url = new_database(f"journey_{random.getrandbits(32):08x}") if postgresql else None
    found = Product(tmp_path / "data", database_url=url)
    yield found
    found.kill()


def ask(server: Server, path: str, query: str, **more: object) -> int:
    """Ask the server something and return the status it answered with."""
    words = urllib.parse.urlencode({"query": query, **more})
    try:
        with urllib.request.urlopen(f"{server.url}/api/v1/{path}?{words}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def told(server: Server, query: str, at: float) -> list[dict[str, Any]]:
    words = urllib.parse.urlencode({"query": query, "time": at})
    with urllib.request.urlopen(f"{server.url}/api/v1/query?{words}", timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found


@dataclass
class Raw:
    """What raw samples rose by.

    Attributes:
        minutes: By minute of the later sample.
        scrapes: By instant of the later sample.
        born: Newest minute in which a series began; it counts whole.
    """

    minutes: Counter[int]
    scrapes: Counter[float]
    born: int


def raw(server: Server, selector: str, at: float) -> Raw:
    """Read raw samples and add up their differences, without any code of the product."""
    watched = min(
        float(series["values"][0][0]) for series in told(server, 'up{job="prometheus"}[30m]', at)
    )
    found = Raw(Counter(), Counter(), 0)
    for series in told(server, f"{selector}[30m]", at):
        samples = [(float(moment), float(value)) for moment, value in series["values"]]
        if samples[0][0] > watched + 1:
            found.born = max(found.born, minute_of(samples[0][0]))
            samples.insert(0, (samples[0][0], 0.0))
        for (_, before), (moment, value) in pairwise(samples):
            assert value >= before
            found.minutes[minute_of(moment)] += round(value - before)
            found.scrapes[round(moment, 1)] += round(value - before)
    return found


def minute_of(moment: float) -> int:
    """Return the minute that ends at or after a sample: one on the edge closes the minute."""
    return -int(-moment // 60) - 1


def provoke(
    server: Server, stop: threading.Event, dice: random.Random, done: Counter[int]
) -> None:
    """Ask good and bad questions in bursts until told to stop."""
    while not stop.is_set():
        for _ in range(dice.randint(1, 12)):
            done[ask(server, "query", "up")] += 1
        for _ in range(dice.randint(0, 5)):
            done[ask(server, "query", "up{")] += 1
        if dice.random() < 0.3:  # counters that are born by an error
            done[ask(server, "format_query", "sum(")] += 1
        stop.wait(dice.uniform(0.1, 2.5))


def measured(product: Product, name: str) -> dict[int, tuple[int, int]]:
    """Return good and total by minute, as the product gives them back."""
    answer = product.run("api", "GET", f"/api/v1/slis/{name}/minutes").stdout
    return {
        int(time.mktime(time.strptime(row["time"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone) // 60: (
            row["good"],
            row["total"],
        )
        for row in json.loads(answer)["minutes"]
    }


def set_up(product: Product, server: Server, folder: Path) -> Sender:
    """Discover, check and apply, as a stranger would; return a sender for a pushed SLI."""
    while not told(server, "prometheus_http_requests_total[1m]", time.time()):
        time.sleep(0.5)  # it finds itself within five seconds of its start
    product.run("slo", "discover", "--prometheus", server.url, "-o", str(folder))
    product.run("validate", "-f", str(folder), "--strict")
    product.run("apply", "-f", str(folder))
    pushed = folder.with_suffix(".yaml")
    pushed.write_text(yaml_documents.dump([slo_document().data]))
    product.run("apply", "-f", str(pushed))
    names = {row["name"] for row in product.json("slo", "status")}
    assert names == {"prometheus-availability", "prometheus-latency", "checkout"}
    token = product.json("token", "create", "--name", "sender", "--role", "editor")["token"]
    return Sender(product, token)


def live(product: Product, server: Server, sender: Sender) -> int:
    """Provoke errors, push minutes and kill the product; return how many errors there were."""
    dice, done, stop = random.Random(7), Counter[int](), threading.Event()
    noise = threading.Thread(target=provoke, args=(server, stop, dice, done))
    product.start()
    sender.start()
    noise.start()
    until = time.monotonic() + PROVOKED_SECONDS
    while time.monotonic() < until:
        time.sleep(dice.uniform(4, 14))
        product.kill()
        time.sleep(dice.uniform(0, 3))
        product.start()
    stop.set()
    noise.join()
    sender.stop()
    assert set(done) == {200, 400}
    return done[400]


def wait_for_minute(sender: Sender, minute: int) -> None:
    """Wait until the minute with the last errors was asked for."""
    until = time.monotonic() + ASKED_SECONDS
    while time.monotonic() < until:
        _, sli = sender.product.request(
            "GET", "/api/v1/slis/prometheus-availability", token=sender.token
        )
        if sli and (sli["last_minute"] or "") >= text_of(minute * 60):
            return
        time.sleep(1)
    pytest.fail(f"{text_of(minute * 60)} was never asked for")


def test_budgets_are_what_the_raw_samples_say_through_kills(
    product: Product, prometheus: StartPrometheus, tmp_path: Path
) -> None:
    server = prometheus(config=ITSELF)
    sender = set_up(product, server, tmp_path / "slos")

    errors = live(product, server, sender)
    quiet = minute_of(time.time() + SCRAPE_SECONDS)
    wait_for_minute(sender, quiet)
    wait_for_minute(sender, raw(server, TOTAL, time.time()).born + 1)
    assert len(sender.accepted) > 50
    assert sender.missing() == []
    product.stop()

    total, bad = (raw(server, selector, time.time()) for selector in (TOTAL, BAD))
    found = measured(product, "prometheus-availability")
    last = max(found)
    assert sorted(found) == list(range(min(found), last + 1))
    assert found == {at: (total.minutes[at] - bad.minutes[at], total.minutes[at]) for at in found}

    (status,) = product.json("slo", "status", "prometheus-availability")
    assert status["total"] == sum(count for at, count in total.minutes.items() if at <= last)
    assert status["total"] - status["good"] == errors
    assert status["coverage"] == 1
    assert status["status"] in {"burning", "exhausted"}

    first = max(total.born, min(found)) + 1  # increase() does not see what was born
    assert first <= last
    grown = told(server, f"sum(increase({TOTAL}[{(last + 1 - first) * 60}s]))", (last + 1) * 60)
    ours = sum(found[at][1] for at in range(first, last + 1))
    assert abs(ours - float(grown[0]["value"][1])) <= max(total.scrapes.values())
    assert "whole" in product.run("audit", "verify").stdout
