"""Who is paged for an alert, changed by hand."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from tests.alerts.factories import make_integration, make_on_call, pages_of, send, settle, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, make_user
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import SilenceSpec
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import acts, paging, rules, upkeep
from watchkeeper.identity.models import User
from watchkeeper.kernel.actors import ActorKind
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import usecases as oncall
from watchkeeper.oncall.models import Escalation
from watchkeeper.oncall.usecases import escalations
from watchkeeper.oncall.usecases.page_keeper import PageKeeper
from watchkeeper.plumbing import due_work

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


def opened(*people: str, **spec: Any) -> str:
    """Open an alert that the first of people is paged for."""
    make_on_call(*people, **spec)
    alert: str = send(make_integration(), title="T")["alert"]
    step(NOON)
    return alert


# ---- escalate now


def test_the_next_step_is_due_at_once_and_those_after_it_count_from_now() -> None:
    alert = opened("alice", "bob", "carol", after="10m")

    due = paging.escalate(actor=HOST, alerts=[alert], now=NOON + MINUTE)
    step(NOON + MINUTE)

    assert due == {alert: "step 2 of 3"}
    assert [person for person, _ in pages_of(alert)] == ["alice", "bob"]
    assert queries.explained(alert)["next_at"] == NOON + 11 * MINUTE
    assert [(act.act, act.detail) for act in queries.act_rows(alert)] == [
        ("escalated", "step 2 of 3 is due at once")
    ]


def test_after_the_last_step_come_the_rounds_and_then_the_catch_all() -> None:
    alert = opened("alice", repeat=1, catchAll={"person": "alice"})

    told = []
    for minute in range(2):
        told.append(paging.escalate(actor=HOST, alerts=[alert], now=NOON + minute * MINUTE)[alert])
        step(NOON + minute * MINUTE)

    assert told == ["step 1 of 1, round 2 of 2", "the catch-all, which is the last"]
    with pytest.raises(ConflictError, match="at its end"):
        paging.escalate(actor=HOST, alerts=[alert], now=NOON + 2 * MINUTE)


def test_where_nobody_is_being_paged_nothing_changes_for_the_others() -> None:
    alert, other = opened("alice", "bob"), send(make_integration(name="other"), title="U")["alert"]
    acts.acknowledge(actor=HOST, alerts=[other], now=NOON)

    with pytest.raises(ConflictError, match="is acknowledged"):
        paging.escalate(actor=HOST, alerts=[alert, other], now=NOON + MINUTE)
    step(NOON + MINUTE)

    assert [person for person, _ in pages_of(alert)] == ["alice"]


def test_an_engine_that_is_about_to_take_the_step_takes_it_once() -> None:
    alert = opened("alice", "bob", "carol")
    Escalation.objects.update(next_at=NOON)
    held = due_work.claim(kind=escalations.KIND, owner="engine", max_attempts=due_work.FOREVER)
    assert len(held) == 1

    paging.escalate(actor=HOST, alerts=[alert], now=NOON + MINUTE)
    escalations.step(held, now=NOON + MINUTE)
    assert [person for person, _ in pages_of(alert)] == ["alice"]

    step(NOON + MINUTE)
    assert [person for person, _ in pages_of(alert)] == ["alice", "bob"]


def test_the_page_of_an_alert_pages_the_next_and_says_what_that_is() -> None:
    alert, client = opened("alice", "bob"), signed_in("dora", role="admin")
    assert "Page the next now" in text(client.get(f"/alerts/{alert}"))

    page = text(client.post(f"/alerts/{alert}/act", {"act": "escalate"}, follow=True))

    assert "Due at once: step 2 of 2" in page
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    assert "Page the next now" not in text(client.get(f"/alerts/{alert}"))


# ---- reassign


def test_reassigned_the_old_escalation_stops_and_one_step_begins_for_the_new_one() -> None:
    alert = opened("alice", "bob", "carol", catchAll={"person": "alice"})
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)

    paging.reassign(actor=HOST, alerts=[alert], to={"person": "carol"}, now=NOON + MINUTE)
    step(NOON + MINUTE)

    row = queries.alert_row(alert)
    assert (row.state, row.acknowledged_at, row.policy) == ("firing", None, "night")
    assert pages_of(alert) == [("alice", "cancelled"), ("carol", "scheduled")]
    step(NOON + 6 * MINUTE)  # nobody answers: the catch-all of the policy that it had
    assert [person for person, _ in pages_of(alert)] == ["alice", "carol", "alice"]
    assert [(act.act, act.detail) for act in queries.act_rows(alert)][1:] == [
        ("reassigned", "to person carol")
    ]


def test_reassigned_to_a_policy_it_is_followed_from_its_first_step() -> None:
    alert = opened("alice", "bob")
    document = Document(
        {
            "apiVersion": "watchkeeper/v1",
            "kind": "EscalationPolicy",
            "metadata": {"name": "managers"},
            "spec": {"steps": [{"notify": [{"person": "bob"}]}]},
        }
    )
    oncall.save_policy(actor=HOST, document=document, origin=Origin.API, now=NOON)

    paging.reassign(actor=HOST, alerts=[alert], to={"policy": "managers"}, now=NOON + MINUTE)
    step(NOON + MINUTE)

    assert queries.alert_row(alert).policy == "managers"
    assert pages_of(alert) == [("alice", "cancelled"), ("bob", "scheduled")]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ({"person": "nobody"}, "there is no active person nobody"),
        ({"person": "mute"}, "has no verified contact"),
        ({"schedule": "x"}, "nobody is on call in the schedule x"),
        ({"team": "x"}, "has no active people"),
        ({"policy": "x"}, "there is no escalation policy x"),
        ({"pigeon": "x"}, "a target names one of"),
        ({}, "a target names one of"),
    ],
    ids=str,
)
def test_nobody_is_reassigned_to_who_cannot_be_called(to: dict[str, str], words: str) -> None:
    alert = opened("alice", "bob")
    make_user("mute")

    with pytest.raises(InvalidError, match=words):
        paging.reassign(actor=HOST, alerts=[alert], to=to, now=NOON)

    assert pages_of(alert) == [("alice", "scheduled")]


# ---- add somebody


def test_somebody_more_is_paged_and_the_escalation_goes_on() -> None:
    alert = opened("alice", "bob", "carol")

    called = paging.add(actor=HOST, alerts=[alert], to={"person": "carol"}, now=NOON + MINUTE)
    again = paging.add(actor=HOST, alerts=[alert], to={"person": "carol"}, now=NOON + MINUTE)
    step(NOON + 5 * MINUTE)

    assert (called, again) == ({alert: ["carol"]}, {alert: []})
    assert [person for person, _ in pages_of(alert)] == ["alice", "carol", "bob"]
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON + 6 * MINUTE)
    assert {state for _, state in pages_of(alert)} == {"cancelled"}


def test_who_is_added_to_what_another_took_is_called_until_they_are_on_it_too() -> None:
    alert = opened("alice", "bob")
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    paging.add(actor=HOST, alerts=[alert], to={"person": "bob"}, now=NOON + MINUTE)
    page = queries.story(alert).pages[-1]
    assert (page.person, page.state, page.step) == ("bob", "scheduled", -1)
    assert PageKeeper().unwanted([page.page_id]) == {}

    bob = replace(HOST, kind=ActorKind.USER, id=User.objects.get(name="bob").pk)
    assert acts.acknowledge(actor=bob, alerts=[alert], now=NOON + 2 * MINUTE) == 0
    acts.acknowledge(actor=bob, alerts=[alert], now=NOON + 3 * MINUTE)

    assert pages_of(alert)[-1] == ("bob", "cancelled")
    assert [(act.act, act.by) for act in queries.act_rows(alert)][2:] == [("joined", "bob")]
    assert queries.alert_row(alert).acknowledged_by == "system"


def test_what_is_over_calls_nobody_who_was_added() -> None:
    alert = opened("alice", "bob")
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    paging.add(actor=HOST, alerts=[alert], to={"person": "bob"}, now=NOON + MINUTE)

    acts.resolve(actor=HOST, alerts=[alert], now=NOON + 2 * MINUTE)

    assert pages_of(alert)[-1] == ("bob", "cancelled")
    page = queries.story(alert).pages[-1]
    assert PageKeeper().unwanted([page.page_id]) != {}
    with pytest.raises(ConflictError):
        paging.add(actor=HOST, alerts=[alert], to={"person": "bob"}, now=NOON + 3 * MINUTE)


def test_somebody_is_added_to_what_nobody_was_paged_for() -> None:
    make_on_call("alice", "bob")
    spec = SilenceSpec("s", ('title="T"',), NOON, NOON + 60 * MINUTE, "deploy")
    rules.save_silence(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    in_force.forget()
    alert = send(make_integration(), title="T")["alert"]

    paging.add(actor=HOST, alerts=[alert], to={"person": "bob"}, now=NOON)
    step(NOON + 30 * MINUTE)

    assert pages_of(alert) == [("bob", "scheduled")]
    assert upkeep.end_silences(now=NOON + 60 * MINUTE) == 1  # the policy begins all the same
    step(NOON + 60 * MINUTE)
    assert pages_of(alert)[-1] == ("alice", "scheduled")


def test_the_page_of_an_alert_pages_others_too_and_instead() -> None:
    alert, client = opened("alice", "bob"), signed_in("dora", role="admin")
    assert 'value="person:bob"' in text(client.get(f"/alerts/{alert}"))

    def pressed(act: str, to: str) -> str:
        return text(client.post(f"/alerts/{alert}/act", {"act": act, "to": to}, follow=True))

    assert "Paged too: bob" in pressed("add", "person:bob")
    assert "1 alert reassigned to policy night" in pressed("reassign", "policy:night")
    assert "Choose a person" in pressed("reassign", "")
    assert "there is no escalation policy x" in pressed("reassign", "policy:x")
