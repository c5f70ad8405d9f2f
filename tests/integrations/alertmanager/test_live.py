"""A real Alertmanager, changed in nothing but the address it posts to, and the real product."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.alertmanager.conftest import Alertmanager, Start, eventually
from tests.product import Product
from watchkeeper.kernel import clock


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("product")
    (folder / "data").mkdir()
    made = Product(folder / "data")
    made.start()
    yield made
    made.stop()


def receiver(kind: str, product: Product) -> tuple[str, str]:
    """Make an integration; return its name and what Alertmanager is told."""
    name = f"am-{kind}"
    made = product.json("integration", "create", kind, "--name", name)
    assert product.json("integration", "show", name) == made
    url, key = made["url"], made["key"]
    told = {
        "alertmanager": f"webhook_configs: [{{url: '{url}', send_resolved: true}}]",
        "pagerduty": f"pagerduty_configs: [{{routing_key: {key}, url: '{url}'}}]",
        "opsgenie": f"opsgenie_configs: [{{api_key: {key}, api_url: '{product.url}/', "
        "priority: P1}]",
    }
    return name, f"  {told[kind]}"


def alerts_of(product: Product, name: str, state: str) -> list[Any]:
    listed = product.json("alert", "list", "--all")
    return [a for a in listed if a["integration"] == name and a["state"] == state]


@pytest.mark.server("prometheus-alertmanager")
@pytest.mark.parametrize("kind", ["alertmanager", "pagerduty", "opsgenie"])
def test_alertmanager_opens_and_ends_alerts(
    kind: str, product: Product, alertmanager: Start
) -> None:
    name, told = receiver(kind, product)
    peer: Alertmanager = alertmanager(told)

    peer.fire("DiskFull", service="shop")
    (row,) = eventually(lambda: alerts_of(product, name, "firing"))

    assert set(row) == {
        "id", "key", "integration", "service", "state", "severity", "urgency", "opened_at",
        "count", "title",
    }  # fmt: skip
    wanted = "DiskFull burns" if kind == "alertmanager" else "DiskFull"
    assert wanted in row["title"]
    assert (row["severity"], row["urgency"]) == (
        ("error", "high") if kind == "pagerduty" else ("critical", "high")
    )

    over = clock.now() - dt.timedelta(seconds=1)
    peer.fire("DiskFull", service="shop", ends_at=over.isoformat())
    (ended,) = eventually(lambda: alerts_of(product, name, "resolved"))

    assert ended["id"] == row["id"]
    story = product.json("alert", "explain", row["id"])
    assert story["events"][0]["verdict"] == "opened"
    assert story["events"][-1]["verdict"] == "resolved"
    assert all(event["reason"] for event in story["events"])


def test_events_by_hand_open_and_end_alerts(product: Product) -> None:
    product.run("integration", "create", "generic", "--name", "hand")
    words = ("alert", "send", "hand", "--title", "By hand", "--key", "k", "--severity", "critical")

    told = product.json(*words)
    taken = product.json("alert", "ack", told["alert"])
    again = product.json(*words)
    ended = product.json("alert", "resolve", told["alert"])

    assert (told["verdict"], taken["state"]) == ("opened", "acknowledged")
    assert (again["verdict"], again["alert"]) == ("deduped", told["alert"])
    assert ended["state"] == "resolved"
    assert product.run("alert", "ack", told["alert"], check=False).returncode == 2
    assert product.json(*words, "--resolve")["verdict"] == "resolved"


def test_the_key_is_nowhere_in_the_log_or_the_database(product: Product) -> None:
    key = product.json("integration", "create", "generic", "--name", "quiet")["key"]
    for path in (f"/in/generic/{key}", f"/in/grafana/{key}", f"/in/generic/{key}/x"):
        product.request("POST", path, body={"title": "T"})

    assert key not in product.log()
    for file in product.data.glob("watchkeeper.db*"):
        assert key.encode() not in file.read_bytes()
