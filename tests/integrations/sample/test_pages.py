"""Sample data is labelled on every screen and removed in one action."""

import pytest
from django.test import Client

from tests.factories import HOST, make_user
from watchkeeper.integrations.sample import queries, usecases
from watchkeeper.kernel import clock

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def signed_in(name: str, role: str) -> Client:
    user = make_user(name, role=role)
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_sample_data_is_labelled_until_an_admin_starts_clean() -> None:
    usecases.load_if_empty(actor=HOST, now=clock.now(), progress=lambda text: None)
    admin, viewer = signed_in("zoe", "admin"), signed_in("yan", "viewer")

    assert b"Sample data" in viewer.get("/slos").content
    assert viewer.post("/sample/clean").status_code == 403
    assert queries.is_loaded()
    assert b"Remove the sample" in admin.get("/sample/clean").content
    assert queries.is_loaded()
    assert admin.post("/sample/clean").status_code == 302

    assert not queries.is_loaded()
    assert b"Sample data" not in admin.get("/slos").content
