"""What is quiet while something larger is open, and pages when that ends."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from typer.testing import CliRunner

from tests.alerts.factories import (
    make_integration,
    make_on_call,
    paged,
    post,
    send,
    settle,
    verdicts,
)
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, actor_for, make_user
from tests.pages import signed_in, text
from watchkeeper.alerts.cli import inhibition_app
from watchkeeper.alerts.domain.documents import InhibitionSpec, SilenceSpec
from watchkeeper.alerts.models import Alert, InhibitionMark
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import directory
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.tasks import end_silences
from watchkeeper.alerts.usecases import acts, rules
from watchkeeper.alerts.usecases.dry_run import dry_run
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import ForbiddenError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.manifests.usecases import Apply
from watchkeeper.plumbing import transport, yaml_documents

pytestmark = pytest.mark.django_db
RULE = InhibitionSpec("down", ('alertname="Down"',), ('alertname="Slow"',), ("cluster",))
CODE = """
apiVersion: watchkeeper/v1
kind: Inhibition
metadata: {name: down}
spec:
  source: [alertname="Down"]
  target: [alertname="Slow"]
  equal: [cluster]
"""


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


@pytest.fixture
def key() -> str:
    make_on_call("alice")
    save()
    return make_integration()


def save(spec: InhibitionSpec = RULE) -> None:
    rules.save_inhibition(actor=HOST, spec=spec, origin=Origin.API, now=clock.now())
    in_force.forget()


def event(name: str, cluster: str, status: str = "firing") -> dict[str, Any]:
    labels = {"alertname": name, "cluster": cluster}
    return {"key": f"{name}/{cluster}", "title": name, "labels": labels, "status": status}


def fire(key: str, name: str, cluster: str = "eu") -> dict[str, Any]:
    return send(key, **event(name, cluster))


def over(key: str, name: str, cluster: str = "eu") -> dict[str, Any]:
    return send(key, **event(name, cluster, "resolved"))


def test_a_target_is_quiet_while_its_source_is_open(key: str) -> None:
    early, source, target = fire(key, "Slow", "us"), fire(key, "Down"), fire(key, "Slow")

    assert verdicts() == ["opened", "opened", "inhibited"]
    assert paged() == {early["alert"], source["alert"]}
    row = queries.alert_row(target["alert"])
    assert (row.state, row.inhibition, row.inhibited_by) == ("firing", "down", source["alert"])
    told = queries.event_rows(target["alert"])[0]
    assert told.rule == "inhibition:down"
    assert told.reason == (
        f"the inhibition down keeps it quiet while alert {source['alert']} (Down) is open"
    )


@pytest.mark.parametrize("who", ["sender", "person"])
def test_what_still_fires_pages_when_the_source_ends(key: str, who: str) -> None:
    source, target = fire(key, "Down")["alert"], fire(key, "Slow")["alert"]
    end_silences(clock.now())
    assert paged() == {source}

    if who == "sender":
        over(key, "Down")
    else:
        acts.resolve(actor=HOST, alerts=[source], now=clock.now())
    end_silences(clock.now())

    assert paged() == {source, target}
    assert queries.act_rows(target)[-1].act == "inhibition ended"
    row = queries.alert_row(target)
    assert (row.muted_until, row.inhibited_by) == (None, None)


def test_another_source_keeps_it_quiet(key: str) -> None:
    save(InhibitionSpec("down", RULE.source, RULE.target))
    source, target = fire(key, "Down")["alert"], fire(key, "Slow")["alert"]
    other = fire(key, "Down", "us")["alert"]

    over(key, "Down")
    end_silences(clock.now())

    assert queries.alert_row(target).inhibited_by == other
    assert paged() == {source, other}


def test_who_took_the_source_keeps_its_targets_quiet(key: str) -> None:
    source = fire(key, "Down")["alert"]
    acts.acknowledge(actor=HOST, alerts=[source], now=NOON)

    assert fire(key, "Slow")["verdict"] == "inhibited"


def test_a_target_that_ends_before_its_source_never_pages(key: str) -> None:
    source, target = fire(key, "Down")["alert"], fire(key, "Slow")["alert"]
    over(key, "Slow")
    over(key, "Down")
    end_silences(clock.now())

    assert paged() == {source}
    assert queries.alert_row(target).state == "resolved"


@pytest.mark.parametrize("order", [("Down", "Slow"), ("Slow", "Down")])
def test_order_in_one_post_does_not_matter(key: str, order: tuple[str, str]) -> None:
    door = make_integration("alertmanager")
    alerts = [
        {"labels": {"alertname": name, "cluster": "eu"}, "fingerprint": name,
         "startsAt": "2026-03-02T11:00:00Z", "status": "firing"}
        for name in order
    ]  # fmt: skip
    del key

    post(f"/in/alertmanager/{door}", {"version": "4", "alerts": alerts})

    source, target = Alert.objects.get(key="Down"), Alert.objects.get(key="Slow")
    assert paged() == {str(source.pk)}
    assert target.inhibited_by == source


def test_what_a_late_word_of_its_source_kept_quiet_pages_soon(key: str, set_up: FakeClock) -> None:
    """The source's trigger and its end come late, in one post with the target."""
    door = make_integration("alertmanager")
    start = {"startsAt": "2026-03-02T11:00:00Z", "endsAt": "2026-03-02T11:01:00Z"}
    down = {"labels": {"alertname": "Down", "cluster": "eu"}, "fingerprint": "Down"} | start
    slow = {"labels": {"alertname": "Slow", "cluster": "eu"}, "fingerprint": "Slow"} | start
    over = down | {"status": "resolved"}
    del key

    post(f"/in/alertmanager/{door}", {"alerts": [over]})
    post(f"/in/alertmanager/{door}", {"alerts": [slow | {"status": "firing"},
                                                down | {"status": "firing"}]})  # fmt: skip
    set_up.travel(seconds=5)
    end_silences(clock.now())

    assert paged() == {str(Alert.objects.get(key="Slow").pk)}


def test_an_inhibition_finds_its_sources_among_what_is_open() -> None:
    make_on_call("alice")
    key = make_integration()
    source = fire(key, "Down")["alert"]
    save()

    assert fire(key, "Slow")["verdict"] == "inhibited"
    row = directory.inhibition_row("down")
    assert (row.sources, row.holds) == (1, 1)
    assert paged() == {source}


@pytest.mark.parametrize("change", ["removed", "changed"])
def test_what_a_rule_no_more_keeps_quiet_pages(key: str, change: str) -> None:
    fire(key, "Down")
    target = fire(key, "Slow")["alert"]

    if change == "removed":
        rules.remove_inhibition(actor=HOST, name="down", now=clock.now())
        assert not InhibitionMark.objects.exists()
    else:
        save(InhibitionSpec("down", ('alertname="Fire"',), RULE.target))
    in_force.forget()
    end_silences(clock.now())

    assert target in paged()


def test_what_a_silence_let_go_may_be_inhibited(key: str) -> None:
    silence = SilenceSpec("s", ('alertname="Slow"',), NOON, NOON.replace(hour=13), "deploy")
    rules.save_silence(actor=HOST, spec=silence, origin=Origin.API, now=NOON)
    in_force.forget()
    target, source = fire(key, "Slow")["alert"], fire(key, "Down")["alert"]

    end_silences(NOON.replace(hour=13))

    assert queries.alert_row(target).inhibition == "down"
    assert paged() == {source}


def test_a_dry_run_tells_it_and_writes_nothing(key: str) -> None:
    source = fire(key, "Down")["alert"]
    body = b'{"key": "x", "title": "x", "labels": {"alertname": "Slow", "cluster": "eu"}}'

    (outcome,) = dry_run(actor=HOST, body=body, at=NOON, integration="generic").outcomes

    assert (outcome.verdict, outcome.rule, outcome.paging) == (
        "inhibited", "inhibition:down", None,
    )  # fmt: skip
    assert f"while alert {source} (Down) is open" in outcome.reason
    assert Alert.objects.count() == 1


def test_without_inhibitions_nothing_more_is_asked(django_assert_max_num_queries: Any) -> None:
    key = make_integration()
    in_force.forget()
    fire(key, "Down", "warm-up")

    with django_assert_max_num_queries(40) as asked:
        fire(key, "Slow")
        over(key, "Slow")

    assert not [each["sql"] for each in asked if "inhibitionmark" in each["sql"]]


def test_as_code_and_back() -> None:
    documents = yaml_documents.load(CODE, file="x.yaml")

    changes = [
        manifests.apply(actor=HOST, request=Apply(documents), now=NOON).changes[0].action.value
        for _ in range(2)
    ]

    assert changes == ["create", "unchanged"]
    exported = [d for d in manifests.export(actor=HOST) if d["kind"] == "Inhibition"]
    assert exported == [documents[0].data]


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        (InhibitionSpec("x", (), ("a=b",)), "spec.source"),
        (InhibitionSpec("x", ("a=b",), ()), "spec.target"),
        (InhibitionSpec("x", ("a",), ("a=b",)), "spec.source[0]"),
        (InhibitionSpec("x", ("a=b",), ("a=b",), ("a b",)), "spec.equal[0]"),
        (InhibitionSpec("x", ("a=b",), ("a=b",), ("a", "a")), "spec.equal"),
    ],
)
def test_faults_tell_their_place(spec: InhibitionSpec, place: str) -> None:
    with pytest.raises(InvalidError) as caught:
        save(spec)

    assert [fault.path for fault in caught.value.problems] == [place]


def test_only_editors_of_the_organisation_rule_all_alerts() -> None:
    eve = actor_for(make_user("eve", role="responder"))

    with pytest.raises(ForbiddenError):
        rules.save_inhibition(actor=eve, spec=RULE, origin=Origin.API, now=NOON)


def test_the_api_the_commands_and_the_page_show_it(key: str) -> None:
    source, target = fire(key, "Down")["alert"], fire(key, "Slow")["alert"]
    token = identity.create_token(actor=HOST, name="t", role="admin", now=NOON).token
    api: Any = {"HTTP_AUTHORIZATION": f"Bearer {token}", "content_type": "application/json"}
    body = {"source": list(RULE.source), "target": list(RULE.target), "equal": ["cluster"]}

    answer: Any = Client().put("/api/v1/inhibitions/second", body, **api)
    assert (answer.status_code, answer.json()["sources"]) == (200, 1)
    found: Any = Client().post("/api/v1/inhibition-preview", body, **api)
    assert [found.json()[f"{side}_count"] for side in ("source", "target")] == [1, 1]
    assert found.json()["targets"][0]["id"] == target

    client = signed_in("dora")
    listed = text(client.get("/silences"))
    assert "While the first is open, the second is quiet" in listed
    page = " ".join(text(client.get(f"/alerts/{target}")).split())
    assert "Kept quiet by the inhibition <bdi>down</bdi> while" in page
    assert f'href="/alerts/{source}"' in page
    transport.use(transport.Local())
    try:
        told = CliRunner().invoke(inhibition_app, ["list"])
        seen = CliRunner().invoke(
            inhibition_app, ["preview", "--source", RULE.source[0], "--target", RULE.target[0]]
        )
    finally:
        transport.use(None)
    assert "down" in told.output
    assert "1 open alerts are sources; 1 would be quiet" in seen.output


@pytest.mark.django_db(transaction=True)
def test_a_target_that_opens_while_its_source_ends_pages(key: str, set_up: FakeClock) -> None:
    """Whoever commits first: it is not inhibited, or looked at again soon."""
    source = fire(key, "Down")["alert"]
    together = threading.Barrier(2)

    def tell(what: Any, name: str) -> None:
        together.wait(20)
        what(key, name)
        connection.close()

    senders = [
        threading.Thread(target=tell, args=pair) for pair in ((over, "Down"), (fire, "Slow"))
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(30)
    set_up.travel(seconds=5)
    end_silences(clock.now())

    assert paged() == {source, str(Alert.objects.get(key="Slow/eu").pk)}
