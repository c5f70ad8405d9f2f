"""What comes and goes too often: paged for, then held open until it is quiet."""

from typing import Any

import pytest

from tests.alerts.factories import (
    escalation,
    make_integration,
    make_on_call,
    paged,
    pages_of,
    post,
    send,
    settle,
    step,
    verdicts,
)
from tests.conftest import FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.tasks import end_flapping
from watchkeeper.alerts.usecases import acts
from watchkeeper.alerts.usecases.dry_run import dry_run
from watchkeeper.kernel import clock
from watchkeeper.oncall.models import Escalation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


@pytest.fixture
def key() -> str:
    make_on_call("alice", "bob")
    return make_integration()


def fire(key: str, **more: Any) -> dict[str, Any]:
    return send(key, key="disk", title="Disk full", severity="error", **more)


def over(key: str) -> dict[str, Any]:
    return send(key, key="disk", status="resolved")


def flap(key: str, time: FakeClock, times: int = 3) -> dict[str, Any]:
    """Open and end an alert some times, a minute apart, open it once more; return the last."""
    for _ in range(times):
        fire(key)
        time.travel(minutes=1)
        over(key)
        time.travel(minutes=1)
    return fire(key)


def is_paging(alert: str) -> bool:
    found = escalation(alert)
    return found is not None and found.is_open


def test_the_fourth_opening_within_an_hour_pages_and_is_held_open(
    key: str, set_up: FakeClock
) -> None:
    told = flap(key, set_up)
    alert = told["alert"]

    assert verdicts() == ["opened", "resolved"] * 3 + ["flapping"]
    assert len(paged()) == 4
    assert Escalation.objects.get(subject_id=alert).title == "Flapping: Disk full"
    for _ in range(5):
        set_up.travel(minutes=1)
        assert over(key)["verdict"] == "flapping"
        assert fire(key)["alert"] == alert

    row = queries.alert_row(alert)
    assert (row.state, row.count, row.is_over) == ("firing", 6, False)
    assert len(paged()) == 4
    assert is_paging(alert)


def test_what_flaps_and_nobody_took_pages_on(key: str, set_up: FakeClock) -> None:
    alert = flap(key, set_up)["alert"]
    step(clock.now())
    over(key)
    set_up.travel(minutes=6)
    fire(key)

    step(clock.now())

    assert [person for person, _ in pages_of(alert)] == ["alice", "bob"]


def test_what_is_over_ends_once_it_is_quiet(key: str, set_up: FakeClock) -> None:
    alert = flap(key, set_up)["alert"]
    set_up.travel(minutes=14)
    over(key)
    set_up.travel(minutes=14)
    end_flapping(clock.now())
    assert queries.alert_row(alert).state == "firing"

    set_up.travel(minutes=1)
    end_flapping(clock.now())

    row = queries.alert_row(alert)
    assert (row.state, row.resolved_by, row.flapping_until) == ("resolved", "sender", None)
    assert not is_paging(alert)
    act = queries.act_rows(alert)[-1]
    assert (act.act, act.detail) == (
        "flapping ended", "nothing changed; its sender said that it is over",
    )  # fmt: skip
    set_up.travel(hours=1)
    assert fire(key)["verdict"] == "opened"


def test_what_fires_on_pages_anew_if_nobody_answered_and_then_ends_as_ever(
    key: str, set_up: FakeClock
) -> None:
    alert = flap(key, set_up)["alert"]
    for _ in range(4):  # to the end of the policy
        step(clock.now())
        set_up.travel(minutes=4)
    assert not is_paging(alert)

    end_flapping(clock.now())

    assert is_paging(alert)
    assert queries.alert_row(alert).flapping_until is None
    assert over(key)["verdict"] == "resolved"


def test_what_was_taken_stays_so(key: str, set_up: FakeClock) -> None:
    alert = flap(key, set_up)["alert"]
    acts.acknowledge(actor=HOST, alerts=[alert], now=clock.now())

    over(key)
    fire(key)
    set_up.travel(minutes=15)
    end_flapping(clock.now())

    assert queries.alert_row(alert).state == "acknowledged"
    assert not is_paging(alert)


def test_episodes_that_repeat_do_not_keep_it_from_being_quiet(key: str, set_up: FakeClock) -> None:
    alert = flap(key, set_up)["alert"]
    until = queries.alert_row(alert).flapping_until
    set_up.travel(minutes=5)

    fire(key)  # told again, nothing changed

    assert queries.alert_row(alert).flapping_until == until


def test_slow_comings_and_goings_are_alerts_as_ever(key: str, set_up: FakeClock) -> None:
    told = []
    for _ in range(6):
        told.append(fire(key)["verdict"])
        set_up.travel(minutes=1)
        over(key)
        set_up.travel(minutes=20)

    assert told == ["opened"] * 6


def test_what_people_end_does_not_count(key: str, set_up: FakeClock) -> None:
    for _ in range(5):
        alert = fire(key)
        assert alert["verdict"] == "opened"
        acts.resolve(actor=HOST, alerts=[alert["alert"]], now=clock.now())
        set_up.travel(minutes=1)


def test_an_integration_says_when_or_never(set_up: FakeClock) -> None:
    make_on_call("alice")
    off = make_integration(name="off", settings={"flapping": "off"})
    soon = make_integration(name="soon", settings={"flapping": {"openings": 2, "quietFor": "1m"}})

    assert flap(off, set_up, 6)["verdict"] == "opened"
    assert flap(soon, set_up, 1)["verdict"] == "flapping"


def test_comings_and_goings_in_one_post_count(key: str) -> None:
    del key
    door = make_integration("alertmanager")
    alerts = [
        {"labels": {"alertname": "disk"}, "fingerprint": "disk", "status": status,
         "startsAt": f"2026-03-02T11:0{minute}:00Z", "endsAt": f"2026-03-02T11:0{minute}:30Z"}
        for minute in range(5)
        for status in ("firing", "resolved")
    ]  # fmt: skip

    post(f"/in/alertmanager/{door}", {"version": "4", "alerts": alerts})

    assert verdicts() == ["opened", "resolved"] * 3 + ["flapping"] * 4
    states = list(Alert.objects.order_by("pk").values_list("state", "is_over"))
    assert states == [("resolved", False)] * 3 + [("firing", True)]


def test_explain_the_page_and_a_dry_run_tell_it(key: str, set_up: FakeClock) -> None:
    for _ in range(3):
        fire(key)
        over(key)
    body = b'{"key": "disk", "title": "Disk full", "severity": "error"}'
    (outcome,) = dry_run(actor=HOST, body=body, at=clock.now(), integration="generic").outcomes
    assert outcome.verdict == "flapping"
    assert outcome.paging is not None
    assert "it opened 4 times or more within 1h, so it flaps" in outcome.reason
    del set_up

    alert = fire(key)["alert"]
    over(key)

    assert queries.explained(alert)["alert"].is_over
    assert "so it stays open until it is quiet" in queries.event_rows(alert)[-1].reason
    page = text(signed_in("dora").get(f"/alerts/{alert}"))
    assert "It flaps." in page
    assert "Its sender says that it is over" in page
    (outcome,) = dry_run(actor=HOST, body=body, at=clock.now(), integration="generic").outcomes
    assert (outcome.verdict, outcome.paging) == ("flapping", None)
