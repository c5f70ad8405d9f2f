"""The coverage proof by every door."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from tests.conftest import FakeClock
from tests.factories import HOST, make_user
from tests.oncall.domain.making import utc
from tests.oncall.making import save
from tests.oncall.test_escalations import make_person, make_policy
from watchkeeper.cli.commands import app
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.oncall import queries
from watchkeeper.plumbing import transport

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NIGHTS = [{"from": "20:00", "to": "08:00"}]
STEPS = [{"notify": [{"schedule": "primary"}]}]


@pytest.fixture(autouse=True)
def world(fake_clock: FakeClock) -> None:
    """Alice and bob take turns by weeks; alice can be called, carol stands behind them."""
    fake_clock.now = utc("2026-03-02 12:00")
    make_person("alice", "hook")
    make_person("carol", "hook")
    make_user("bob")


def layers(**more: Any) -> list[dict[str, Any]]:
    rotation = {"unit": "week", "start": "2026-01-05T09:00:00", "members": ["alice"]}
    return [{"name": "base", "rotation": rotation} | more]


def found(days: int = 90) -> list[tuple[str, str, str]]:
    return [
        (each.kind, each.subject, f"{each.start:%m-%d %H}" if each.start else "")
        for each in queries.coverage_findings(now=clock.now(), days=days)
    ]


def test_a_policy_that_always_finds_somebody_has_no_finding() -> None:
    save(layers=layers())
    make_policy(steps=STEPS)

    assert found() == []


def test_holes_are_findings_and_the_catch_all_hides_none() -> None:
    save(layers=layers(restrictions=NIGHTS))
    make_policy(steps=STEPS)

    gaps = queries.coverage_findings(now=clock.now(), days=2)

    assert [(gap.start, gap.end) for gap in gaps] == [
        (utc("2026-03-02 12:00"), utc("2026-03-02 20:00")),
        (utc("2026-03-03 08:00"), utc("2026-03-03 20:00")),
        (utc("2026-03-04 08:00"), utc("2026-03-04 12:00")),
    ]
    assert {gap.detail for gap in gaps} == {
        "no step finds anybody: only the catch-all finds somebody"
    }


def test_who_has_no_verified_contact_is_a_finding_and_covers_nothing() -> None:
    document = layers()
    document[0]["rotation"]["members"] = ["alice", "bob"]
    save(layers=document)
    make_policy(steps=STEPS, catchAll={"person": "bob"})

    assert found(days=14)[:2] == [("unreachable", "bob", ""), ("gap", "shop", "03-09 09")]


def test_targets_that_do_not_exist_are_findings() -> None:
    make_policy(steps=[*STEPS, {"notify": [{"person": "carol"}]}])

    assert found() == [("unknown", "schedule primary", "")]


@pytest.fixture
def commands() -> Iterator[None]:
    """Let commands work on this process's database."""
    transport.use(transport.Local())
    yield
    transport.use(None)


@pytest.mark.usefixtures("commands")
def test_every_door_tells_the_same(django_assert_max_num_queries: Any) -> None:
    assert "no escalation policies yet" in CliRunner().invoke(app, ["oncall", "check"]).output
    save(layers=layers(restrictions=NIGHTS))
    make_policy(steps=STEPS)
    made = identity.create_token(actor=HOST, name="door", role="viewer", now=clock.now())
    door = Client(headers={"authorization": f"Bearer {made.token}"})
    with django_assert_max_num_queries(20):
        items = door.get("/api/v1/on-call/check?days=2").json()

    done = CliRunner().invoke(app, ["oncall", "check", "--days", "2", "--json"])
    words = CliRunner().invoke(app, ["oncall", "check"])
    save(layers=layers())
    calm = CliRunner().invoke(app, ["oncall", "check"])

    assert set(items[0]) == {"policy", "kind", "subject", "start", "end", "detail"}
    assert items[0]["start"] == "2026-03-02T12:00:00Z"
    assert door.get("/api/v1/on-call/check?days=0").status_code == 422
    assert (done.exit_code, json.loads(done.stdout)) == (1, items)
    assert (words.exit_code, "only the catch-all" in words.output) == (1, True)
    assert (calm.exit_code, "at each minute of the next 90 days" in calm.output) == (0, True)


def test_the_page_tells_what_is_uncovered_and_when_nothing_is(client: Client) -> None:
    client.force_login(make_user("me"), backend=BACKEND)
    assert "No escalation policies yet" in shown(client)

    save(layers=layers(restrictions=NIGHTS))
    make_policy(steps=STEPS)
    told = shown(client)
    assert "no step finds anybody: only the catch-all finds somebody" in told
    assert "watchkeeper oncall check" not in told

    save(layers=layers())
    assert "Nothing is uncovered" in shown(client)


def shown(client: Client) -> str:
    answer = client.get("/on-call/-/coverage")
    assert answer.status_code == 200
    return answer.content.decode()
