"""People: what disabling ends, and who gets a link."""

import pytest
from django.test import Client

from tests.factories import HOST, actor_for, make_user
from watchkeeper.identity import queries, usecases
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import ConflictError, InvalidError

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PASSWORD = "a quiet harbour at night"


@pytest.fixture
def admin() -> None:
    alice = make_user("alice", role="admin")
    alice.set_password(PASSWORD)
    alice.save()


def is_active(name: str) -> bool:
    row = queries.person_by_name(name)
    assert row is not None
    return row.is_active


@pytest.mark.usefixtures("admin")
def test_a_link_made_before_somebody_was_disabled_lets_nobody_in() -> None:
    make_user("bob")
    path = usecases.make_link(actor=HOST, name="bob", now=clock.now())
    usecases.change_person(actor=HOST, name="bob", is_active=False, now=clock.now())

    assert Client().post(path, {"password": PASSWORD}).status_code == 404
    assert not is_active("bob")


def test_only_the_host_makes_a_link_for_somebody_who_may_not_sign_in() -> None:
    alice = make_user("alice", role="admin")
    make_user("bob")
    usecases.change_person(actor=HOST, name="bob", is_active=False, now=clock.now())

    with pytest.raises(ConflictError, match="may not sign in"):
        usecases.make_link(actor=actor_for(alice), name="bob", now=clock.now())
    path = usecases.make_link(actor=HOST, name="bob", now=clock.now())
    assert Client().post(path, {"password": PASSWORD}).status_code == 302
    assert is_active("bob")


@pytest.mark.parametrize("text", ["bob", "bob@", "@example.org", "bob bob@example.org"])
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    make_user("bob")

    with pytest.raises(InvalidError, match="mail address"):
        usecases.change_person(actor=HOST, name="bob", email=text, now=clock.now())
    with pytest.raises(InvalidError, match="mail address"):
        usecases.create_person(
            actor=HOST, name="carol", email=text, role="viewer", now=clock.now()
        )
