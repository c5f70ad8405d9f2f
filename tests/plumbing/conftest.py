"""The doors of ``doors.py`` behind the real outer middleware."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings


@pytest.fixture
def doors(settings: Settings) -> Client:
    settings.ROOT_URLCONF = "tests.plumbing.doors"
    settings.MIDDLEWARE = [
        "watchkeeper.plumbing.middleware.RequestMiddleware",
        "tests.plumbing.doors.NamedActors",
        "watchkeeper.plumbing.idempotency.IdempotencyMiddleware",
    ]
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    return Client(raise_request_exception=False)
