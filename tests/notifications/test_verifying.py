"""A person proves that they answer at a contact, by a code that is sent there."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST, actor_for, make_user
from tests.notifications.sending import Pager
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import usecases as identity
from watchkeeper.identity.models import User
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain import verifying as rules
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.notifications.models import Contact, Delivery, SentCode
from watchkeeper.notifications.usecases import CodeLimitError, NoCodeError

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(pager: Pager) -> Actor:
    """Alice with one contact that she set herself, unverified."""
    actor = actor_for(User.objects.get(name="alice"))
    save(actor, pager.phone.url("/hook"))
    Contact.objects.update(verified=False, is_by_admin=True)
    return actor


def save(
    actor: Actor, address: str, *, verified: bool = False, origin: Origin = Origin.API
) -> None:
    spec = PagingSpec((ContactSpec("hook", "webhook", address, verified=verified),))
    usecases.save_paging(actor=actor, person="alice", spec=spec, origin=origin, now=clock.now())


def send(actor: Actor, *, now: dt.datetime | None = None) -> str:
    made = usecases.send_code(actor=actor, person="alice", contact="hook", now=now or clock.now())
    return made.page_id


def verify(actor: Actor, code: str, *, now: dt.datetime | None = None) -> None:
    usecases.verify(actor=actor, person="alice", contact="hook", code=code, now=now or clock.now())


def code_in(call: dict[str, Any]) -> str:
    title: str = json.loads(call["body"])["title"]
    code, _, rest = title.partition(" ")
    assert rest == "is your Watchkeeper code for the contact hook"
    return code


def is_verified() -> bool:
    return Contact.objects.get(name="hook").verified


def test_who_types_the_code_that_was_sent_is_paged_there(pager: Pager, alice: Actor) -> None:
    assert queries.reachable(["alice"]) == set()
    page = send(alice)
    pager.until(lambda: pager.state(page) == "delivered")
    [call] = pager.phone.calls()

    verify(alice, code_in(call))

    assert queries.reachable(["alice"]) == {"alice"}
    assert Contact.objects.get().proved_at is not None
    with pytest.raises(NoCodeError):  # a code is good once
        verify(alice, code_in(call))


def test_the_code_is_stored_nowhere(pager: Pager, alice: Actor) -> None:
    page = send(alice)
    pager.until(lambda: pager.state(page) == "delivered")
    code = code_in(pager.phone.calls()[0])

    rows = [*Delivery.objects.values(), *SentCode.objects.values(), *AuditEntry.objects.values()]
    assert code not in str(rows)


def test_after_five_wrong_tries_the_right_code_is_refused_too(pager: Pager, alice: Actor) -> None:
    page = send(alice)
    pager.until(lambda: pager.state(page) == "delivered")
    code = code_in(pager.phone.calls()[0])
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for left in ("4 more tries", "3 more tries", "2 more tries", "1 more try", "send a new one"):
        with pytest.raises(InvalidError, match=left):
            verify(alice, wrong)

    with pytest.raises(NoCodeError):
        verify(alice, code)

    assert not is_verified()


@pytest.mark.parametrize("how", ["old", "another", "moved"])
def test_a_code_that_is_not_good_any_more_is_refused(pager: Pager, alice: Actor, how: str) -> None:
    page = send(alice)
    pager.until(lambda: pager.state(page) == "delivered")
    code, now = code_in(pager.phone.calls()[0]), clock.now()
    if how == "old":
        now += rules.LIFE
    elif how == "another":
        send(alice, now=now + dt.timedelta(seconds=1))
    else:
        save(alice, pager.phone.url("/elsewhere"))

    with pytest.raises((NoCodeError, InvalidError)):
        verify(alice, code, now=now)

    assert not is_verified()


def test_a_code_that_could_not_be_sent_in_time_is_not_sent_late(
    pager: Pager, alice: Actor
) -> None:
    page = send(alice, now=clock.now() - rules.LIFE)
    pager.until(lambda: pager.state(page) == "cancelled")

    assert pager.paths() == []


def test_an_address_gets_three_codes_an_hour(alice: Actor) -> None:
    for _ in range(3):
        send(alice)

    with pytest.raises(CodeLimitError, match="3 codes in an hour") as caught:
        send(alice)

    assert 3500 < (caught.value.retry_after_seconds or 0) <= 3601
    send(alice, now=clock.now() + dt.timedelta(minutes=61))


def test_what_was_proved_stays_while_the_address_does(pager: Pager, alice: Actor) -> None:
    Contact.objects.update(verified=True, proved_at=clock.now())
    address = pager.phone.url("/hook")

    save(HOST, address, origin=Origin.FILE)
    assert is_verified()
    save(HOST, pager.phone.url("/other"), origin=Origin.FILE)
    assert not is_verified()


def test_what_an_admin_vouched_for_goes_when_the_admin_takes_it_back(
    pager: Pager, alice: Actor
) -> None:
    address = pager.phone.url("/hook")
    save(HOST, address, verified=True)
    assert is_verified()

    save(HOST, address)

    assert not is_verified()


def test_nobody_else_sends_or_types_codes(alice: Actor) -> None:
    bob = actor_for(make_user("bob", role="manager"))

    with pytest.raises(ForbiddenError):
        send(bob)
    with pytest.raises(ForbiddenError):
        verify(bob, "123456")


def test_without_a_code_there_is_nothing_to_type(alice: Actor) -> None:
    with pytest.raises(ConflictError, match="send a new one"):
        verify(alice, "123456")


def test_the_doors_answer_as_the_rules_say(alice: Actor) -> None:
    made = identity.create_token(actor=HOST, name="admin", role="admin", now=clock.now())
    door = Client(headers={"authorization": f"Bearer {made.token}"})
    path = "/api/v1/people/alice/contacts"

    answers = [
        door.post(f"{path}/hook/code").status_code,
        door.post(f"{path}/fax/code").status_code,
        door.post(f"{path}/hook/code").status_code,
        door.post(f"{path}/hook/code").status_code,
        door.post(f"{path}/hook/code").status_code,
    ]
    assert answers == [202, 404, 202, 202, 429]
    body = json.dumps({"code": "nothing"})
    assert (
        door.post(f"{path}/hook/verify", body, content_type="application/json").status_code == 422
    )
