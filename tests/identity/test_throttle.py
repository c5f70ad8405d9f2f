"""Guessing passwords and codes: by account, by address, by parallel tries; nobody is shut out."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import HOST, make_user
from watchkeeper.identity import usecases
from watchkeeper.identity.domain import throttle
from watchkeeper.identity.models import SignInTries, User
from watchkeeper.kernel import clock

PASSWORD = "a quiet harbour at night"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]


def make_alice() -> User:
    alice = make_user("alice")
    alice.email = "alice@example.org"
    alice.set_password(PASSWORD)
    alice.save()
    return alice


def sign_in(client: Client, login: str, password: str = "wrong", **more: Any) -> Any:
    return client.post("/account/login/", {"login": login, "password": password}, **more)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (5, 0), (6, 1), (7, 2), (8, 4), (14, 256), (15, 300), (10_000, 300)],
)
def test_the_wait_doubles_up_to_five_minutes(failures: int, seconds: int) -> None:
    wait = throttle.wait_after(failures, allowance=throttle.ACCOUNT)
    assert wait == timedelta(seconds=seconds)


def test_after_some_wrong_passwords_even_the_right_one_must_wait(fake_clock: FakeClock) -> None:
    make_alice()
    for _ in range(6):
        assert sign_in(Client(), "alice").status_code == 200

    refused = sign_in(Client(), "alice", PASSWORD)

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) == 1
    assert b"watchkeeper user link" in refused.content
    fake_clock.travel(seconds=1)
    assert sign_in(Client(), "alice", PASSWORD).status_code == 302


def test_a_wait_that_is_sat_out_is_followed_by_a_longer_one(fake_clock: FakeClock) -> None:
    make_alice()
    waits = []
    for _ in range(16):
        answer = sign_in(Client(REMOTE_ADDR="192.0.2.7"), "alice")
        while answer.status_code == 429:
            waits.append(int(answer["Retry-After"]))
            fake_clock.travel(seconds=waits[-1])
            answer = sign_in(Client(REMOTE_ADDR="192.0.2.7"), "alice")

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


def test_unknown_accounts_are_answered_as_known_ones() -> None:
    make_alice()
    bob = make_user("bob")
    bob.set_password(PASSWORD)
    bob.is_active = False
    bob.save()

    def told(login: str, password: str = "wrong") -> list[tuple[int, str, str]]:
        seen = []
        for _ in range(8):
            answer = sign_in(Client(), login, password)
            text = re.sub(r"[0-9a-zA-Z_-]{20,}", "", answer.content.decode())
            wait = answer.get("Retry-After", "")
            seen.append((answer.status_code, wait, text.replace(login, "")))
        return seen

    SignInTries.objects.all().delete()
    known = told("alice")
    assert told("nobody-here") == known
    assert told("bob", PASSWORD) == known, "a disabled account says nothing of itself"


def test_one_account_has_one_count_by_whichever_name_it_is_called() -> None:
    make_alice()
    for login in ("alice", "ALICE", "alice@example.org", " alice ", "Alice@Example.org", "alice"):
        sign_in(Client(), login)

    assert sign_in(Client(), "alice@example.org", PASSWORD).status_code == 429


def test_an_address_that_guesses_at_many_accounts_waits_and_others_do_not() -> None:
    make_alice()
    answers = [
        sign_in(Client(REMOTE_ADDR="192.0.2.7"), f"somebody-{number}").status_code
        for number in range(40)
    ]

    assert answers[:30] == [200] * 30
    assert 429 in answers[30:]
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), "alice", PASSWORD).status_code == 429
    assert sign_in(Client(REMOTE_ADDR="192.0.2.8"), "alice", PASSWORD).status_code == 302


def test_signing_in_as_oneself_in_between_does_not_give_a_guesser_more_tries() -> None:
    make_alice()
    mallory = make_user("mallory")
    mallory.set_password(PASSWORD)
    mallory.save()
    for number in range(31):
        if number % 5 == 0:
            sign_in(Client(REMOTE_ADDR="192.0.2.7"), "mallory", PASSWORD)
        sign_in(Client(REMOTE_ADDR="192.0.2.7"), f"somebody-{number}")

    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), "alice", PASSWORD).status_code == 429


def test_a_browser_that_is_known_is_not_made_to_wait_by_strangers() -> None:
    make_alice()
    own = Client(REMOTE_ADDR="192.0.2.1")
    assert sign_in(own, "alice", PASSWORD).status_code == 302
    own.post("/account/logout/")
    for number in range(12):
        sign_in(Client(REMOTE_ADDR=f"192.0.2.{number + 10}"), "alice")

    assert sign_in(Client(REMOTE_ADDR="192.0.2.99"), "alice", PASSWORD).status_code == 429
    assert sign_in(own, "alice", PASSWORD).status_code == 302
    assert own.get("/slos").status_code == 200


def test_a_known_browser_has_a_count_too_and_a_forged_one_is_a_stranger() -> None:
    make_alice()
    own = Client()
    sign_in(own, "alice", PASSWORD)
    own.post("/account/logout/")
    for _ in range(6):
        sign_in(own, "alice")
    assert sign_in(own, "alice", PASSWORD).status_code == 429

    for number in range(7):
        forger = Client()
        forger.cookies["wk_device"] = f'{{"1": "{number}"}}:forged'
        answer = sign_in(forger, "alice")
    assert answer.status_code == 429


def test_a_link_from_the_host_ends_the_wait_and_signs_in() -> None:
    make_alice()
    for _ in range(8):
        sign_in(Client(), "alice")
    path = usecases.make_link(actor=HOST, name="alice", now=clock.now())
    client = Client()

    assert client.post(path, {"password": PASSWORD + " again"}).status_code == 302
    assert client.get("/slos").status_code == 200
    assert sign_in(Client(), "alice", PASSWORD + " again").status_code == 302


@pytest.mark.parametrize("path", ["/account/reauthenticate/", "/account/password/change/"])
def test_a_stolen_session_cannot_guess_the_password(path: str) -> None:
    make_alice()
    client = Client()
    sign_in(client, "alice", PASSWORD)
    field = "password" if "reauthenticate" in path else "oldpassword"
    fresh = {"password1": "another quiet harbour", "password2": "another quiet harbour"}
    answers = [client.post(path, {field: f"guess {n}"} | fresh) for n in range(6)]
    assert {answer.status_code for answer in answers} == {200}

    refused = client.post(path, {field: PASSWORD} | fresh)

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1


@pytest.mark.django_db(transaction=True)
def test_tries_in_parallel_are_counted_each() -> None:
    make_alice()

    def guess(number: int) -> int:
        try:
            return int(sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), "alice").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(12)))

    assert answers.count(200) == 6, "the sixth is the first that is followed by a wait"
    assert answers.count(429) == 6
