"""Killed at random and started again, the product still has every minute it answered 2xx for."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.factories import slo_document
from tests.product import Product
from watchkeeper.plumbing import yaml_documents

KILLS = 4
FIRST = 1_767_225_600  # 2026-01-01T00:00:00Z


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    url = (
        new_database(f"kills_{random.getrandbits(32):08x}") if request.param != "sqlite" else None
    )
    found = Product(tmp_path / "data", database_url=url)
    yield found
    found.kill()


class Sender:
    """Pushes one minute after another and writes down which were accepted."""

    def __init__(self, product: Product, token: str) -> None:
        self.product, self.token = product, token
        self.accepted: dict[int, int] = {}
        self.stop = threading.Event()

    def run(self) -> None:
        place = 0
        while not self.stop.is_set():
            minute = FIRST + 60 * place
            row = {
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute)),
                "good": place % 50,
                "total": 50,
            }
            status, _ = self.product.request(
                "POST",
                "/api/v1/slis/checkout/minutes",
                token=self.token,
                body={"minutes": [row]},
            )
            if status == 200:
                self.accepted[minute] = place % 50
                place += 1
            else:
                assert status in {0, 503}, status
                time.sleep(0.05)


def test_no_answered_minute_is_lost(product: Product, tmp_path: Path) -> None:
    slo = tmp_path / "slo.yaml"
    slo.write_text(yaml_documents.dump([slo_document().data]))
    product.run("apply", "-f", str(slo))
    token = product.json("token", "create", "--name", "sender", "--role", "editor")["token"]
    dice = random.Random(42)
    sender = Sender(product, token)
    thread = threading.Thread(target=sender.run)
    product.start()
    thread.start()
    for _ in range(KILLS):
        time.sleep(dice.uniform(0.7, 1.8))
        product.kill()
        product.start()
    sender.stop.set()
    thread.join()

    last = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(FIRST + 86_400 * 30))
    path = f"/api/v1/slis/checkout/minutes?from=2026-01-01T00:00:00Z&to={last}"
    _, answer = product.request("GET", path, token=token)
    stored = {item["time"]: item["good"] for item in answer["minutes"]}
    missing = [
        minute
        for minute, good in sender.accepted.items()
        if stored.get(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute))) != good
    ]

    assert len(sender.accepted) > 50
    assert missing == []
    assert "whole" in product.run("audit", "verify").stdout
