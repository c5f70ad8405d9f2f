"""A person signs in, looks at budgets on a desk and on a phone, and takes time out of one."""

import csv
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import browsers
from tests.product import Product

PAGES = (
    "/", "/slos", "/slos?q=nothing", "/slos/checkout-availability",
    "/slos/checkout-availability?range=90d", "/slos/checkout-availability?range=24h",
    "/slos/checkout-availability?zone=Asia/Tokyo&range=7d",
    "/slos?col=left&col=burn&team=-", "/slos/-/exclude?slo=checkout-availability",
    "/slos/checkout-availability/minutes", "/account/2fa/", "/account/2fa/totp/activate/",
    "/account/password/change/",
    "/slos/checkout-availability/exclude", "/slos/checkout-availability/edit", "/slos/-/new",
    "/slos/-/new/simple", "/audit", "/audit?action=nothing",
    "/people", "/people/-/new", "/tokens", "/tokens/-/new",
    "/sources", "/sources/-/new", "/teams", "/teams/-/new", "/account",
    "/settings", "/first-run",
)  # fmt: skip
DOCUMENT = """apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME, displayName: Requests answered without error}
spec:
  service: checkout
  budgetingMethod: Occurrences
  indicator:
    spec:
      ratioMetric:
        counter: false
        good: {metricSource: {type: push, spec: {}}}
        total: {metricSource: {type: push, spec: {}}}
  timeWindow: [{duration: 7d, isRolling: true}]
  objectives: [{target: 0.999}]
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: Any) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("pages")
    running = Product(folder / "data")
    for name in ("checkout-availability", "search-availability"):
        (folder / f"{name}.yaml").write_text(DOCUMENT.replace("NAME", name))
        running.run("apply", "-f", str(folder / f"{name}.yaml"))
    _write_minutes(folder / "minutes.csv")
    running.run("slo", "import-minutes", "checkout-availability", str(folder / "minutes.csv"))
    running.run("user", "create", "alice", "--email", "alice@example.org", "--role", "admin")
    running.start()
    yield running
    running.stop()


def _write_minutes(path: Path) -> None:
    """Write two days up to now, the last hour bad enough to page."""
    end = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)  # noqa: DTZ005, TID251, RUF100
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "good", "total"))
        for minute in range(2880, 0, -1):
            at = (end - dt.timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
            writer.writerow((at, 980 if minute <= 60 else 1000, 1000))


def judged(open_page: Any) -> None:
    """Wait until the first tick has written where the SLOs stand."""
    page = open_page("/slos")
    for _ in range(90):
        if page.get_by_text("Not judged yet").count() == 0:
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError("no tick has judged the SLOs")


def test_nothing_stands_in_anyones_way(open_page: Any, product: Product) -> None:
    judged(open_page)
    page = open_page("/")
    for path in PAGES:
        page.goto(product.url + path)
        browsers.stands_in_nobodys_way(page)


def test_from_the_overview_to_the_minutes_and_time_taken_out(open_page: Any) -> None:
    judged(open_page)
    page = open_page("/")
    page.get_by_role("table", name="Budgets in danger").get_by_role("link").first.click()
    page.get_by_role("heading", level=1, name="checkout-availability").wait_for()
    page.get_by_role("link", name="Open the minutes").click()
    page.get_by_role("heading", name="Minutes").wait_for()
    page.go_back()
    page.get_by_role("link", name="Exclude time").first.click()
    page.get_by_label("From").fill("2026-01-01T10:00")
    page.get_by_label("To", exact=True).fill("2026-01-01T09:00")
    page.get_by_label("Reason").fill("planned move of the database")
    page.get_by_role("button", name="Exclude this time").click()
    page.get_by_text("it ends before it starts").first.wait_for()
    assert page.get_by_label("Reason").input_value() == "planned move of the database"
    page.get_by_label("To", exact=True).fill("2026-01-01T11:00")
    page.get_by_role("button", name="Exclude this time").click()
    page.get_by_text("it can be withdrawn").wait_for()
    page.get_by_role("link", name=re.compile("^Withdraw")).click()
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_text("That time counts again").wait_for()


def test_the_palette_leads_to_an_slo(open_page: Any) -> None:
    page = open_page("/slos")
    page.keyboard.press("Control+k")
    page.keyboard.type("search-av")
    page.get_by_role("option", name=re.compile("^Requests answered")).wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/slos/search-availability$"))


def test_filters_are_shared_by_their_address_and_the_list_is_saved(open_page: Any) -> None:
    page = open_page("/slos")
    page.get_by_role("searchbox").fill("checkout-av")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=checkout-av"))
    assert page.locator("tr[data-st]").count() == 1
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save this list as CSV").click()
    assert saved.value.suggested_filename == "slos.csv"


def test_a_stretch_that_is_dragged_over_becomes_the_range_of_all_charts(open_page: Any) -> None:
    judged(open_page)
    page = open_page("/slos/checkout-availability?range=7d")
    chart = page.locator("[data-zoom] .wk-plot-c").first
    box = chart.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, height, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"from=.*to="))
    assert "range=" not in page.url
    page.get_by_role("heading", name="Burn along the same time").wait_for()
    assert page.locator("[data-zoom]").count() == 2
    ends = {figure.get_attribute("data-zoom") for figure in page.locator("[data-zoom]").all()}
    assert len(ends) == 1


def test_the_range_is_chosen_by_keys_alone(open_page: Any) -> None:
    page = open_page("/slos/checkout-availability")
    page.get_by_label("Own range").focus()
    page.keyboard.press("Enter")
    page.get_by_label("From (UTC)").fill("2026-01-01T10:00")
    page.get_by_label("To", exact=True).fill("2026-01-01T09:00")
    page.get_by_role("button", name="Show this range").press("Enter")
    page.get_by_text("its end is after its start").wait_for()
    assert "from=2026-01-01T10%3A00Z" in page.url


def test_the_zone_of_the_browser_is_on_offer(open_page: Any) -> None:
    page = open_page("/slos/checkout-availability", timezone_id="Asia/Tokyo")
    page.get_by_label("Time zone").select_option("Here: Tokyo")
    page.wait_for_url(re.compile("zone=Asia"))
    page.get_by_text("Tokyo time; under the same days").wait_for()


def test_rows_are_ticked_by_keys_and_time_is_taken_out_of_all(open_page: Any) -> None:
    page = open_page("/slos")
    bar = page.get_by_role("region", name="Selected SLOs")
    assert not bar.is_visible()
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    bar.get_by_text("2 selected").wait_for()
    page.keyboard.press("Escape")
    assert not bar.is_visible()
    page.get_by_label("Select all on this page").check()
    with page.expect_download() as saved:
        bar.get_by_role("button", name="Save as YAML").click()
    assert saved.value.suggested_filename == "slos.yaml"
    bar.get_by_role("button", name="Exclude time").click()
    page.get_by_role("heading", name="Exclude time from 2 SLOs").wait_for()
    page.get_by_label("From").fill("2026-01-01T10:00")
    page.get_by_label("To", exact=True).fill("2026-01-01T11:00")
    page.get_by_label("Reason").fill("a planned move of both")
    page.get_by_role("button", name="Exclude this time").click()
    page.get_by_text("Left out of 2 SLOs").wait_for()


def test_columns_are_chosen_and_the_palette_takes_time_out(open_page: Any) -> None:
    page = open_page("/slos")
    page.get_by_label("Columns", exact=True).first.click()
    page.get_by_label("Objective").uncheck()
    page.get_by_role("button", name="Show these").click()
    page.wait_for_url(re.compile("col=attained"))
    assert page.get_by_role("columnheader", name="Objective").count() == 0
    assert page.get_by_role("columnheader", name="Attained").count() == 1
    page.keyboard.press("Control+k")
    page.keyboard.type("exclude search-av")
    page.get_by_role("option", name=re.compile("^Exclude time from search-av")).wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/slos/search-availability/exclude$"))
