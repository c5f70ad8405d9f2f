"""Pages of people and of tokens: who may see and change what, and what is told once."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import make_user
from tests.pages import BACKEND, signed_in, text
from watchkeeper.identity import queries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]


@pytest.fixture
def admin() -> Client:
    return signed_in("alice", "admin")


@pytest.mark.parametrize("path", ["/people", "/people/-/new", "/tokens", "/tokens/-/new"])
def test_strangers_are_sent_to_sign_in(admin: Client, path: str) -> None:
    assert Client().get(path).status_code == 302
    assert admin.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/people", "viewer", 200),
        ("/people/-/new", "editor", 403),
        ("/people/alice", "editor", 403),
        ("/tokens", "viewer", 404),
        ("/tokens", "auditor", 200),
        ("/tokens/-/new", "auditor", 403),
    ],
)
def test_a_page_shows_only_what_the_role_may(
    admin: Client, path: str, role: str, status: int
) -> None:
    assert signed_in("charlie", role).get(path).status_code == status
    assert admin.get(path).status_code == 200


def test_a_person_is_added_and_comes_in_by_the_link(admin: Client) -> None:
    sent = {"name": "bob", "email": "bob@example.org", "role": "editor"}

    told = admin.post("/people/-/new", sent)

    assert told["Cache-Control"] == "no-store"
    found = re.search(r'value="http://testserver(/link/[^"]+)"', text(told))
    assert found is not None
    client = Client()
    assert client.get(found[1]).status_code == 200
    client.post(found[1], {"password": "correct horse battery 9"})
    assert client.get("/people").status_code == 200
    assert "Disabled" not in text(admin.get("/people"))


def test_what_is_wrong_with_a_person_is_said_and_nothing_typed_is_lost(admin: Client) -> None:
    taken = admin.post("/people/-/new", {"name": "alice", "role": "viewer", "email": ""})
    odd = admin.post("/people/-/new", {"name": "Bob Smith", "role": "viewer", "email": "b@x.org"})

    assert taken.status_code == 422
    assert "There is a person named alice already" in text(taken)
    assert odd.status_code == 422
    assert 'value="Bob Smith"' in text(odd)
    assert 'value="b@x.org"' in text(odd)


def test_a_person_is_changed_and_the_last_admin_stays(admin: Client) -> None:
    bob = signed_in("bob", "viewer")

    admin.post("/people/bob", {"email": "", "role": "editor"})
    row = queries.person_by_name("bob")
    kept = admin.post("/people/alice", {"email": "", "role": "viewer", "is_active": "on"})

    assert row is not None
    assert (row.role, row.is_active) == ("editor", False)
    assert bob.get("/people").status_code == 302
    assert kept.status_code == 422
    assert "no admin" in text(kept)


def test_a_link_is_made_by_an_admin_alone(admin: Client) -> None:
    viewer = signed_in("charlie", "viewer")

    assert admin.get("/people/charlie/link").status_code == 405
    assert viewer.post("/people/alice/link").status_code == 403
    assert "/link/" in text(admin.post("/people/charlie/link"))
    assert admin.post("/people/nobody/link").status_code == 404


def test_a_token_is_told_once_works_and_is_revoked(admin: Client) -> None:
    told = admin.post("/tokens/-/new", {"name": "ci", "role": "editor", "team": "", "days": "30"})
    found = re.search(r'value="(wk_[^"]+)"', text(told))

    assert told["Cache-Control"] == "no-store"
    assert found is not None
    program = Client(headers={"authorization": f"Bearer {found[1]}"})
    assert program.get("/api/v1/slos").status_code == 200
    assert found[1] not in text(admin.get("/tokens"))
    assert admin.get("/tokens/ci/revoke").status_code == 200
    assert admin.post("/tokens/ci/revoke").status_code == 302
    assert program.get("/api/v1/slos").status_code == 401
    assert admin.get("/tokens/ci/revoke").status_code == 404
    assert "Revoked" in text(admin.get("/tokens"))


def test_a_token_that_cannot_be_is_refused_beside_its_field(admin: Client) -> None:
    sent = {"name": "ci", "role": "editor", "team": "", "days": "30"}
    admin.post("/tokens/-/new", sent)

    again = admin.post("/tokens/-/new", sent)
    forever = admin.post("/tokens/-/new", sent | {"name": "x", "days": "99999"})

    assert again.status_code == 422
    assert "revoke it first" in text(again)
    assert forever.status_code == 422


def test_the_lists_need_few_queries(admin: Client, django_assert_max_num_queries: Any) -> None:
    for place in range(30):
        make_user(f"person-{place}", teams={f"team-{place % 3}": "editor"})

    with django_assert_max_num_queries(12):
        admin.get("/people")
    with django_assert_max_num_queries(12):
        admin.get("/tokens")


def test_a_teams_manager_makes_and_ends_tokens_of_that_team_alone(admin: Client) -> None:
    admin.post("/tokens/-/new", {"name": "everywhere", "role": "viewer", "team": "", "days": "7"})
    client = Client()
    bob = make_user("bob", teams={"shop": "manager", "search": "viewer"})
    client.force_login(bob, backend=BACKEND)
    wish = {"name": "deploy", "role": "editor", "days": "30"}

    assert client.post("/tokens/-/new", wish | {"team": ""}).status_code == 422
    assert client.post("/tokens/-/new", wish | {"team": "search"}).status_code == 422
    assert client.post("/tokens/-/new", wish | {"team": "shop"}).status_code == 200
    shown = text(client.get("/tokens"))
    assert "deploy" in shown
    assert "everywhere" not in shown
    assert client.post("/tokens/everywhere/revoke").status_code == 403
    assert client.post("/tokens/deploy/revoke").status_code == 302
