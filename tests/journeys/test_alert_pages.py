"""A person is woken: opens the link on a phone, sees what burns, takes it; others on a desk."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import browsers
from tests.product import Product

LONG = "Errors of checkout-payments-settlement-worker-europe-west-1-canary above the threshold"

ROUTES = """apiVersion: watchkeeper/v1
kind: EscalationPolicy
metadata: {name: checkout}
spec: {repeat: 1, steps: [{notify: [{person: alice}]}]}
---
apiVersion: watchkeeper/v1
kind: Route
metadata: {name: checkout-critical}
spec:
  order: 10
  match: ['service=~"checkout|search"', 'severity=~"critical|error"']
  policy: checkout
  urgency: high
---
apiVersion: watchkeeper/v1
kind: Person
metadata: {name: alice}
spec:
  email: alice@example.org
  contacts: [{name: hook, channel: webhook, address: 'https://example.org/', verified: true}]
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("alert-pages")
    running = Product(folder / "data")
    running.run("user", "create", "alice", "--email", "alice@example.org", "--role", "admin")
    running.start()
    path = running.json("integration", "create", "generic", "--name", "load")["key"]
    for event in (
        {"key": "a", "title": "checkout fails 8.6 % of requests", "severity": "critical",
         "service": "checkout", "runbook_url": "https://runbooks.example.org/checkout",
         "description": "Customers see that the payment could not be completed.",
         "labels": {"zone": "eu-1", "alertname": "CheckoutErrors"}},
        {"key": "b", "title": LONG, "severity": "warning"},
        {"key": "c", "title": "disk fills", "severity": "error", "service": "search"},
        {"key": "c", "status": "resolved"},
    ):  # fmt: skip
        assert running.request("POST", f"/in/generic/{path}", body=event)[0] == 202
    assert running.request("POST", f"/in/generic/{path}", body={"name": "no title"})[0] == 202
    running.run(
        "integration", "create", "alertmanager", "--name", "am-eu-west-1", "--service", "x"
    )
    running.run("integration", "create", "heartbeat", "--name", "backup", "--interval", "1d")
    (folder / "routes.yaml").write_text(ROUTES)
    running.run("apply", "-f", str(folder / "routes.yaml"))
    yield running
    running.stop()


PAGES = (
    "/alerts", "/alerts?state=all", "/alerts?q=nothing", "/alerts/1", "/alerts/3",
    "/integrations", "/integrations/load", "/integrations/am-eu-west-1", "/integrations/-/new",
    "/integrations/load/rotate", "/integrations/load/remove", "/quarantine", "/quarantine/5",
    "/routes", "/routes/-/dry-run",
)  # fmt: skip


def test_every_page_can_be_used_by_everybody(open_page: Any, product: Product) -> None:
    page = open_page("/alerts")
    for path in PAGES:
        page.goto(product.url + path)
        browsers.stands_in_nobodys_way(page)


def test_a_woken_person_takes_an_alert_with_one_tap(open_page: Any, product: Product) -> None:
    page = open_page("/alerts/2", width=390, theme="dark")
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()

    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 844  # under the thumb, without scrolling
    button.click()
    page.get_by_text("1 alert acknowledged").wait_for()

    (row,) = [alert for alert in product.json("alert", "list") if alert["id"] == "2"]
    assert row["state"] == "acknowledged"


def test_the_list_shows_by_itself_what_comes_and_keeps_what_was_chosen(
    open_page: Any, product: Product
) -> None:
    page = open_page("/alerts")
    page.locator("#choose-1").check()

    product.run("alert", "send", "load", "--title", "comes later")
    page.get_by_text("comes later").wait_for()

    assert page.locator("#choose-1").is_checked()


def test_the_list_is_used_by_keys_alone(open_page: Any) -> None:
    page = open_page("/alerts?q=checkout+fails")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("#choose-1").is_checked()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/alerts/1$"))


def test_what_to_paste_is_shown_with_its_key_on_demand(open_page: Any, product: Product) -> None:
    key = product.json("integration", "show", "am-eu-west-1")["key"]
    page = open_page("/integrations/am-eu-west-1")
    assert key not in page.content()

    page.get_by_role("button", name="Show address and key").click()
    page.get_by_label("The address").wait_for()

    assert f"/in/alertmanager/{key}" in page.locator("pre").first.inner_text()
    browsers.stands_in_nobodys_way(page)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_dry_run_tells_who_would_be_called(open_page: Any, width: int) -> None:
    page = open_page("/routes/-/dry-run?integration=load", width=width)
    event = '{"title": "checkout fails again", "severity": "critical", "service": "checkout"}'
    page.get_by_label("Payload").fill(event)
    page.get_by_role("button", name="Try it out").click()
    page.get_by_text("What would become of it").wait_for()

    assert "checkout-critical" in page.locator("main").inner_text()
    assert page.locator("tbody tr").count() == 3  # two rounds and the catch-all
    browsers.stands_in_nobodys_way(page)
