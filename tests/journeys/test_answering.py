"""A person is paged and answers: by the link in the page, on a phone; by keys, on a desk.

A snooze holds over a killed process.
"""

import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests import browsers
from tests.notifications.provider import Provider, provider
from tests.product import Product

WORLD = """
{apiVersion: watchkeeper/v1, kind: Person, metadata: {name: alice}, spec: {email: a@example.org,
contacts: [{name: hook, channel: webhook, address: 'ADDRESS/alice', verified: true}]}}
---
{apiVersion: watchkeeper/v1, kind: EscalationPolicy, metadata: {name: shop}, spec: {steps:
[{notify: [{person: alice}]}, {after: 1h, notify: [{person: alice}]}], catchAll: {person: alice}}}
---
{apiVersion: watchkeeper/v1, kind: Route, metadata: {name: all}, spec: {policy: shop}}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, Provider]]:
    folder = tmp_path_factory.mktemp("answering")
    running = Product(folder / "data")
    with provider(folder / "calls") as phone:
        file: Path = folder / "world.yaml"
        file.write_text(WORLD.replace("ADDRESS/", phone.url("/")))
        running.run("apply", "-f", str(file))
        running.run("user", "create", "bob", "--email", "bob@example.org", "--role", "admin")
        running.run("integration", "create", "generic", "--name", "load")
        running.start()
        yield running, phone
        running.stop()


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Any]:
    """Return what opens a browser that nobody is signed in with."""
    pages: list[Page] = []

    def opened(width: int = browsers.PHONE, theme: Any = "dark", **more: Any) -> Page:
        page = browsers.new_page(browser, width=width, theme=theme, **more)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.context.close()


def raised(product: Product, title: str) -> str:
    """Send an alert and return its id."""
    told = product.json("alert", "send", "load", "--title", title, "--severity", "critical")
    alert: str = told["alert"]
    return alert


def told_of(phone: Provider, alert: str, *, at_least: int = 1) -> dict[str, Any]:
    """Return the newest page of an alert, once it came."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        bodies = [json.loads(call["body"]) for call in phone.calls()]
        found = [body for body in bodies if body["alerts"][0]["id"] == alert]
        if len(found) >= at_least:
            return dict(found[-1])
        time.sleep(0.1)
    raise AssertionError(f"no page of alert {alert} came")


def test_the_screen_behind_the_link_can_be_used_by_everybody(
    world: tuple[Product, Provider], fresh: Any
) -> None:
    product, phone = world
    alert = raised(product, "checkout fails 8.6 % of requests, settlement worker europe-west-1")
    page = fresh()

    page.goto(told_of(phone, alert)["act_url"])

    browsers.stands_in_nobodys_way(page)


def test_a_woken_person_takes_it_with_one_tap_and_without_signing_in(
    world: tuple[Product, Provider], fresh: Any
) -> None:
    product, phone = world
    alert = raised(product, "payments fail")
    page = fresh()
    page.goto(told_of(phone, alert)["act_url"])
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 844  # under the thumb, without scrolling

    button.click()
    page.get_by_text("Acknowledged by alice").wait_for()

    assert button.count() == 0
    assert page.context.cookies() == []
    (row,) = [each for each in product.json("alert", "list") if each["id"] == alert]
    assert row["state"] == "acknowledged"


def test_a_snooze_holds_over_a_killed_process_and_pages_when_it_ends(
    world: tuple[Product, Provider],
) -> None:
    product, phone = world
    alert = raised(product, "queue grows")
    first = told_of(phone, alert)
    product.run("alert", "snooze", alert, "--for", "4s")

    product.kill()
    time.sleep(4)
    product.start()

    again = told_of(phone, alert, at_least=2)
    assert again["page_id"] != first["page_id"]
    assert again["title"] == "Snooze ended: queue grows"
    assert again["step"] == 0


def test_the_list_is_answered_by_keys_alone(
    world: tuple[Product, Provider], fresh: Any, browser: Browser
) -> None:
    product, _ = world
    one, other = raised(product, "by keys one"), raised(product, "by keys two")
    state = browsers.signed_in(browser, product, "bob")
    page = fresh(browsers.DESK, "light", storage_state=state)
    page.goto(f"{product.url}/alerts?q=by+keys")

    page.keyboard.press("j")
    page.keyboard.press("a")  # nothing is selected: the row in focus
    page.get_by_text("1 alert acknowledged").wait_for()
    for key in ("j", "x", "j", "x", "s"):
        page.keyboard.press(key)
    page.get_by_text("2 alerts snoozed for 1h").wait_for()
    page.keyboard.press("r")  # no row, nothing selected
    page.get_by_text("Nothing is selected").wait_for(state="attached")

    states = {row["id"]: row["state"] for row in product.json("alert", "list")}
    assert (states[one], states[other]) == ("snoozed", "snoozed")


def test_commands_do_what_buttons_do(world: tuple[Product, Provider]) -> None:
    product, phone = world
    alert, other = raised(product, "by commands"), raised(product, "by commands too")
    told_of(phone, alert)

    def say(*words: str, code: int = 0) -> str:
        done = product.run("alert", *words, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "step 2 of 2 is due at once" in say("escalate", alert)
    assert "alice is paged too" in say("add", alert, "--person", "alice")
    assert f"stands for {other} too" in say("merge", other, "--into", alert)
    assert "is reassigned to policy shop" in say("reassign", alert, "--policy", "shop")
    assert "is noted" in say("note", alert, "Restarted the pool")
    assert "judged not_actionable" in say("verdict", alert, "not_actionable", "--why", "known")
    assert "say why it was not actionable" in say("verdict", alert, "not_actionable", code=2)
    assert "Name one of --person" in say("add", alert, code=2)
    assert "nobody can be paged: there is no active person" in say(
        "reassign", alert, "--person", "nobody", code=2
    )
    assert "one of both" in say("snooze", alert, code=2)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert "is snoozed" in say("snooze", alert, "--until", f"{soon:%FT%TZ}")

    told = say("explain", alert)
    for words in ("Restarted the pool", "The page was not_actionable (known)", "reassigned by"):
        assert words in told
    explained = product.json("alert", "explain", alert)
    assert {"route", "policy", "pages", "notes", "next_at", "page_verdict"} <= explained.keys()
