"""Maintenance windows: saved, ended early, removed; by documents, by the API and by commands."""

import datetime as dt
import json

import pytest
from django.test import Client

from tests.conftest import NOON, FakeClock
from tests.factories import BEGINNING, HOST, actor_for, make_team, make_user
from watchkeeper.audit.models import AuditEntry
from watchkeeper.catalog import usecases as catalog
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.models import MaintenanceCut
from watchkeeper.changes.queries import maintenance as queries
from watchkeeper.changes.usecases import maintenance as usecases
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from watchkeeper.kernel.intervals import Interval
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.manifests.usecases import Applied, Apply
from watchkeeper.plumbing import yaml_documents

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
WEEK = dt.timedelta(days=7)


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    return fake_clock


def spec(name: str = "m", **more: object) -> MaintenanceSpec:
    """Return a window of the shop from 11:30 to 13:00 on the day of NOON; ``more`` replaces."""
    given = {"services": ("shop",), "start": "2026-03-02T11:30:00", "end": "2026-03-02T13:00:00"}
    return MaintenanceSpec(name, **(given | more))  # type: ignore[arg-type]


def save(name: str = "m", **more: object) -> None:
    usecases.save(actor=HOST, spec=spec(name, **more), origin=Origin.API, now=NOON)


def owned(name: str, team: str) -> None:
    make_team(team)
    service = ServiceSpec(name=name, owner=team)
    catalog.save_service(actor=HOST, spec=service, origin=Origin.API, now=BEGINNING)


def test_a_window_says_what_is_on_and_what_comes() -> None:
    save("now", recurrence="FREQ=WEEKLY")
    save("later", start="2026-03-05T10:00:00", end="2026-03-05T11:00:00")
    save("past", start="2026-03-01T10:00:00", end="2026-03-01T11:00:00")

    rows = {row.name: row for row in queries.rows(now=NOON)}

    assert {name: row.state for name, row in rows.items()} == {
        "now": "active", "later": "pending", "past": "expired",
    }  # fmt: skip
    assert (rows["now"].since, rows["now"].until) == (NOON - HOUR / 2, NOON + HOUR)
    assert rows["now"].next_start == NOON - HOUR / 2 + WEEK
    assert [window.name for window in queries.in_force(now=NOON)] == ["later", "now"]


def test_ending_early_ends_this_time_and_not_the_next() -> None:
    save(recurrence="FREQ=WEEKLY")

    usecases.end(actor=HOST, name="m", now=NOON)

    row = queries.row("m", now=NOON)
    assert (row.state, row.until, row.next_start) == ("pending", None, NOON - HOUR / 2 + WEEK)
    assert queries.occurrences("m", start=NOON - HOUR, end=NOON + WEEK) == [
        Interval(NOON - HOUR / 2, NOON),
        Interval(NOON - HOUR / 2 + WEEK, NOON + HOUR + WEEK),
    ]
    with pytest.raises(ConflictError, match="begins next at 2026-03-09T11:30:00Z"):
        usecases.end(actor=HOST, name="m", now=NOON)


def test_what_is_ended_before_its_first_minute_is_over_leaves_nothing() -> None:
    save(start="2026-03-02T12:00:00")

    usecases.end(actor=HOST, name="m", now=NOON)

    assert queries.row("m", now=NOON).state == "expired"
    assert queries.occurrences("m", start=NOON - HOUR, end=NOON + WEEK) == []
    assert MaintenanceCut.objects.count() == 1


def test_saving_the_same_again_changes_nothing() -> None:
    save()
    before = AuditEntry.objects.count()

    again = usecases.save(actor=HOST, spec=spec(), origin=Origin.API, now=NOON + HOUR)

    assert again.action.value == "unchanged"
    assert AuditEntry.objects.count() == before


def test_a_second_window_of_one_name_is_not_made_by_hand() -> None:
    usecases.create(actor=HOST, spec=spec(), now=NOON)

    with pytest.raises(ConflictError):
        usecases.create(actor=HOST, spec=spec(reason="other"), now=NOON)


def test_what_is_not_there_is_not_found() -> None:
    for act in (usecases.end, usecases.remove):
        with pytest.raises(NotFoundError):
            act(actor=HOST, name="m", now=NOON)


def test_responders_of_all_its_services_may_and_taking_minutes_out_needs_editors() -> None:
    owned("shop", "checkout-team")
    owned("search", "search-team")
    bob = actor_for(make_user("bob", teams={"checkout-team": "responder"}))
    alice = actor_for(make_user("alice", teams={"checkout-team": "editor"}))

    usecases.save(actor=bob, spec=spec(), origin=Origin.API, now=NOON)
    for wanted in (
        spec("both", services=("shop", "search")),
        spec("unknown", services=("nobodys",)),
        spec("out", exclude=True),
        spec(exclude=True),
    ):
        with pytest.raises(ForbiddenError):
            usecases.save(actor=bob, spec=wanted, origin=Origin.API, now=NOON)
    usecases.save(actor=alice, spec=spec(exclude=True), origin=Origin.API, now=NOON)
    with pytest.raises(ForbiddenError):  # not even to let it count again
        usecases.save(actor=bob, spec=spec(), origin=Origin.API, now=NOON)
    with pytest.raises(ForbiddenError):
        usecases.remove(actor=bob, name="m", now=NOON)
    usecases.end(actor=bob, name="m", now=NOON)

    assert queries.row("m", now=NOON).state == "expired"


# ---- as code

GIVEN = """
{apiVersion: watchkeeper/v1, kind: Maintenance, metadata: {name: m1}, spec: {services: [shop], timeZone: Europe/Berlin, start: 2026-02-03T02:00:00, end: 2026-02-03T04:00:00, recurrence: "FREQ=WEEKLY", exclude: true}}
"""  # noqa: E501


def apply(text: str) -> Applied:
    documents = yaml_documents.load(text, file="maintenance.yaml")
    return manifests.apply(Apply(documents, paths=("maintenance.yaml",)), actor=HOST, now=NOON)


def test_a_document_is_applied_exported_and_applied_again() -> None:
    owned("shop", "checkout-team")
    first, second = apply(GIVEN), apply(GIVEN)
    exported = yaml_documents.dump(
        [d for d in manifests.export(actor=HOST) if d["kind"] == "Maintenance"]
    )

    assert [change.action.value for change in first.changes] == ["create"]
    assert [change.action.value for change in second.changes] == ["unchanged"]
    assert [change.action.value for change in apply(exported).changes] == ["unchanged"]
    assert list(first.findings) == []
    assert queries.row("m1", now=NOON).next_start == dt.datetime(2026, 3, 3, 1, tzinfo=dt.UTC)


def test_a_service_that_nobody_knows_is_a_warning() -> None:
    (finding,) = apply(GIVEN).findings

    assert finding.severity.value == "warning"
    assert "no service shop" in finding.problem.detail
    assert finding.problem.path == "spec.services[0]"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("services: [shop]", "services: shop", "list of names"),
        ("exclude: true", "exclude: maybe", "true or false"),
        ("exclude: true", "until: x", "until is not a field"),
        ("FREQ=WEEKLY", "FREQ=SECONDLY", "hourly is the finest"),
        ('"FREQ=WEEKLY"', "7", "recurrence is not text"),
        ("02:00:00", "25:00:00", "is not a time"),
    ],
)
def test_faults_of_a_document_have_file_and_line(old: str, new: str, words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        apply(GIVEN.replace(old, new))

    problem = refused.value.problems[0]
    assert words in problem.detail
    assert (problem.file, problem.line) == ("maintenance.yaml", 2)


def test_what_a_file_keeps_is_changed_there_and_can_be_ended_here() -> None:
    apply(GIVEN.replace("2026-02-03T02:00:00", "2026-03-02T12:00:00")
               .replace("2026-02-03T04:00:00", "2026-03-02T14:00:00"))  # fmt: skip

    with pytest.raises(ConflictError, match=r"maintenance\.yaml"):
        usecases.save(actor=HOST, spec=spec("m1"), origin=Origin.API, now=NOON)
    with pytest.raises(ConflictError, match=r"maintenance\.yaml"):
        usecases.remove(actor=HOST, name="m1", now=NOON)
    usecases.end(actor=HOST, name="m1", now=NOON)

    assert queries.row("m1", now=NOON).state == "pending"


# ---- by the API


def client(role: str = "admin") -> Client:
    made = identity.create_token(actor=HOST, name=role, role=role, team=None, now=NOON)
    return Client(headers={"authorization": f"Bearer {made.token}"})


BODY = {"services": ["shop"], "start": "2026-03-02T12:00:00", "end": "2026-03-02T14:00:00",
        "time_zone": "Europe/Berlin", "recurrence": "FREQ=WEEKLY"}  # fmt: skip


def test_the_api_makes_shows_ends_and_removes() -> None:
    asking = client()
    made = asking.post("/api/v1/maintenance", json.dumps(BODY | {"name": "m"}),
                       content_type="application/json")  # fmt: skip

    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["until"]) == ("active", "2026-03-02T13:00:00Z")
    times = asking.get("/api/v1/maintenance/m/occurrences?to=2026-03-10T00:00:00Z").json()
    assert [each["start"] for each in times] == ["2026-03-02T11:00:00Z", "2026-03-09T11:00:00Z"]
    assert asking.post("/api/v1/maintenance/m/end").json()["state"] == "pending"
    assert asking.post("/api/v1/maintenance/m/end").status_code == 409
    assert asking.delete("/api/v1/maintenance/m").status_code == 204
    assert asking.get("/api/v1/maintenance/m").status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"recurrence": "FREQ=SECONDLY"}, {"services": []}, {"start": "x"}, {"time_zone": "x"},
        {"end": "2026-03-02T12:00:00"}, {"services": "shop"}, {"start": "\x00"},
    ],
)  # fmt: skip
def test_the_api_refuses_what_cannot_be(changed: dict[str, object]) -> None:
    answer = client().put(
        "/api/v1/maintenance/m", json.dumps(BODY | changed), content_type="application/json"
    )

    assert answer.status_code in {400, 422}
    assert answer.json()["errors"]


@pytest.mark.parametrize("query", ["from=x", "to=2026-03-01T00:00:00Z", "to=2999-01-01T00:00:00Z"])
def test_a_range_that_is_none_is_refused(query: str) -> None:
    save()

    answer = client().get(f"/api/v1/maintenance/m/occurrences?{query}")

    assert answer.status_code == 422
