"""A policy and a route are made on the web; an alert then pages whom they say."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests import browsers
from tests.notifications.provider import Provider, provider
from tests.product import Product

WORLD = """
{apiVersion: watchkeeper/v1, kind: Person, metadata: {name: bob}, spec: {email: b@example.org,
contacts: [{name: hook, channel: webhook, address: 'ADDRESS/bob', verified: true}]}}
---
{apiVersion: watchkeeper/v1, kind: Schedule, metadata: {name: shop-primary}, spec: {title: Shop,
timeZone: Europe/Oslo, layers: [{name: base, rotation: {unit: week, start: 2026-01-05T09:00:00,
members: [bob]}}]}}
---
{apiVersion: watchkeeper/v1, kind: EscalationPolicy, metadata: {name: filed}, spec: {steps:
[{notify: [{person: alice}]}]}}
---
{apiVersion: watchkeeper/v1, kind: Route, metadata: {name: filed}, spec: {order: 900, policy:
filed, match: ['service="checkout-payments-settlement-worker"', 'severity=~"critical|error"']}}
"""
PAGES = (
    "/on-call/-/policies/-/new", "/on-call/-/policies/filed", "/on-call/-/policies/filed/edit",
    "/on-call/-/policies/shop-high", "/on-call/-/policies/shop-high/edit",
    "/on-call/-/policies/shop-high/remove",
    "/routes", "/routes/-/new", "/routes/filed/edit", "/routes/shop/edit", "/routes/shop/remove",
)  # fmt: skip
World = tuple[Product, Provider, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("by-hand")
    running = Product(folder / "data")
    with provider(folder / "calls") as phone:
        file = folder / "world.yaml"
        file.write_text(WORLD.replace("ADDRESS/", phone.url("/")))
        running.run("user", "create", "alice", "--email", "alice@example.org", "--role", "admin")
        running.run("apply", "-f", str(file))
        key = running.json("integration", "create", "generic", "--name", "load")["key"]
        running.start()
        yield running, phone, key
        running.stop()


@pytest.fixture(scope="module")
def product(world: World) -> Product:
    return world[0]


def post(product: Product, key: str, title: str) -> None:
    body = {"title": title, "service": "shop", "severity": "critical"}
    assert product.request("POST", f"/in/generic/{key}", body=body)[0] == 202


def waited_for(phone: Provider, path: str) -> list[dict[str, Any]]:
    """Return the calls of a path, once there is one."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [call for call in phone.calls() if call["path"] == path]
        if found:
            return found
        time.sleep(0.2)
    return []


def fill_in_policy(page: Page) -> None:
    """Two steps: bob once the other way round, then the schedule; with a mistake on the way."""
    page.get_by_label("Name", exact=True).fill("shop-high")
    page.get_by_label("Whom step 1 pages, 1").select_option("person:alice")
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Whom step 2 pages, 1").select_option("schedule:shop-primary")
    page.get_by_label("After the step before").fill("soon")
    page.get_by_role("button", name="Save policy").click()
    page.get_by_text("Not saved. What you typed is still here").wait_for()
    page.get_by_label("After the step before").fill("")
    page.get_by_role("button", name="Move step 2 up").click()
    expect(page.get_by_label("Whom step 2 pages, 1")).to_have_value("person:alice")
    page.get_by_role("button", name="Remove step 2").click()
    page.get_by_label("Whom step 2 pages, 1").wait_for(state="detached")


def test_a_policy_and_a_route_made_on_the_web_page_whom_they_say(
    open_page: Any, world: World
) -> None:
    product, phone, key = world
    post(product, key, "the first one")
    page = open_page("/on-call/-/policies")
    page.get_by_role("link", name="New policy").first.click()
    fill_in_policy(page)
    preview = page.locator("#preview")
    preview.get_by_role("cell", name="bob", exact=True).first.wait_for()
    page.get_by_role("button", name="Save policy").click()
    page.get_by_text("Escalations that begin from now on follow it").wait_for()
    page.goto(product.url + "/routes")

    page.get_by_role("link", name="New route").click()
    page.get_by_label("Name", exact=True).fill("shop")
    page.get_by_label("Escalation policy").select_option("shop-high")
    page.get_by_label("What it matches").fill('service="shop"\nseverity="critical"')
    page.get_by_label("Order").fill("950")
    page.get_by_text("It matches 1 alert.").wait_for()
    page.get_by_role("button", name="Save route").click()
    page.get_by_text("Alerts that open from now on follow it").wait_for()
    page.get_by_role("button", name="Ask earlier shop").click()
    expect(page.locator("tbody td.name").first).to_contain_text("shop")
    post(product, key, "the second one")

    [call] = waited_for(phone, "/bob")
    assert "the second one" in call["body"]
    explained = product.json("alert", "explain", "2")
    assert [page["person"] for page in explained["pages"]] == ["bob"]


def test_a_room_is_added_on_the_web_and_hears_a_test(open_page: Any, world: World) -> None:
    phone = world[1]
    page = open_page("/on-call/-/policies/shop-high/edit")
    page.get_by_role("button", name="Add a room to step 1").click()
    page.get_by_label("Where").fill(phone.url("/desk"))
    page.get_by_label("Called").fill("desk")
    browsers.stands_in_nobodys_way(page)
    page.get_by_role("button", name="Save policy").click()
    page.get_by_text("Escalations that begin from now on follow it").wait_for()
    page.get_by_role("button", name="Test desk").click()
    page.get_by_text("A test is on its way").wait_for()

    [call] = waited_for(phone, "/desk")
    assert "Test from Watchkeeper: nothing is wrong" in call["body"]


def test_nothing_stands_in_anyones_way(open_page: Any, product: Product) -> None:
    page = open_page("/on-call/-/policies")
    browsers.stands_in_nobodys_way(page)
    for path in PAGES:
        page.goto(product.url + path)
        if path == "/routes/-/new":
            page.get_by_role("button", name="Add times").click()
            page.get_by_label("By the clocks of").wait_for()
        browsers.stands_in_nobodys_way(page)


def test_it_works_without_scripts(browser: Any, alices_state: Any, product: Product) -> None:
    page = browsers.new_page(
        browser, width=browsers.PHONE, storage_state=alices_state, java_script_enabled=False
    )
    page.goto(product.url + "/on-call/-/policies/-/new")
    page.get_by_label("Name", exact=True).fill("plain")
    page.get_by_role("button", name="Add somebody to step 1").click()
    assert page.get_by_label("Name", exact=True).input_value() == "plain"
    page.get_by_label("Whom step 1 pages, 2").select_option("person:bob")
    page.get_by_role("button", name="Save policy").click()
    page.get_by_text("Escalations that begin from now on follow it").wait_for()
    page.context.close()


def test_what_was_typed_is_there_again_after_signing_in_anew(open_page: Any) -> None:
    page = open_page("/on-call/-/policies/-/new")
    page.get_by_label("Name", exact=True).fill("long")
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Whom step 2 pages, 1").select_option("person:bob")
    page.context.clear_cookies(name="wk_session")
    page.get_by_role("button", name="Save policy").click()

    page.get_by_label("Name or mail address").fill("alice@example.org")
    page.get_by_label("Password").fill(browsers.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Bring it back").click()

    page.get_by_label("Whom step 2 pages, 1").wait_for()
    assert page.get_by_label("Whom step 2 pages, 1").input_value() == "person:bob"
    assert page.get_by_label("Name", exact=True).input_value() == "long"


def test_a_half_filled_form_asks_before_it_is_left(open_page: Any) -> None:
    page = open_page("/on-call/-/policies/-/new")
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.get_by_label("Name", exact=True).fill("half")
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Whom step 2 pages, 1").wait_for()

    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/policies")

    assert asked == ["beforeunload"]
