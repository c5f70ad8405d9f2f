"""A disk that does not keep what it is told to (F5): refused loudly, nothing accepted is lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import disks
from tests.product import Product

POSTS = 12
HEALS_WITHIN = 10


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    made = Product(tmp_path / "data")
    made.start()
    yield made
    made.stop()


def post(product: Product, key: str, name: str) -> int:
    status, _ = product.request("POST", f"/in/generic/{key}", body={"key": name, "title": name})
    return status


def heals(product: Product, key: str) -> bool:
    end = time.monotonic() + HEALS_WITHIN
    while time.monotonic() < end:
        if post(product, key, "healed") == 202:
            return True
        time.sleep(0.2)
    return False


def test_what_the_disk_did_not_keep_is_refused_and_what_was_accepted_stays(
    product: Product,
) -> None:
    key = product.json("integration", "create", "generic", "--name", "load")["key"]
    answers = {f"before-{n}": post(product, key, f"before-{n}") for n in range(POSTS)}
    assert set(answers.values()) == {202}

    assert product.process is not None
    with disks.keeping_nothing([product.process.pid]):
        during = {f"during-{n}": post(product, key, f"during-{n}") for n in range(POSTS)}
    assert set(during.values()) == {503}, "a 2xx for what is not on disk"

    assert heals(product, key)
    product.kill()
    product.start()
    found = {row["key"] for row in product.json("alert", "list", "--all")}
    accepted = {name for name, status in (answers | during).items() if status == 202}
    assert accepted <= found
    assert "healed" in found
