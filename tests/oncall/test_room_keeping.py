"""Rooms as they are kept: trust, secrets, who sees addresses, and when they are forgotten."""

import json
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from pytest_django.fixtures import Settings
from typer.testing import CliRunner

from tests.factories import HOST, make_team
from tests.notifications.provider import Provider
from tests.oncall.telling import (
    BOB,
    DISK,
    HOUR,
    MINUTE,
    SETTLED,
    is_signed,
    make_bob,
    row_of,
    save,
    start,
    told,
    until,
    walk,
)
from tests.pages import signed_in, text
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError, NotFoundError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.notifications.models import Contact
from watchkeeper.notifications.tasks import Sender
from watchkeeper.notifications.usecases import rooms, signing
from watchkeeper.oncall import queries, tasks, usecases
from watchkeeper.oncall.cli import app
from watchkeeper.oncall.queries import Subject
from watchkeeper.plumbing import secret_box, transport
from watchkeeper.plumbing.keys import Keyring
from watchkeeper.plumbing.kinds import Action

pytestmark = pytest.mark.django_db
PATH = "/api/v1/escalation-policies/shop"


@pytest.fixture
def ed(db: None) -> Actor:
    """An editor of everything who is no admin."""
    del db
    made = people.create_token(actor=HOST, name="ed", role="editor", now=clock.now())
    found = identity.actor_of_token(made.token, now=clock.now())
    assert found is not None
    return found


def test_a_room_that_nothing_tells_is_forgotten_after_a_while() -> None:
    save({"notify": [{"webhook": "https://example.org/a"}, {"webhook": "https://example.org/b"}]})
    save({"notify": [{"webhook": "https://example.org/a"}]})
    now = clock.now()

    tasks.forget_rooms(now + rooms.RETIRED_FOR - MINUTE)
    assert Contact.objects.count() == 2
    tasks.forget_rooms(now + rooms.RETIRED_FOR + MINUTE)

    assert [row.address for row in Contact.objects.all()] == ["https://example.org/a"]


def test_a_room_is_kept_while_a_call_of_it_waits() -> None:
    save({"notify": [{"webhook": "https://example.org/a"}]})
    start(now=clock.now() - HOUR)
    walk(clock.now())
    usecases.remove_policy(actor=HOST, name="shop", now=clock.now())

    tasks.forget_rooms(clock.now() + 2 * rooms.RETIRED_FOR)

    assert told(queries.story(DISK))[0][3] == "scheduled"
    assert Contact.objects.count() == 1


def test_an_address_inside_is_told_only_where_an_admin_wrote_it(
    ed: Actor, phone: Provider, sender: Sender, settings: Settings
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"egress_allow": ()})
    step = {"notify": [{"webhook": phone.url("/room")}]}
    save(step, actor=ed)
    save(step, repeat=1)  # an admin who leaves the address as it is does not vouch for it
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)
    until(sender, lambda: told(queries.story(DISK))[0][3] in SETTLED)

    assert told(queries.story(DISK))[0][3] == "failed"
    assert phone.calls() == []
    save(step, origin=Origin.FILE)
    start(now=begun, subject=Subject("alert", "18"))
    walk(begun)
    until(sender, lambda: len(phone.calls()) == 1)


def test_trust_does_not_outlive_the_room(ed: Actor) -> None:
    step, other = ({"notify": [{"webhook": f"http://10.0.0.1/{name}"}]} for name in "ab")
    save(step)
    assert row_of().is_by_admin
    save(step, actor=ed, repeat=1)
    assert row_of().is_by_admin, "who leaves it as it is takes no trust away"

    save(other, actor=ed)
    save(step, actor=ed)

    assert [row.is_by_admin for row in Contact.objects.all()] == [False, False]


def test_a_secret_is_sealed_and_stands_nowhere_else(phone: Provider) -> None:
    step = {"notify": [{"webhook": {"address": phone.url("/room"), "secret": "s3cret-1"}}]}
    save(step)
    start(now=clock.now() - HOUR)
    walk(clock.now())

    assert save(step).action is Action.UNCHANGED
    for model in apps.get_models():
        rows = model._default_manager.values_list()
        assert not [row for row in rows if "s3cret-1" in str(row)], model
    [found] = [d for d in manifests.export(actor=HOST) if d["kind"] == "EscalationPolicy"]
    assert "secret" not in str(found)
    assert signing.secret_of(row_of()) == "s3cret-1"


def test_another_secret_is_a_change_of_its_own() -> None:
    step = {"notify": [{"webhook": {"address": "https://example.org/", "secret": "one"}}]}
    save(step)
    step["notify"][0]["webhook"]["secret"] = "two"

    assert save(step).action is Action.UNCHANGED
    assert signing.secret_of(row_of()) == "two"
    assert save({"notify": [{"webhook": "https://example.org/"}]}).action is Action.UPDATE
    assert signing.secret_of(row_of()) == "two", "a policy that says none leaves it as it is"
    actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert actions == [
        "escalation_policy.saved",
        "escalation_policy.secret_saved",
        "escalation_policy.saved",
    ]


def test_a_policy_that_was_taken_over_keeps_its_secret_from_the_file() -> None:
    step = {"notify": [{"webhook": {"address": "https://example.org/", "secret": "file"}}]}
    save(step, origin=Origin.FILE)
    usecases.take_over_policy(actor=HOST, name="shop", now=clock.now())
    made = make_secret()

    assert save(step, origin=Origin.FILE).action is Action.UNCHANGED
    assert signing.secret_of(row_of()) == made


def make_secret() -> str:
    [room] = queries.rooms_of(queries.policy_row("shop"), actor=HOST)
    return usecases.remake_room_secret(actor=HOST, policy="shop", room=room.id, now=clock.now())


def test_a_secret_may_be_kept_elsewhere_by_an_admin(
    ed: Actor, phone: Provider, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOM_SECRET", "from outside")
    hook = {"address": phone.url("/room"), "secret": "${env:ROOM_SECRET}"}
    step = {"notify": [{"webhook": hook}]}
    with pytest.raises(InvalidError, match="only an admin") as caught:
        save(step, actor=ed)
    assert [each.path for each in caught.value.problems] == [
        "spec.steps[0].notify[0].webhook.secret"
    ]

    save(step)
    start(now=clock.now() - HOUR)
    walk(clock.now())
    until(sender, lambda: len(phone.calls()) == 1)

    assert is_signed(phone.calls()[0], "from outside")


def test_secrets_of_rooms_and_contacts_are_sealed_anew_with_a_newer_key(
    phone: Provider, settings: Settings, tmp_path: Path
) -> None:
    settings.WATCHKEEPER_KEY_FILE = tmp_path / "secret.key"
    Keyring.load_or_make(tmp_path / "secret.key")
    make_bob(phone)
    save({"notify": [BOB, {"webhook": "https://example.org/"}]})
    before = [signing.secret_of(row) for row in Contact.objects.order_by("pk")]

    newer = Keyring.add(tmp_path / "secret.key").sealing()
    assert secret_box.reseal_all() == 2

    rows = list(Contact.objects.order_by("pk"))
    assert all(newer.fingerprint() in row.sealed_secret for row in rows)
    assert [signing.secret_of(row) for row in rows] == before


def test_one_address_has_one_secret() -> None:
    hooks = [{"webhook": {"address": "https://example.org/", "secret": each}} for each in "ab"]

    with pytest.raises(InvalidError, match="another secret"):
        save({"notify": hooks})


def test_a_secret_that_was_made_is_told_once_and_signs(phone: Provider, sender: Sender) -> None:
    save({"notify": [{"webhook": phone.url("/room")}]})
    first = signing.secret_of(row_of())
    assert first.startswith("whsec_")

    made = make_secret()
    start(now=clock.now() - HOUR)
    walk(clock.now())
    until(sender, lambda: len(phone.calls()) == 1)

    assert made != first
    assert is_signed(phone.calls()[0], made)


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_addresses_are_seen_by_who_may_change_the_policy(role: str) -> None:
    make_team("shop")
    save({"notify": [{"webhook": "https://example.org/?key=1"}]}, owner="shop")
    token = people.create_token(actor=HOST, name="x", role=role, now=clock.now()).token
    door = Client(headers={"authorization": f"Bearer {token}"})
    browser = signed_in("someone", shop=role)
    address = {"viewer": "… on example.org", "editor": "https://example.org/?key=1"}[role]

    [step] = door.get(PATH).json()["spec"]["steps"]
    [listed] = door.get("/api/v1/escalation-policies").json()["items"]
    [room] = door.get(f"{PATH}/rooms").json()
    page = text(browser.get("/on-call/-/policies/shop"))

    assert step == {"notify": [{"webhook": address}]}
    assert listed["spec"]["steps"] == [step]
    assert (room["address"], room["title"]) == (address, "example.org")
    assert room["has_secret"]
    for shown in (door.get("/api/v1/export").content.decode(), page):
        assert ("key=1" in shown) == (role == "editor")
    assert ("New secret" in page) == (role == "editor")


def test_who_may_change_the_policy_makes_its_secret_anew(ed: Actor) -> None:
    del ed
    make_team("shop")
    save({"notify": [{"webhook": "https://example.org/"}]}, owner="shop")
    [room] = queries.rooms_of(queries.policy_row("shop"), actor=HOST)
    path = f"/on-call/-/policies/shop/rooms/{room.id}/secret"

    shown = text(signed_in("editor", shop="editor").post(path))

    assert signing.secret_of(row_of()) in shown
    assert signed_in("vera").post(path).status_code == 403


def test_rooms_and_their_secrets_by_the_command_line() -> None:
    save({"notify": [{"webhook": "https://example.org/"}]})
    runner = CliRunner()
    transport.use(transport.Local())
    try:
        [row] = json.loads(runner.invoke(app, ["rooms", "shop", "--json"]).stdout)
        made = json.loads(runner.invoke(app, ["room-secret", "shop", row["id"], "--json"]).stdout)
        listed = runner.invoke(app, ["rooms", "shop"]).stdout
        unknown = runner.invoke(app, ["room-secret", "shop", "nothing"])
    finally:
        transport.use(None)

    assert made == {"secret": signing.secret_of(row_of())}
    assert row["id"] in listed
    assert isinstance(unknown.exception, NotFoundError), unknown.output
