"""Who is paged for an alert, changed by hand."""

import datetime as dt

import pytest

from tests.alerts.factories import make_integration, make_on_call, pages_of, send, settle, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts, paging
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.oncall.models import Escalation
from watchkeeper.oncall.usecases import escalations
from watchkeeper.plumbing import due_work

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


def opened(*people: str, **spec: object) -> str:
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
