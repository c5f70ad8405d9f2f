"""Alerts that another stands for."""

import pytest

from tests.alerts.factories import (
    escalation,
    make_integration,
    make_on_call,
    pages_of,
    post,
    send,
    settle,
    step,
)
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, actor_for, make_user
from tests.pages import signed_in, text
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError

pytestmark = pytest.mark.django_db
START = {"started_at": "2026-03-02T11:00:00Z"}


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock
    settle()


@pytest.fixture
def key() -> str:
    make_on_call("alice", "bob")
    return make_integration()


def opened(key: str, name: str, severity: str = "error") -> str:
    alert: str = send(key, key=name, title=name, severity=severity, **START)["alert"]
    step(NOON)
    return alert


def test_what_is_merged_ends_and_its_story_points_to_what_stands_for_it(key: str) -> None:
    target, source = opened(key, "a"), opened(key, "b", "critical")

    assert acts.merge(actor=HOST, alerts=[source], into=target, now=NOON) == 1

    row, other = queries.alert_row(source), queries.alert_row(target)
    assert (row.state, row.merged_into) == ("resolved", target)
    assert pages_of(source) == [("alice", "cancelled")]
    assert (other.state, other.severity) == ("firing", "critical")
    assert pages_of(target) == [("alice", "scheduled")]
    assert queries.act_rows(source)[-1].detail == f"into alert {target}"
    assert queries.act_rows(target)[-1].detail == f"alert {source}"


def test_its_later_events_count_there_and_end_nothing_there(key: str) -> None:
    target, source = opened(key, "a"), opened(key, "b")
    acts.acknowledge(actor=HOST, alerts=[target], now=NOON)
    acts.merge(actor=HOST, alerts=[source], into=target, now=NOON)

    told = [
        send(key, key="b", title="b", severity="error", **START),
        send(key, key="b", title="b", severity="error", started_at="2026-03-02T11:40:00Z"),
        send(key, key="b", status="resolved", **START),
        send(key, key="b", title="b", status="acknowledged"),
    ]

    assert {each["alert"] for each in told} == {target}
    assert [each["verdict"] for each in told] == ["deduped", "deduped", "resolved", "acknowledged"]
    row = queries.alert_row(target)
    assert (row.state, row.count) == ("acknowledged", 3)
    assert "it was merged into" in queries.event_rows(target)[-1].reason

    send(key, key="a", status="resolved", **START)  # its own end still ends it
    assert queries.alert_row(target).state == "resolved"


def test_what_is_worse_than_all_before_pages_again(key: str) -> None:
    target, source = opened(key, "a"), opened(key, "b")
    acts.acknowledge(actor=HOST, alerts=[target], now=NOON)
    acts.merge(actor=HOST, alerts=[source], into=target, now=NOON)

    send(key, key="b", title="b", severity="critical", **START)
    step(NOON)

    row = queries.alert_row(target)
    assert (row.state, row.severity, row.acknowledged_by) == ("firing", "critical", "")
    assert pages_of(target) == [("alice", "cancelled"), ("alice", "scheduled")]


def test_once_it_is_over_what_was_merged_opens_anew(key: str) -> None:
    target, source = opened(key, "a"), opened(key, "b")
    acts.merge(actor=HOST, alerts=[source], into=target, now=NOON)
    acts.resolve(actor=HOST, alerts=[target], now=NOON)

    told = send(key, key="b", title="b", **START)

    assert told["verdict"] == "opened"
    assert told["alert"] not in {target, source}
    found = escalation(told["alert"])
    assert found is not None
    assert found.is_open


def test_what_stands_for_others_can_be_merged_itself(key: str) -> None:
    one, two, three = (opened(key, name) for name in "abc")
    acts.merge(actor=HOST, alerts=[three], into=two, now=NOON)
    acts.merge(actor=HOST, alerts=[two], into=one, now=NOON)

    assert send(key, key="c", title="c", **START)["alert"] == one
    assert queries.alert_row(three).merged_into == one


def test_both_in_one_post_are_decided_one_after_the_other(key: str) -> None:
    """The end of the one comes before the other fires: that opens anew."""
    target, source = opened(key, "a"), opened(key, "b")
    acts.merge(actor=HOST, alerts=[source], into=target, now=NOON)
    again = {"key": "b", "title": "b", "severity": "critical", **START}
    over = {"key": "a", "title": "a", "status": "resolved", **START}

    answer = post(f"/in/generic/{key}", [again, over, again])

    told = answer.json()["events"]
    assert [each["verdict"] for each in told] == ["deduped", "resolved", "opened"]
    assert [each["alert"] for each in told[:2]] == [target, target]
    row = queries.alert_row(target)
    assert (row.state, row.count, row.severity) == ("resolved", 2, "critical")
    assert queries.alert_row(told[2]["alert"]).state == "firing"


def test_what_cannot_be_merged_is_refused_and_nothing_changes(key: str) -> None:
    target, source = opened(key, "a"), opened(key, "b")
    over = opened(key, "c")
    acts.resolve(actor=HOST, alerts=[over], now=NOON)

    for alerts, into, error in (
        ([source, target], target, InvalidError),
        ([target], target, InvalidError),
        ([source], over, ConflictError),
        ([source, over], target, ConflictError),
        ([source], "999", NotFoundError),
    ):
        with pytest.raises(error):
            acts.merge(actor=HOST, alerts=alerts, into=into, now=NOON)
    with pytest.raises(ForbiddenError):
        acts.merge(actor=actor_for(make_user("dora")), alerts=[source], into=target, now=NOON)

    assert queries.alert_row(source).state == "firing"


def test_the_list_merges_what_is_chosen_into_the_oldest(key: str) -> None:
    client = signed_in("dora", role="admin")
    chosen = [opened(key, name) for name in "abc"]

    page = text(client.post("/alerts/-/act", {"alert": chosen[::-1], "act": "merge"}, follow=True))
    alone = client.post("/alerts/-/act", {"alert": chosen[:1], "act": "merge"}, follow=True)

    assert f"2 alerts merged into alert {chosen[0]}" in page
    assert "Choose at least two alerts" in text(alone)
    shown = text(client.get(f"/alerts/{chosen[1]}"))
    assert f'href="/alerts/{chosen[0]}"' in shown
    assert "Merged" in shown
