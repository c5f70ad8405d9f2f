"""A service's page shows its SLOs, and the catalogue knows what measures a service."""

import datetime as dt

import pytest
from django.test import Client

from tests.factories import make_minutes, make_slo, make_user, slo_document
from watchkeeper.catalog import queries as catalog
from watchkeeper.slos import usecases
from watchkeeper.slos.views.service_panel import SloWatch

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
pytestmark = pytest.mark.django_db


def signed_in() -> Client:
    client = Client()
    client.force_login(make_user("alice", role="viewer"), backend=BACKEND)
    return client


def test_a_service_page_lists_its_slos_worst_first(now: dt.datetime) -> None:
    make_slo(slo_document("good"))
    make_slo(slo_document("bad"))
    make_minutes("good", now, (60, 100, 100))
    make_minutes("bad", now, (60, 50, 100))
    usecases.tick(now=now)

    page = signed_in().get("/services/shop").content.decode()

    assert page.index("/slos/bad") < page.index("/slos/good")
    assert "Exhausted" in page


def test_the_worst_state_stands_for_the_service(now: dt.datetime) -> None:
    make_slo(slo_document("good"))
    make_slo(slo_document("bad"))
    make_minutes("good", now, (60, 100, 100))
    make_minutes("bad", now, (60, 50, 100))
    usecases.tick(now=now)

    watch = SloWatch()

    assert watch.states(["shop", "other"]) == {"shop": "crit"}
    assert watch.with_slo() == {"shop"}
    assert (watch.uses("shop"), watch.uses("other")) == ("2 SLOs", "")
    assert catalog.watch() is not None
