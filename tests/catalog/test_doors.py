"""The catalogue by its API, its commands and its pages."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import HOST, make_team, make_user
from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import transport

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]


@pytest.fixture
def api(fake_clock: FakeClock) -> Client:
    made = identity.create_token(actor=HOST, name="ci", role="editor", now=fake_clock())
    return Client(headers={"authorization": f"Bearer {made.token}"})


@pytest.fixture
def alice() -> Client:
    client = Client()
    user = make_user("alice", teams={"shop": "editor"})
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def charlie() -> Client:
    client = Client()
    client.force_login(make_user("charlie"), backend=BACKEND)
    return client


def make_service(name: str, *, origin: Origin = Origin.API, **spec: Any) -> None:
    wanted = ServiceSpec(name, **spec)
    usecases.save_service(
        actor=HOST, spec=wanted, origin=origin, now=NOW, file="catalog-info.yaml"
    )


def put(api: Client, path: str, body: Mapping[str, Any], **headers: str) -> Any:
    return api.put(path, body, content_type="application/json", headers=headers)


def test_a_service_is_put_read_and_deleted(api: Client) -> None:
    make_team("shop")
    body = {"title": "Checkout", "tier": 0, "owner": "shop", "hard": ["payments"]}

    made = put(api, "/api/v1/services/checkout", body).json()

    assert (made["name"], made["owner"], made["origin"]) == ("checkout", "shop", "api")
    found = api.get("/api/v1/services/checkout").json()
    assert found == made | {"needed_by": [], "journeys": []}
    assert api.delete("/api/v1/services/checkout").status_code == 204
    assert api.get("/api/v1/services/checkout").json()["code"] == "service_not_found"


def test_lists_are_filtered_and_tell_owners(api: Client) -> None:
    make_team("shop")
    make_service("checkout", owner="shop", tier=0)
    make_service("search", tier=1)

    def names(query: str) -> list[str]:
        return [item["name"] for item in api.get(f"/api/v1/services?{query}").json()["items"]]

    assert names("") == ["checkout", "search"]
    assert names("owner=shop") == names("tier=0") == names("q=CHECK") == ["checkout"]
    assert api.get("/api/v1/services").json()["items"][0]["owner"] == "shop"
    assert api.get("/api/v1/services?tier=99999999999999999999").status_code == 422


def test_a_change_made_for_another_state_is_refused(api: Client) -> None:
    make_service("checkout")
    tag = api.get("/api/v1/services/checkout")["ETag"]

    first = put(api, "/api/v1/services/checkout", {"title": "One"}, if_match=tag)
    second = put(api, "/api/v1/services/checkout", {"title": "Two"}, if_match=tag)

    assert (first.status_code, second.status_code) == (200, 412)


def test_journeys_have_the_same_doors(api: Client) -> None:
    body = {"title": "Buy", "services": ["storefront", "checkout"]}

    assert put(api, "/api/v1/journeys/buy", body).json()["services"] == body["services"]
    assert api.get("/api/v1/journeys/buy").json()["title"] == "Buy"
    assert api.delete("/api/v1/journeys/buy").status_code == 204
    assert api.get("/api/v1/journeys/buy").json()["code"] == "journey_not_found"


def test_what_a_file_keeps_is_a_conflict_until_taken_over(api: Client) -> None:
    make_service("checkout", origin=Origin.FILE)

    refused = put(api, "/api/v1/services/checkout", {"title": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "kept_in_files")
    assert "catalog-info.yaml" in refused.json()["detail"]
    api.post("/api/v1/services/checkout/take-over")
    assert put(api, "/api/v1/services/checkout", {"title": "Mine"}).status_code == 200


def test_findings_are_told(api: Client) -> None:
    make_service("checkout", tier=0, hard=("cart",))
    make_service("cart", tier=1)

    kinds = {item["kind"] for item in api.get("/api/v1/catalog/findings").json()}

    assert kinds == {"no owner", "tier inversion"}


def test_commands_list_services_journeys_and_findings(capsys: pytest.CaptureFixture[str]) -> None:
    from watchkeeper.catalog import cli

    make_service("checkout", tier=0)
    transport.use(transport.Local())
    try:
        cli.list_services()
        cli.list_journeys()
        cli.list_findings(as_json=True)
    finally:
        transport.use(None)

    out = capsys.readouterr().out
    assert "checkout     0" in out
    assert '"kind": "no owner"' in out


@pytest.mark.parametrize(
    "path",
    [
        "/services",
        "/services?group=tier&q=check&tier=0&team=shop&journey=buy",
        "/services?group=none&team=-",
        "/services/-/findings",
        "/services/checkout",
        "/services/checkout/catalog-info.yaml",
        "/services/checkout/edit",
        "/services/checkout/remove",
        "/services/-/new",
        "/journeys",
        "/journeys/buy",
        "/journeys/buy/journey.yaml",
        "/journeys/buy/edit",
        "/journeys/buy/remove",
        "/journeys/-/new",
    ],
)
def test_pages_show_what_there_is_and_send_strangers_to_sign_in(alice: Client, path: str) -> None:
    make_service("checkout", owner="shop", tier=0, hard=("payments",), soft=("Acquirer A",))
    put_journey = {"name": "buy", "owner": "shop", "services": "checkout\nnew-one"}
    alice.post("/journeys/-/new", put_journey)

    assert alice.get(path).status_code == 200
    assert Client().get(path)["Location"].startswith("/account/login/")


def test_empty_pages_teach(alice: Client) -> None:
    assert b"No services yet" in alice.get("/services").content
    assert b"No journeys yet" in alice.get("/journeys").content
    assert b"Nothing found" in alice.get("/services/-/findings").content
    make_service("checkout")
    assert b"No service passes these filters" in alice.get("/services?q=zzz").content


def test_a_long_list_goes_on_over_pages(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper.catalog.views.services.PAGE", 2)
    for name in ("first-one", "second-one", "third-one"):
        make_service(name, tier=1)

    first = alice.get("/services?group=tier").content.decode()
    second = alice.get("/services?group=tier&from=2").content.decode()

    assert "from=2" in first
    assert ("/services/second-one" in first, "/services/third-one" in first) == (True, False)
    assert ("/services/second-one" in second, "/services/third-one" in second) == (False, True)
    assert "from=4" not in second
    assert alice.get("/services?from=x9").status_code == 200


def test_what_is_not_there_is_not_found(alice: Client) -> None:
    for path in ("/services/none", "/journeys/none", "/services/none/edit"):
        assert alice.get(path).status_code == 404


def test_a_form_makes_and_changes_a_service(alice: Client) -> None:
    typed = {
        "name": "checkout", "owner": "shop", "tier": "0", "hard": "payments\r\nresource:db\r\n",
        "labels": "shop=harbour",
    }  # fmt: skip

    made = alice.post("/services/-/new", typed)

    assert (made.status_code, made["Location"]) == (302, "/services/checkout")
    row = queries.service_by_name("checkout")
    assert row is not None
    assert (row.hard, row.labels, row.origin) == (
        ("payments", "resource:db"), {"shop": "harbour"}, "ui",
    )  # fmt: skip
    alice.post("/services/checkout/edit", typed | {"tier": "", "hard": ""})
    row = queries.service_by_name("checkout")
    assert row is not None
    assert (row.tier, row.hard) == (None, ())


def test_what_was_typed_is_not_lost_when_it_is_wrong(alice: Client) -> None:
    make_service("checkout", owner="shop")

    taken = alice.post("/services/-/new", {"name": "checkout", "title": "Typed words"})
    wrong = alice.post(
        "/services/-/new", {"name": "no name", "labels": "no pair", "owner": "shop"}
    )

    assert (taken.status_code, wrong.status_code) == (422, 422)
    assert b"Typed words" in taken.content
    assert b"There is a service of that name already" in taken.content
    assert b"no pair is not a pair" in wrong.content


def test_outsiders_read_and_do_not_write(charlie: Client) -> None:
    make_service("checkout")

    assert charlie.get("/services/checkout").status_code == 200
    assert b"Edit" not in charlie.get("/services/checkout").content
    for path in ("/services/checkout/edit", "/services/-/new", "/services/checkout/remove"):
        assert charlie.get(path).status_code == 403
    assert charlie.post("/services/checkout/remove").status_code == 403


def test_a_page_of_a_file_offers_to_take_over(alice: Client) -> None:
    make_service("checkout", origin=Origin.FILE, owner="shop")

    page = alice.get("/services/checkout/edit")
    assert b"catalog-info.yaml" in page.content
    assert alice.post("/services/checkout/take-over").status_code == 302
    assert alice.get("/services/checkout/edit").status_code == 200
    assert alice.post("/services/checkout/remove")["Location"] == "/services"
    assert queries.services() == []


def test_a_link_that_is_no_web_address_is_shown_and_leads_nowhere(alice: Client) -> None:
    make_service("checkout", runbook_url="javascript:alert(1)", on_call_url="https://example.org")

    page = alice.get("/services/checkout").content

    assert b'href="javascript' not in page
    assert b"javascript:alert(1)" in page
    assert b'href="https://example.org"' in page


class _Panel:
    template = "ui/_alert.html"

    def context(self, service: str, **_: object) -> dict[str, str] | None:
        if service == "broken":
            raise ValueError("no data")
        return None if service == "bare" else {"title": service}


def test_others_add_sections_and_a_broken_one_is_left_out(alice: Client, settings: Any) -> None:
    settings.WATCHKEEPER_SERVICE_PANELS = [f"{__name__}._Panel"]
    for name in ("checkout", "broken", "bare"):
        make_service(name)

    shown = [alice.get(f"/services/{name}") for name in ("checkout", "broken", "bare")]

    assert [page.status_code for page in shown] == [200, 200, 200]
    assert [b"wk-alert" in page.content for page in shown] == [True, False, False]
