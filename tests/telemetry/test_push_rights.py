"""Who may push, and what is kept of it."""

import datetime as dt

import pytest
from django.apps import apps

from tests.telemetry.factories import make_sli, minute_of
from watchkeeper.kernel.actors import ANONYMOUS, Actor, ActorKind, Role
from watchkeeper.kernel.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from watchkeeper.telemetry import queries, usecases
from watchkeeper.telemetry.models import Restatement

pytestmark = pytest.mark.django_db

ROW = {"time": "2026-03-02T11:00:00Z", "good": 1, "total": 2}


def make_team(name: str, now: dt.datetime) -> int:
    team = apps.get_model("identity", "Team").objects.create(name=name, created_at=now)
    return int(team.pk)


def member(team_id: int, role: Role) -> Actor:
    return Actor(ActorKind.USER, id=7, role=Role.VIEWER, team_roles={team_id: role})


def test_an_editor_of_the_owning_team_pushes_and_no_one_else(now: dt.datetime) -> None:
    ours, theirs = make_team("shop", now), make_team("other", now)
    make_sli(now=now, team_id=ours)

    for outsider in (member(theirs, Role.MANAGER), member(ours, Role.RESPONDER)):
        with pytest.raises(ForbiddenError):
            usecases.push_minutes(actor=outsider, name="checkout", rows=[ROW], now=now)
        with pytest.raises(ForbiddenError):
            usecases.push_csv(actor=outsider, name="checkout", lines=[], now=now)
    with pytest.raises(UnauthenticatedError):
        usecases.push_minutes(actor=ANONYMOUS, name="checkout", rows=[ROW], now=now)

    alice = member(ours, Role.EDITOR)
    assert usecases.push_minutes(actor=alice, name="checkout", rows=[ROW], now=now).accepted == 1


def test_a_restatement_names_the_sender_by_id(now: dt.datetime) -> None:
    make_sli(now=now)
    alice = Actor(ActorKind.TOKEN, id=42, role=Role.ADMIN, label="alice's token")
    for good in (1, 0):
        usecases.push_minutes(actor=alice, name="checkout", rows=[ROW | {"good": good}], now=now)

    assert Restatement.objects.get().origin == "push:token:42"


def test_an_sli_changes_hands_with_its_service(now: dt.datetime) -> None:
    ours, theirs = make_team("shop", now), make_team("other", now)
    sli_id = make_sli(now=now, team_id=ours)

    with pytest.raises(ForbiddenError):
        usecases.set_owner(
            actor=member(theirs, Role.EDITOR), sli_id=sli_id, team_id=theirs, now=now
        )
    usecases.set_owner(actor=member(ours, Role.EDITOR), sli_id=sli_id, team_id=theirs, now=now)

    row = queries.sli_by_name("checkout")
    assert row is not None
    assert row.owner_team_id == theirs


def test_a_removed_sli_takes_its_minutes_along(now: dt.datetime) -> None:
    sli_id, at = make_sli(now=now), minute_of(now)
    usecases.store_minutes(
        sli_id=sli_id,
        minutes=[usecases.MinuteValue(at - 2000 + each, 1, 1) for each in range(2000)],
        origin="test",
        observed_at=now,
        now=now,
    )

    usecases.remove_sli(
        actor=Actor(ActorKind.USER, id=1, role=Role.EDITOR), sli_id=sli_id, now=now
    )

    assert queries.slis() == []
    with pytest.raises(NotFoundError):
        queries.resolve("checkout")
