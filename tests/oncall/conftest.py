"""A provider with a ledger of its own, and a sender that is driven by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notifications.provider import Provider, provider
from watchkeeper.notifications.tasks import Sender
from watchkeeper.plumbing import egress


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path / "calls") as made:
        yield made
    egress.close()


@pytest.fixture
def sender() -> Iterator[Sender]:
    made = Sender()
    yield made
    made.finish()
