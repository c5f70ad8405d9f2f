"""Taking, ending and reading again; what time brings about."""

import datetime as dt

import pytest

from tests.alerts.factories import (
    Escalated,
    escalation,
    make_integration,
    paged,
    post,
    send,
    settle,
    states,
    verdicts,
)
from tests.conftest import NOON, FakeClock
from tests.factories import BEGINNING, HOST, actor_for, make_slo, make_team, make_user
from watchkeeper.alerts.domain.documents import RouteSpec, SilenceSpec
from watchkeeper.alerts.models import Alert, InboundEvent, InboundRequest
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import directory, keys
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.subject import AlertSubject
from watchkeeper.alerts.usecases import acts, integrations, rules, upkeep
from watchkeeper.audit.models import AuditEntry
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos.models import Firing, Slo

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


def opened(alert: str) -> Escalated:
    found = escalation(alert)
    assert found is not None
    return found


def silence(name: str = "s", *match: str, end: dt.datetime = NOON + HOUR) -> None:
    spec = SilenceSpec(name, match or ('service="shop"',), NOON - HOUR, end, "deploy")
    rules.save_silence(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    in_force.forget()


def owned(name: str, team: str) -> None:
    make_team(team)
    spec = ServiceSpec(name=name, owner=team)
    catalog.save_service(actor=HOST, spec=spec, origin=Origin.API, now=BEGINNING)


def test_acknowledging_stops_the_escalation_and_is_written_down() -> None:
    alert = send(make_integration(), title="T")["alert"]
    alice = make_user("alice", role="admin")
    before = AuditEntry.objects.count()

    acts.acknowledge(actor=actor_for(alice), alerts=[alert], now=NOON)

    row = queries.alert_row(alert)
    assert (row.state, row.acknowledged_by) == ("acknowledged", f"user {alice.pk}")
    assert opened(alert).is_open is False
    assert [act.act for act in queries.act_rows(alert)] == ["acknowledged"]
    assert AuditEntry.objects.count() == before + 1


def test_acknowledging_twice_keeps_the_first_person() -> None:
    alert = send(make_integration(), title="T")["alert"]
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)

    assert acts.acknowledge(actor=HOST, alerts=[alert], now=NOON + HOUR) == 0

    assert queries.alert_row(alert).acknowledged_at == NOON


def test_what_has_ended_cannot_be_taken_and_nothing_of_the_rest_is() -> None:
    key = make_integration()
    over, other = send(key, title="A")["alert"], send(key, title="B")["alert"]
    acts.resolve(actor=HOST, alerts=[over], now=NOON)

    with pytest.raises(ConflictError):
        acts.acknowledge(actor=HOST, alerts=[other, over], now=NOON)

    assert queries.alert_row(other).state == "firing"


@pytest.mark.parametrize("alert", ["0", "999", "x", "-1", "9" * 30, "\uff11"])
def test_an_unknown_alert_is_not_found(alert: str) -> None:
    with pytest.raises(NotFoundError):
        acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)


def test_the_team_that_owns_the_service_may_take_its_alerts_and_no_other() -> None:
    owned("shop", "checkout-team")
    alert = send(make_integration(service="shop"), title="T")["alert"]
    bob = make_user("bob", teams={"checkout-team": "responder"})
    charlie = make_user("charlie", teams={"search-team": "manager"})

    with pytest.raises(ForbiddenError):
        acts.acknowledge(actor=actor_for(charlie), alerts=[alert], now=NOON)
    acts.acknowledge(actor=actor_for(bob), alerts=[alert], now=NOON)

    assert queries.alert_row(alert).state == "acknowledged"


def test_what_nobody_owns_may_be_taken_by_any_responder() -> None:
    alert = send(make_integration(), title="T")["alert"]
    viewer, bob = make_user("dora"), make_user("bob", teams={"x-team": "responder"})

    with pytest.raises(ForbiddenError):
        acts.resolve(actor=actor_for(viewer), alerts=[alert], now=NOON)
    acts.resolve(actor=actor_for(bob), alerts=[alert], now=NOON)

    assert queries.alert_row(alert).state == "resolved"


EPISODE = {"key": "k", "title": "T", "started_at": "2026-03-02T11:00:00Z"}


def test_what_a_person_ended_but_still_fires_opens_anew() -> None:
    key = make_integration()
    first = send(key, **EPISODE)["alert"]
    acts.resolve(actor=HOST, alerts=[first], now=NOON)

    told = send(key, **EPISODE)

    assert told["verdict"] == "opened"
    assert told["alert"] != first
    assert send(key, **EPISODE, status="resolved")["verdict"] == "resolved"
    assert send(key, **EPISODE)["verdict"] == "resolved"


def test_oncall_reaches_alerts_by_its_port() -> None:
    alert = send(make_integration(service="shop"), key="k", title="T")["alert"]
    port = AlertSubject()

    described = port.describe([alert, "999"])
    port.acknowledge(alert, actor=HOST, now=NOON)
    port.resolve(alert, actor=HOST, now=NOON)

    assert set(described) == {alert}
    assert (described[alert].key, described[alert].is_open) == ("k", True)
    assert described[alert].url.endswith(f"/alerts/{alert}")
    assert port.describe([alert])[alert].is_open is False


# ---- where alerts go


def route(name: str, order: int, policy: str, *match: str, urgency: str = "") -> None:
    spec = RouteSpec(name, policy, order, match, urgency)
    rules.save_route(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    in_force.forget()


def test_a_route_sends_an_alert_to_its_policy() -> None:
    route("all", 99, "everybody")
    route("shop", 10, "shop", 'service="shop"', 'severity=~"critical|error"', urgency="low")
    key = make_integration(service="shop")

    alert = send(key, title="T", severity="critical")["alert"]
    other = send(key, title="U", severity="info")["alert"]

    row = queries.alert_row(alert)
    assert (row.route, row.policy, row.urgency) == ("shop", "shop", "low")
    assert opened(alert).policy == "shop"
    assert queries.alert_row(other).policy == "everybody"
    assert InboundEvent.objects.earliest("pk").rule == "route:shop"


def annotated(service: str, team: str, *, own: str = "", owners: str = "") -> None:
    owned(service, team)
    for kind, name, policy in (("Component", service, own), ("Group", team, owners)):
        if policy:
            notes = {"watchkeeper/escalation-policy": policy}
            data = {"kind": kind, "metadata": {"name": name, "annotations": notes}}
            catalog.keep_entity(
                actor=HOST, kind=kind, name=name, document=data, origin=Origin.FILE,
                now=BEGINNING, file="",
            )  # fmt: skip


def test_without_a_route_the_service_then_its_owner_names_the_policy() -> None:
    annotated("shop", "checkout-team", own="shop-policy", owners="team-policy")
    annotated("search", "search-team", owners="search-policy")
    key = make_integration()

    policies = {
        service: queries.alert_row(send(key, title=service, service=service)["alert"]).policy
        for service in ("shop", "search", "unknown")
    }

    assert policies == {"shop": "shop-policy", "search": "search-policy", "unknown": ""}


# ---- silences


def test_a_silenced_alert_opens_but_pages_nobody_until_the_silence_ends() -> None:
    silence()
    told = send(make_integration(service="shop"), title="T")

    row = queries.alert_row(told["alert"])
    assert told["verdict"] == "silenced"
    assert (row.state, row.muted_by, row.muted_until) == ("firing", "s", NOON + HOUR)
    assert paged() == set()
    assert upkeep.end_silences(now=NOON + HOUR / 2) == 0

    assert upkeep.end_silences(now=NOON + HOUR) == 1
    assert opened(row.id).is_open is True
    assert upkeep.end_silences(now=NOON + HOUR) == 0


def test_what_ended_meanwhile_pages_nobody() -> None:
    silence()
    key = make_integration(service="shop")
    send(key, key="k", title="T")
    send(key, key="k", status="resolved")

    assert upkeep.end_silences(now=NOON + HOUR) == 0
    assert paged() == set()


def test_a_silence_that_follows_keeps_it_quiet_on() -> None:
    silence("first")
    alert = send(make_integration(service="shop"), title="T")["alert"]
    silence("second", end=NOON + 3 * HOUR)

    assert upkeep.end_silences(now=NOON + HOUR) == 0

    row = queries.alert_row(alert)
    assert (row.muted_by, row.muted_until) == ("second", NOON + 3 * HOUR)
    assert upkeep.end_silences(now=NOON + 3 * HOUR) == 1


def test_removing_a_silence_pages_for_what_still_fires() -> None:
    silence()
    send(make_integration(service="shop"), title="T")
    assert directory.silence_row("s", now=NOON).holds == 1

    rules.remove_silence(actor=HOST, name="s", now=NOON)

    assert upkeep.end_silences(now=NOON) == 1


def test_a_responder_may_silence_their_own_service_and_not_all() -> None:
    owned("shop", "checkout-team")
    bob = actor_for(make_user("bob", teams={"checkout-team": "responder"}))

    def save(name: str, match: str) -> None:
        spec = SilenceSpec(name, (match,), NOON, NOON + HOUR, "deploy")
        rules.save_silence(actor=bob, spec=spec, origin=Origin.API, now=NOON)

    save("own", 'service="shop"')
    for match in ('service="search"', 'alertname="X"', 'service=~"shop"'):
        with pytest.raises(ForbiddenError):
            save("other", match)


# ---- heartbeats


def test_a_heartbeat_that_stops_is_an_alert_and_one_that_comes_back_ends_it() -> None:
    key = make_integration("heartbeat", settings={"interval": "10m"})
    upkeep.miss_heartbeats(now=NOON)  # it was made long ago and never heard of
    assert states() == {"heartbeat is not heard of any more": "firing"}

    assert send(key, "heartbeat")["verdict"] == "heartbeat"
    assert states() == {"heartbeat is not heard of any more": "resolved"}

    assert upkeep.miss_heartbeats(now=NOON + dt.timedelta(minutes=9)) == 0
    assert upkeep.miss_heartbeats(now=NOON + dt.timedelta(minutes=11)) == 1
    assert upkeep.miss_heartbeats(now=NOON + dt.timedelta(minutes=12)) == 0
    assert states() == {"heartbeat is not heard of any more": "firing"}


# ---- our own firings


def firing(rule: str, severity: str, *, ended: dt.datetime | None = None) -> int:
    slo = Slo.objects.get(name="checkout")
    reason = {"long": "1h", "long_rate": 15.2, "short": "5m", "short_rate": 20.0, "factor": 14.4}
    row = Firing.objects.create(
        slo=slo, objective_index=0, window_index=0, rule=rule, severity=severity,
        started_at=NOON, ended_at=ended, reason=reason,
    )  # fmt: skip
    return int(row.pk)


def test_burn_rules_become_alerts_and_end_with_them() -> None:
    make_slo(now=BEGINNING)
    page, _ = firing("fast", "page"), firing("slow", "ticket")
    firing("brief", "page", ended=NOON + HOUR)

    upkeep.follow_firings(now=NOON)

    rows = {row.labels["rule"]: row for row in queries.alert_rows(queries.Filter(), limit=10)}
    assert {name: (r.state, r.urgency) for name, r in rows.items()} == {
        "fast": ("firing", "high"), "slow": ("firing", "low"), "brief": ("resolved", "high"),
    }  # fmt: skip
    assert (rows["fast"].service, rows["fast"].integration) == ("shop", "watchkeeper")
    assert "15.2x over 1h" in rows["fast"].description

    Firing.objects.filter(pk=page).update(ended_at=NOON + HOUR)
    upkeep.follow_firings(now=NOON + HOUR)
    upkeep.follow_firings(now=NOON + 2 * HOUR)

    assert queries.alert_row(rows["fast"].id).state == "resolved"
    assert queries.alert_row(rows["slow"].id).state == "firing"
    assert Alert.objects.count() == 3


def test_the_alert_of_an_slo_that_is_removed_ends_with_it() -> None:
    make_slo(now=BEGINNING)
    firing("fast", "page")
    upkeep.follow_firings(now=NOON)
    Slo.objects.get(name="checkout").delete()

    upkeep.follow_firings(now=NOON + HOUR)
    upkeep.follow_firings(now=NOON + 2 * HOUR)

    assert [row.state for row in queries.alert_rows(queries.Filter(), limit=10)] == ["resolved"]
    assert verdicts() == ["opened", "resolved"]


def test_alerts_of_the_sample_say_that_they_are() -> None:
    make_slo(now=BEGINNING)
    Slo.objects.update(origin="sample")
    firing("fast", "page")

    upkeep.follow_firings(now=NOON)

    (row,) = queries.alert_rows(queries.Filter(), limit=10)
    assert row.labels["sample"] == "true"


# ---- quarantine and what is kept


def test_what_could_not_be_read_can_be_mended_and_read_again() -> None:
    key = make_integration()
    event = post(f"/in/generic/{key}", b'{"title": ').json()["events"][0]["id"]

    with pytest.raises(InvalidError):
        acts.replay(actor=HOST, event=event, now=NOON)
    stored = acts.replay(actor=HOST, event=event, now=NOON, body=b'{"title": "mended"}')

    assert [told.verdict for told in stored.events] == ["opened"]
    assert states()["mended"] == "firing"
    assert InboundRequest.objects.get(pk=stored.id).replay_of_id is not None
    assert verdicts() == ["quarantined", "opened"]


def test_old_posts_go_and_those_of_open_alerts_stay() -> None:
    key = make_integration()
    send(key, key="open", title="open")
    send(key, key="over", title="over")
    send(key, key="over", status="resolved")

    assert upkeep.forget_old(before=NOON + HOUR, now=NOON + HOUR) == 2

    assert InboundRequest.objects.count() == 1
    assert states() == {"open": "firing", "over": "resolved"}


# ---- keys


def test_the_key_before_is_good_for_a_day_after_a_new_one_is_made(set_up: FakeClock) -> None:
    old = make_integration()
    new = integrations.rotate_key(actor=HOST, name="generic", now=NOON).key
    keys.forget()

    assert send(old, title="A")["verdict"] == "opened"
    assert send(new, title="B")["verdict"] == "opened"

    set_up.travel(hours=25)
    keys.forget()
    assert post(f"/in/generic/{old}", {"title": "C"}).status_code == 404
    assert send(new, title="D")["verdict"] == "opened"


def test_only_those_who_may_change_an_integration_see_its_key() -> None:
    owned("shop", "checkout-team")
    key = make_integration(service="shop")
    bob = actor_for(make_user("bob", teams={"checkout-team": "editor"}))
    charlie = actor_for(make_user("charlie", teams={"search-team": "manager"}))

    assert integrations.reveal(actor=bob, name="generic", now=NOON).key == key
    with pytest.raises(ForbiddenError):
        integrations.reveal(actor=charlie, name="generic", now=NOON)
