"""A one-time link lets its person in, and the session that begins is a real one."""

import pytest
from django.test import Client

from tests.factories import HOST, make_user
from watchkeeper.identity import usecases
from watchkeeper.kernel import clock

pytestmark = pytest.mark.django_db
PASSWORD = "a quiet harbour at night"


def test_looking_at_a_link_uses_nothing_up_and_using_it_signs_in() -> None:
    make_user("alice")
    path = usecases.make_link(actor=HOST, name="alice", now=clock.now())
    client = Client()

    assert client.get(path).status_code == 200
    assert client.get(path).status_code == 200
    refused = client.post(path, {"password": "short"})
    assert refused.status_code == 422
    assert b"too short" in refused.content
    assert client.post(path, {"password": PASSWORD}).status_code == 302
    assert client.get("/slos").status_code == 200
    assert client.get(path).status_code == 404


def test_the_set_up_link_makes_an_admin_who_is_signed_in() -> None:
    path = usecases.setup_path(now=clock.now())
    assert path is not None
    client = Client()

    assert client.get("/slos").status_code == 503
    assert client.post(path, {"name": "alice", "password": PASSWORD}).status_code == 302
    assert client.get("/slos").status_code == 200


def test_what_the_host_made_meanwhile_leaves_the_set_up_link_its_use_until_there_is_an_admin() -> (
    None
):
    path = usecases.setup_path(now=clock.now())
    assert path is not None
    make_user("carl", role="viewer")
    client = Client()

    assert client.get(path).status_code == 200
    assert client.post(path, {"name": "alice", "password": PASSWORD}).status_code == 302
    assert client.get("/people").status_code == 200


def test_a_set_up_link_says_at_once_that_there_is_an_admin() -> None:
    path = usecases.setup_path(now=clock.now())
    assert path is not None
    make_user("ada", role="admin")

    answer = Client().get(path)
    assert answer.status_code == 404
    assert b"there is an admin" in answer.content


def test_signing_in_with_a_wrong_password_says_so_and_with_the_right_one_lets_in() -> None:
    alice = make_user("alice")
    alice.set_password(PASSWORD)
    alice.save()
    client = Client()

    wrong = client.post("/account/login/", {"login": "alice", "password": "nope"})
    assert wrong.status_code == 200
    assert b"not correct" in wrong.content
    right = client.post("/account/login/", {"login": "alice", "password": PASSWORD})
    assert right.status_code == 302
    assert client.get("/slos").status_code == 200
