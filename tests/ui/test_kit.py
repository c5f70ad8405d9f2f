"""The kit of parts in a real browser: both themes, desk and phone."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browsers import VIOLATIONS, chromium
from tests.ui.server import served
from watchkeeper.ui.domain import times

WIDTHS = (1440, 1024, 390)
KIT = "/kit/"
PAGES = (KIT, "/nowhere/", "/sign-in/", "/steps/")
WAIT_MS = 5000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as base:
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Any]:
    contexts = []

    def opened(path: str = KIT, *, width: int = 1440, theme: Any = "light", **more: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        if more.get("java_script_enabled", True):
            page.add_init_script(VIOLATIONS)
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_stands_in_anyones_way(open_page: Any, path: str, width: int, theme: str) -> None:
    page = open_page(path, width=width, theme=theme)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_palette_and_the_keys_stand_in_nobodys_way(open_page: Any, theme: str) -> None:
    page = open_page(theme=theme)
    page.evaluate("document.activeElement.blur()")
    for key, dialog in (("Control+k", "#palette"), ("?", "#keys")):
        page.keyboard.press(key)
        page.wait_for_selector(f"{dialog}[open]")
        found = Axe().run(page, dialog)
        assert found.violations_count == 0, found.generate_report()
        page.keyboard.press("Escape")
        page.wait_for_selector(dialog, state="hidden")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", [*PAGES, "/"])
def test_no_page_scrolls_sideways(open_page: Any, path: str, width: int) -> None:
    page = open_page(path, width=width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_page_asks_another_host_or_breaks_the_policy(open_page: Any, address: str) -> None:
    page = open_page("/")
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(address + KIT, wait_until="networkidle")

    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {
        urlsplit(address).netloc
    }
    assert page.evaluate("window.refused") == []
    assert wrong == []
    assert (
        page.evaluate("document.querySelectorAll('[style], style, script:not([src])').length") == 0
    )


def test_every_page_reads_without_scripts(open_page: Any) -> None:
    page = open_page(java_script_enabled=False)

    assert page.locator("h1").inner_text().startswith("States and parts")
    assert page.locator(".wk-ch path.l").count() >= 3
    page.locator("#numbers").scroll_into_view_if_needed()
    page.locator(".wk-asT summary").first.click()
    assert page.locator("#budget-table tbody tr").first.is_visible()
    assert not page.locator("[data-act=theme]").first.is_visible()


def test_the_theme_goes_from_system_to_light_to_dark_and_stays(open_page: Any) -> None:
    page = open_page(theme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    button = page.locator(".wk-rail [data-act=theme]")

    button.click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert page.evaluate(ground) != dark
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "light"
    button.click()
    assert page.evaluate(ground) == dark
    button.click()
    assert page.locator("html").get_attribute("data-theme") is None


def test_the_zone_can_be_switched(open_page: Any) -> None:
    page = open_page()
    shown = page.locator("#firings time").first

    assert shown.get_attribute("title").endswith("CET")
    page.locator(".wk-zone").click()
    page.wait_for_load_state()
    page.wait_for_selector(".wk-zone:has-text('UTC')")
    assert shown.get_attribute("title").endswith("UTC")


def test_the_palette_finds_screens_and_things_by_keyboard_alone(open_page: Any) -> None:
    page = open_page("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("states")
    page.wait_for_selector("#palette [role=option][aria-selected=true] >> text=States and parts")
    page.locator("#palette input").fill("check")
    page.wait_for_selector("#palette [role=option][aria-selected=true] >> text=check-service")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kit/?found")


def test_a_palette_that_finds_nothing_says_so_and_gives_the_focus_back(open_page: Any) -> None:
    page = open_page("/")
    page.locator(".wk-find").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("zzz")
    page.wait_for_selector(".wk-pal-e:visible")
    page.keyboard.press("Escape")

    assert page.evaluate("document.activeElement.className").startswith("wk-find")


def test_a_list_is_moved_through_selected_and_cleared_by_keys(open_page: Any) -> None:
    page = open_page()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "checkout"
    page.keyboard.press("x")
    assert page.locator(".wk-bulk").inner_text().startswith("1 selected")
    page.keyboard.press("Escape")
    assert page.locator(".wk-bulk").is_hidden()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert urlsplit(page.url).fragment == "payments"


def test_a_chart_tells_its_values_to_pointer_and_keys(open_page: Any) -> None:
    page = open_page()
    plot = page.locator(".wk-plot-c").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    told = page.locator(".wk-read").first.inner_text()
    assert "Budget left" in told
    assert "Even pace" in told

    page.mouse.move(0, 0)
    page.keyboard.press("Tab")
    plot.focus()
    page.keyboard.press("End")
    assert "17 Nov 03:42" in page.locator(".wk-read").first.inner_text()
    page.keyboard.press("ArrowLeft")
    assert "17 Nov 00:42" in page.locator(".wk-read").first.inner_text()


def test_script_and_server_say_how_long_ago_in_the_same_words(open_page: Any) -> None:
    page = open_page("/")
    ages = (0, 4, 5, 59, 60, 3599, 3600, 86399, 86400, 900_000, -4, -240, -7200)
    said = page.evaluate(
        "ages => import('/static/ui/js/times.js').then(module => ages.map(module.relative))", ages
    )
    now = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)

    assert said == [times.relative(now - dt.timedelta(seconds=age), now=now) for age in ages]


def test_a_page_without_a_list_or_a_chart_still_answers_its_keys(open_page: Any) -> None:
    page = open_page("/")
    for key in ("j", "k", "x", "/", "Escape"):
        page.keyboard.press(key)
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")


def test_a_chart_is_saved_as_csv_with_full_values(open_page: Any) -> None:
    page = open_page()
    page.locator(".wk-asT summary").first.click()
    with page.expect_download() as download:
        page.locator("[data-csv=budget-table]").click()
    lines = Path(download.value.path()).read_text().splitlines()

    assert download.value.suggested_filename == "budget.csv"
    assert lines[0] == "At (Oslo),Budget left,Even pace"
    assert lines[1] == "2026-10-18T04:42+02:00,1,1"


def test_a_refused_form_takes_the_focus_and_typed_text_outlives_a_crash(open_page: Any) -> None:
    page = open_page()
    assert page.evaluate("document.activeElement.dataset.errorSummary") == ""

    page.locator("#id_description").fill("three in the morning")
    kept = page.evaluate("Object.values(sessionStorage).join()")
    assert "three in the morning" in kept


def test_changes_by_htmx_carry_the_token(open_page: Any) -> None:
    page = open_page("/")
    page.evaluate("htmx.ajax('POST', '/echo/', {target: '#wk-says', swap: 'innerHTML'})")
    page.wait_for_selector("#wk-says >> text=accepted")


def test_a_failed_change_says_what_failed(open_page: Any) -> None:
    page = open_page("/")
    page.evaluate("htmx.ajax('POST', '/nowhere/', {target: '#wk-says', swap: 'innerHTML'})")
    page.wait_for_selector("#wk-says >> text=The server answered 404")


def test_a_lost_connection_shows_a_bar_until_it_is_back(open_page: Any) -> None:
    page = open_page("/")
    page.context.set_offline(True)
    page.wait_for_selector("#wk-lost:visible")
    page.context.set_offline(False)
    page.wait_for_selector("#wk-lost", state="hidden")


def test_on_a_phone_everything_is_one_touch_away(open_page: Any) -> None:
    page = open_page(width=390)

    assert not page.locator(".wk-rail").is_visible()
    page.locator(".wk-tabs a[href='#nav']").click()
    assert page.locator(".wk-rail .wk-nav a >> text=States and parts").is_visible()
    page.locator(".wk-rail-x").click()
    assert not page.locator(".wk-rail").is_visible()
