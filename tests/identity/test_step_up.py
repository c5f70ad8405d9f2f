"""A session that is older than five minutes opens no further doors until its person proves it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import HOST, make_user
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import queries, usecases
from watchkeeper.identity.models import ApiToken, OneTimeLink, User, WebSession
from watchkeeper.kernel import clock
from watchkeeper.kernel.access import ConfirmationNeededError
from watchkeeper.kernel.errors import ForbiddenError
from watchkeeper.telemetry.models import Source

pytestmark = pytest.mark.django_db
PASSWORD = "a quiet harbour at night"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

TOKEN = {"name": "robot", "role": "viewer", "team": "", "days": "90"}
SOURCE = {"name": "prom", "url": "http://127.0.0.1:9", "login": "bearer", "bearer_token": "s3cret",
          "timeout_seconds": "10", "concurrency": "4", "per_second": "10"}  # fmt: skip
ADMIN = {"name": "carol", "email": "", "role": "admin"}
ACCOUNT = {"display_name": "Alice", "email": "new@example.org", "time_zone": "UTC"}


def admin() -> tuple[Client, User]:
    alice = make_user("alice", role="admin")
    alice.set_password(PASSWORD)
    alice.email = "old@example.org"
    alice.save()
    client = Client()
    client.force_login(alice, backend=BACKEND)
    return client, alice


@pytest.fixture(autouse=True)
def _codes_do_not_change_in_the_middle() -> Iterator[None]:
    """Begin at the start of a code's half minute, by the machine's clock, with none used."""
    cache.clear()  # where the library notes used codes, by ids that come again in each test
    with time_machine.travel(time.time() // 30 * 30 + 1, tick=True):  # noqa: TID251
        yield


def code(step: int = 0) -> str:
    now = int(time.time()) // 30 + step  # noqa: TID251  the library reads the machine's clock
    return str(format_hotp_value(hotp_value(SECRET, now)))


def made_token() -> bool:
    return ApiToken.objects.exists()


def made_source() -> bool:
    return Source.objects.exists()


def made_admin() -> bool:
    return User.objects.filter(role="admin").count() > 1


def changed_mail() -> bool:
    return User.objects.get(name="alice").email == "new@example.org"


DOORS: list[tuple[str, dict[str, str], Callable[[], bool]]] = [
    ("/tokens/-/new", TOKEN, made_token),
    ("/sources/-/new", SOURCE, made_source),
    ("/people/-/new", ADMIN, made_admin),
    ("/people/bob", {"email": "", "role": "admin", "is_active": "on"}, made_admin),
    ("/account", ACCOUNT, changed_mail),
]


@pytest.mark.parametrize(("path", "body", "is_done"), DOORS, ids=[door[0] for door in DOORS])
def test_what_opens_further_doors_asks_again_after_five_minutes(
    path: str, body: dict[str, str], is_done: Callable[[], bool], fake_clock: FakeClock
) -> None:
    client, _ = admin()
    make_user("bob")
    fake_clock.travel(minutes=5)
    before = AuditEntry.objects.count()

    stale = client.post(path, body)
    assert stale.status_code == 422
    assert not is_done()
    assert AuditEntry.objects.count() == before
    assert b"Confirm that it is you" in stale.content
    assert b'name="confirm_person"' in stale.content
    kept = body.get("name") or body.get("display_name") or "admin"
    assert kept.encode() in stale.content, "what was typed is still there"

    wrong = client.post(path, body | {"confirm_person": "not it"})
    assert wrong.status_code == 422
    assert b"neither your password nor a code" in wrong.content
    assert not is_done()

    right = client.post(path, body | {"confirm_person": PASSWORD})
    assert right.status_code in {200, 302}, right.content
    assert is_done()


@pytest.mark.parametrize(("path", "body", "is_done"), DOORS, ids=[door[0] for door in DOORS])
def test_just_after_signing_in_nobody_is_asked_again(
    path: str, body: dict[str, str], is_done: Callable[[], bool], fake_clock: FakeClock
) -> None:
    client, _ = admin()
    make_user("bob")
    fake_clock.travel(minutes=4, seconds=59)

    assert b"confirm_person" not in client.get(path).content
    assert client.post(path, body).status_code in {200, 302}
    assert is_done()


@pytest.mark.parametrize("path", ["/tokens/-/new", "/sources/-/new", "/people/-/new"])
def test_where_it_will_be_needed_it_is_asked_for_before_anything_is_typed(
    path: str, fake_clock: FakeClock
) -> None:
    client, _ = admin()
    fake_clock.travel(minutes=6)

    assert b'name="confirm_person"' in client.get(path).content


def test_the_proof_holds_for_five_minutes_on_every_page(fake_clock: FakeClock) -> None:
    client, _ = admin()
    fake_clock.travel(minutes=6)
    client.post("/tokens/-/new", TOKEN | {"confirm_person": PASSWORD})
    fake_clock.travel(minutes=4)

    assert client.post("/people/-/new", ADMIN).status_code == 200
    fake_clock.travel(minutes=1)
    assert client.post("/tokens/-/new", TOKEN | {"name": "other"}).status_code == 422


def test_the_librarys_own_page_confirms_too_and_a_link_asks_there(fake_clock: FakeClock) -> None:
    client, _ = admin()
    make_user("bob")
    fake_clock.travel(minutes=6)

    asked = client.post("/people/bob/link")
    assert asked.status_code == 302
    assert asked["Location"] == "/account/reauthenticate/?next=%2Fpeople%2Fbob"
    assert not OneTimeLink.objects.exists()
    done = client.post(asked["Location"], {"password": PASSWORD})
    assert (done.status_code, done["Location"]) == (302, "/people/bob")
    assert client.post("/people/bob/link").status_code == 200


def test_a_code_confirms_once_and_never_again(fake_clock: FakeClock) -> None:
    client, alice = admin()
    TOTP.activate(alice, SECRET)
    fake_clock.travel(minutes=6)
    used = code()

    assert client.post("/tokens/-/new", TOKEN | {"confirm_person": used}).status_code == 200
    fake_clock.travel(minutes=6)
    again = client.post("/tokens/-/new", TOKEN | {"name": "two", "confirm_person": used})
    assert again.status_code == 422
    assert ApiToken.objects.count() == 1


def test_guessing_the_proof_is_made_to_wait(fake_clock: FakeClock) -> None:
    client, _ = admin()
    fake_clock.travel(minutes=6)
    for number in range(6):
        client.post("/tokens/-/new", TOKEN | {"confirm_person": f"guess {number}"})

    refused = client.post("/tokens/-/new", TOKEN | {"confirm_person": PASSWORD})

    assert refused.status_code == 429
    assert "Retry-After" in refused
    assert not made_token()


def test_a_form_from_elsewhere_cannot_try_a_proof(fake_clock: FakeClock) -> None:
    _, alice = admin()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice, backend=BACKEND)
    fake_clock.travel(minutes=6)

    refused = strict.post("/tokens/-/new", TOKEN | {"confirm_person": PASSWORD})

    assert refused.status_code == 403
    assert WebSession.objects.filter(confirmed_at=fake_clock.now).count() == 0


@pytest.mark.parametrize(
    "path", ["/account/2fa/totp/activate/", "/account/2fa/recovery-codes/generate/"]
)
def test_the_second_factor_is_changed_only_after_a_proof(path: str) -> None:
    client, _ = admin()

    for answer in (client.get(path), client.post(path, {"code": "123456"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/reauthenticate/")
    assert not Authenticator.objects.exists()


def test_a_token_makes_no_admin_and_opens_no_admins_door() -> None:
    _, alice = admin()
    now = clock.now()
    made = usecases.create_token(actor=HOST, name="robot", role="admin", now=now)
    robot = queries.actor_of_token(made.token, now=now)
    assert robot is not None
    make_user("bob")

    attempts: list[Callable[[], Any]] = [
        lambda: usecases.create_person(actor=robot, name="carol", email="", role="admin", now=now),
        lambda: usecases.change_person(actor=robot, name="bob", role="admin", now=now),
        lambda: usecases.make_link(actor=robot, name=alice.name, now=now),
    ]
    for attempt in attempts:
        with pytest.raises(ForbiddenError, match="A token cannot make admins"):
            attempt()
    assert usecases.make_link(actor=robot, name="bob", now=now).startswith("/link/")


def test_a_stale_person_is_refused_below_the_doors_as_well() -> None:
    _, alice = admin()
    stale = queries.actor_of_user(alice, via="web", is_confirmed=False)

    with pytest.raises(ConfirmationNeededError):
        usecases.create_token(actor=stale, name="robot", role="viewer", now=clock.now())


def test_a_reset_by_an_admin_still_asks_for_the_second_factor() -> None:
    _, alice = admin()
    TOTP.activate(alice, SECRET)
    actor = queries.actor_of_user(alice, via="web")
    path = usecases.make_link(actor=actor, name="alice", now=clock.now())
    stranger = Client()

    half = stranger.post(path, {"password": "another quiet harbour"})

    assert (half.status_code, half["Location"]) == (302, "/account/2fa/authenticate/")
    assert stranger.get("/slos").status_code == 302
    assert stranger.post(half["Location"], {"code": "000000"}).status_code == 200
    assert stranger.post(half["Location"], {"code": code()}).status_code == 302
    assert stranger.get("/slos").status_code == 200


def test_a_link_from_the_host_lets_in_who_lost_their_second_factor() -> None:
    _, alice = admin()
    TOTP.activate(alice, SECRET)
    path = usecases.make_link(actor=HOST, name="alice", now=clock.now())
    client = Client()

    assert client.post(path, {"password": "another quiet harbour"}).status_code == 302
    assert client.get("/slos").status_code == 200


def test_a_code_opens_one_sign_in_only_and_clocks_may_be_half_a_minute_apart() -> None:
    _, alice = admin()
    TOTP.activate(alice, SECRET)
    early = code(-1)

    def sign_in() -> int:
        client = Client()
        client.post("/account/login/", {"login": "alice", "password": PASSWORD})
        client.post("/account/2fa/authenticate/", {"code": early})
        return int(client.get("/slos").status_code)

    assert sign_in() == 200
    assert sign_in() == 302


def test_secrets_of_second_factors_lie_sealed_in_the_database() -> None:
    client, alice = admin()
    TOTP.activate(alice, SECRET)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.post("/account/2fa/recovery-codes/generate/")
    page = client.get("/account/2fa/recovery-codes/")
    codes = page.context["unused_codes"]
    stored = " ".join(str(row.data) for row in Authenticator.objects.all())
    stored += " ".join(str(row.get_decoded()) for row in Session.objects.all())

    assert len(codes) == 10
    assert SECRET not in stored
    assert not [code for code in codes if code in stored]
    again = client.get("/account/2fa/recovery-codes/").content.decode()
    assert not [code for code in codes if code in again], "codes are told once"


def test_guessing_codes_is_made_to_wait() -> None:
    _, alice = admin()
    TOTP.activate(alice, SECRET)
    client = Client()
    client.post("/account/login/", {"login": "alice", "password": PASSWORD})
    for number in range(6):
        client.post("/account/2fa/authenticate/", {"code": f"{number:06}"})

    refused = client.post("/account/2fa/authenticate/", {"code": code()})

    assert refused.status_code == 429
    assert client.get("/slos").status_code == 302
