"""Pages of teams and of one's own account."""

import datetime as dt

import pytest
from django.test import Client

from tests.factories import HOST, make_team, make_user
from tests.pages import signed_in, text
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.identity import queries, usecases
from watchkeeper.kernel.origins import Origin

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return signed_in("alice", "admin")


def people(team: str) -> dict[str, str]:
    return {member.name: member.role for member in queries.members(team)}


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/teams", "viewer", 200),
        ("/teams/shop", "viewer", 200),
        ("/teams/-/new", "manager", 403),
        ("/teams/shop/edit", "manager", 403),
        ("/teams/shop/remove", "editor", 403),
        ("/teams/nothing", "viewer", 404),
    ],
)
def test_all_look_and_managers_of_the_team_change(
    admin: Client, path: str, role: str, status: int
) -> None:
    make_team("shop")

    assert signed_in("bob", role).get(path).status_code == status
    assert Client().get(path).status_code == 302
    assert admin.get(path).status_code in {200, 404}


def test_a_team_is_made_filled_and_removed(admin: Client) -> None:
    make_user("bob")
    assert "No teams yet" in text(admin.get("/teams"))
    wish = {"name": "shop", "title": "Shop", "description": "Sells."}
    assert admin.post("/teams/-/new", wish).status_code == 302
    assert admin.post("/teams/-/new", wish).status_code == 422
    assert admin.post("/teams/-/new", {"name": "a b"}).status_code == 422

    assert (
        admin.post("/teams/shop/members", {"person": "bob", "role": "editor"}).status_code == 302
    )
    assert people("shop") == {"bob": "editor"}
    assert admin.post("/teams/shop/members", {"person": "nobody"}).status_code == 422
    assert admin.post("/teams/shop/members/bob/remove").status_code == 302
    assert people("shop") == {}
    assert admin.post("/teams/shop/remove").status_code == 302
    assert queries.team_by_name("shop") is None


def test_a_manager_of_one_team_cannot_let_people_into_another(admin: Client) -> None:
    del admin
    client = signed_in("bob", shop="manager", search="editor")
    make_user("carol")

    assert client.post("/teams/shop/members", {"person": "carol"}).status_code == 302
    for path in ("members", "members/bob/remove", "remove", "edit", "take-over"):
        assert client.post(f"/teams/search/{path}", {"person": "carol"}).status_code == 403
    assert people("search") == {"bob": "editor"}


def test_a_team_in_a_file_is_taken_over_first(admin: Client) -> None:
    make_user("bob")
    usecases.save_team(
        actor=HOST, name="shop", title="", description="", origin=Origin.FILE, now=NOW
    )

    assert "is kept in a file" in text(admin.get("/teams/shop/edit"))
    assert admin.post("/teams/shop/members", {"person": "bob"}).status_code == 422
    assert admin.post("/teams/shop/remove").status_code == 409
    assert admin.post("/teams/shop/take-over").status_code == 302
    assert admin.post("/teams/shop/edit", {"title": "Shop"}).status_code == 302
    assert "Shop" in text(admin.get("/teams/shop"))


def test_a_teams_page_shows_what_it_owns(admin: Client) -> None:
    make_team("shop")
    spec = ServiceSpec(name="checkout", owner="shop")
    catalog.save_service(actor=HOST, spec=spec, origin=Origin.UI, now=NOW)

    assert "/services/checkout" in text(admin.get("/teams/shop"))


def test_everybody_changes_what_is_their_own() -> None:
    client = signed_in("bob", shop="editor")
    wish = {"display_name": "Bob", "email": "bob@example.org", "time_zone": "Europe/Oslo"}

    assert "Editor" in text(client.get("/account"))
    assert client.post("/account", wish).status_code == 302
    assert client.post("/account", wish | {"time_zone": "Mars/Base"}).status_code == 422
    row = queries.person_by_name("bob")
    assert row is not None
    assert (row.display_name, row.time_zone, row.role) == ("Bob", "Europe/Oslo", "viewer")
