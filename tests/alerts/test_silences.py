"""Silences that come again, are ended early, and are looked at before they are made."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from typer.testing import CliRunner

from tests.alerts.factories import make_integration, paged, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, actor_for, make_user
from tests.pages import signed_in, text
from watchkeeper.alerts.cli import alert_app
from watchkeeper.alerts.domain.documents import SilenceSpec
from watchkeeper.alerts.queries import directory, previews
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.tasks import end_silences
from watchkeeper.alerts.usecases import quieting, rules, upkeep, waking
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.manifests.usecases import Apply
from watchkeeper.plumbing import transport, yaml_documents

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
WEEK = dt.timedelta(days=7)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


def spec(name: str = "s", **more: object) -> SilenceSpec:
    """Return a silence of the shop from 11:00 to 13:00 each week; ``more`` replaces."""
    given = {
        "match": ('service="shop"',), "start": NOON - HOUR, "end": NOON + HOUR,
        "reason": "batch", "recurrence": "FREQ=WEEKLY", "time_zone": "Europe/Berlin",
    }  # fmt: skip
    return SilenceSpec(name, **(given | more))  # type: ignore[arg-type]


def save(name: str = "s", **more: object) -> None:
    rules.save_silence(actor=HOST, spec=spec(name, **more), origin=Origin.API, now=NOON)
    in_force.forget()


def test_a_silence_that_comes_again_holds_each_time_by_the_wall_clock(set_up: FakeClock) -> None:
    save()
    key = make_integration(service="shop")

    def told() -> str:
        in_force.forget()
        return str(send(key, title=f"T{set_up.now}")["verdict"])

    found = [told()]
    for hours in (2, 7 * 24 - 2):
        set_up.travel(hours=hours)
        found.append(told())
    set_up.now = NOON + 4 * WEEK + HOUR / 2  # summer time: 12:00 to 14:00 is an hour earlier
    found.append(told())
    set_up.travel(hours=-1)
    found.append(told())

    assert found == ["silenced", "opened", "silenced", "opened", "silenced"]


def test_what_still_fires_pages_when_its_time_is_over() -> None:
    save()
    alert = send(make_integration(service="shop"), title="T")["alert"]

    end_silences(NOON)
    assert paged() == set()
    end_silences(NOON + HOUR)

    assert paged() == {alert}


def test_the_command_says_what_is_kept_quiet() -> None:
    save()
    send(make_integration(service="shop"), title="X")
    transport.use(transport.Local())
    try:
        listed = CliRunner().invoke(alert_app, ["list"]).output
    finally:
        transport.use(None)

    assert "firing, quiet" in listed


def test_rows_tell_what_holds_and_what_comes() -> None:
    save()
    save("once", recurrence="", time_zone="", start=NOON + HOUR, end=NOON + 2 * HOUR)
    save("over", recurrence="FREQ=WEEKLY;COUNT=1", start=NOON - 3 * HOUR, end=NOON - HOUR)

    rows = {row.name: row for row in directory.silence_rows(now=NOON)}

    assert {name: row.state for name, row in rows.items()} == {
        "s": "active", "once": "pending", "over": "expired",
    }  # fmt: skip
    assert (rows["s"].until, rows["s"].next_start) == (NOON + HOUR, NOON - HOUR + WEEK)
    assert (rows["once"].next_start, rows["once"].until) == (NOON + HOUR, None)


def test_ending_early_pages_and_the_next_time_comes() -> None:
    save()
    save("once", recurrence="", time_zone="")
    alert = send(make_integration(service="shop"), title="T")["alert"]

    rules.end_silence(actor=HOST, name="s", now=NOON)
    rules.end_silence(actor=HOST, name="once", now=NOON)
    end_silences(NOON)

    rows = {row.name: row for row in directory.silence_rows(now=NOON)}
    assert paged() == {alert}
    assert (rows["s"].state, rows["s"].next_start) == ("pending", NOON - HOUR + WEEK)
    assert rows["once"].state == "expired"
    for name in ("s", "once"):
        with pytest.raises(ConflictError):
            rules.end_silence(actor=HOST, name=name, now=NOON)


def test_one_that_begins_this_moment_can_be_ended() -> None:
    save("once", recurrence="", time_zone="", start=NOON)

    rules.end_silence(actor=HOST, name="once", now=NOON)

    assert directory.silence_row("once", now=NOON + HOUR / 2).state == "expired"


def test_saving_anew_forgets_what_was_ended_early() -> None:
    save()
    rules.end_silence(actor=HOST, name="s", now=NOON)
    save(reason="again")

    assert directory.silence_row("s", now=NOON).state == "active"


def test_two_silences_of_one_name_are_not_made_by_hand_and_ending_needs_a_responder() -> None:
    rules.create_silence(actor=HOST, spec=spec(), now=NOON)
    viewer = actor_for(make_user("dora"))

    with pytest.raises(ConflictError):
        rules.create_silence(actor=HOST, spec=spec(), now=NOON)
    with pytest.raises(ForbiddenError):
        rules.end_silence(actor=viewer, name="s", now=NOON)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"recurrence": "FREQ=SECONDLY"}, "hourly is the finest"),
        ({"time_zone": "Mars"}, "not a time zone"),
        ({"end": NOON + 40 * 24 * HOUR}, "31 days"),
    ],
)
def test_what_cannot_come_again_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        save("s", **changed)

    assert words in refused.value.problems[0].detail
    assert refused.value.problems[0].path.startswith("spec.")


GIVEN = """
{apiVersion: watchkeeper/v1, kind: Silence, metadata: {name: s1}, spec: {match: ['alertname="X"'], start: 2026-02-03T09:00:00, end: 2026-02-03T10:00:00, reason: batch, recurrence: "FREQ=DAILY", timeZone: Europe/Berlin}}
"""  # noqa: E501


def test_with_a_time_zone_times_of_a_document_are_wall_time() -> None:
    def apply(text: str) -> list[str]:
        documents = yaml_documents.load(text, file="silences.yaml")
        done = manifests.apply(Apply(documents), actor=HOST, now=NOON)
        return [change.action.value for change in done.changes]

    first = apply(GIVEN)
    exported = yaml_documents.dump(
        [d for d in manifests.export(actor=HOST) if d["kind"] == "Silence"]
    )

    assert (first, apply(GIVEN), apply(exported)) == (["create"], ["unchanged"], ["unchanged"])
    row = directory.silence_row("s1", now=NOON)
    assert row.next_start == dt.datetime(2026, 3, 3, 8, tzinfo=dt.UTC)
    with pytest.raises(InvalidError):
        apply(GIVEN.replace(", timeZone: Europe/Berlin", ""))


# ---- previews


def some_alerts() -> None:
    key = make_integration()
    send(key, key="a", title="A", service="shop", severity="critical", labels={"zone": "eu"})
    send(key, key="b", title="B", service="shop", severity="warning")
    send(key, key="b", status="resolved")
    send(key, key="c", title="C", service="search", severity="critical")


def test_a_preview_tells_what_is_open_and_what_was() -> None:
    some_alerts()

    def seen(*match: str, services: tuple[str, ...] = ()) -> tuple[int, int, list[str]]:
        found = previews.preview(match, now=NOON, services=services)
        return found.open_count, found.recent_count, [alert.title for alert in found.recent]

    assert seen('service="shop"') == (1, 2, ["B", "A"])
    assert seen('severity="critical"') == (2, 2, ["C", "A"])
    assert seen('zone=~"e."', 'service="shop"') == (1, 1, ["A"])
    assert seen(services=("search", "x")) == (1, 1, ["C"])
    assert seen('service="nothing"') == (0, 0, [])
    assert previews.preview((), now=NOON + 31 * 24 * HOUR).recent_count == 0
    assert previews.preview((), now=NOON + 31 * 24 * HOUR).open_count == 2


def test_a_preview_that_did_not_read_all_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    some_alerts()
    monkeypatch.setattr(previews, "MOST_READ", 1)

    found = previews.preview((), now=NOON)

    assert (found.open_count, found.recent_count, found.is_complete) == (1, 1, False)


def test_what_is_previewed_is_what_is_silenced() -> None:
    some_alerts()
    match = ('severity=~"critical|error"', 'zone!="eu"')
    before = [alert.title for alert in previews.preview(match, now=NOON).open]
    save(match=match, recurrence="")

    told = {
        title: send(make_integration(name=f"n{title}"), title=title, service=service,
                    severity=severity, labels=labels)["verdict"]
        for title, service, severity, labels in (
            ("A", "shop", "critical", {"zone": "eu"}), ("C", "search", "critical", {}),
        )
    }  # fmt: skip

    assert before == [title for title, verdict in told.items() if verdict == "silenced"] == ["C"]


def test_the_api_previews_makes_and_ends() -> None:
    some_alerts()
    token = identity.create_token(actor=HOST, name="t", role="admin", team=None, now=NOON).token
    asking = Client(headers={"authorization": f"Bearer {token}"})

    def api(path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        text = json.dumps(body)
        answer = asking.post(f"/api/v1/{path}", text, content_type="application/json")
        return answer.status_code, answer.json()

    body = {"name": "s", "match": ['service="shop"'], "start": "2026-03-02T11:00:00Z",
            "end": "2026-03-02T13:00:00Z", "reason": "x", "recurrence": "FREQ=DAILY"}  # fmt: skip

    status, found = api("silence-preview", {"match": ['service="shop"']})
    made = api("silences", body)
    ended = api("silences/s/end")
    refused = api("silence-preview", {"match": ["nonsense"]})

    assert (status, found["open_count"], found["recent_count"]) == (200, 1, 2)
    assert (made[0], made[1]["state"], made[1]["until"]) == (201, "active", "2026-03-02T13:00:00Z")
    assert (ended[1]["state"], ended[1]["next_start"]) == ("pending", "2026-03-03T11:00:00Z")
    assert refused[0] == 422
    assert refused[1]["errors"][0]["path"] == "match[0]"


@pytest.mark.parametrize(
    ("job", "index"),
    [
        (upkeep.end_silences, "alerts_kept_quiet"),
        (waking.page_again, "alerts_page_again"),
        (quieting.end_flapping, "alerts_flapping"),
    ],
)
def test_where_nothing_is_due_one_index_is_asked_and_nobody_kept_waiting(
    job: Any, index: str
) -> None:
    some_alerts()

    with CaptureQueriesContext(connection) as asked:
        assert job(now=NOON) == 0

    [only] = [query["sql"] for query in asked]
    assert only.startswith("SELECT"), "no transaction, in which writers would wait"
    if connection.vendor == "sqlite":  # PostgreSQL reads a table of three rows as it is
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {only}")
            assert index in str(cursor.fetchall())


# ---- pages

TYPED = {
    "name": "s", "match": 'service="shop"', "reason": "<b>deploy</b>",
    "start": "2026-03-02T11:00", "end": "2026-03-02T13:00", "recurrence": "FREQ=DAILY",
}  # fmt: skip


def test_the_form_tells_what_it_would_keep_quiet_and_keeps_what_was_typed() -> None:
    some_alerts()
    client = signed_in("alice", role="admin")

    page = text(client.post("/silences/-/new", TYPED | {"act": "preview"}))

    assert "It matches 1 alert that is open now" in page
    assert "2 alerts that opened in the last 30 days" in page
    assert "&lt;b&gt;deploy&lt;/b&gt;" in page
    assert directory.silence_rows(now=NOON) == []


@pytest.mark.parametrize(("match", "words"), [("", "Write a matcher first"), ("x", "no matcher")])
def test_a_preview_of_no_matcher_says_so(match: str, words: str) -> None:
    client = signed_in("alice", role="admin")

    answer = client.post("/silences/-/new", TYPED | {"match": match, "act": "preview"})

    assert answer.status_code == 422
    assert words in text(answer)


def test_a_silence_is_typed_saved_ended_and_removed() -> None:
    client = signed_in("alice", role="admin")

    made = text(client.post("/silences/-/new", TYPED, follow=True))
    row = directory.silence_row("s", now=NOON)
    ended = text(client.post("/silences/s/end", follow=True))
    again = text(client.post("/silences/s/end", follow=True))
    asked = text(client.get("/silences/s/remove"))
    client.post("/silences/s/remove")

    assert "&lt;b&gt;deploy&lt;/b&gt;" in made
    assert (row.match, row.state, row.time_zone) == (('service="shop"',), "active", "UTC")
    assert "s has ended" in ended
    assert "does not hold now" in again
    assert "Remove the silence s" in asked
    assert directory.silence_rows(now=NOON) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("recurrence", "FREQ=SECONDLY", "hourly is the finest"),
        ("match", "nonsense", "no matcher"),
        ("end", "2026-03-02T11:00", "end is not after start"),
        ("name", "-", "cannot be named"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(field: str, value: str, words: str) -> None:
    answer = signed_in("alice", role="admin").post("/silences/-/new", TYPED | {field: value})

    assert answer.status_code == 422
    assert words in text(answer)


def test_a_silence_is_changed_and_what_nobody_changed_stays_to_the_second() -> None:
    client = signed_in("alice", role="admin")
    start = NOON - HOUR + dt.timedelta(seconds=30)
    save(start=start, recurrence="", time_zone="")

    shown = client.get("/silences/s/edit")
    fields = shown.context["form"].initial
    longer = typed(shown) | {"end": "2026-03-02T15:30", "reason": "it takes longer"}
    client.post("/silences/s/edit", longer)

    row = directory.silence_row("s", now=NOON)
    assert "/silences/s/edit" in text(client.get("/silences"))
    assert fields["start"] == dt.datetime(2026, 3, 2, 11, 0)  # noqa: DTZ001  as walls are
    assert (row.start, row.end) == (start, NOON + dt.timedelta(hours=3, minutes=30))
    assert (row.reason, row.origin) == ("it takes longer", "ui")


def test_one_that_comes_again_is_changed_by_its_own_clocks() -> None:
    client = signed_in("alice", role="admin")
    save()

    shown = client.get("/silences/s/edit")
    assert "In Berlin time" in text(shown)
    client.post("/silences/s/edit", typed(shown) | {"end": "2026-03-02T15:00"})

    row = directory.silence_row("s", now=NOON)
    assert (row.start, row.end) == (NOON - HOUR, NOON + 2 * HOUR)
    assert (row.recurrence, row.time_zone) == ("FREQ=WEEKLY", "Europe/Berlin")


def test_a_change_of_somebody_else_is_not_overwritten() -> None:
    client = signed_in("alice", role="admin")
    save()
    mine = typed(client.get("/silences/s/edit")) | {"reason": "mine"}
    save(reason="theirs")

    answer = client.post("/silences/s/edit", mine)

    assert answer.status_code == 422
    assert "was changed by somebody else since this page was loaded" in text(answer)
    assert "mine" in text(answer)
    assert directory.silence_row("s", now=NOON).reason == "theirs"


def test_one_of_a_file_is_changed_there() -> None:
    client = signed_in("alice", role="admin")
    rules.save_silence(actor=HOST, spec=spec(), origin=Origin.FILE, now=NOON, file="quiet.yaml")

    answer = client.get("/silences/s/edit", follow=True)

    assert "s is kept in quiet.yaml; change it there." in text(answer)
    assert "/silences/s/edit" not in text(answer)
    assert client.get("/silences/none/edit").status_code == 404


def test_a_preview_of_a_change_keeps_what_was_typed() -> None:
    some_alerts()
    client = signed_in("alice", role="admin")
    save()
    asked = typed(client.get("/silences/s/edit")) | {"reason": "longer", "act": "preview"}

    page = text(client.post("/silences/s/edit", asked))

    assert "It matches 1 alert that is open now" in page
    assert "longer" in page
    assert f'name="known" value="{asked["known"]}"' in page
    assert directory.silence_row("s", now=NOON).reason == "batch"


def typed(shown: Any) -> dict[str, str]:
    """Return what a page of a silence would send if nothing were changed in it."""
    form = shown.context["form"]
    values = {field.name: str(field.value() or "") for field in form.visible_fields()}
    times = {name: values[name].replace(" ", "T")[:16] for name in ("start", "end")}
    return {**values, **times, "known": shown.context["known"]}
