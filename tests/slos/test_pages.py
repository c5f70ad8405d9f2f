"""The pages of SLOs: what they say, who may change what, how many queries they take."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import (
    HOST,
    make_minutes,
    make_slo,
    make_team,
    make_user,
    slo_document,
)
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import queries, usecases

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(fake_clock: FakeClock) -> SignIn:
    """Return who signs a person in: ``sign_in("alice", role="admin")``."""

    def signed_in(name: str = "alice", **more: Any) -> Client:
        client = Client()
        client.force_login(make_user(name, **more), backend=BACKEND)
        return client

    return signed_in


@pytest.fixture
def burning() -> str:
    """An SLO whose budget burns since an hour, judged at noon."""
    make_slo()
    make_minutes("checkout", NOON, (10_000, 1000, 1000), (60, 900, 1000))
    usecases.tick(now=NOON)
    return "checkout"


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    "path",
    [
        "/slos", "/slos/-/new", "/slos/-/list.csv", "/slos/checkout", "/slos/checkout/edit",
        "/slos/checkout/exclude", "/slos/checkout/minutes", "/slos/checkout/minutes.csv",
        "/slos/checkout/slo.yaml", "/slos/checkout/remove",
    ],
)  # fmt: skip
def test_a_stranger_is_sent_to_sign_in_and_comes_back(
    sign_in: SignIn, burning: str, path: str
) -> None:
    sign_in()  # without an account the product is not set up
    people = sign_in("zoe")
    people.logout()
    make_user_with_password()

    response = people.get(path)

    assert response.status_code == 302
    assert response.headers["Location"] == f"/account/login/?next={path}"


def make_user_with_password() -> None:
    user = make_user("set-up", role="admin")
    user.set_password("a quite long sentence")
    user.save()


def test_the_list_says_where_every_slo_stands(sign_in: SignIn, burning: str) -> None:
    page = text_of(sign_in().get("/slos"))

    assert "1 in force: <b>1 burns</b>" in page
    assert 'href="/slos/checkout"' in page
    assert "99.9 %" in page


def test_an_slo_that_no_tick_has_judged_is_in_the_list(sign_in: SignIn) -> None:
    make_slo()

    page = text_of(sign_in().get("/slos"))

    assert "Not judged yet" in page


def test_the_first_list_teaches(sign_in: SignIn) -> None:
    page = text_of(sign_in(role="admin").get("/slos"))

    assert "Say what good is" in page
    assert 'href="/slos/-/new"' in page


def test_a_filter_that_empties_the_list_says_which_one_to_drop(
    sign_in: SignIn, burning: str
) -> None:
    page = text_of(sign_in().get("/slos?q=nothing&status=burning"))

    assert "No SLO passes these filters" in page
    assert "(1 without it)" in page
    assert "(0 without it)" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=check", True),
        ("q=ceck", False),
        ("status=burning", True),
        ("status=ok", False),
        ("service=shop", True),
        ("team=-", True),
        ("team=red", False),
        ("tier=-", True),
        ("tier=1", False),
        ("status=rubbish", True),
    ],
)
def test_filters_live_in_the_address(
    sign_in: SignIn, burning: str, asked: str, found: bool
) -> None:
    page = text_of(sign_in().get(f"/slos?{asked}"))

    assert ('href="/slos/checkout"' in page) is found


@pytest.mark.parametrize("group", ["team", "journey", "tier", "service", "none", "rubbish"])
@pytest.mark.parametrize("sort", ["", "name", "-left", "burn", "slow", "exhausted", "coverage"])
def test_every_order_and_group_shows_the_same_rows(
    sign_in: SignIn, burning: str, group: str, sort: str
) -> None:
    make_slo(slo_document("search"))

    page = text_of(sign_in().get(f"/slos?group={group}&sort={sort}"))

    assert page.count('<tr data-st="') == 2


def test_a_long_list_comes_in_pages(sign_in: SignIn) -> None:
    for number in range(53):
        make_slo(slo_document(f"slo-{number:03}"))
    client = sign_in()

    first, second = (text_of(client.get(f"/slos?sort=name{more}")) for more in ("", "&from=50"))

    assert first.count('<tr data-st="') == 50
    assert second.count('<tr data-st="') == 3
    assert "51 to 53 of 53" in second


def test_the_list_takes_a_fixed_number_of_queries(
    sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_slo(slo_document(f"slo-{number:03}"))
    usecases.tick(now=NOON)
    client = sign_in()

    with django_assert_max_num_queries(10):
        client.get("/slos?group=journey")


def test_the_list_is_saved_as_it_is_filtered(sign_in: SignIn, burning: str) -> None:
    make_slo(slo_document("search"))

    body = sign_in().get("/slos/-/list.csv?q=checkout").getvalue().decode()
    [row] = csv.DictReader(io.StringIO(body))

    assert (row["name"], row["status"], row["objective"]) == ("checkout", "burning", "0.999")
    assert float(row["attained"]) == pytest.approx(1 - 6000 / 10_060_000)


def test_no_cell_of_the_csv_is_a_formula(sign_in: SignIn) -> None:
    document = slo_document()
    document.data["metadata"]["displayName"] = "=1+1"
    make_slo(document)

    body = sign_in().get("/slos/-/list.csv").getvalue().decode()

    assert "'=1+1" in body


def test_the_page_tells_the_truth_its_figures_and_their_proof(
    sign_in: SignIn, burning: str
) -> None:
    page = text_of(sign_in().get("/slos/checkout"))

    assert "burning since 12:00" in page
    assert "10,054,000 good of 10,060,000 events" in page
    assert "allows 10,060 bad events; 6,000 were bad" in page
    assert "Page, 14.4x" in page
    assert "kind: SLO" in page


def test_the_parts_of_where_it_went_add_up(sign_in: SignIn, burning: str) -> None:
    response = sign_in().get("/slos/checkout")

    assert sum(part.share for part in response.context["spent"]) == pytest.approx(
        response.context["spent_share"]
    )
    assert response.context["spent_share"] == pytest.approx(1 - response.context["remaining"])


@pytest.mark.parametrize("chosen", ["7d", "30d", "90d", "rubbish"])
def test_each_range_draws_its_charts(sign_in: SignIn, burning: str, chosen: str) -> None:
    response = sign_in().get(f"/slos/checkout?range={chosen}")

    assert response.status_code == 200
    assert response.context["budget_chart"] is not None
    assert response.context["heat_chart"] is not None


def test_every_objective_and_window_has_an_address(sign_in: SignIn) -> None:
    windows = [{"duration": "7d", "isRolling": True}, {"duration": "30d", "isRolling": True}]
    make_slo(slo_document(timeWindow=windows))
    client = sign_in()

    assert client.get("/slos/checkout?window=1").context["window_label"] == "30d"
    assert client.get("/slos/checkout").context["window_label"] == "7d"
    assert client.get("/slos/checkout?window=2").status_code == 404


def test_an_slo_without_minutes_says_so(sign_in: SignIn) -> None:
    make_slo()

    page = text_of(sign_in().get("/slos/checkout"))

    assert "Nothing was measured in this window" in page
    assert "Nothing measured here" in page


def test_the_page_takes_a_fixed_number_of_queries(
    sign_in: SignIn, burning: str, django_assert_max_num_queries: Any
) -> None:
    client = sign_in()

    with django_assert_max_num_queries(45):
        client.get("/slos/checkout?range=90d")


def test_what_does_not_exist_is_not_found(sign_in: SignIn) -> None:
    client = sign_in(role="admin")

    for path in ("/slos/nothing", "/slos/nothing/edit", "/slos/nothing/minutes.csv"):
        assert client.get(path).status_code == 404


def test_the_minutes_are_read_and_saved(sign_in: SignIn, burning: str) -> None:
    client = sign_in()
    span = "from=2026-03-02T11:00Z&to=2026-03-02T12:00Z"

    page = text_of(client.get(f"/slos/checkout/minutes?{span}"))
    body = b"".join(client.get(f"/slos/checkout/minutes.csv?{span}").streaming_content).decode()  # type: ignore[attr-defined]

    assert page.count("error minute") == 60
    rows = list(csv.DictReader(io.StringIO(body)))
    assert len(rows) == 60
    assert rows[0] == {
        "time": "2026-03-02T11:00:00Z", "good": "900", "total": "1000", "error": "1",
        "excluded": "0",
    }  # fmt: skip


def test_time_is_excluded_and_counts_again_when_withdrawn(sign_in: SignIn, burning: str) -> None:
    client = sign_in(role="admin")
    typed = {
        "start": "2026-03-02T11:00",
        "end": "2026-03-02T12:00",
        "reason": "planned move",
        "scope": "slo",
    }

    response = client.post("/slos/checkout/exclude", typed)

    assert response.status_code == 302
    [row] = queries.exclusion_rows()
    assert row.start == NOON - dt.timedelta(hours=1)
    page = client.get("/slos/checkout")
    assert "planned move" in text_of(page)
    assert page.context["remaining"] == 1.0
    client.post(f"/slos/checkout/exclusions/{row.id}/withdraw")
    assert queries.exclusion_rows()[0].withdrawn_at is not None


def test_a_refused_exclusion_says_why_and_keeps_what_was_typed(
    sign_in: SignIn, burning: str
) -> None:
    typed = {"start": "2026-03-02T12:00", "end": "2026-03-02T11:00", "reason": "planned move"}

    response = sign_in(role="admin").post("/slos/checkout/exclude", typed | {"scope": "slo"})

    assert response.status_code == 422
    assert "it ends before it starts" in text_of(response)
    assert "planned move" in text_of(response)
    assert queries.exclusion_rows() == []


WHOLE = """apiVersion: openslo/v1
kind: SLO
metadata: {name: search-availability}
spec:
  service: search
  budgetingMethod: Occurrences
  indicator:
    spec:
      ratioMetric:
        counter: false
        good: {metricSource: {type: push, spec: {}}}
        total: {metricSource: {type: push, spec: {}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  objectives: [{target: 0.999}]
"""


def test_a_document_makes_an_slo(sign_in: SignIn) -> None:
    response = sign_in(role="admin").post("/slos/-/new", {"document": WHOLE, "save": "1"})

    assert response.headers["Location"] == "/slos/search-availability"
    assert queries.slo_row("search-availability").origin == Origin.UI.value


def test_a_wrong_document_is_never_lost_and_its_faults_have_lines(sign_in: SignIn) -> None:
    wrong = WHOLE.replace("0.999", "1")

    response = sign_in(role="admin").post("/slos/-/new", {"document": wrong, "save": "1"})

    assert response.status_code == 422
    assert "Line 14" in text_of(response)
    assert "search-availability" in text_of(response)
    assert queries.slo_rows() == []


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("a: [", "Line"),
        ("", "required"),
        (f"{WHOLE}---\n{WHOLE}", "not 2"),
        ("kind: Service\nmetadata: {name: x}", "SLO is wanted"),
    ],
)
def test_what_is_no_document_is_refused_in_words(
    sign_in: SignIn, document: str, says: str
) -> None:
    response = sign_in(role="admin").post("/slos/-/new", {"document": document, "save": "1"})

    assert response.status_code == 422
    assert says in text_of(response)


def test_a_preview_stores_nothing(sign_in: SignIn) -> None:
    response = sign_in(role="admin").post("/slos/-/new", {"document": WHOLE, "preview": "1"})

    assert response.status_code == 200
    page = text_of(response)
    assert "43 min 12 s of full outage" in page
    assert "Page, 14.4x" in page
    assert queries.slo_rows() == []


def test_a_preview_looks_at_the_history_that_is_kept(sign_in: SignIn) -> None:
    make_slo(origin=Origin.UI)
    make_minutes("checkout", NOON, (1000, 998, 1000))
    client = sign_in(role="admin")
    text = client.get("/slos/checkout/edit").context["form"]["document"].value()

    response = client.post("/slos/checkout/edit", {"document": text, "preview": "1"})

    [line] = response.context["preview"].lines
    assert (line.sli, line.status) == (0.998, "exhausted")


def test_an_edit_starts_a_version(sign_in: SignIn) -> None:
    make_slo(origin=Origin.UI)
    client = sign_in(role="admin")
    text = client.get("/slos/checkout/edit").context["form"]["document"].value()

    client.post("/slos/checkout/edit", {"document": text.replace("0.999", "0.99"), "save": "1"})

    page = client.get("/slos/checkout")
    assert [line.number for line in page.context["versions"]] == [2, 1]
    assert page.context["versions"][0].changes == [("spec.objectives[0].target", "0.999", "0.99")]


def test_a_name_cannot_be_changed_by_an_edit(sign_in: SignIn) -> None:
    make_slo(origin=Origin.UI)

    response = sign_in(role="admin").post("/slos/checkout/edit", {"document": WHOLE, "save": "1"})

    assert "has to stay checkout" in text_of(response)


def test_what_a_file_keeps_is_taken_over_before_it_is_changed(sign_in: SignIn) -> None:
    make_slo()
    client = sign_in(role="admin")

    assert "kept in a file" in text_of(client.get("/slos/checkout/edit"))
    client.post("/slos/checkout/take-over")

    assert "Save a new version" in text_of(client.get("/slos/checkout/edit"))


def test_a_few_fields_become_a_document(sign_in: SignIn) -> None:
    typed = {
        "name": "search-availability", "title": "Search answers", "service": "search",
        "target": "99.5", "window": "28d", "source": "",
    }  # fmt: skip
    client = sign_in(role="admin")

    response = client.post("/slos/-/new/simple", typed)
    text = response.context["form"]["document"].value()
    client.post("/slos/-/new", {"document": text, "save": "1"})

    [row] = queries.slo_rows()
    assert (row.name, row.title, row.service) == (
        "search-availability",
        "Search answers",
        "search",
    )


def test_a_wrong_field_says_why(sign_in: SignIn) -> None:
    typed = {"name": "a b", "service": "search", "target": "100", "window": "30d", "source": ""}

    response = sign_in(role="admin").post("/slos/-/new/simple", typed)

    assert response.status_code == 422
    assert {"name", "target"} == set(response.context["form"].errors)


def test_an_slo_is_removed_when_its_name_was_typed(sign_in: SignIn) -> None:
    make_slo(origin=Origin.UI)
    client = sign_in(role="admin")

    assert client.post("/slos/checkout/remove", {"confirm": "chekout"}).status_code == 422
    assert client.post("/slos/checkout/remove", {"confirm": "checkout"}).status_code == 302
    assert queries.slo_rows() == []


def own_by(team: str) -> None:
    make_team(team)
    catalog.save_service(
        actor=HOST,
        spec=ServiceSpec(name="shop", owner=team),
        origin=Origin.API,
        now=NOON,
    )


def test_only_the_team_that_owns_it_changes_an_slo(sign_in: SignIn, burning: str) -> None:
    own_by("red")
    bob = sign_in("bob", teams={"red": "editor"})
    charlie = sign_in("charlie", teams={"blue": "editor"})

    assert "/slos/checkout/exclude" in text_of(bob.get("/slos/checkout"))
    assert "/slos/checkout/exclude" not in text_of(charlie.get("/slos/checkout"))
    for path in ("edit", "exclude", "remove"):
        assert bob.get(f"/slos/checkout/{path}").status_code == 200
        assert charlie.get(f"/slos/checkout/{path}").status_code == 403
    assert charlie.post("/slos/checkout/take-over").status_code == 403
    assert sign_in("dora").get("/slos/-/new").status_code == 403
