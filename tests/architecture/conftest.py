"""The world that every door is tried on."""

import pytest

from tests.architecture.world import make_world


@pytest.fixture
def world(db: None) -> dict[str, str]:
    """One of everything, owned by the own team; returns what fills the addresses."""
    del db
    return make_world()
