"""Nodes whose clocks are five minutes apart (F15): the database's clock decides, for all of them.

A process that is ahead or behind steals no lease, and pages are early or late nowhere: not by what
an engine does, not by what a web writes down when it takes an alert.
"""

import json
import secrets
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.notifications.provider import Provider, provider
from tests.product import Product
from watchkeeper.plumbing.due_work import LEASE_MS

APART = 300
STEP = 4
MANY = 6
DOCUMENTS = """
apiVersion: watchkeeper/v1
kind: Person
metadata: {name: alice}
spec:
  contacts: [{name: hook, channel: webhook, address: 'ADDRESS/alice', verified: true}]
  rules: {high: [{contact: hook, after: 0m}], low: [{contact: hook, after: 0m}]}
---
apiVersion: watchkeeper/v1
kind: EscalationPolicy
metadata: {name: shop}
spec:
  repeatAfter: STEPs
  steps:
    - {after: STEPs, notify: [{person: alice}]}
    - {after: STEPs, notify: [{person: alice}]}
  catchAll: {person: alice}
---
apiVersion: watchkeeper/v1
kind: Route
metadata: {name: all}
spec: {order: 1, match: [], policy: shop, urgency: high}
"""


@dataclass
class Skewed(Product):
    """The web, and engines, each by a clock that is so many seconds ahead."""

    ahead: float = 0
    engines: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "tests.skewed", str(self.ahead), *words]

    def start_engine(self, *, ahead: float) -> None:
        command = [sys.executable, "-m", "tests.skewed", str(ahead), "engine"]
        with (self.data.parent / "engines.log").open("ab") as log:
            self.engines.append(
                subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log)
            )

    def stop(self) -> None:
        super().stop()
        for engine in self.engines:
            engine.kill()
            engine.wait(timeout=20)


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path / "calls") as made:
        yield made


@pytest.fixture
def product(phone: Provider, tmp_path: Path) -> Iterator[Skewed]:
    made = Skewed(tmp_path / "data", new_database(f"clocks_{secrets.token_hex(4)}"))
    file = tmp_path / "documents.yaml"
    text = DOCUMENTS.replace("ADDRESS", phone.url("")).replace("STEP", str(STEP))
    file.write_text(text)
    made.run("apply", "-f", str(file))
    yield made
    made.stop()


def wait_for(condition: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)


@pytest.mark.parametrize("ahead", [APART, -APART], ids=["ahead", "behind"])
def test_an_alert_taken_by_a_clock_that_is_wrong_pages_in_time(
    product: Skewed, phone: Provider, ahead: float
) -> None:
    phone.always["/alice"] = f"slow:{LEASE_MS / 1000 + 0.5}"
    product.ahead = ahead
    product.start(what="web")
    for each in (0, ahead):
        product.start_engine(ahead=each)
    key = product.json("integration", "create", "generic", "--name", "load")["key"]
    sent: dict[str, float] = {}
    for number in range(MANY):
        name = f"alert-{number}"
        status, _ = product.request(
            "POST", f"/in/generic/{key}", body={"key": name, "title": name}
        )
        assert status == 202
        sent[name] = time.time()

    wait_for(lambda: len(phone.counts()) >= 3 * MANY, seconds=4 * STEP + 5)
    time.sleep(LEASE_MS / 1000 + 1)

    called: dict[str, list[float]] = defaultdict(list)
    for call in phone.calls():
        body = json.loads(call["body"])
        assert not body["may_repeat"], "a lease was stolen"
        [alert] = body["alerts"]
        called[alert["key"]].append(call["at"] - sent[alert["key"]])
    assert set(called) == set(sent)
    for times in called.values():
        assert [round(at / STEP) for at in sorted(times)] == [1, 2, 3], f"due {STEP} s apart"
