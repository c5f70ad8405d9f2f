"""Contacts by the API, and who may see and set what of them."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST, actor_for, make_user
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ForbiddenError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.notifications.models import Contact, Delivery

pytestmark = pytest.mark.django_db
HOOK = {"name": "hook", "channel": "webhook", "address": "https://example.org/h", "verified": True}
MAIL = {"name": "mail", "channel": "email", "address": "alice@example.org"}
BODY = {"contacts": [HOOK, MAIL], "rules": {"high": [{"contact": "hook", "after": "5m"}]}}
PATH = "/api/v1/people/alice/contacts"


def client(role: str = "admin") -> Client:
    made = identity.create_token(actor=HOST, name=role, role=role, now=clock.now())
    return Client(headers={"authorization": f"Bearer {made.token}"})


def put(door: Client, body: Any = BODY, path: str = PATH) -> Any:
    return door.put(path, json.dumps(body), content_type="application/json")


def save(actor: Actor, *contacts: ContactSpec) -> usecases.Saved:
    return usecases.save_paging(
        actor=actor,
        person="alice",
        spec=PagingSpec(contacts),
        origin=Origin.API,
        now=clock.now(),
    )


def test_contacts_come_back_as_they_were_put_and_a_secret_is_told_once() -> None:
    make_user("alice")
    door = client()

    answer = put(door)

    assert answer.status_code == 200, answer.content
    assert list(answer.json()["secrets"]) == ["hook"]
    shown = door.get(PATH).json()
    assert [(c["name"], c["address"], c["verified"]) for c in shown["contacts"]] == [
        ("hook", "https://example.org/h", True),
        ("mail", "alice@example.org", False),
    ]
    assert shown["rules"] == {"high": [{"contact": "hook", "after": "5m"}]}
    assert put(door).json()["secrets"] == {}
    sealed = Contact.objects.get(name="hook").sealed_secret
    assert answer.json()["secrets"]["hook"] not in sealed + str(shown)


def test_others_see_masked_addresses() -> None:
    make_user("alice")
    put(client())

    shown = client("manager").get(PATH).json()

    assert [contact["address"] for contact in shown["contacts"]] == ["…", "a…@e…"]


def test_a_person_sets_their_own_contacts_but_cannot_call_them_verified() -> None:
    alice, bob = actor_for(make_user("alice")), actor_for(make_user("bob"))
    mail = ContactSpec("mail", "email", "alice@example.org", verified=True)

    save(alice, mail)
    assert not Contact.objects.get().verified

    save(HOST, mail)
    assert Contact.objects.get().verified
    save(alice, ContactSpec("mail", "email", "alice@example.org"))
    assert Contact.objects.get().verified  # nothing moved
    save(alice, ContactSpec("mail", "email", "alice@example.com", verified=True))
    assert not Contact.objects.get().verified
    row = queries.paging_of("alice", actor=alice)
    assert row is not None
    assert row.contacts[0].address == "alice@example.com"
    with pytest.raises(ForbiddenError):
        save(bob, mail)


def test_an_address_that_a_person_set_stays_theirs_when_an_admin_saves_it_unchanged() -> None:
    alice = actor_for(make_user("alice"))
    hook = ContactSpec("hook", "webhook", "http://10.0.0.1/")
    save(alice, hook)

    save(HOST, hook, ContactSpec("mail", "email", "a@example.org"))

    assert not Contact.objects.get(name="hook").is_by_admin
    save(HOST, ContactSpec("hook", "webhook", "http://10.0.0.2/"))
    assert Contact.objects.get(name="hook").is_by_admin
    save(alice, ContactSpec("hook", "webhook", "http://10.0.0.3/"))
    assert not Contact.objects.get(name="hook").is_by_admin


def test_only_an_admin_may_name_a_secret_kept_elsewhere() -> None:
    alice = actor_for(make_user("alice"))

    with pytest.raises(InvalidError, match="only an admin"):
        save(alice, ContactSpec("hook", "webhook", "https://x/", secret="${env:HOME}"))


def test_a_secret_can_be_made_anew() -> None:
    make_user("alice")
    door = client()
    put(door)
    before = Contact.objects.get(name="hook").sealed_secret

    answer = door.post(f"{PATH}/hook/secret")

    assert answer.status_code == 201
    assert Contact.objects.get(name="hook").sealed_secret != before
    assert door.post(f"{PATH}/mail/secret").status_code == 404


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"contacts": [HOOK | {"address": "nowhere"}], "rules": {}}, "contacts[0].address"),
        ({"rules": {"high": [{"contact": "hook", "after": "soon"}]}}, "rules.high[0].after"),
        ({"rules": {"high": [{"contact": "fax"}]}}, "rules.high[0].contact"),
    ],
)
def test_faults_are_told_with_their_place(change: dict[str, Any], path: str) -> None:
    make_user("alice")

    answer = put(client(), BODY | change)

    assert answer.status_code == 422, answer.content
    assert path in [error["path"] for error in answer.json()["errors"]]
    assert Contact.objects.count() == 0


def test_a_person_that_does_not_exist_has_no_contacts() -> None:
    assert put(client()).status_code == 404
    assert client("viewer").get(PATH).status_code == 404


def test_a_test_page_goes_to_all_that_can_be_called_or_to_the_one_that_is_named() -> None:
    make_user("alice")
    door = client()
    put(door)

    answer = door.post("/api/v1/people/alice/test-page", "{}", content_type="application/json")

    assert answer.status_code == 202, answer.content
    [page] = answer.json()["pages"]
    assert page["contact"] == "hook"
    shown = door.get(f"/api/v1/pages/{page['page_id']}").json()
    assert (shown["state"], shown["is_test"], shown["person"]) == ("scheduled", True, "alice")
    for contact, status in (("mail", 422), ("fax", 404)):
        body = json.dumps({"contact": contact})
        path = "/api/v1/people/alice/test-page"
        assert door.post(path, body, content_type="application/json").status_code == status
    assert Delivery.objects.count() == 1


def test_the_log_holds_no_address_and_no_name() -> None:
    make_user("alice")
    put(client())

    entries = AuditEntry.objects.filter(action__startswith="contact")

    assert [entry.action for entry in entries] == ["contacts.saved"]
    assert "alice" not in str([entry.detail for entry in entries])


def test_contacts_can_be_removed_and_the_account_stays() -> None:
    make_user("alice")
    door = client()
    put(door)

    assert door.delete(PATH).status_code == 204

    shown = door.get(PATH).json()
    assert (shown["contacts"], shown["rules"], shown["origin"]) == ([], {}, "")


def test_which_notices_a_person_wants_is_kept_until_they_say_otherwise() -> None:
    make_user("alice")
    door = client()
    assert put(door).json()["notices"] == {
        "start": True, "end": False, "changes": True, "before": "15m", "contacts": [],
    }  # fmt: skip

    wanted = {"start": False, "end": True, "changes": False, "before": "1h", "contacts": ["mail"]}
    put(door, BODY | {"notices": wanted})
    put(door)  # says nothing of them

    assert door.get(PATH).json()["notices"] == wanted


@pytest.mark.parametrize(
    ("wanted", "path"),
    [({"before": "2d"}, "notices.before"), ({"contacts": ["gone"]}, "notices.contacts[0]")],
)
def test_notices_that_cannot_be_are_refused(wanted: dict[str, Any], path: str) -> None:
    make_user("alice")

    answer = put(client(), BODY | {"notices": wanted})

    assert answer.status_code == 422, answer.content
    assert path in answer.content.decode()


def test_quiet_hours_come_back_as_they_were_put_and_go_when_they_are_left_out() -> None:
    make_user("alice")
    door = client()
    hours = {"start": "22:00", "end": "07:00"}

    assert put(door, BODY | {"quiet_hours": hours}).json()["quiet_hours"] == hours
    assert door.get(PATH).json()["quiet_hours"] == hours
    for wrong in (
        {"start": "25:00", "end": "07:00"},
        {"start": "7:00"},
        {"start": "9:00", "end": ""},
    ):
        assert put(door, BODY | {"quiet_hours": wrong}).status_code == 422
    same = put(door, BODY | {"quiet_hours": {"start": "07:00", "end": "07:00"}})
    assert same.status_code == 422
    assert put(door).json()["quiet_hours"] is None
