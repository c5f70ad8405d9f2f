"""What is kept quiet and what changed: by commands, on pages, and beside the alert."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import browsers
from tests.product import Product

WINDOW = """
{apiVersion: watchkeeper/v1, kind: Maintenance, metadata: {name: patches}, spec: {services: [search, checkout-payments-settlement-worker], timeZone: Europe/Berlin, start: 2026-02-03T02:00:00, end: 2026-02-03T04:00:00, recurrence: "FREQ=WEEKLY", exclude: true, reason: kernels}}
"""  # noqa: E501

NOISE = """
{apiVersion: watchkeeper/v1, kind: Route, metadata: {name: pay}, spec: {order: 10, match: ['service="pay"'], policy: pay, groupBy: [service, zone], groupFor: 1h}}
---
{apiVersion: watchkeeper/v1, kind: Route, metadata: {name: pay-desk}, spec: {order: 20, policy: desk, times: [{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}], timeZone: Europe/Berlin}}
---
{apiVersion: watchkeeper/v1, kind: Inhibition, metadata: {name: cluster-down}, spec: {source: ['alertname="ClusterDown"'], target: ['alertname="PodRestartsOfCheckoutPaymentsSettlementWorker"'], equal: [cluster]}}
"""  # noqa: E501


def make_noise(running: Product, key: str) -> None:
    """Alerts 3 to 5 in one group, 6 kept quiet by 5, and one that flaps."""

    def tell(name: str, **more: Any) -> None:
        body = {"key": name, "title": name, "severity": "critical"} | more
        assert running.request("POST", f"/in/generic/{key}", body=body)[0] == 202

    for name in ("payments fail", "the queue of settlements grows", "a card is refused"):
        tell(name, service="pay", labels={"zone": "eu-1"})
    tell("cluster eu-1 is down", labels={"alertname": "ClusterDown", "cluster": "eu-1"})
    restarts = "PodRestartsOfCheckoutPaymentsSettlementWorker"
    tell("pods restart", labels={"alertname": restarts, "cluster": "eu-1"})
    for _ in range(3):
        tell("a link flaps")
        tell("a link flaps", status="resolved")
    tell("a link flaps")
    tell("a link flaps", status="resolved")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("quiet-pages")
    running = Product(folder / "data")
    running.run("user", "create", "alice", "--email", "alice@example.org", "--role", "admin")
    running.start()
    (folder / "maintenance.yaml").write_text(WINDOW)
    running.run("apply", "-f", str(folder / "maintenance.yaml"))
    (folder / "noise.yaml").write_text(NOISE)
    running.run("apply", "-f", str(folder / "noise.yaml"))  # long before events: it is remembered
    running.run("maintenance", "create", "move", "--service", "shop", "--for", "2h",
                "--reason", "the database moves to a new host", "--exclude")  # fmt: skip
    running.run("change", "send", "--title", "shop 1.8.2", "--service", "shop", "--link",
                "https://ci.example.org/1", "--author", "bob", "--label", "region=eu")  # fmt: skip
    running.run("change", "send", "--title", "checkout flag on", "--kind", "flag")
    key = running.json("integration", "create", "generic", "--name", "load")["key"]
    for title, service in (("shop fails 8.6 % of requests", "shop"), ("disk fills", "other")):
        running.run("alert", "send", "load", "--title", title, "--service", service)
    running.run("silence", "create", "deploy", "--match", 'service="other"', "--match",
                'title=~"disk.*"', "--for", "1h", "--reason", "deploy of Monday")  # fmt: skip
    running.run("silence", "create", "nightly", "--match", 'alertname="BatchFails"', "--from",
                "2026-02-03T02:00:00Z", "--to", "2026-02-03T03:00:00Z", "--reason", "batch",
                "--recurrence", "FREQ=DAILY", "--time-zone", "Europe/Berlin")  # fmt: skip
    make_noise(running, key)
    yield running
    running.stop()


PAGES = (
    "/silences", "/silences/-/new", "/silences/-/new?service=shop", "/silences/nightly/remove",
    "/silences/nightly/edit", "/maintenance/move/edit",
    "/maintenance", "/maintenance/-/new", "/maintenance/move/remove",
    "/changes", "/changes?kind=flag", "/changes?service=nothing", "/alerts/1",
    "/inhibitions/-/new", "/inhibitions/cluster-down/edit",
    "/alerts/3", "/alerts/7", "/alerts/11", "/routes",
)  # fmt: skip


def test_every_page_can_be_used_by_everybody(open_page: Any, product: Product) -> None:
    page = open_page("/silences")
    for path in PAGES:
        page.goto(product.url + path)
        browsers.stands_in_nobodys_way(page)


def test_an_inhibition_is_made_by_hand(open_page: Any, product: Product) -> None:
    page = open_page("/silences")
    page.get_by_role("link", name="New inhibition").click()
    page.get_by_label("Name", exact=True).fill("by-hand")
    page.get_by_label("While this is open").fill('alertname="ClusterDown"')
    page.get_by_label("This is quiet").fill('alertname=~"Pod.*"')
    page.get_by_label("With the same").fill("cluster")
    page.get_by_label("With the same").press("Tab")
    page.get_by_text("1 is a source").wait_for()
    page.get_by_text("1 would be quiet").wait_for()
    page.get_by_role("button", name="Save inhibition").click()
    page.get_by_text("Alerts that open from now on are judged by it").wait_for()
    page.get_by_role("link", name="Edit by-hand").click()
    for path in ("/inhibitions/by-hand/edit", "/inhibitions/by-hand/remove"):
        page.goto(product.url + path)
        browsers.stands_in_nobodys_way(page)
    page.get_by_role("button", name="Remove the inhibition by-hand").click()
    page.get_by_text("by-hand is removed").wait_for()


def test_an_alert_in_maintenance_says_so_and_what_changed(product: Product) -> None:
    told = product.json("alert", "explain", "1")

    assert [event["verdict"] for event in told["events"]] == ["maintenance"]
    assert "the database moves to a new host" in told["events"][0]["reason"]
    assert [change["title"] for change in told["changes"]] == ["shop 1.8.2"]
    assert told["pages"] == []


def test_what_makes_noise_is_told_with_its_reason(open_page: Any, product: Product) -> None:
    told = [product.json("alert", "explain", alert) for alert in ("4", "7", "11")]

    assert [each["events"][0]["verdict"] for each in told] == ["grouped", "inhibited", "flapping"]
    assert [each["id"] for each in told[0]["group"]["members"]] == ["3", "4", "5"]
    assert told[1]["alert"]["inhibited_by"] == "6"
    [rule] = product.json("inhibition", "list")
    assert (rule["sources"], rule["holds"]) == (1, 1)
    page = open_page("/alerts/4", width=390)
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_text("3 alerts acknowledged").wait_for()
    page.get_by_role("button", name="Resolve all of them").click()
    page.get_by_text("3 alerts resolved").wait_for()


def test_minutes_of_maintenance_are_out_of_the_figures(product: Product) -> None:
    answer = json.loads(product.run("api", "GET", "/api/v1/exclusions").stdout)

    assert ("move", "shop") in {(each["maintenance"], each["service"]) for each in answer["items"]}


def test_lists_tell_what_is_on_and_what_comes(product: Product) -> None:
    windows = {row["name"]: row["state"] for row in product.json("maintenance", "list")}
    silences = {row["name"]: row["state"] for row in product.json("silence", "list")}

    assert windows["move"] == "active"
    assert windows["patches"] in {"active", "pending"}  # it comes each Tuesday night
    assert silences["deploy"] == "active"
    assert product.json("silence", "preview", "--match", 'service="other"')["open_count"] == 1


def test_a_form_tells_first_what_a_silence_would_hold(open_page: Any, product: Product) -> None:
    page = open_page("/silences/-/new", width=390)
    page.get_by_label("What it matches").fill('service="shop"')
    page.get_by_role("textbox", name="Name", exact=True).fill("by-hand")
    page.get_by_role("textbox", name="Why").fill("drill")

    page.get_by_role("button", name="Preview").click()
    page.get_by_text("It matches 1 alert that is open now").wait_for()
    assert page.get_by_role("textbox", name="Name", exact=True).input_value() == "by-hand"
    page.get_by_role("button", name="Save silence").click()
    page.get_by_text("What it matches pages nobody meanwhile").wait_for()
    page.get_by_role("button", name="End now by-hand").click()
    page.get_by_text("by-hand has ended").wait_for()

    states = {row["name"]: row["state"] for row in product.json("silence", "list")}
    assert states["by-hand"] == "expired"


def test_a_window_that_is_ended_early_pages_for_what_still_fires(
    open_page: Any, product: Product
) -> None:
    page = open_page("/silences", width=390)

    page.get_by_role("button", name="End now move").click()
    page.get_by_text("move has ended").wait_for()

    for _ in range(30):
        acts = [act["act"] for act in product.json("alert", "explain", "1")["acts"]]
        if acts:
            break
        page.wait_for_timeout(500)
    assert acts == ["maintenance ended"]
    page.goto(product.url + "/alerts/1")
    page.get_by_text("Maintenance ended").wait_for()
