"""What every test may use: a fixed instant, a clock that travels, a data folder with a key."""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before Django's settings are read: a data folder of our own, never the developer's.
_DATA = Path(tempfile.mkdtemp(prefix="watchkeeper-tests-"))
for _name in [name for name in os.environ if name.startswith("WATCHKEEPER_")]:
    if not _name.startswith("WATCHKEEPER_TEST_"):
        del os.environ[_name]
os.environ["WATCHKEEPER_DATA"] = str(_DATA)
# One call for each page; tests of bundles turn them on.
os.environ["WATCHKEEPER_PAGE_BUNDLE_SECONDS"] = "0"
os.environ["DJANGO_SETTINGS_MODULE"] = "watchkeeper.config.settings"

from watchkeeper.plumbing.keys import Keyring  # noqa: E402  the environment comes first

Keyring.load_or_make(_DATA / "secret.key")

if os.environ.get("WATCHKEEPER_TEST_DATABASE") == "postgresql":
    from tests.databases import postgresql_url

    os.environ["WATCHKEEPER_DATABASE_URL"] = postgresql_url()

import django  # noqa: E402  the environment comes first

django.setup()

from watchkeeper.kernel import clock  # noqa: E402  the environment comes first

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


class FakeClock:
    """A clock that stands still until told to travel."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def travel(self, **length: float) -> dt.datetime:
        """Move by a timedelta's keywords and return the new instant."""
        self.now += dt.timedelta(**length)
        return self.now


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches a database, so that it can be run again on the other one.

    Journeys begin first: the longest of them would else end the run alone.
    """
    items.sort(key=lambda item: "journeys" not in item.path.parts)
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
            item.add_marker(pytest.mark.database)


@pytest.fixture
def now() -> dt.datetime:
    return NOON


@pytest.fixture
def fake_clock() -> Iterator[FakeClock]:
    fake = FakeClock(NOON)
    clock.set_source(fake)
    yield fake
    clock.set_source(None)
