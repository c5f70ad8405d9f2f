"""Alerts that are paged for as one."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

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
)
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, actor_for, make_user
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import RouteSpec, SilenceSpec
from watchkeeper.alerts.models import Alert, AlertGroup
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.subject import AlertSubject
from watchkeeper.alerts.tasks import end_silences
from watchkeeper.alerts.usecases import acts, paging, rules, waking
from watchkeeper.alerts.usecases.dry_run import dry_run
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import ConflictError, ForbiddenError
from watchkeeper.kernel.origins import Origin

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


@pytest.fixture
def key() -> str:
    """A sender whose alerts of one service are paged for as one, to alice and then bob."""
    make_on_call("alice", "bob")
    route()
    return make_integration()


def route(**more: Any) -> None:
    given: dict[str, Any] = {"order": 10, "group_by": ("service",)} | more
    spec = RouteSpec("all", "night", **given)
    rules.save_route(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    in_force.forget()


def fire(key: str, name: str, **more: Any) -> dict[str, Any]:
    return send(key, key=name, title=name, **({"service": "shop", "severity": "error"} | more))


def why(told: dict[str, Any]) -> str:
    """Return why an event became what its sender was told."""
    return queries.event_rows(told["alert"])[-1].reason


def over(key: str, name: str) -> dict[str, Any]:
    return send(key, key=name, status="resolved")


def opened(key: str, *names: str) -> list[str]:
    """Open alerts of one group and let the first be paged for; return their ids."""
    ids = [fire(key, name)["alert"] for name in names]
    step(clock.now())
    return ids


def states(*alerts: str) -> list[str]:
    return [queries.alert_row(alert).state for alert in alerts]


def is_paging(alert: str) -> bool:
    found = escalation(alert)
    return found is not None and found.is_open


def test_an_alert_that_joins_a_group_does_not_page_again(key: str) -> None:
    first, second = fire(key, "a"), fire(key, "b")
    other = fire(key, "c", service="pay")

    assert [each["verdict"] for each in (first, second, other)] == ["opened", "grouped", "opened"]
    assert paged() == {first["alert"], other["alert"]}
    rows = [queries.alert_row(each["alert"]) for each in (first, second, other)]
    assert [row.led_by for row in rows] == [first["alert"], first["alert"], other["alert"]]
    assert why(second) == (
        f"it joins the group of alert {first['alert']} (service=shop), which is being paged for "
        "already; route all groups"
    )
    assert queries.event_rows(second["alert"])[0].rule == "route:all"


def test_alerts_of_one_post_are_one_group(key: str) -> None:
    alerts = [
        {"labels": {"alertname": name, "service": "shop"}, "fingerprint": name,
         "startsAt": "2026-03-02T11:00:00Z", "status": "firing"}
        for name in "abc"
    ]  # fmt: skip
    door = make_integration("alertmanager")

    answer = post(f"/in/alertmanager/{door}", {"version": "4", "alerts": alerts})

    told = answer.json()["events"]
    assert [each["verdict"] for each in told] == ["opened", "grouped", "grouped"]
    assert paged() == {told[0]["alert"]}
    assert {queries.alert_row(each["alert"]).led_by for each in told} == {told[0]["alert"]}
    assert fire(key, "d")["verdict"] == "grouped"


def test_who_comes_too_late_leads_a_group_of_its_own(key: str, set_up: FakeClock) -> None:
    route(group_for="2m")
    first = fire(key, "a")["alert"]
    set_up.travel(seconds=119)
    fire(key, "b")
    set_up.travel(seconds=119)
    fire(key, "c")
    set_up.travel(seconds=121)

    late = fire(key, "d")

    assert late["verdict"] == "opened"
    assert paged() == {first, late["alert"]}
    assert fire(key, "e")["verdict"] == "grouped"
    assert AlertGroup.objects.filter(closed_at=None).count() == 1


def test_what_wakes_people_does_not_hide_behind_what_does_not(key: str) -> None:
    warning = fire(key, "a", severity="warning")
    assert fire(key, "b", severity="critical")["verdict"] == "opened"
    assert why(fire(key, "c", severity="warning")).startswith(
        f"it joins the group of alert {warning['alert']}"
    )


def test_one_acknowledgement_takes_all_that_is_open(key: str) -> None:
    first, second, third = opened(key, "a", "b", "c")
    over(key, "c")

    assert acts.acknowledge(actor=HOST, alerts=[second], now=NOON) == 2

    assert states(first, second, third) == ["acknowledged", "acknowledged", "resolved"]
    assert pages_of(second) == pages_of(first) == [("alice", "cancelled")]
    assert not is_paging(first)
    assert queries.act_rows(first)[-1].detail == "with its group"
    assert acts.acknowledge(actor=HOST, alerts=[first], now=NOON) == 0


def test_a_new_alert_in_a_group_that_was_taken_pages_again(key: str) -> None:
    first, _ = opened(key, "a", "b")
    acts.acknowledge(actor=HOST, alerts=[first], now=NOON)

    told = fire(key, "c")
    step(NOON)

    assert told["verdict"] == "grouped"
    assert "was taken; an alert that is new in it pages again" in why(told)
    assert is_paging(first)
    assert pages_of(told["alert"]) == [("alice", "cancelled"), ("alice", "scheduled")]
    assert states(first, told["alert"]) == ["acknowledged", "firing"]

    acts.acknowledge(actor=HOST, alerts=[first], now=NOON)  # by the link of the page
    assert states(told["alert"]) == ["acknowledged"]
    assert not is_paging(first)


def test_a_higher_severity_in_a_group_that_was_taken_pages_again(key: str) -> None:
    first, second = opened(key, "a", "b")
    acts.acknowledge(actor=HOST, alerts=[first], now=NOON)

    assert "pages again" not in why(fire(key, "b"))
    assert not is_paging(first)
    told = fire(key, "b", severity="critical")

    assert (told["verdict"], told["alert"]) == ("deduped", second)
    assert "pages again" in why(told)
    assert is_paging(first)
    assert paged() == {first}


def test_a_group_pages_until_all_of_it_is_over(key: str) -> None:
    first, second, third = opened(key, "a", "b", "c")

    over(key, "a")
    acts.resolve(actor=HOST, alerts=[third], now=NOON)

    assert states(first, second, third) == ["resolved", "firing", "resolved"]
    assert is_paging(first)
    step(NOON + 2 * in_minutes(5))
    assert [person for person, _ in pages_of(second)] == ["alice", "bob"]

    over(key, "b")
    assert not is_paging(first)
    assert fire(key, "d")["verdict"] == "opened"


def in_minutes(count: int) -> Any:
    return count * (NOON.replace(minute=1) - NOON)


def test_a_sender_that_takes_one_leaves_the_others(key: str) -> None:
    first, second = opened(key, "a", "b")

    send(key, key="a", title="a", status="acknowledged")
    assert states(first, second) == ["acknowledged", "firing"]
    assert is_paging(first)

    send(key, key="b", title="b", status="acknowledged")
    assert not is_paging(first)


def test_the_link_of_a_page_speaks_for_the_group_even_when_its_first_is_over(key: str) -> None:
    first, second = opened(key, "a", "b")
    over(key, "a")
    subject = AlertSubject()

    shown = subject.show(first)
    assert shown is not None
    assert (shown.is_open, shown.is_taken) == (True, False)
    assert shown.words == "Resolved; 1 of its group are open"
    assert subject.describe([first])[first].is_open
    subject.acknowledge(first, actor=HOST, now=NOON)
    assert states(second) == ["acknowledged"]
    subject.resolve(first, actor=HOST, now=NOON)

    assert states(first, second) == ["resolved", "resolved"]
    shown = subject.show(first)
    assert shown is not None
    assert not shown.is_open


def test_what_is_over_is_not_taken_for_its_group_unless_it_leads_that(key: str) -> None:
    _, second = opened(key, "a", "b")
    over(key, "b")

    with pytest.raises(ConflictError, match="resolved"):
        acts.acknowledge(actor=HOST, alerts=[second], now=NOON)


def test_whole_groups_are_resolved_at_once(key: str) -> None:
    first, second = opened(key, "a", "b")

    assert acts.resolve(actor=HOST, alerts=[second], now=NOON, whole_groups=True) == 2

    assert states(first, second) == ["resolved", "resolved"]
    assert not is_paging(first)
    assert fire(key, "c")["verdict"] == "opened"


def test_a_snoozed_group_wakes_once(key: str) -> None:
    first, second = opened(key, "a", "b")

    acts.snooze(actor=HOST, alerts=[second], length="1h", now=NOON)
    assert states(first, second) == ["snoozed", "snoozed"]
    assert not is_paging(first)
    waking.page_again(now=NOON + in_minutes(60))

    assert states(first, second) == ["firing", "firing"]
    assert paged() == {first}
    assert is_paging(first)


def test_a_group_that_was_taken_and_forgotten_pages_once(key: str) -> None:
    make_on_call("carol", ackTimeout="30m")
    route()
    first, second = opened(key, "a", "b")
    acts.acknowledge(actor=HOST, alerts=[second], now=NOON)

    waking.page_again(now=NOON + in_minutes(30))

    assert states(first, second) == ["firing", "firing"]
    assert paged() == {first}


def test_who_may_take_one_may_take_its_group_and_nobody_else(key: str) -> None:
    opened(key, "a", "b")
    ids = opened(key, "c")

    with pytest.raises(ForbiddenError):
        acts.acknowledge(actor=actor_for(make_user("eve", role="viewer")), alerts=ids, now=NOON)
    assert acts.acknowledge(actor=HOST, alerts=ids, now=NOON) == 3


def test_somebody_else_is_paged_for_the_group(key: str) -> None:
    first, second = opened(key, "a", "b")
    acts.acknowledge(actor=HOST, alerts=[first], now=NOON)

    paging.reassign(actor=HOST, alerts=[second], to={"person": "bob"}, now=NOON)
    step(NOON)

    assert states(first, second) == ["firing", "firing"]
    assert pages_of(first)[-1] == ("bob", "scheduled")
    assert paged() == {first}


def test_what_a_silence_kept_quiet_joins_when_that_ends(key: str) -> None:
    start = NOON - in_minutes(1)
    silence = SilenceSpec("s", ('key=~"a|b"',), start, NOON + in_minutes(60), "deploy")
    rules.save_silence(actor=HOST, spec=silence, origin=Origin.API, now=NOON)
    in_force.forget()
    quiet = [fire(key, name) for name in "ab"]
    loud = fire(key, "c")
    assert [each["verdict"] for each in (*quiet, loud)] == ["silenced", "silenced", "opened"]

    rules.end_silence(actor=HOST, name="s", now=NOON)
    end_silences(NOON)

    assert paged() == {loud["alert"]}
    rows = [queries.alert_row(each["alert"]) for each in quiet]
    assert {row.led_by for row in rows} == {loud["alert"]}
    assert "which is being paged for already" in queries.act_rows(rows[0].id)[-1].detail


def test_without_groups_nothing_more_is_asked(
    key: str, django_assert_max_num_queries: Any
) -> None:
    """What grouping costs: nothing where no route groups, five questions a post where one does."""
    del key
    route(group_by=())
    many = [
        {"labels": {"alertname": str(n), "service": "shop"}, "fingerprint": str(n),
         "startsAt": "2026-03-02T11:00:00Z", "status": "firing"}
        for n in range(60)
    ]  # fmt: skip
    door = make_integration("alertmanager")
    with django_assert_max_num_queries(30) as asked:
        post(f"/in/alertmanager/{door}", {"version": "4", "alerts": many[:30]})
    assert not [each["sql"] for each in asked if "alertgroup" in each["sql"]]

    route()
    with django_assert_max_num_queries(60) as asked:
        post(f"/in/alertmanager/{door}", {"version": "4", "alerts": many[30:]})
    assert len([each["sql"] for each in asked if "alertgroup" in each["sql"]]) <= 5


def test_explain_and_the_page_show_the_group_and_why(key: str) -> None:
    first, second = opened(key, "a", "b")

    told = queries.explained(second)["group"]
    assert (told.lead, told.count, told.open_count) == (first, 2, 2)
    assert [member.id for member in told.members] == [first, second]
    client = signed_in("dora", role="admin")
    page = text(client.get(f"/alerts/{second}"))
    assert "Paged for as one" in page
    assert "They share service=shop; the route all groups." in " ".join(page.split())
    assert f'href="/alerts/{first}"' in page
    answer = client.post(f"/alerts/{second}/act", {"act": "resolve", "whole": "group"},
                         follow=True)  # fmt: skip
    assert "2 alerts resolved" in text(answer)
    assert states(first, second) == ["resolved", "resolved"]


def test_a_page_that_names_a_resolved_first_still_offers_to_take(key: str) -> None:
    first, _ = opened(key, "a", "b")
    over(key, "a")

    page = text(signed_in("dora", role="admin").get(f"/alerts/{first}"))

    assert 'value="acknowledge"' in page


def test_a_dry_run_tells_that_it_would_join(key: str) -> None:
    first, _ = opened(key, "a", "b")
    body = b'{"key": "c", "title": "c", "service": "shop"}'

    (outcome,) = dry_run(actor=HOST, body=body, at=NOON, integration="generic").outcomes
    assert (outcome.verdict, outcome.paging, outcome.urgency) == ("grouped", None, "")
    assert f"the group of alert {first}" in outcome.reason

    acts.acknowledge(actor=HOST, alerts=[first], now=NOON)
    (outcome,) = dry_run(actor=HOST, body=body, at=NOON, integration="generic").outcomes
    assert outcome.verdict == "grouped"
    assert outcome.paging is not None
    assert [call.person for call in outcome.paging.calls] == ["alice", "bob"]


@pytest.mark.django_db(transaction=True)
def test_posts_at_once_make_one_group(key: str) -> None:
    """As I8 for keys: whoever comes at the same moment, one alert leads and is paged for."""
    told: list[dict[str, Any]] = []
    together = threading.Barrier(4)

    def tell(name: str) -> None:
        together.wait(20)
        told.append(fire(key, name))
        connection.close()

    senders = [threading.Thread(target=tell, args=(name,)) for name in "abcd"]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(30)

    assert sorted(each["verdict"] for each in told) == ["grouped"] * 3 + ["opened"]
    (lead,) = [each["alert"] for each in told if each["verdict"] == "opened"]
    assert paged() == {lead}
    assert set(Alert.objects.values_list("led_by", flat=True)) == {int(lead)}


@pytest.mark.django_db(transaction=True)
def test_an_alert_that_joins_while_somebody_takes_the_group_is_paged_for(key: str) -> None:
    """The act is not committed yet: whether it is in it or after it, somebody hears of it."""
    (first,) = opened(key, "a")
    told: list[dict[str, Any]] = []

    def tell() -> None:
        told.append(fire(key, "b"))
        connection.close()

    sender = threading.Thread(target=tell)
    with transaction.atomic():
        acts.acknowledge(actor=HOST, alerts=[first], now=NOON)
        sender.start()
        sender.join(0.3)
    sender.join(20)

    assert states(first, told[0]["alert"]) == ["acknowledged", "firing"]
    assert is_paging(first)


def test_an_alert_that_ends_and_fires_in_one_post_joins_anew(key: str) -> None:
    first = fire(key, "first")["alert"]
    door = make_integration("alertmanager")

    def told(*states: tuple[str, str]) -> list[str]:
        alerts = [
            {"labels": {"alertname": "a", "service": "shop", "severity": "error"},
             "fingerprint": "a", "status": state, "startsAt": f"2026-03-02T11:{minute}:00Z",
             "endsAt": f"2026-03-02T11:{minute}:30Z"}
            for state, minute in states
        ]  # fmt: skip
        answer = post(f"/in/alertmanager/{door}", {"version": "4", "alerts": alerts})
        return [each["verdict"] for each in answer.json()["events"]]

    assert told(("firing", "10")) == ["grouped"]
    assert told(("resolved", "10"), ("firing", "20")) == ["resolved", "grouped"]
    assert set(Alert.objects.values_list("led_by", flat=True)) == {int(first)}
    assert AlertGroup.objects.count() == 1


def test_what_a_sender_took_and_became_worse_stays_in_its_group(key: str) -> None:
    first = fire(key, "a", severity="warning")["alert"]
    send(key, key="a", title="a", status="acknowledged")

    told = fire(key, "a", severity="critical")

    assert (told["verdict"], told["alert"]) == ("deduped", first)
    assert queries.alert_row(first).led_by == first
    assert is_paging(first)
