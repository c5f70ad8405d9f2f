"""Schedules by the API and by commands: the same answers, with the same words."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from tests.conftest import FakeClock
from tests.factories import HOST, make_team, make_user, schedule_document
from watchkeeper.cli.commands import app
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.plumbing import transport

pytestmark = pytest.mark.django_db

Call = Callable[..., Any]
RESTRICTED = [{"days": ["mon", "tue"], "from": "09:00", "to": "17:00"}]


@pytest.fixture
def call(fake_clock: FakeClock) -> Call:
    """Ask the API as an editor of the whole organisation; returns status and body."""
    del fake_clock
    made = identity.create_token(
        actor=HOST, name="mine", role="editor", team=None, now=clock.now()
    )
    client = Client(headers={"authorization": f"Bearer {made.token}"})

    def called(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        answer = client.generic(
            method, f"/api/v1/{path}", json.dumps(body), content_type="application/json",
            headers=headers,
        )  # fmt: skip
        return answer.status_code, json.loads(answer.content) if answer.content else None

    return called


def put(call: Call, name: str = "primary", **spec: Any) -> None:
    status, body = call("PUT", f"schedules/{name}", schedule_document(name, **spec))
    assert status == 200, body


def test_who_is_on_call_has_every_field_of_the_contract(call: Call) -> None:
    put(call)
    put(call, "secondary", layers=[schedule_layer(RESTRICTED)])

    status, found = call("GET", "on-call?at=2026-03-04T12:00:00Z")

    assert (status, found) == (200, [
        {"schedule": "primary", "at": "2026-03-04T12:00:00Z", "people": ["alice"],
         "layer": "base", "until": "2026-03-09T09:00:00Z"},
        {"schedule": "secondary", "at": "2026-03-04T12:00:00Z", "people": [],
         "layer": None, "until": "2026-03-09T09:00:00Z"},
    ])  # fmt: skip
    assert call("GET", "on-call?schedule=primary")[1][0]["at"] == "2026-03-02T12:00:00Z"


def schedule_layer(restrictions: Any = ()) -> dict[str, Any]:
    rotation = {"unit": "week", "start": "2026-01-05T09:00:00", "members": ["alice"]}
    return {"name": "base", "rotation": rotation, "restrictions": list(restrictions)}


def test_entries_are_half_open_in_utc_and_clipped(call: Call) -> None:
    put(call, timeZone="Europe/Berlin", layers=[schedule_layer(RESTRICTED)])

    status, found = call(
        "GET", "schedules/primary/entries?from=2026-03-30T10:00:00&to=2026-04-01T00:00:00Z"
    )

    assert (status, found) == (200, [
        {"start": "2026-03-30T08:00:00Z", "end": "2026-03-30T15:00:00Z", "people": ["alice"],
         "layer": "base"},
        {"start": "2026-03-31T07:00:00Z", "end": "2026-03-31T15:00:00Z", "people": ["alice"],
         "layer": "base"},
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("on-call?at=soon", 422),
        ("on-call?at=2026-03-04T12:00:00", 422),  # without a zone, of which schedule?
        ("on-call?at=2300-01-01T00:00:00Z", 422),
        ("on-call?schedule=nothing", 404),
        ("schedules/nothing", 404),
        ("schedules/nothing/entries", 404),
        ("schedules/nothing/overrides", 404),
        ("schedules/primary/entries?from=2026-03-04&to=2026-03-04", 422),
        ("schedules/primary/entries?from=2026-03-04&to=2036-03-04", 422),
        ("schedules/primary/entries?from=2026-03-04&to=2026-03-05", 200),
    ],
)
def test_what_cannot_be_answered_is_refused(call: Call, path: str, wanted: int) -> None:
    put(call)

    status, body = call("GET", path)

    assert status == wanted, body


def test_a_schedule_is_made_read_changed_and_removed(call: Call) -> None:
    make_team("shop-team")
    put(call, owner="shop-team", title="Primary")

    status, found = call("GET", "schedules/primary")
    assert status == 200
    assert found["document"] == schedule_document(owner="shop-team", title="Primary")
    assert (found["owner"], found["title"], found["time_zone"], found["version"]) == (
        "shop-team", "Primary", "UTC", 1,
    )  # fmt: skip
    assert [one["name"] for one in call("GET", "schedules")[1]["items"]] == ["primary"]
    other = schedule_document(timeZone="Europe/Berlin", owner="shop-team")
    stale = {"If-Match": '"other"'}
    assert call("PUT", "schedules/primary", other, **stale)[0] == 412
    assert call("PUT", "schedules/primary", other) == (
        200, {"name": "primary", "action": "update"},
    )  # fmt: skip
    assert call("POST", "schedules/primary/take-over")[0] == 200
    assert call("DELETE", "schedules/primary") == (204, None)
    assert call("GET", "schedules/primary")[0] == 404


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "Journey"}, "kind"),
        ({"apiVersion": "v2"}, "apiVersion"),
        ({"metadata": {"name": "other"}}, "metadata.name"),
        ({"spec": {}}, "spec.timeZone"),
    ],
)
def test_a_wrong_document_is_refused_with_its_place(
    call: Call, change: dict[str, Any], path: str
) -> None:
    status, body = call("PUT", "schedules/primary", schedule_document() | change)

    assert status == 422
    assert path in [problem["path"] for problem in body["errors"]]


def test_overrides_are_made_listed_and_ended(call: Call) -> None:
    make_user("dave")
    put(call, timeZone="Europe/Berlin")
    body = {"start": "2026-03-02T15:00:00", "end": "2026-03-02T17:00:00Z", "person": "dave"}

    status, made = call("POST", "schedules/primary/overrides", body)

    assert status == 201, made
    assert (made["start"], made["end"]) == ("2026-03-02T14:00:00Z", "2026-03-02T17:00:00Z")
    assert made["created_by"].startswith("token:")
    assert call("GET", "on-call?at=2026-03-02T14:00:00Z")[1][0]["people"] == ["dave"]
    assert call("GET", "schedules/primary/overrides")[1] == [made]
    assert call("DELETE", f"schedules/primary/overrides/{made['id']}")[0] == 204
    assert call("GET", "on-call?at=2026-03-02T14:00:00Z")[1][0]["people"] == ["alice"]
    assert call("DELETE", "schedules/primary/overrides/999")[0] == 404
    for wrong in ({"person": "nobody"}, {"end": "2026-03-01T00:00:00"}, {"start": "x"}):
        assert call("POST", "schedules/primary/overrides", body | wrong)[0] == 422


def test_commands_answer_as_the_api_does(call: Call) -> None:
    make_user("dave")
    put(call)
    transport.use(transport.Local())

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["oncall", *words])
        assert done.exit_code == 0, done.output
        return done.output

    try:
        at = "2026-03-04T12:00:00Z"
        assert json.loads(run("who", "--at", at, "--json")) == call("GET", f"on-call?at={at}")[1]
        assert json.loads(run("who", "primary", "--json"))[0]["people"] == ["alice"]
        assert run("who", "--at", "2026-01-01T00:00:00Z").splitlines()[1].split()[:2] == [
            "primary", "nobody",
        ]  # fmt: skip
        span = ("--from", "2026-03-08T00:00:00Z", "--to", "2026-03-10T00:00:00Z")
        assert [
            (e["start"], e["end"], e["people"])
            for e in json.loads(run("show", "primary", *span, "--json"))
        ] == [
            ("2026-03-08T00:00:00Z", "2026-03-09T09:00:00Z", ["alice"]),
            ("2026-03-09T09:00:00Z", "2026-03-10T00:00:00Z", ["bob"]),
        ]
        assert "alice" in run("show", "primary", *span)
        made = json.loads(run("override", "primary", "dave", *span, "--replaces", "bob", "--json"))
        assert str(made["id"]) in run("overrides", "primary")
        assert "dave" in run("show", "primary", *span)
        assert "no longer" in run("end-override", "primary", str(made["id"]))
        assert "dave" not in run("show", "primary", *span)
    finally:
        transport.use(None)


def test_calendar_feeds_are_made_listed_and_revoked_by_commands(call: Call) -> None:
    put(call)
    assert call("POST", "calendar-feeds", {"schedule": "primary"})[0] == 403  # no person, no admin
    transport.use(transport.Local())

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["oncall", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    try:
        url = json.loads(run("feed", "primary", "--json"))["url"]
        path = url.removeprefix("http://localhost")
        assert Client().get(path).status_code == 200
        [row] = json.loads(run("feeds", "--json"))
        assert (row["schedule"], row["person"]) == ("primary", None)
        assert row["hint"] in run("feeds")
        run("revoke-feed", str(row["id"]))
        assert Client().get(path).status_code == 404
        assert json.loads(run("feeds", "--json")) == []
    finally:
        transport.use(None)
