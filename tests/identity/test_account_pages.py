"""The pages that allauth draws stand in our frame, and the second factor guards the door."""

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a quiet harbour at night"


def signed_in() -> Client:
    alice = make_user("alice")
    alice.set_password(PASSWORD)
    alice.save()
    client = Client()
    client.post("/account/login/", {"login": "alice", "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def code_for(secret: str) -> str:
    import time

    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))  # noqa: TID251


@pytest.mark.parametrize(
    "path",
    [
        "/account/2fa/",
        "/account/2fa/totp/activate/",
        "/account/password/change/",
        "/account/logout/",
    ],
)
def test_every_account_page_is_drawn_in_our_frame(path: str) -> None:
    page = signed_in().get(path)

    assert page.status_code == 200
    assert b"ui/app.css" in page.content
    assert b" style=" not in page.content.replace(b'style="width', b"")


def test_a_second_factor_is_asked_for_once_it_is_on() -> None:
    client = signed_in()
    page = client.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    activated = client.post("/account/2fa/totp/activate/", {"code": code_for(secret)})
    assert activated.status_code == 302

    stranger = Client()
    half = stranger.post("/account/login/", {"login": "alice", "password": PASSWORD})

    assert half.status_code == 302
    assert "2fa" in half["Location"]
    assert stranger.get("/slos").status_code == 302
