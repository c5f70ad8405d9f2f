"""How long a sign-in holds, what ends it, and that a person sees and ends their own."""

import datetime as dt

import pytest
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import HOST, make_user
from watchkeeper.identity import queries, usecases
from watchkeeper.identity.models import User, WebSession
from watchkeeper.kernel import clock

pytestmark = pytest.mark.django_db
PASSWORD = "a quiet harbour at night"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def signed_in_from(address: str, browser: str) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=browser)
    client.post("/account/login/", {"login": "alice", "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/slos").status_code == 200


def test_a_session_ends_after_eight_hours_without_use(fake_clock: FakeClock) -> None:
    client = signed_in(make_user("alice"))
    fake_clock.travel(hours=7, minutes=59)
    assert is_in(client)
    fake_clock.travel(hours=7, minutes=59)
    assert is_in(client), "use carries it on"
    fake_clock.travel(hours=8)

    assert not is_in(client)
    assert not WebSession.objects.exists()


def test_a_session_ends_after_seven_days_however_much_it_is_used(fake_clock: FakeClock) -> None:
    client = signed_in(make_user("alice"))
    for _ in range(7 * 24 // 6 - 1):
        fake_clock.travel(hours=6)
        assert is_in(client)
    fake_clock.travel(hours=6)

    assert not is_in(client)


def test_a_cookie_without_its_session_opens_nothing_and_never_again() -> None:
    client = signed_in(make_user("alice"))
    WebSession.objects.all().delete()

    assert not is_in(client)
    assert not is_in(client)
    assert not WebSession.objects.exists()


def test_signing_in_gives_the_browser_another_number() -> None:
    alice = make_user("alice")
    client = Client()
    client.get("/account/login/")
    client.force_login(alice, backend=BACKEND)
    first = client.cookies["wk_session"].value
    client.post("/account/logout/")
    client.force_login(alice, backend=BACKEND)

    assert client.cookies["wk_session"].value != first
    assert WebSession.objects.count() == 1, "signing out ended the first"


def test_disabling_a_person_ends_every_door_at_once() -> None:
    alice = make_user("alice", role="admin")
    browsers = [signed_in(alice), signed_in(alice)]
    now = clock.now()
    actor = queries.actor_of_user(alice, via="web")
    token = usecases.create_token(actor=actor, name="robot", role="viewer", now=now).token
    link = usecases.make_link(actor=HOST, name="alice", now=now)

    usecases.change_person(actor=HOST, name="alice", is_active=False, now=now)
    usecases.change_person(actor=HOST, name="alice", is_active=True, now=now)

    assert not any(is_in(browser) for browser in browsers)
    assert queries.actor_of_token(token, now=now) is None
    assert Client().get(link).status_code == 404


def test_people_see_where_they_are_signed_in_and_end_it() -> None:
    alice = make_user("alice")
    alice.set_password(PASSWORD)
    alice.save()
    here = signed_in_from("192.0.2.1", "Here/1")
    there = signed_in_from("192.0.2.2", "There/1")
    far = signed_in_from("192.0.2.3", "<b>Far</b>")
    for browser in (here, there, far):
        assert is_in(browser)
    page = here.get("/account").content.decode()
    assert "192.0.2.2" in page
    assert "&lt;b&gt;Far" in page

    one = WebSession.objects.order_by("pk")[1]
    assert here.post("/account/sessions/end", {"session": str(one.pk)}).status_code == 302
    assert (is_in(here), is_in(there), is_in(far)) == (True, False, True)
    here.post("/account/sessions/end")
    assert (is_in(here), is_in(far)) == (True, False)


def test_nobody_ends_anothers_session_but_an_admin() -> None:
    alice, bob = make_user("alice"), make_user("bob")
    victim, stranger = signed_in(bob), signed_in(alice)
    number = WebSession.objects.get(user=bob).pk

    assert stranger.post("/account/sessions/end", {"session": str(number)}).status_code == 404
    assert is_in(victim)
    usecases.end_session(actor=HOST, name="bob", session_id=number, now=clock.now())
    assert not is_in(victim)


def test_sessions_that_are_over_are_forgotten(fake_clock: FakeClock) -> None:
    signed_in(make_user("alice"))
    assert usecases.forget_sessions(now=fake_clock.now) == 0
    assert usecases.forget_sessions(now=fake_clock.now + dt.timedelta(hours=8)) == 1
