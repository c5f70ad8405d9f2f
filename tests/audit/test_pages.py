"""The page of the log: who may see it, what it says, and its file."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST, actor_for, make_user
from tests.pages import signed_in, text
from watchkeeper.audit import queries
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import usecases as identity

NOW = dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]


@pytest.fixture
def admin() -> Client:
    return signed_in("alice", "admin")


def test_a_stranger_is_sent_to_sign_in_and_a_viewer_knows_of_no_log(admin: Client) -> None:
    assert admin.get("/audit").status_code == 200
    auditor, viewer = signed_in("dora", "auditor"), signed_in("charlie", "viewer")

    assert Client().get("/audit").status_code == 302
    assert viewer.get("/audit").status_code == 404
    assert viewer.get("/audit.csv").status_code == 404
    assert viewer.post("/audit/verify").status_code == 404
    assert auditor.get("/audit").status_code == 200


def test_entries_name_who_acted_and_what_they_did(admin: Client) -> None:
    alice = actor_for(make_user("bob", role="admin"))
    identity.create_token(actor=alice, name="ci", role="editor", now=NOW)

    page = text(admin.get("/audit?action=token.created"))

    assert "<bdi>bob</bdi>" in page
    assert "token.created" in page
    assert "person.created" not in page.partition("<tbody>")[2]


def test_a_day_is_the_readers_day(admin: Client) -> None:
    identity.create_token(actor=HOST, name="ci", role="editor", now=NOW)

    both = "/audit?from=2026-03-01&to=2026-03-02"
    assert "token.created" in text(admin.get(both)).partition("<tbody>")[2]
    assert "No entry passes" in text(admin.get("/audit?from=2026-03-03"))
    assert "No entry passes" in text(admin.get("/audit?from=2026-02-01&to=2026-03-01"))
    assert admin.get("/audit?from=nonsense&to=9999-12-31&before=x").status_code == 200


def test_one_actor_and_one_entry_can_be_looked_at(admin: Client) -> None:
    identity.create_token(actor=HOST, name="ci", role="editor", now=NOW)
    admin.post("/people/-/new", {"name": "bob", "role": "viewer"})
    [mine, *_] = queries.entries(actor=HOST, wanted=queries.Filter(actor_kind="user"))

    shown = text(admin.get(f"/audit?actor=user:{mine.actor_id}")).partition("<tbody>")[2]
    assert "person.created" in shown
    assert "token.created" not in shown
    assert "token.created" in text(admin.get("/audit?actor=system")).partition("<tbody>")[2]
    one = text(admin.get(f"/audit/{mine.number}"))
    assert mine.action in one
    assert "alice" in one
    assert admin.get("/audit/999999").status_code == 404


def test_a_long_log_goes_on_at_older_ones(admin: Client) -> None:
    for place in range(60):
        identity.create_token(actor=HOST, name=f"ci-{place}", role="editor", now=NOW)

    first = admin.get("/audit?action=token.created")
    older = admin.get(f"/audit?action=token.created&before={first.context['older']}")

    assert len(first.context["lines"]) == 50
    assert len(older.context["lines"]) == 10
    assert older.context["older"] == ""


def test_the_file_has_what_the_filters_show_and_no_formula(admin: Client) -> None:
    identity.create_token(actor=HOST, name="ci", role="editor", now=NOW)
    AuditEntry.objects.filter(action="token.created").update(address="=1+1")

    told = admin.get("/audit.csv?action=token.created")
    lines = b"".join(told.streaming_content).decode().splitlines()  # type: ignore[attr-defined]

    assert lines[0].startswith("number,at,actor_kind")
    assert len(lines) == 2
    assert "'=1+1" in lines[1]


def test_checking_the_chain_says_what_it_found(admin: Client) -> None:
    identity.create_token(actor=HOST, name="ci", role="editor", now=NOW)
    whole = text(admin.post("/audit/verify", follow=True))
    AuditEntry.objects.filter(action="token.created").update(via="web")

    broken = text(admin.post("/audit/verify", follow=True))

    assert "The log is whole" in whole
    assert "tampered" in broken


def test_the_page_needs_few_queries(admin: Client, django_assert_max_num_queries: Any) -> None:
    for place in range(30):
        identity.create_token(actor=HOST, name=f"ci-{place}", role="editor", now=NOW)

    with django_assert_max_num_queries(12):
        admin.get("/audit")


def test_the_api_filters_by_actor(admin: Client) -> None:
    admin.post("/people/-/new", {"name": "bob", "role": "viewer"})
    [mine, *_] = queries.entries(actor=HOST, wanted=queries.Filter(actor_kind="user"))
    made = identity.create_token(actor=HOST, name="eyes", role="auditor", now=NOW)
    door = Client(headers={"authorization": f"Bearer {made.token}"})

    items = door.get(f"/api/v1/audit?actor_id={mine.actor_id}").json()["items"]
    assert items
    assert {each["actor_id"] for each in items} == {mine.actor_id}
