"""Pages of sources: who may, what is shown, and that no secret comes back."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST
from tests.pages import signed_in, text
from tests.telemetry.factories import make_sli, make_source, query
from watchkeeper.kernel import clock
from watchkeeper.kernel.origins import Origin
from watchkeeper.telemetry import queries, usecases
from watchkeeper.telemetry.domain import sources

pytestmark = pytest.mark.django_db
WISH = {"name": "prom", "url": "http://127.0.0.1:1", "login": "none", "act": "save"}


@pytest.fixture
def admin() -> Client:
    return signed_in("alice", "admin")


def stored() -> queries.SourceRow:
    row = queries.source_by_name("prom")
    assert row is not None
    return row


def opened() -> dict[str, str]:
    return dict(queries.config_of(stored().id).secrets)


def change(admin: Client, **fields: str) -> Any:
    wish = {key: value for key, value in WISH.items() if key != "name"}
    return admin.post("/sources/prom/edit", wish | fields)


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/sources", "viewer", 200),
        ("/sources/prom", "viewer", 200),
        ("/sources/-/new", "manager", 403),
        ("/sources/prom/edit", "manager", 403),
        ("/sources/prom/remove", "auditor", 403),
        ("/sources/nothing", "viewer", 404),
    ],
)
def test_all_look_and_admins_change(admin: Client, path: str, role: str, status: int) -> None:
    make_source(now=clock.now(), kind="prometheus", url=WISH["url"])

    assert signed_in("bob", role).get(path).status_code == status
    assert Client().get(path).status_code == 302
    assert admin.get(path).status_code in {200, 404}


def test_without_a_source_the_page_teaches(admin: Client) -> None:
    assert "No sources yet" in text(admin.get("/sources"))


def test_a_source_is_added_and_its_secret_never_shown(admin: Client) -> None:
    wish = WISH | {"login": "bearer", "bearer_token": "canary", "headers": "X-Key: canary-two"}
    assert admin.post("/sources/-/new", wish).status_code == 302

    assert opened() == {"bearerToken": "canary"}
    for path in (
        "/sources",
        "/sources/prom",
        "/sources/prom/edit",
        "/sources/prom/datasource.yaml",
    ):
        assert "canary" not in text(admin.get(path))


def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(admin: Client) -> None:
    answer = admin.post("/sources/-/new", WISH | {"url": "ftp://prom", "tenant": "shop"})

    assert answer.status_code == 422
    assert "must begin with http" in text(answer)
    assert 'value="shop"' in text(answer)
    assert admin.post("/sources/-/new", WISH | {"login": "basic"}).status_code == 422
    assert admin.post("/sources/-/new", WISH | {"headers": "X-Key:"}).status_code == 422
    assert queries.sources() == []


def test_secrets_left_empty_stay_and_another_way_to_sign_in_removes_them(admin: Client) -> None:
    wish = WISH | {
        "login": "bearer",
        "bearer_token": "canary",
        "headers": "X-Key: one\nX-Two: two",
    }
    admin.post("/sources/-/new", wish)

    assert change(admin, login="bearer", headers="X-Key:").status_code == 302
    config = queries.config_of(stored().id)
    assert (opened(), config.settings["headers"]) == ({"bearerToken": "canary"}, {"X-Key": "one"})
    assert change(admin, login="none").status_code == 302
    assert opened() == {}


def test_a_secret_is_asked_for_anew_when_the_server_changes(admin: Client) -> None:
    admin.post("/sources/-/new", WISH | {"login": "bearer", "bearer_token": "canary"})
    elsewhere = {"login": "bearer", "url": "http://127.0.0.1:2"}

    for act in ("save", "try"):
        answer = change(admin, act=act, **elsewhere)
        assert answer.status_code == 422
        assert "another server" in text(answer)
    assert change(admin, bearer_token="new", **elsewhere).status_code == 302
    assert opened() == {"bearerToken": "new"}


def test_trying_says_what_went_wrong_and_keeps_nothing(admin: Client) -> None:
    answer = admin.post("/sources/-/new", WISH | {"act": "try"})

    assert answer.status_code == 200
    assert "It does not answer" in text(answer)
    assert queries.sources() == []


def test_a_silent_source_is_named_with_its_reason(admin: Client) -> None:
    admin.post("/sources/-/new", WISH)
    admin.post("/sources/prom/check")

    assert stored().silent_since_at is not None
    assert "does not answer" in text(admin.get("/sources"))
    assert "Silent since" in text(admin.get("/sources/prom"))


def test_a_source_in_a_file_is_taken_over_first(admin: Client) -> None:
    definition = sources.define(
        name="prom", kind="prometheus", details={"url": "http://127.0.0.1:1"}
    )
    usecases.save_source(actor=HOST, definition=definition, origin=Origin.FILE, now=clock.now())

    assert "is kept in a file" in text(admin.get("/sources/prom/edit"))
    assert admin.post("/sources/prom/remove").status_code == 409
    assert change(admin, take_over="yes", tenant="shop").status_code == 302
    assert (stored().is_taken_over, stored().settings["tenant"]) == (True, "shop")


def test_a_source_that_measures_stays(admin: Client) -> None:
    now = clock.now()
    make_source(now=now)
    make_sli(name="requests", spec=query("requests_total"), now=now)

    assert "cannot be removed yet" in text(admin.get("/sources/prom/remove"))
    assert admin.post("/sources/prom/remove").status_code == 409
    assert "requests" in text(admin.get("/sources/prom"))


def test_coverage_counts_what_is_due_and_shows_where_it_is_missing(now: dt.datetime) -> None:
    make_source(now=now)
    sli = make_sli(name="requests", spec=query("requests_total"), now=now)
    end = int(now.timestamp()) // 60 - 3
    minutes = [usecases.MinuteValue(m, 1000, 1000) for m in range(end - 60, end) if m != end - 40]
    usecases.store_minutes(sli_id=sli, minutes=minutes, origin="test", observed_at=now, now=now)

    found = queries.coverage_of_source(stored().id, now=now)
    assert found.share == pytest.approx(59 / 60)
    assert (len(found.slices), found.slices.count(False)) == (96, 1)
    assert not found.slices[-3]
