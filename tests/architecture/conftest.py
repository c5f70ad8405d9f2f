"""The world that every door is tried on."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

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


@pytest.fixture(scope="module")
def standing_world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    """One of everything, made once for thousands of tests, each of which undoes its changes."""
    del django_db_setup
    with django_db_blocker.unblock():
        made = make_world()
    yield made
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def world(standing_world: dict[str, str], db: None) -> dict[str, str]:
    """One of everything, owned by the own team; returns what fills the addresses."""
    del db
    return dict(standing_world)
