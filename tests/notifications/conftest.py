"""A provider, a person with a webhook, and a sender that is driven by hand."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import HOST, make_user
from tests.notifications.provider import Provider, provider
from tests.notifications.sending import Pager
from watchkeeper.kernel import clock
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.plumbing import egress


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path / "calls") as made:
        yield made
    egress.close()


@pytest.fixture
def pager(db: None, phone: Provider) -> Iterator[Pager]:
    """Alice, whose rules are hook at once and second after five minutes; spare is in no rule."""
    make_user("alice")
    contacts = tuple(
        ContactSpec(name, "webhook", phone.url(f"/{name}"), verified=True, secret=f"key-{name}")
        for name in ("hook", "second", "spare")
    )
    rules = {"high": (RuleSpec("hook"), RuleSpec("second", dt.timedelta(minutes=5)))}
    usecases.save_paging(
        actor=HOST,
        person="alice",
        spec=PagingSpec(contacts, rules),
        origin=Origin.API,
        now=clock.now(),
    )
    made = Pager(phone)
    yield made
    made.sender.finish()
