"""Killed at random and started again, the product still has every minute it answered 2xx for."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.factories import slo_document
from tests.journeys.sender import Sender
from tests.product import Product
from watchkeeper.plumbing import yaml_documents

KILLS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    url = (
        new_database(f"kills_{random.getrandbits(32):08x}") if request.param != "sqlite" else None
    )
    found = Product(tmp_path / "data", database_url=url)
    yield found
    found.kill()


def test_no_answered_minute_is_lost(product: Product, tmp_path: Path) -> None:
    slo = tmp_path / "slo.yaml"
    slo.write_text(yaml_documents.dump([slo_document().data]))
    product.run("apply", "-f", str(slo))
    token = product.json("token", "create", "--name", "sender", "--role", "editor")["token"]
    dice = random.Random(42)
    sender = Sender(product, token)
    product.start()
    sender.start()
    for _ in range(KILLS):
        time.sleep(dice.uniform(0.7, 1.8))
        product.kill()
        product.start()
    sender.stop()

    assert len(sender.accepted) > 50
    assert sender.missing() == []
    assert "whole" in product.run("audit", "verify").stdout
