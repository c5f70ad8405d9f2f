"""What every test of alerts begins with: nothing remembered from the one before."""

from collections.abc import Iterator

import pytest

from watchkeeper.alerts.queries import keys, rules
from watchkeeper.plumbing import limits


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Forget rules, keys and how often anybody came."""
    for module in (keys, rules, limits):
        module.forget()
    yield
    for module in (keys, rules, limits):
        module.forget()
