"""The overview and the palette: what is in danger, what changed, what is found."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import make_minutes, make_slo, make_user, slo_document
from watchkeeper.slos import usecases

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(fake_clock: FakeClock) -> SignIn:
    def signed_in(name: str = "alice", **more: Any) -> Client:
        client = Client()
        client.force_login(make_user(name, **more), backend=BACKEND)
        return client

    return signed_in


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_first_overview_teaches(sign_in: SignIn) -> None:
    page = text_of(sign_in(role="admin").get("/"))

    assert "Nothing is watched yet." in page
    assert "Write one by hand" in page


def test_the_overview_says_what_burns_since_when_and_what_holds(sign_in: SignIn) -> None:
    make_slo()
    make_slo(slo_document("search"))
    make_minutes("checkout", NOON, (10_000, 1000, 1000), (60, 900, 1000))
    make_minutes("search", NOON, (4000, 1000, 1000))
    usecases.tick(now=NOON)

    response = sign_in().get("/")
    page = text_of(response)

    assert "One budget burns since <b>12:00</b>; 1 of 2 SLOs hold." in page
    assert [gauge.slo for gauge in response.context["found"].danger] == ["checkout"]
    assert "checkout began to burn" in page


def test_all_is_well_is_said(sign_in: SignIn) -> None:
    make_slo()
    make_minutes("checkout", NOON, (4000, 1000, 1000))
    usecases.tick(now=NOON)

    page = text_of(sign_in().get("/"))

    assert "<b>Nothing burns</b>: all 1 SLOs hold." in page
    assert "No budget is in danger" in page


def test_what_began_and_ended_since_yesterday_is_told(
    sign_in: SignIn, fake_clock: FakeClock
) -> None:
    make_slo()
    make_minutes("checkout", NOON, (10_000, 1000, 1000), (60, 900, 1000))
    usecases.tick(now=NOON)
    later = fake_clock.travel(hours=20)
    make_minutes("checkout", later, (1200, 1000, 1000))
    for minute in range(6):
        usecases.tick(now=later + dt.timedelta(minutes=minute))

    page = text_of(sign_in().get("/"))

    assert "checkout stopped burning" in page
    assert "checkout began to burn" in page


def test_definitions_of_one_file_are_told_in_one_line(sign_in: SignIn) -> None:
    for number in range(4):
        make_slo(slo_document(f"slo-{number}"), now=NOON)

    page = text_of(sign_in().get("/"))

    assert "4 SLOs are new" in page


def test_past_twenty_budgets_the_worst_are_drawn_and_the_rest_counted(sign_in: SignIn) -> None:
    for number in range(25):
        make_slo(slo_document(f"slo-{number:02}"))

    page = text_of(sign_in().get("/"))

    assert page.count("wk-tide-c") == 20
    assert "5 more" in page


def test_the_budgets_that_are_drawn_are_a_table_too(sign_in: SignIn) -> None:
    make_slo()
    make_slo(slo_document("search"))
    make_minutes("checkout", NOON, (4000, 1000, 1000))
    usecases.tick(now=NOON)

    page = text_of(sign_in().get("/"))

    table = page[page.index('id="budgets-table"') :]
    table = table[: table.index("</table>")]
    assert 'data-csv="budgets-table"' in page
    assert table.count("<tr>") == 1 + 2
    assert 'data-v="1">100' in table
    assert 'data-v=""' in table, "what is unknown is no number"


def test_the_overview_takes_a_fixed_number_of_queries(
    sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(25):
        make_slo(slo_document(f"slo-{number:02}"))
    usecases.tick(now=NOON)
    client = sign_in()

    with django_assert_max_num_queries(27):
        client.get("/")


def test_the_palette_finds_by_any_words(sign_in: SignIn) -> None:
    make_slo()
    client = sign_in(teams={"checkout-people": "editor"})

    found = client.get("/search?q=CHECK").json()["results"]

    assert [(hit["label"], hit["url"]) for hit in found][:1] == [("checkout", "/slos/checkout")]
    assert {hit["note"] for hit in found} == {"SLO · not judged yet", "team"}
    assert client.get("/search?q=nothing").json() == {"results": []}
    assert client.get("/search?q=").json() == {"results": []}


def test_the_palette_does_things_for_those_who_may(sign_in: Any) -> None:
    make_slo()
    admin, viewer = sign_in("ann", role="admin"), sign_in("vera")

    def deeds(client: Any, text: str) -> list[tuple[str, str]]:
        results = client.get("/search", {"q": text}).json()["results"]
        return [(each["label"], each["url"]) for each in results if each["note"] == "do"]

    assert ("New SLO", "/slos/-/new") in deeds(admin, "new slo")
    assert ("New escalation policy", "/on-call/-/policies/-/new") in deeds(admin, "new policy")
    assert ("New route", "/routes/-/new") in deeds(admin, "new route")
    assert deeds(admin, "exclude check") == [
        ("Exclude time from checkout", "/slos/checkout/exclude")
    ]
    assert deeds(viewer, "new slo") == deeds(viewer, "exclude check") == []


@pytest.mark.parametrize("path", ["/", "/search?q=x"])
def test_a_stranger_is_sent_to_sign_in(sign_in: SignIn, path: str) -> None:
    user = make_user("set-up", role="admin")
    user.set_password("a quite long sentence")
    user.save()

    response = Client().get(path)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/account/login/?next=")
