"""The API of telemetry, called as the host; a source that answers as it is told."""

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import clear_url_caches
from pytest_django.fixtures import Settings

from tests.conftest import FakeClock
from tests.telemetry.factories import FakeSource
from watchkeeper.plumbing import transport


@pytest.fixture
def door(db: None, settings: Settings, fake_clock: FakeClock) -> Iterator[transport.Transport]:
    """The way to telemetry's API on the local data."""
    del db, fake_clock
    settings.ROOT_URLCONF = "tests.telemetry.urls"
    settings.MIDDLEWARE = ["watchkeeper.plumbing.middleware.RequestMiddleware"]
    clear_url_caches()
    # The test's transaction must outlive each request, as with Django's own test client.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    local = transport.Local()
    transport.use(local)
    yield local
    transport.use(None)
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def fake_source(settings: Settings) -> Iterator[type[FakeSource]]:
    """Sources of kind ``fake`` are asked of this class; it starts every test empty."""
    settings.WATCHKEEPER_SOURCES = {"fake": "tests.telemetry.factories.FakeSource"}
    FakeSource.clear()
    yield FakeSource
    FakeSource.clear()
