"""Real servers and browsers for journeys; a file with a browser has a ``product`` of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests import browsers
from tests.product import Product
from tests.servers import prometheus

__all__ = ["prometheus"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.chromium() as running:
        yield running


@pytest.fixture(scope="module")
def alices_state(browser: Browser, product: Product) -> Any:
    """What a browser keeps of alice, once she came in by her link."""
    return browsers.signed_in(browser, product, "alice")


@pytest.fixture
def open_page(browser: Browser, product: Product, alices_state: Any) -> Iterator[Any]:
    pages = []

    def opened(path: str, **how: Any) -> Page:
        page = browsers.new_page(browser, storage_state=alices_state, **how)
        pages.append(page)
        page.goto(product.url + path)
        return page

    yield opened
    for page in pages:
        page.context.close()
