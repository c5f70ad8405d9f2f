"""What a sender was told is stored is stored: under kills at the worst places, and in parallel."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.product import Product


@dataclass
class Fragile(Product):
    """A product that a named place may kill."""

    crash_at: str = ""

    def environment(self) -> dict[str, str]:
        given = super().environment()
        if self.crash_at:
            given |= {"WATCHKEEPER_TEST_BUILD": "1", "WATCHKEEPER_CRASH_AT": self.crash_at}
        return given


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fragile]:
    (tmp_path / "data").mkdir()
    url = None
    if request.param == "postgresql":
        url = new_database(f"alerts_{abs(hash(str(tmp_path)))}")
    made = Fragile(tmp_path / "data", database_url=url)
    made.start()
    yield made
    made.stop()


def opened(product: Product) -> str:
    made = product.json("integration", "create", "generic", "--name", "load")
    return f"/in/generic/{made['key']}"


def test_many_at_once_make_one_alert_and_each_is_answered(product: Fragile) -> None:
    path = opened(product)

    with ThreadPoolExecutor(25) as pool:
        answers = list(
            pool.map(
                lambda n: product.request("POST", path, body={"title": f"T{n % 2}"}), range(50)
            )
        )

    assert Counter(status for status, _ in answers) == {202: 50}
    verdicts = Counter(body["events"][0]["verdict"] for _, body in answers)
    assert verdicts == {"opened": 2, "deduped": 48}
    assert [row["count"] for row in product.json("alert", "list")] == [25, 25]


@pytest.mark.parametrize(
    ("place", "kept"), [("alerts.before_commit", False), ("alerts.committed", True)]
)
def test_a_kill_round_the_commit_loses_nothing_that_was_promised(
    product: Fragile, place: str, kept: bool
) -> None:
    path = opened(product)
    product.stop()
    product.crash_at = place
    product.start()

    status, _ = product.request("POST", path, body={"title": "T"})
    assert status == 0  # it died with the answer on its lips
    assert product.process is not None
    product.process.wait(timeout=30)
    product.crash_at = ""
    product.start()

    assert len(product.json("alert", "list")) == int(kept)
    status, body = product.request("POST", path, body={"title": "T"})  # as a sender does
    assert status == 202
    assert body["events"][0]["verdict"] == ("deduped" if kept else "opened")
    (row,) = product.json("alert", "list")
    assert row["count"] == 1 + int(kept)


def test_poison_gets_no_server_error_from_the_door_of_the_server(product: Fragile) -> None:
    path = opened(product)
    many = {str(number): number for number in range(2_000)}
    poison: list[object] = [{}, [[]], "x", {"title": "x", "labels": many}]
    for body in poison:
        status, told = product.request("POST", path, body=body)
        assert (status, told["status"]) == (202, "quarantined"), json.dumps(told)
    assert product.request("POST", "/in/generic/unknown-key", body={"title": "x"})[0] == 404
    assert product.request("POST", path, body={"title": "fine"})[0] == 202
