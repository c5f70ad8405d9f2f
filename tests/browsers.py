"""Browsers that people look at the product with: signed in once, at a desk and on a phone."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.product import Product

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
VIOLATIONS = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
PASSWORD = "a quite long sentence"
WAIT_MS = 15_000
DESK, PHONE = 1440, 390
_EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"]}
_COLOURS = _EVERYTHING | {"runOnly": ["color-contrast"]}
LOOKS = (
    (DESK, "light", _EVERYTHING),
    (DESK, "dark", _COLOURS),
    (PHONE, "dark", _EVERYTHING),
    (PHONE, "light", _COLOURS),
)
"""Widths and themes, and what may differ there from the looks before: a theme changes colours."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser; without one the test is skipped, but not in CI."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing")
        pytest.skip(f"{CHROMIUM} is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


def signed_in(browser: Browser, product: Product, name: str) -> Any:
    """Return what a browser keeps of a person who came in by their link."""
    link = re.search(r"/link/\S+", product.run("user", "link", name).stdout)
    assert link is not None
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(product.url + link.group())
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main button[type=submit], form .btn-primary").first.click()
    page.wait_for_url(re.compile(r"/$"))
    kept = context.storage_state()
    context.close()
    return kept


def new_page(browser: Browser, *, width: int = DESK, theme: Any = "light", **more: Any) -> Page:
    """Return a page of a new context, which the caller closes."""
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width == PHONE else 900},
        color_scheme=theme,
        reduced_motion="reduce",
        **more,
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(VIOLATIONS)
    return page


def stands_in_nobodys_way(page: Page) -> None:
    """Fail where the page bars somebody, breaks its policy or scrolls sideways, in every look."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    for width, theme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": 844 if width == PHONE else 900})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        found = Axe().run(page, options=rules)
        where = f"{page.url} at {width}, {theme}"
        assert found.violations_count == 0, f"{where}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
    assert page.evaluate("window.refused") == [], page.url
