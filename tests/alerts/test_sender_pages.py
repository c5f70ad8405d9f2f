"""Pages of integrations, of what could not be read, and of routes with the dry run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from typer.testing import CliRunner

from tests.alerts.factories import make_integration, post, send, settle, states, verdicts
from tests.alerts.test_dry_run import counts
from tests.conftest import FakeClock
from tests.factories import HOST
from tests.pages import PASSWORD, signed_in, text
from watchkeeper.alerts.domain.documents import IntegrationSpec, RouteSpec
from watchkeeper.alerts.models import InboundEvent, Integration, IntegrationKey
from watchkeeper.alerts.ports import ADDRESS, BASE, KEY
from watchkeeper.alerts.queries import integrations as queries
from watchkeeper.alerts.usecases import doors, rules, upkeep
from watchkeeper.alerts.usecases import integrations as senders
from watchkeeper.cli.commands import app
from watchkeeper.kernel import clock
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import secret_box, transport
from watchkeeper.plumbing.keys import Keyring

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock
    settle()


def test_the_list_tells_how_each_sender_fares(fake_clock: FakeClock) -> None:
    client = signed_in("alice", role="admin")
    good, bad = make_integration(name="scripts"), make_integration(name="broken")
    make_integration("heartbeat", "backup", settings={"interval": "1h"})
    make_integration("grafana", "unused")
    for _ in range(2):
        send(good, title="Disk full")
    post(f"/in/generic/{bad}", b"{")
    upkeep.miss_heartbeats(now=fake_clock.travel(hours=2))

    shown = text(client.get("/integrations"))
    fake_clock.travel(days=2)
    later = text(signed_in("bob", role="admin").get("/integrations"))

    for words in ("1 deduped", "1 opened", "Receives", "Some cannot be read", "Not heard of",
                  "Nothing came yet", "could not be read in the last 24 hours"):  # fmt: skip
        assert words in shown
    assert "1 deduped" not in later
    assert "All that came in the last 24 hours could be read" in later


def test_an_integration_is_made_by_hand() -> None:
    client = signed_in("alice", role="admin")
    form = {"name": "backup", "kind": "heartbeat", "service": "", "interval": "1d"}

    made = client.post("/integrations/-/new", form)

    assert (made.status_code, made["Location"]) == (302, "/integrations/backup")
    row = queries.integration_row("backup")
    assert (row.kind, row.settings, row.origin) == ("heartbeat", {"interval": "1d"}, "ui")
    assert row.due_at is not None


def test_an_integration_is_changed_and_what_no_field_shows_stays() -> None:
    client = signed_in("alice", role="admin")
    settings = {"mapping": {"title": "/summary"}, "flapping": {"openings": 4, "within": "10m"}}
    make_integration(name="scripts", service="shop", settings=settings)
    shown = client.get("/integrations/scripts/edit")
    typed = {"service": "search", "scope": "all", "autoClose": "2d", "flapping": "as-written",
             "known": known(shown)}  # fmt: skip

    saved = client.post("/integrations/scripts/edit", typed, follow=True)

    row = queries.integration_row("scripts")
    assert "Events that come from now on are read by it" in text(saved)
    assert "/integrations/scripts/edit" in text(saved)
    assert 'name="interval"' not in text(shown)
    assert (row.service, row.scope, row.origin) == ("search", "all", "ui")
    assert row.settings == settings | {"autoClose": "2d"}

    stale = client.post("/integrations/scripts/edit", typed | {"autoClose": "3d"})

    assert stale.status_code == 422
    assert "was changed by somebody else since this page was loaded" in text(stale)
    typed["known"] = known(client.get("/integrations/scripts/edit"))
    plain = typed | {"autoClose": "", "flapping": "off", "scope": ""}
    client.post("/integrations/scripts/edit", plain)
    row = queries.integration_row("scripts")
    assert (row.scope, row.settings) == (
        "scripts",
        {"mapping": {"title": "/summary"}, "flapping": "off"},
    )


def known(shown: Any) -> str:
    """Return the state of an integration that a page was made for."""
    return str(shown.context["form"].initial["known"])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("interval", "soon", "soon"),
        ("service", "no/name", "no/name"),
        ("scope", "no/name", "no/name"),
    ],
)
def test_a_change_that_cannot_be_is_said_at_its_field(field: str, value: str, words: str) -> None:
    client = signed_in("alice", role="admin")
    make_integration("heartbeat", "backup", settings={"interval": "1h"})
    typed = {"interval": "1h", "known": known(client.get("/integrations/backup/edit"))}

    answer = client.post("/integrations/backup/edit", typed | {field: value})

    assert answer.status_code == 422
    assert words in text(answer)
    assert f'href="#id_{field}"' in text(answer)
    assert queries.integration_row("backup").settings == {"interval": "1h"}


def test_keys_are_sealed_anew_with_a_newer_key_and_still_open_the_door(
    settings: Settings, tmp_path: Path
) -> None:
    settings.WATCHKEEPER_KEY_FILE = tmp_path / "secret.key"
    Keyring.load_or_make(tmp_path / "secret.key")
    key = make_integration(name="scripts")

    newer = Keyring.add(tmp_path / "secret.key").sealing()
    changed = secret_box.reseal_all()

    assert changed == IntegrationKey.objects.count() >= 1
    assert all(newer.fingerprint() in row.sealed for row in IntegrationKey.objects.all())
    assert senders.reveal(actor=HOST, name="scripts", now=clock.now()).key == key
    assert send(key, title="Disk full")["verdict"] == "opened"


def test_an_integration_of_a_file_is_changed_there() -> None:
    client = signed_in("alice", role="admin")
    senders.save_integration(
        actor=HOST,
        spec=IntegrationSpec("am", "alertmanager"),
        origin=Origin.FILE,
        now=clock.now(),
        file="senders.yaml",
    )

    answer = client.get("/integrations/am/edit", follow=True)

    assert "am is kept in senders.yaml; change it there." in text(answer)
    assert "/integrations/am/edit" not in text(answer)
    assert client.get("/integrations/none/edit").status_code == 404


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "Not A Name"}, "name"),
        ({"name": "taken"}, "already"),
        ({"kind": "carrier-pigeon"}, "carrier-pigeon"),
        ({"interval": "soon"}, "interval is a length"),
    ],
)
def test_faults_stand_beside_what_was_typed(change: dict[str, str], told: str) -> None:
    make_integration(name="taken")
    client = signed_in("alice", role="admin")
    form = {"name": "backup", "kind": "heartbeat", "service": "", "interval": "1d"} | change

    answer = client.post("/integrations/-/new", form)

    assert (answer.status_code, told in text(answer)) == (422, True)
    assert not Integration.objects.filter(name="backup").exists()


@pytest.mark.parametrize("kind", doors.kinds())
def test_every_kind_says_what_to_paste_and_keeps_its_key_to_itself(kind: str) -> None:
    key = make_integration(kind, "it")
    client = signed_in("alice", role="admin")

    shown = text(client.get("/integrations/it"))
    opened = client.post("/integrations/it/key", {"confirm_person": PASSWORD})

    assert key not in shown
    snippets = doors.snippets_of(kind, address=doors.address_of(kind, key), key=key)
    assert snippets
    assert any(key in each.text for each in snippets)
    assert not any(name in each.text for each in snippets for name in (ADDRESS, KEY, BASE))
    assert opened.status_code == 200
    assert key in text(opened)
    assert opened["Cache-Control"] == "no-store"


def test_the_key_is_shown_only_to_who_proves_who_they_are(fake_clock: FakeClock) -> None:
    key = make_integration(name="it")
    client = signed_in("alice", role="admin")
    client.get("/integrations/it")
    fake_clock.travel(minutes=10)

    without = client.post("/integrations/it/key")
    wrong = client.post("/integrations/it/key", {"confirm_person": "wrong"})
    proved = client.post("/integrations/it/key", {"confirm_person": PASSWORD})

    for answer in (without, wrong):
        assert answer.status_code == 403
        assert key not in text(answer)
    assert key in text(proved)


def test_what_is_pasted_from_the_page_works() -> None:
    key = make_integration(name="it")
    address = doors.address_of("generic", key)
    opening, ending = doors.snippets_of("generic", address=address, key=key)

    for snippet in (opening, ending):
        body = re.search(r"-d '([^']+)'", snippet.text)
        assert body is not None
        assert post(f"/in/generic/{key}", json.loads(body[1])).status_code == 202

    assert verdicts() == ["opened", "resolved"]


def test_a_key_is_rotated_and_an_integration_removed() -> None:
    old = make_integration(name="it")
    client = signed_in("alice", role="admin")

    assert client.get("/integrations/it/rotate").status_code == 200
    client.post("/integrations/it/rotate")
    new = senders.reveal(actor=HOST, name="it", now=clock.now()).key
    assert new != old
    assert send(old, title="Disk full")["verdict"] == "opened"
    assert send(new, title="Disk full")["verdict"] == "deduped"

    assert client.get("/integrations/it/remove").status_code == 200
    client.post("/integrations/it/remove")
    assert not Integration.objects.filter(name="it").exists()
    assert client.get("/integrations/it").status_code == 404


# ---- quarantine


def unreadable(body: bytes = b'{"title": "Disk full",}') -> str:
    """Post what cannot be read; returns the id of its event."""
    key = make_integration(name="broken")
    assert post(f"/in/generic/{key}", body).json()["status"] == "quarantined"
    return str(InboundEvent.objects.latest("pk").pk)


def test_what_could_not_be_read_is_shown_mended_and_read_again() -> None:
    event = unreadable()
    client = signed_in("alice", role="admin")

    listed, shown = text(client.get("/quarantine")), text(client.get(f"/quarantine/{event}"))
    still = client.post(f"/quarantine/{event}", {"body": '{"title": 7'})
    mended = client.post(f"/quarantine/{event}", {"body": '{"title": "Disk full"}'}, follow=True)

    assert "not JSON" in listed
    assert "Waits" in listed
    assert "Disk full" in shown
    assert still.status_code == 422
    assert "not JSON" in text(still)
    assert "It is read: opened" in text(mended)
    assert states()["Disk full"] == "firing"
    assert "Read again" in text(client.get("/quarantine"))


def test_bytes_that_are_no_text_are_shown_all_the_same() -> None:
    event = unreadable(b"\xff\xfe{}")

    shown = text(signed_in("alice", role="admin").get(f"/quarantine/{event}"))

    assert "It is not text" in shown


def test_what_came_may_hold_a_key_and_is_for_editors() -> None:
    event = unreadable()

    assert signed_in("bob").get(f"/quarantine/{event}").status_code == 403
    assert signed_in("carol").get("/quarantine").status_code == 200
    assert signed_in("dora", role="admin").get("/quarantine/999999").status_code == 404


def test_an_integration_that_is_gone_leaves_what_came() -> None:
    event = unreadable()
    client = signed_in("alice", role="admin")
    senders.remove_integration(actor=HOST, name="broken", now=clock.now())

    shown = text(client.get(f"/quarantine/{event}"))

    assert "Its integration is gone" in shown
    assert client.post(f"/quarantine/{event}", {"body": "{}"}).status_code == 404


def test_a_long_quarantine_is_read_in_pages() -> None:
    client, key = signed_in("alice", role="admin"), make_integration(name="broken")
    for _ in range(51):
        post(f"/in/generic/{key}", b"{")

    first = text(client.get("/quarantine"))
    before = re.search(r"before=(\d+)", first)

    assert before is not None
    assert text(client.get(f"/quarantine?before={before[1]}")).count("not JSON") == 1


# ---- routes and dry run


def test_routes_are_listed_as_they_are_asked() -> None:
    client = signed_in("alice")
    assert "No routes yet" in text(client.get("/routes"))
    for name, order in (("late", 50), ("early", 10)):
        spec = RouteSpec(name, "shop", order, match=('severity="critical"',))
        rules.save_route(actor=HOST, spec=spec, origin=Origin.API, now=clock.now())

    shown = text(client.get("/routes"))

    assert shown.index("early") < shown.index("late")
    assert "severity=&quot;critical&quot;" in shown


@pytest.mark.parametrize(
    ("form", "status", "told"),
    [
        ({"payload": '{"title": "Disk full"}'}, 200, "Opened"),
        ({"payload": '{"title": "Disk full"}', "integration": "it"}, 200, "Opened"),
        ({"payload": "{"}, 200, "It could not be read"),
        ({"payload": "[]"}, 200, "says nothing"),
        ({"payload": "{}", "at": "yesterday"}, 422, "with or without a zone"),
        ({"payload": '{"title": "x"}', "at": "2026-03-02T03:00"}, 200, "2 Mar 2026, 03:00"),
        ({"payload": "{}", "at": "1800-01-01"}, 422, "a time between"),
        ({"payload": ""}, 422, "required"),
        ({"payload": "{}", "integration": "gone"}, 422, "gone"),
    ],
)
def test_the_dry_run_page_answers_and_leaves_no_trace(
    form: dict[str, Any], status: int, told: str
) -> None:
    make_integration(name="it")
    client = signed_in("alice")
    client.get("/routes/-/dry-run?integration=it")
    before = counts()

    answer = client.post("/routes/-/dry-run", form)

    assert (answer.status_code, told in text(answer)) == (status, True), text(answer)
    assert counts() == before


# ---- the same by the API and the command line


def run(*words: str) -> Any:
    transport.use(transport.Local())
    try:
        done = CliRunner().invoke(app, [*words])
        assert done.exit_code == 0, done.output
        return done.output
    finally:
        transport.use(None)


def test_commands_do_what_the_pages_do(tmp_path: Path) -> None:
    event = unreadable()
    mended = tmp_path / "mended.json"
    mended.write_text('{"title": "Disk full"}')

    assert "not JSON" in run("alert", "quarantine")
    assert run("alert", "came", event) == '{"title": "Disk full",}'
    assert json.loads(run("alert", "came", event, "--json"))["integration"] == "broken"
    assert run("alert", "replay", event, str(mended)).startswith("opened (alert ")
    assert json.loads(run("alert", "quarantine", "--json"))[0]["id"] == event
    assert "1 opened, 1 quarantined" in run("integration", "list")
    shown = json.loads(run("integration", "show", "broken", "--json"))
    assert shown["url"] in shown["setup"][0]["text"]
    assert "Open an alert:" in run("integration", "show", "broken")
    run("integration", "remove", "broken")
    assert not Integration.objects.filter(name="broken").exists()
