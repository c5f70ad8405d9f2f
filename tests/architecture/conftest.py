"""The world that every door is tried on."""

from collections.abc import Iterator

import pytest

from tests.architecture.world import make_world
from watchkeeper.alerts.queries import keys, rules
from watchkeeper.plumbing import limits


@pytest.fixture(autouse=True)
def unhurried() -> Iterator[None]:
    """Forget how often doors were tried, which a minute limits, and what alerts remember."""
    for module in (limits, keys, rules):
        module.forget()
    yield
    for module in (limits, keys, rules):
        module.forget()


@pytest.fixture
def world(db: None) -> dict[str, str]:
    """One of everything, owned by the own team; returns what fills the addresses."""
    del db
    return make_world()
