"""Routes that are on at certain times only, by the wall clocks of a place."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from tests.alerts.factories import make_integration, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.domain import documents, routing
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.routing import Route
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import rules
from watchkeeper.alerts.usecases.dry_run import dry_run
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.manifests.usecases import Apply
from watchkeeper.plumbing import yaml_documents

OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}
CODE = """
apiVersion: watchkeeper/v1
kind: Route
metadata: {name: office}
spec:
  order: 1
  match: []
  policy: day
  times: [{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}]
  timeZone: Europe/Berlin
"""


def spec(*times: dict[str, Any], zone: str = "Europe/Berlin", name: str = "office") -> RouteSpec:
    return RouteSpec(name, "day", 1, times=times or (OFFICE,), time_zone=zone)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def placed(moment: str, *times: dict[str, Any], zone: str = "Europe/Berlin") -> tuple[str, str]:
    """Return which of two routes an alert takes, and why."""
    on = spec(*times, zone=zone).on_at()
    routes = [Route("office", 1, (), "day", times=on), Route("rest", 2, (), "night")]
    found = routing.place(routes, {}, severity=Severity.ERROR, default=("", ""), at=at(moment))
    return found.route, found.reason


NIGHT = {"from": "22:00", "to": "06:00"}
EARLY = {"days": ["sun"], "from": "02:15", "to": "02:45"}


@pytest.mark.parametrize(
    ("moment", "times", "route"),
    [
        ("2026-03-02T08:00:00Z", OFFICE, "office"),
        ("2026-03-02T07:59:59Z", OFFICE, "rest"),
        ("2026-03-02T15:59:59Z", OFFICE, "office"),
        ("2026-03-02T16:00:00Z", OFFICE, "rest"),
        ("2026-03-07T12:00:00Z", OFFICE, "rest"),
        ("2026-03-30T07:00:00Z", OFFICE, "office"),
        ("2026-03-02T23:00:00Z", NIGHT, "office"),
        ("2026-03-03T04:59:59Z", NIGHT, "office"),
        ("2026-03-03T05:00:00Z", NIGHT, "rest"),
        ("2026-03-29T00:59:59Z", EARLY, "rest"),
        ("2026-03-29T01:00:00Z", EARLY, "rest"),
        ("2026-10-25T00:30:00Z", EARLY, "office"),
        ("2026-10-25T01:30:00Z", EARLY, "rest"),
    ],
    ids=["opens", "before", "last second", "closed", "saturday", "an hour earlier in summer",
         "over midnight", "to the next morning", "morning", "before the gap",
         "a window in the gap has no length", "first of the hour that comes twice",
         "second of it"],
)  # fmt: skip
def test_a_route_is_on_by_the_wall_clocks_of_its_place(
    moment: str, times: dict[str, Any], route: str
) -> None:
    assert placed(moment, times)[0] == route


def test_the_reason_tells_which_route_was_not_on() -> None:
    assert placed("2026-03-02T20:00:00Z") == (
        "rest", "route rest matches; route office is not on at that time",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (RouteSpec("x", "p", times=(OFFICE,)), "spec.timeZone"),
        (RouteSpec("x", "p", time_zone="Europe/Berlin"), "spec.times"),
        (spec(zone="Europe/Nowhere"), "spec.timeZone"),
        (spec({"days": ["monday"]}), "spec.times[0].days[0]"),
        (spec({"from": "25:00"}), "spec.times[0].from"),
        (spec({"form": "09:00"}), "spec.times[0].form"),
    ],
    ids=["no zone", "no times", "no such zone", "no day", "no time", "no field"],
)
def test_faults_tell_their_place(found: RouteSpec, place: str) -> None:
    with pytest.raises(InvalidError) as caught:
        documents.check_route(found)

    assert [fault.path for fault in caught.value.problems] == [place]


@pytest.fixture
def key(db: None, fake_clock: FakeClock) -> str:
    del db, fake_clock
    settle()
    rest = RouteSpec("rest", "night", 2)
    for each in (spec(), rest):
        rules.save_route(actor=HOST, spec=each, origin=Origin.API, now=NOON)
    in_force.forget()
    return make_integration()


def test_an_alert_takes_the_route_that_is_on_when_it_comes(
    key: str, fake_clock: FakeClock
) -> None:
    day = send(key, title="day")["alert"]
    fake_clock.travel(hours=8)
    in_force.forget()
    night = send(key, title="night")["alert"]

    assert [queries.alert_row(alert).policy for alert in (day, night)] == ["day", "night"]
    assert queries.explained(night)["because"].endswith("route office is not on at that time")


@pytest.mark.parametrize(("hour", "policy"), [(12, "day"), (20, "night")])
def test_a_dry_run_asks_for_its_own_time(key: str, hour: int, policy: str) -> None:
    del key
    found = dry_run(
        actor=HOST, body=b'{"title": "x"}', at=NOON.replace(hour=hour), integration="generic"
    )

    assert found.outcomes[0].policy == policy


def test_as_code_and_back(db: None) -> None:
    del db
    wanted = yaml_documents.load(CODE, file="x.yaml")

    told = [
        manifests.apply(actor=HOST, request=Apply(wanted), now=NOON).changes[0].action.value
        for _ in range(2)
    ]

    assert told == ["create", "unchanged"]
    (exported,) = [d for d in manifests.export(actor=HOST) if d["kind"] == "Route"]
    assert json.loads(json.dumps(exported)) == json.loads(json.dumps(wanted[0].data))


def test_the_api_and_the_page_show_them(key: str) -> None:
    del key
    token = identity.create_token(actor=HOST, name="t", role="admin", now=NOON).token
    api: Any = {"HTTP_AUTHORIZATION": f"Bearer {token}", "content_type": "application/json"}
    body = {"policy": "p", "times": [{"from": "22:00", "to": "06:00"}], "time_zone": "UTC"}

    answer: Any = Client().put("/api/v1/routes/late", body, **api)
    wrong: Any = Client().put("/api/v1/routes/late", body | {"time_zone": "x/y"}, **api)

    assert answer.json()["times"] == [{"from": "22:00", "to": "06:00"}]
    assert wrong.status_code == 422
    page = " ".join(text(signed_in("dora").get("/routes")).split())
    assert "every day 22:00 to 06:00 (UTC)" in page
    assert "mon, tue, wed, thu, fri 09:00 to 17:00 (Europe/Berlin)" in page
