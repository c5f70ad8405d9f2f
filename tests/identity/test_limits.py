"""Coming too often: refused with when to come back, and written down for those it concerns."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.conftest import FakeClock
from tests.factories import HOST, make_team, make_user
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import queries, usecases
from watchkeeper.identity.models import LimitReached
from watchkeeper.kernel import clock
from watchkeeper.plumbing import limits, metrics

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few(settings: Settings, fake_clock: FakeClock) -> Iterator[None]:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(
        update={"token_rate_limit": 5, "address_rate_limit": 8}
    )
    limits.forget()
    yield
    limits.forget()


def make_token(name: str, **more: Any) -> str:
    made = usecases.create_token(actor=HOST, name=name, role="viewer", now=clock.now(), **more)
    return made.token


def ask(token: str, address: str = "192.0.2.1") -> Any:
    headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    return Client(REMOTE_ADDR=address).get("/api/v1/me", **headers)  # type: ignore[arg-type]


def refused(kind: str) -> float:
    found = re.search(
        rf'watchkeeper_requests_refused_total{{limit="{kind}"}} ([0-9.]+)',
        metrics.exposition().decode(),
    )
    return float(found[1]) if found else 0.0


def test_a_token_has_its_limit_from_wherever_it_comes(fake_clock: FakeClock) -> None:
    first, second = make_token("one"), make_token("two")
    fake_clock.travel(seconds=20)
    answers = [ask(first, f"192.0.2.{number}") for number in range(9)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 4
    assert answers[-1]["Retry-After"] == "40"
    assert answers[-1].json()["code"] == "limit"
    assert ask(second).status_code == 200
    fake_clock.travel(seconds=40)
    assert ask(first).status_code == 200


def test_an_address_has_its_limit_whatever_it_asks_and_whoever_it_is() -> None:
    tokens = [make_token(f"t{number}") for number in range(6)]
    answers = [ask(tokens[number % 6]).status_code for number in range(8)]

    assert answers == [200] * 8
    assert ask(tokens[0]).status_code == 429
    page = Client(REMOTE_ADDR="192.0.2.1").get("/account/login/")
    assert page.status_code == 429
    assert page["Retry-After"] == "60"
    assert ask(tokens[0], "192.0.2.2").status_code == 200


def test_what_was_refused_is_written_down_counted_and_shown_to_its_owners() -> None:
    make_team("shop")
    token = make_token("robot", team="shop")
    before = refused("token")
    for number in range(5 + 100):
        ask(token, f"192.0.{number}.1")

    assert refused("token") - before == 100
    row = next(row for row in queries.token_rows() if row.name == "robot")
    assert row.limited_at == clock.now()
    assert 50 <= row.refused <= 100, "a flood of requests is no flood of writes"
    entries = AuditEntry.objects.filter(action="limit.reached")
    assert entries.count() == 1, "an episode is told once"

    manager = make_user("mona", teams={"shop": "manager"})
    browser = Client(REMOTE_ADDR="198.51.100.1")
    browser.force_login(manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get("/tokens").content.decode()
    assert "Came too often" in page
    assert "robot" in page


def test_an_address_that_came_too_often_is_shown_to_admins_and_is_forgotten_in_time() -> None:
    for _ in range(12):
        Client(REMOTE_ADDR="192.0.2.66").get("/account/login/")
    browser = Client(REMOTE_ADDR="198.51.100.1")
    admin = make_user("ada", role="admin")
    browser.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert "192.0.2.66" in browser.get("/tokens").content.decode()
    assert LimitReached.objects.count() == 1
    entry = AuditEntry.objects.get(action="limit.reached")
    assert entry.object_kind == "address"
    assert usecases.forget_limits(before=clock.now()) == 0


def test_another_hour_is_another_episode(fake_clock: FakeClock) -> None:
    token = make_token("robot")
    for _ in range(2):
        for number in range(7):
            ask(token, f"192.0.2.{number}")
        fake_clock.travel(hours=1)

    assert AuditEntry.objects.filter(action="limit.reached").count() == 2
