"""What tests of the overview share."""

import pytest

from tests.alerts.factories import settle
from tests.conftest import FakeClock
from watchkeeper.alerts.queries import keys
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.plumbing import limits


@pytest.fixture
def settled(db: None, fake_clock: FakeClock) -> FakeClock:
    """Forget rules, keys and how often anybody came, so that alerts are decided afresh."""
    del db
    for module in (keys, in_force, limits):
        module.forget()
    settle()
    return fake_clock
