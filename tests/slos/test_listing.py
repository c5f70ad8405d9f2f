"""The list of SLOs: what may be filtered, shown, and done with those that are ticked."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import HOST, make_slo, make_team, make_user, slo_document
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import queries

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TIMES = {"start": "2026-03-01T10:00", "end": "2026-03-01T11:00", "reason": "a planned move"}
SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(fake_clock: FakeClock) -> SignIn:
    """Two services with an SLO each: red owns shop with checkout, blue owns desk with search."""
    for team, service, slo, tier in (
        ("red", "shop", "checkout", 0), ("blue", "desk", "search", 1)
    ):  # fmt: skip
        make_team(team)
        spec = ServiceSpec(name=service, owner=team, tier=tier)
        catalog.save_service(actor=HOST, spec=spec, origin=Origin.API, now=NOW)
        make_slo(slo_document(slo, service=service))
    buy = JourneySpec(name="buy", title="Buy", owner=None, services=("shop",))
    catalog.save_journey(actor=HOST, spec=buy, origin=Origin.API, now=NOW)

    def signed_in(name: str = "alice", **more: Any) -> Client:
        client = Client()
        client.force_login(make_user(name, **more), backend=BACKEND)
        return client

    return signed_in


def names(response: Any) -> list[str]:
    return [row.name for group in response.context["groups"] for row in group.rows]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("journey=buy", ["checkout"]), ("tier=1", ["search"]), ("team=blue", ["search"]),
        ("team=*", ["checkout"]), ("journey=buy&tier=1", []),
    ],
)  # fmt: skip
def test_the_list_is_filtered(sign_in: SignIn, asked: str, found: list[str]) -> None:
    assert names(sign_in(teams={"red": "viewer"}).get(f"/slos?group=none&{asked}")) == found


def test_my_teams_are_offered_to_who_has_some(sign_in: SignIn) -> None:
    mine = sign_in(teams={"red": "viewer"}).get("/slos").content.decode()
    nobodys = sign_in("zoe").get("/slos").content.decode()

    assert "My teams" in mine
    assert "My teams" not in nobodys


def test_columns_are_chosen_in_the_address(sign_in: SignIn) -> None:
    response = sign_in().get("/slos?col=burn&col=left&col=nonsense")

    assert [column.label for column in response.context["columns"]] == [
        "SLO", "Status", "Budget left", "Burn, 1 h"
    ]  # fmt: skip
    assert response.context["width"] == 5
    assert len(sign_in("bob").get("/slos").context["columns"]) == 10


def test_time_is_taken_out_of_all_that_are_ticked(sign_in: SignIn) -> None:
    client = sign_in(role="admin")

    shown = client.get("/slos/-/exclude?slo=search&slo=checkout&slo=search")
    answer = client.post("/slos/-/exclude", TIMES | {"slo": ["search", "checkout"]})

    assert [row.name for row in shown.context["rows"]] == ["checkout", "search"]
    assert (answer.status_code, answer["Location"]) == (302, "/slos")
    assert {row.slo for row in queries.exclusion_rows()} == {"checkout", "search"}


def test_time_is_taken_out_of_all_or_of_none(sign_in: SignIn) -> None:
    client = sign_in(teams={"red": "editor"})
    both = {"slo": ["checkout", "search"]}

    assert client.get("/slos/-/exclude?slo=checkout&slo=search").status_code == 403
    assert client.post("/slos/-/exclude", TIMES | both).status_code == 403
    assert client.post("/slos/-/exclude", TIMES | {"slo": ["checkout", "gone"]}).status_code == 404
    wrong = client.post("/slos/-/exclude", TIMES | {"slo": "checkout", "end": "2026-03-01T09:00"})
    assert wrong.status_code == 422
    assert "it ends before it starts" in wrong.content.decode()
    assert queries.exclusion_rows() == []


def test_what_is_ticked_is_saved_as_one_file(sign_in: SignIn) -> None:
    answer = sign_in().get("/slos/-/slos.yaml?slo=search&slo=checkout")

    documents = list(yaml.safe_load_all(answer.content))
    assert [each["metadata"]["name"] for each in documents] == ["checkout", "search"]
    assert 'filename="slos.yaml"' in answer["Content-Disposition"]


@pytest.mark.parametrize("path", ["exclude", "slos.yaml"])
def test_nothing_ticked_leads_back_to_the_list(sign_in: SignIn, path: str) -> None:
    response = sign_in(role="admin").get(f"/slos/-/{path}", follow=True)

    assert response.redirect_chain == [("/slos", 302)]
    assert "No SLO is selected" in response.content.decode()


def test_so_many_at_once_are_refused(sign_in: SignIn) -> None:
    asked = "&".join(f"slo=s{number}" for number in range(501))

    assert sign_in(role="admin").get(f"/slos/-/slos.yaml?{asked}").status_code == 422
