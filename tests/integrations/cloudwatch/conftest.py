"""Amazon SNS on loopback: its certificate, and the address that confirms."""

import datetime as dt
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.conftest import NOON
from tests.integrations.cloudwatch.signing import Signer, make_signer
from watchkeeper.integrations.cloudwatch import certificates

CERTIFICATE = "/SimpleNotificationService-0a1b2c.pem"


@pytest.fixture(scope="session")
def key_pair() -> Signer:
    return make_signer(begins=NOON - dt.timedelta(days=1))


@pytest.fixture
def sns(key_pair: Signer, httpserver: HTTPServer) -> Iterator[Signer]:
    """A signer whose certificate stands on loopback, which the settings name."""
    certificates.forget()
    httpserver.expect_request(CERTIFICATE).respond_with_data(key_pair.certificate)
    key_pair.url = httpserver.url_for(CERTIFICATE)
    yield key_pair
    certificates.forget()
