"""Pages of who is on call: what is seen, and what those who may can do there."""

import re

import pytest
from django.test import Client

from tests.factories import make_user
from tests.oncall.domain.making import layer, spec_document
from tests.oncall.making import now_on, override, save
from watchkeeper.identity.models import User
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
OFFICE = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "11:00"}]


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def alice() -> Client:
    return browser(make_user("alice", teams={"shop-team": "editor"}))


@pytest.fixture
def world(alice: Client) -> Client:
    make_user("dave")
    save(owner="shop-team", title="Shop")
    save(spec_document("office", layers=[layer(members=["bob"], restrictions=OFFICE)]))
    return alice


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_first_page_tells_who_is_on_call_everywhere_and_where_nobody_is(
    world: Client,
) -> None:
    shown = text(world, "/on-call")

    assert "Nobody is on call in 1 schedule" in shown
    assert re.search(r"Shop shop-team you AL alice .* left Next", shown)
    assert re.search(r"office no owner Nobody for", shown)
    assert "State — " in shown.replace("&mdash;", "—")


def test_without_schedules_the_page_teaches(alice: Client) -> None:
    assert "A schedule says who is on call when" in text(alice, "/on-call")


def test_a_schedule_is_shown_as_a_calendar_and_as_the_same_list(world: Client) -> None:
    shown = text(world, "/on-call/primary?from=2026-03-23&range=1w&zone=Europe/Oslo")

    assert "23 to 29 Mar 2026" in shown
    assert "Sun 29 23 h" in shown  # clocks go forward there
    assert "Times of Oslo" in shown
    assert shown.count("Mon 23 Mar 2026") >= 1
    assert "bob, Mon 23 Mar 2026" in shown or "alice, Mon 23 Mar 2026" in shown


@pytest.mark.parametrize(
    "asked", ["from=soon", "from=0001-01-01", "range=99w", "zone=Nowhere/Town", "from=2199-01-01"]
)
def test_an_odd_address_shows_the_usual_weeks(world: Client, asked: str) -> None:
    assert "2 to 8 Mar 2026" in text(world, f"/on-call/primary?{asked}")


def test_ones_own_shifts_in_every_schedule(world: Client) -> None:
    shown = text(world, "/on-call/-/mine")

    assert shown.count("Shop") >= 6  # every other week of 90 days
    listed = shown.split("My shifts, by start")[1].split("In your calendar")[0]
    assert "office" not in listed
    assert "You are not on call" in text(browser(make_user("zoe")), "/on-call/-/mine")


def test_somebody_stands_in_from_the_page_and_it_can_be_ended(world: Client) -> None:
    body = {"person": "dave", "start": "2026-03-02T14:00", "end": "2026-03-02T16:00"}

    answer = world.post("/on-call/primary/override", body)

    assert answer.status_code == 302
    assert now_on("2026-03-02 14:00", "primary") == {"primary": "dave"}
    [made] = queries.override_rows("primary")
    shown = text(world, "/on-call/primary")
    assert re.search(r"dave everybody alice End", shown)
    assert world.post(f"/on-call/primary/overrides/{made.id}/end").status_code == 302
    assert now_on("2026-03-02 14:00", "primary") == {"primary": "alice"}


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    world: Client,
) -> None:
    body = {"person": "nobody", "start": "2026-03-02T14:00", "end": "2026-03-02T16:00"}

    answer = world.post("/on-call/primary/override", body)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "there is no person nobody" in page
    assert 'value="2026-03-02T14:00"' in page
    assert queries.override_rows("primary") == []


def test_a_responder_hands_on_their_own_place_only(world: Client) -> None:
    bob = browser(make_user("bob", teams={"shop-team": "responder"}))
    body = {"person": "dave", "start": "2026-03-10T14:00", "end": "2026-03-10T16:00"}

    assert 'value="bob"' in bob.get("/on-call/primary/override").content.decode()
    assert bob.post("/on-call/primary/override", body).status_code == 403
    assert bob.post("/on-call/primary/override", body | {"replaces": "bob"}).status_code == 302
    assert now_on("2026-03-10 15:00", "primary") == {"primary": "dave"}
    assert "office" in text(bob, "/on-call")
    assert bob.get("/on-call/office/override").status_code == 403


def test_a_schedule_of_a_file_is_taken_over_then_removed(world: Client) -> None:
    save(spec_document("filed", owner="shop-team"), origin=Origin.FILE)
    assert "A file rules this schedule" in text(world, "/on-call/filed")
    assert world.post("/on-call/filed/remove").status_code == 409

    assert world.post("/on-call/filed/take-over").status_code == 302
    assert "Nobody is on call in it from now on" in text(world, "/on-call/filed/remove")
    assert world.post("/on-call/filed/remove").status_code == 302

    assert world.get("/on-call/filed").status_code == 404


def test_a_schedule_is_saved_as_a_document(world: Client) -> None:
    answer = world.get("/on-call/primary/schedule.yaml")

    assert answer["Content-Type"] == "application/yaml; charset=utf-8"
    assert b"kind: Schedule" in answer.content


def test_who_made_an_override_on_the_host_is_nobody_by_name(world: Client) -> None:
    override("2026-03-09 00:00", "2026-03-10 00:00", replaces="bob")

    assert "not made by a person who is here" in text(world, "/on-call/primary")


def test_a_schedule_is_made_looked_at_and_changed_as_a_document(world: Client) -> None:
    page = world.get("/on-call/primary/edit").content.decode()
    assert "owner: shop-team" in page
    text_of = world.get("/on-call/primary/schedule.yaml").content.decode()
    changed = text_of.replace("bob", "carol")

    looked = world.post("/on-call/primary/edit", {"document": changed, "preview": "1"})
    assert looked.status_code == 200
    assert "carol" in looked.content.decode()
    assert queries.schedule_row("primary").version == 1

    saved = world.post("/on-call/primary/edit", {"document": changed})
    assert saved.status_code == 302
    assert queries.schedule_row("primary").version == 2
    other = changed.replace("name: primary", "name: second")
    assert world.post("/on-call/-/new", {"document": other}).status_code == 302
    assert queries.schedule_row("second").owner_name == "shop-team"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("UTC", "Nowhere", "Line 8: spec.timeZone"),
        ("name: primary", "name: other", "has to stay primary"),
        ("kind: Schedule", "kind: Journey", "is wanted here"),
        ("spec:", "---\nspec:", "One document is wanted"),
        ("spec:", "spec: [", "Line "),
    ],
)
def test_what_is_wrong_in_a_document_is_said_and_what_was_typed_is_kept(
    world: Client, old: str, new: str, sentence: str
) -> None:
    text_of = world.get("/on-call/primary/schedule.yaml").content.decode()
    wrong = text_of.removeprefix("---\n").replace(old, new, 1)

    answer = world.post("/on-call/primary/edit", {"document": wrong})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert new.splitlines()[0] in answer.content.decode()
    assert queries.schedule_row("primary").version == 1
