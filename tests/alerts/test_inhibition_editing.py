"""Inhibitions are made, changed and removed on pages."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.alerts.factories import make_integration, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import InhibitionSpec
from watchkeeper.alerts.models import Inhibition
from watchkeeper.alerts.queries import directory
from watchkeeper.alerts.usecases import rules
from watchkeeper.kernel.origins import Origin

pytestmark = pytest.mark.django_db
NEW = "/inhibitions/-/new"
SOURCE, TARGET = 'alertname="Down"', 'severity!="critical"'


@pytest.fixture
def door(db: None, fake_clock: FakeClock) -> Client:
    """Alice is an admin."""
    del db, fake_clock
    settle()
    return signed_in("alice", role="admin")


def filled(**more: str) -> dict[str, str]:
    given = {"do": "save", "known": "", "name": "down", "source": SOURCE, "target": TARGET,
             "equal": "cluster, zone"}  # fmt: skip
    return given | more


def make(name: str = "down", origin: Origin = Origin.API, **more: Any) -> str:
    """Make an inhibition; returns where it is changed."""
    given: dict[str, Any] = {"source": (SOURCE,), "target": (TARGET,), "equal": ("zone",)} | more
    spec = InhibitionSpec(name, **given)
    rules.save_inhibition(actor=HOST, spec=spec, origin=origin, now=NOON, file="quiet.yaml")
    return f"/inhibitions/{name}/edit"


def known(page: str) -> str:
    found = re.search(r'name="known" value="([^"]*)"', page)
    return found[1] if found else ""


def test_it_is_made_and_listed(door: Client) -> None:
    assert NEW in text(door.get("/silences"))

    answer = door.post(NEW, filled(), follow=True)

    assert "Alerts that open from now on are judged by it" in text(answer)
    row = directory.inhibition_row("down")
    assert (row.source, row.target, row.equal) == ((SOURCE,), (TARGET,), ("cluster", "zone"))
    assert row.origin == "ui"
    assert "/inhibitions/down/edit" in text(answer)


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "id_name", "This field is required"),
        ({"name": "not a name"}, "id_name", "cannot be named"),
        ({"source": ""}, "id_source", "This field is required"),
        ({"source": f"{SOURCE}\n\nwhat"}, "id_source", "Line 3: 'what' is no matcher"),
        ({"target": "what"}, "id_target", "Line 1: 'what' is no matcher"),
        ({"equal": "a a"}, "id_equal", "each once"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    door: Client, typed: dict[str, str], field: str, words: str
) -> None:
    answer = door.post(NEW, filled(**typed))

    page = unescape(text(answer))
    assert answer.status_code == 422
    assert f'href="#{field}"' in page
    assert words in page
    for value in filled(**typed).values():
        assert value in page
    assert not Inhibition.objects.exists()


def test_before_saving_it_says_what_it_would_find(door: Client) -> None:
    key = make_integration()
    send(key, title="the cluster is down", severity="critical",
         labels={"alertname": "Down", "zone": "eu"})  # fmt: skip
    for zone in ("eu", "us"):
        send(key, title=f"pods of {zone} restart", severity="warning", labels={"zone": zone})

    page = text(door.post(NEW, filled(do="look", equal="zone")))

    assert "1 is a source" in page
    assert "1 would be quiet, had it opened after a source" in page
    assert "pods of eu restart" in page
    assert "pods of us restart" not in page
    assert "It cannot be told yet" in text(door.post(NEW, filled(do="look", source="what")))
    assert not Inhibition.objects.exists()


def test_a_change_made_meanwhile_is_not_overwritten(door: Client) -> None:
    path = make()
    mine = filled(known=known(text(door.get(path))), equal="mine")
    make(equal=("theirs",))

    answer = door.post(path, mine)

    assert answer.status_code == 422
    assert "was changed by somebody else since this page was loaded" in text(answer)
    assert directory.inhibition_row("down").equal == ("theirs",)
    mine["known"] = known(text(door.get(path)))
    assert door.post(path, mine).status_code == 302
    assert directory.inhibition_row("down").equal == ("mine",)
    assert "The inhibition down is there already" in text(door.post(NEW, filled()))


def test_one_of_a_file_is_read_only(door: Client) -> None:
    path = make(origin=Origin.FILE)

    assert "Kept in quiet.yaml" in text(door.get(path))
    assert path not in text(door.get("/silences"))
    assert door.post(path, filled()).status_code == 409
    assert door.post("/inhibitions/down/remove").status_code == 409


def test_it_is_removed_after_asking(door: Client) -> None:
    make()

    assert "What it keeps quiet and still fires pages now" in text(
        door.get("/inhibitions/down/remove")
    )
    assert door.post("/inhibitions/down/remove").status_code == 302
    assert not Inhibition.objects.exists()
    assert door.get("/inhibitions/down/edit").status_code == 404


def test_others_see_no_button(door: Client) -> None:
    del door
    make()
    page = text(signed_in("eve", shop="editor").get("/silences"))

    assert "/inhibitions/" not in page


def test_the_form_asks_a_fixed_number_of_questions(
    door: Client, django_assert_max_num_queries: Any
) -> None:
    path = make()

    with django_assert_max_num_queries(16):
        door.get(path)
