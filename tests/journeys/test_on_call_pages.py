"""A person looks at who is on call, on a desk and on a phone, and hands a shift on."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import browsers
from tests.product import Product

PAGES = (
    "/on-call", "/on-call/primary", "/on-call/primary?range=8w&zone=Europe/Oslo",
    "/on-call/office?from=2026-10-19&range=1w&zone=Europe/Oslo", "/on-call/-/mine",
    "/on-call/primary/override",
    "/on-call/-/new", "/on-call/primary/edit", "/on-call/office/remove",
    "/on-call/-/policies", "/on-call/-/policies/shop",
)  # fmt: skip
SCHEDULE = """\
apiVersion: watchkeeper/v1
kind: Schedule
metadata: {name: NAME}
spec:
  title: TITLE
  timeZone: Europe/Oslo
  layers:
    - name: nights and weekends of a rather long name
      rotation: {unit: week, start: 2026-01-05T09:00:00, members: [alice, [bob, carol]]}
      restrictions: RESTRICTIONS
"""
POLICY = """\
apiVersion: watchkeeper/v1
kind: EscalationPolicy
metadata: {name: shop}
spec:
  steps:
    - {notify: [{chat: {channel: slack, address: C012AB3CD, name: shop-ops}}]}
    - after: 10m
      notify:
        - {schedule: primary}
        - {webhook: 'https://a-rather-long-name.hooks.example.org/services/T0/B0/XXXXXXXXXXXXXXXX'}
  catchAll: [{person: alice}, {webhook: {address: 'https://example.org/desk', name: the desk}}]
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: Any) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("pages")
    running = Product(folder / "data")
    for name in ("alice", "bob", "carol"):
        role = "admin" if name == "alice" else "viewer"
        running.run("user", "create", name, "--email", f"{name}@example.org", "--role", role)
    for name, title, restrictions in (
        ("primary", "Primary", "[]"),
        ("office", "Office", '[{days: [mon, tue], from: "09:00", to: "17:00"}]'),
    ):
        text = SCHEDULE.replace("NAME", name).replace("TITLE", title)
        (folder / f"{name}.yaml").write_text(text.replace("RESTRICTIONS", restrictions))
        running.run("apply", "-f", str(folder / f"{name}.yaml"))
    (folder / "policy.yaml").write_text(POLICY)
    running.run("apply", "-f", str(folder / "policy.yaml"))
    running.start()
    yield running
    running.stop()


def test_nothing_stands_in_anyones_way(open_page: Any, product: Product) -> None:
    page = open_page("/on-call")
    for path in PAGES:
        page.goto(product.url + path)
        browsers.stands_in_nobodys_way(page)


def test_the_secret_of_a_webhook_is_made_and_shown_once(open_page: Any) -> None:
    page = open_page("/on-call/-/policies/shop")
    page.get_by_role("button", name="New secret of the desk").click()
    secret = page.get_by_label("The secret").input_value()
    assert secret.startswith("whsec_")
    browsers.stands_in_nobodys_way(page)
    page.get_by_role("link", name="Done").click()
    page.get_by_role("heading", name="Rooms").wait_for()
    assert secret not in page.content()


def test_a_shift_is_handed_on_and_taken_back(open_page: Any) -> None:
    page = open_page("/on-call")
    page.get_by_role("link", name="Primary", exact=True).click()
    page.get_by_role("link", name="Override").click()
    page.get_by_label("Who is on call").fill("carol")
    page.get_by_label("To", exact=True).fill("2190-01-01T00:00")
    page.get_by_role("button", name="Save override").click()
    page.get_by_text("The calendar and the pager follow at once").wait_for()
    truth = page.locator(".wk-truth")
    assert "carol" in truth.inner_text()
    page.get_by_role("button", name="End the override of carol").click()
    page.get_by_text("It stays on record").wait_for()
    assert "carol until Fri 1 Jan 2190" not in truth.inner_text()


def test_the_calendar_is_walked_by_its_address(open_page: Any) -> None:
    page = open_page("/on-call/primary?from=2026-03-23&range=1w&zone=Europe/Oslo")
    assert page.get_by_role("heading", name="23 to 29 Mar 2026").is_visible()
    page.get_by_role("link", name="Later").click()
    page.wait_for_url(re.compile("from=2026-03-30"))
    assert page.get_by_role("heading", name="30 Mar to 5 Apr 2026").is_visible()
    page.get_by_role("link", name="4 weeks").click()
    page.wait_for_url(re.compile("range=4w"))
    assert page.get_by_role("heading", level=3).count() == 4
