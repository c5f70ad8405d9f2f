"""The minutes of an SLO belong to whoever owns its service."""

import datetime as dt

import pytest
from django.apps import apps

from tests.factories import HOST, make_slo, slo_document
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.errors import ForbiddenError
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import tasks
from watchkeeper.telemetry import queries as telemetry_queries
from watchkeeper.telemetry import usecases as telemetry

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
ROW = {"time": "2026-03-02T11:00:00Z", "good": 1, "total": 2}


def make_team(name: str) -> int:
    team = apps.get_model("identity", "Team").objects.create(name=name, created_at=NOW)
    return int(team.pk)


def hand_over(service: str, team: str | None) -> None:
    spec = ServiceSpec(name=service, owner=team)
    catalog.save_service(actor=HOST, spec=spec, origin=Origin.API, now=NOW)


def editor(team_id: int) -> Actor:
    return Actor(ActorKind.USER, id=7, role=Role.VIEWER, team_roles={team_id: Role.EDITOR})


def owner_of(sli: str) -> int | None:
    row = telemetry_queries.sli_by_name(sli)
    assert row is not None
    return row.owner_team_id


@pytest.mark.django_db(transaction=True)
def test_a_service_that_changes_hands_takes_its_minutes_along_at_once() -> None:
    before, after = make_team("shop"), make_team("platform")
    make_slo(origin=Origin.API)
    hand_over("shop", "shop")
    assert owner_of("checkout-requests") == before

    hand_over("shop", "platform")

    assert owner_of("checkout-requests") == after
    push = telemetry.push_minutes
    assert push(actor=editor(after), name="checkout", rows=[ROW], now=NOW).accepted == 1
    with pytest.raises(ForbiddenError):
        push(actor=editor(before), name="checkout", rows=[ROW], now=NOW)


@pytest.mark.django_db
def test_a_job_hands_over_what_lost_news_left_behind() -> None:
    team = make_team("shop")
    make_slo(origin=Origin.API)
    hand_over("shop", "shop")  # the fact waits for a commit that never comes here
    assert owner_of("checkout-requests") is None

    tasks.follow_owners(NOW)
    assert owner_of("checkout-requests") == team

    hand_over("shop", None)
    tasks.follow_owners(NOW)
    assert owner_of("checkout-requests") is None


@pytest.mark.django_db
def test_an_slo_that_moves_to_another_service_goes_to_its_owner() -> None:
    make_team("shop")
    team = make_team("platform")
    make_slo(origin=Origin.API)
    for service, owner in (("shop", "shop"), ("basket", "platform")):
        hand_over(service, owner)
    tasks.follow_owners(NOW)

    make_slo(slo_document(service="basket"), origin=Origin.API)

    assert owner_of("checkout-requests") == team


@pytest.mark.django_db
def test_an_sli_that_two_services_share_goes_with_the_older_slo() -> None:
    team = make_team("shop")
    make_team("platform")
    for service, owner in (("shop", "shop"), ("basket", "platform")):
        hand_over(service, owner)
    shared = slo_document()
    make_slo(shared, origin=Origin.API)
    indicator = shared.data["spec"]["indicator"]
    make_slo(slo_document("basket", service="basket", indicator=indicator), origin=Origin.API)

    tasks.follow_owners(NOW)

    assert owner_of("checkout-requests") == team
