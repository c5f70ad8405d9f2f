"""A disk that is full: what was answered 2xx is there, the rest is 503, and it heals."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import disks
from tests.product import Product

MOST_PUSHES = 1_400
HEALS_WITHIN = 20.0
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout}
spec:
  service: shop
  budgetingMethod: Occurrences
  indicator:
    metadata: {name: pushed}
    spec:
      ratioMetric:
        good: {metricSource: {type: push, spec: {}}}
        total: {metricSource: {type: push, spec: {}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  objectives: [{target: 0.9}]
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small(tmp_path / "disk", size="24m") as place:
        yield place


class Pusher:
    """Sends one minute after the other and keeps a ledger of what was answered."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.token = str(
            product.json("token", "create", "--name", "t", "--role", "admin")["token"]
        )
        file = product.data.parent / "slo.yaml"
        file.write_text(SLO)
        product.run("apply", "-f", str(file))
        self.answers: dict[str, int] = {}
        self.alerts: dict[str, int] = {}
        self.key = ""

    def push(self) -> int:
        number = len(self.answers)
        at = f"2026-03-02T{number // 60:02}:{number % 60:02}:00Z"
        status, _ = self.product.request(
            "POST",
            "/api/v1/slis/pushed/minutes",
            token=self.token,
            body={"minutes": [{"time": at, "good": 1, "total": 1}]},
        )
        self.answers[at] = status
        return status

    def heals(self) -> bool:
        until = time.monotonic() + HEALS_WITHIN
        while time.monotonic() < until:
            if self.push() == 200:
                return True
            time.sleep(0.2)
        return False

    def alert(self, name: str) -> int:
        """Post an alert and return the status."""
        if not self.key:
            made = self.product.json("integration", "create", "generic", "--name", "load")
            self.key = str(made["key"])
        body = {"key": name, "title": name}
        status, _ = self.product.request("POST", f"/in/generic/{self.key}", body=body)
        self.alerts[name] = status
        return status

    def lost_alerts(self) -> set[str]:
        """Return the alerts that were answered 2xx and are not there."""
        found = {row["key"] for row in self.product.json("alert", "list", "--all")}
        return {name for name, status in self.alerts.items() if status == 202} - found

    def lost(self) -> list[str]:
        """Return the minutes that were answered 2xx and are not there."""
        _, body = self.product.request(
            "GET",
            "/api/v1/slis/pushed/minutes?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z",
            token=self.token,
        )
        kept = {minute["time"] for minute in body["minutes"] if minute["total"]}
        return [at for at, status in self.answers.items() if status == 200 and at not in kept]


def test_a_full_disk_refuses_loudly_and_heals_without_a_restart(small_disk: Path) -> None:
    product = Product(small_disk / "data")
    product.start()
    try:
        pusher = Pusher(product)
        assert [pusher.push() for _ in range(5)] == [200] * 5
        assert pusher.alert("before") == 202
        ballast = disks.fill(small_disk)
        full: list[int] = []
        while full[-5:] != [503] * 5 and len(full) < MOST_PUSHES:
            full.append(pusher.push())
        assert set(full) <= {200, 503}, "room that was set aside may be used up first"
        assert full[-5:] == [503] * 5
        posted = [pusher.alert(f"full-{n}") for n in range(10)]
        assert set(posted) <= {202, 503}
        assert posted[-1] == 503
        ballast.unlink()

        assert pusher.heals()
        assert pusher.lost() == []
        assert pusher.alert("after") == 202
        assert pusher.lost_alerts() == set()
        assert product.process is not None
        assert product.process.poll() is None
    finally:
        product.stop()
