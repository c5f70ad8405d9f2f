"""Rooms beside people: in the story of an alert, in the dry run, and where nobody counts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from tests.alerts.factories import make_integration, make_on_call, send, settle, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.cli import alert_app
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts, notes
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.plumbing import transport

pytestmark = pytest.mark.django_db
OPS = {"chat": {"channel": "teams", "address": "https://example.org/?sig=1", "name": "ops"}}
HOOK = {"webhook": "https://example.org/hook"}
DISK = {"title": "Disk full", "severity": "critical", "key": "disk"}
BOB = {"after": "5m", "notify": [{"person": "bob"}]}


@pytest.fixture(autouse=True)
def set_up(fake_clock: FakeClock) -> FakeClock:
    settle()
    return fake_clock


def door() -> Client:
    made = identity.create_token(actor=HOST, name="v", role="viewer", now=clock.now())
    return Client(headers={"authorization": f"Bearer {made.token}"})


def run(*words: str) -> Any:
    transport.use(transport.Local())
    try:
        return CliRunner().invoke(alert_app, [*words])
    finally:
        transport.use(None)


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_story_tells_which_room_was_told_beside_whom() -> None:
    make_on_call("bob", steps=[{"notify": [OPS, {"person": "bob"}]}])
    alert = send(make_integration(), **DISK)["alert"]
    step(NOON)

    told = door().get(f"/api/v1/alerts/{alert}/explain").json()["pages"]
    page = words_of(text(signed_in("vera").get(f"/alerts/{alert}")))
    said = run("explain", alert).output

    assert {(p["person"], p["contact"], p["room"], p["channel"], p["step"]) for p in told} == {
        ("bob", "hook", "", "webhook", 0),
        ("", "", "ops", "teams", 0),
    }
    assert "Room ops (teams): scheduled" in page
    assert "Page to bob (hook): scheduled" in page
    assert "room ops" in said
    assert "sig=1" not in f"{told} {page} {said}"


def test_who_was_told_in_a_room_alone_was_not_paged() -> None:
    make_on_call("bob", steps=[{"notify": [OPS]}, BOB])
    alert = send(make_integration(), **DISK)["alert"]
    step(NOON)

    assert [page.room for page in queries.story(alert).pages] == ["ops"]
    with pytest.raises(notes.NobodyPagedError):
        notes.judge(actor=HOST, alerts=[alert], verdict="actionable", why="", words="", now=NOON)
    assert "Nobody was paged for it" in text(signed_in("vera").get(f"/alerts/{alert}"))
    assert "Nobody was paged for it" in run("explain", alert).output


def test_who_acknowledges_takes_it_from_the_room() -> None:
    make_on_call("bob", steps=[{"notify": [OPS]}, BOB])
    alert = send(make_integration(), **DISK)["alert"]
    step(NOON)

    acts.acknowledge(actor=HOST, alerts=[alert], now=clock.now())

    [page] = queries.story(alert).pages
    assert (page.room, page.state) == ("ops", "cancelled")


def test_a_dry_run_tells_which_rooms_would_be_told(tmp_path: Path) -> None:
    make_on_call("bob", steps=[{"notify": [OPS]}, BOB], catchAll=[HOOK, {"person": "bob"}])
    make_integration()
    file = tmp_path / "post.json"
    file.write_text(json.dumps(DISK))

    body = {"payload": DISK, "integration": "generic"}
    answer = door().post("/api/v1/alerts/dry-run", body, content_type="application/json")
    said = run("dry-run", str(file), "--integration", "generic").output

    [outcome] = answer.json()["outcomes"]
    assert [(c["minutes"], c["person"], c["room"]) for c in outcome["paging"]["calls"]] == [
        (0, "", "ops"),
        (5, "bob", ""),
        (10, "bob", ""),
        (10, "", "example.org"),
    ]
    assert "room ops" in said
    page = signed_in("vera").post("/routes/-/dry-run", {"payload": json.dumps(DISK)})
    assert "example.org room" in words_of(text(page))
