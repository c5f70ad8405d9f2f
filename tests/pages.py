"""Browsers that somebody is signed in with, and what they were shown."""

from typing import Any

from django.test import Client

from tests.factories import make_user

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PASSWORD = "correct horse battery 9"


def signed_in(name: str, role: str = "viewer", **teams: str) -> Client:
    """Return the browser of a new person with a password; ``teams`` gives roles by team."""
    client = Client()
    user = make_user(name, role=role, teams=teams)
    user.set_password(PASSWORD)
    user.save()
    client.force_login(user, backend=BACKEND)
    return client


def text(answer: Any) -> str:
    """Return the page of an answer."""
    return str(answer.content.decode())
