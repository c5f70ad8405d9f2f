"""Routes are made, changed, moved and removed on pages: what is filled in is never lost."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils.datastructures import MultiValueDict

from tests.alerts.factories import make_integration, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.models import Route
from watchkeeper.alerts.queries import directory
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import rules
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import usecases as oncall

pytestmark = pytest.mark.django_db
NEW = "/routes/-/new"
OFFICE = {"days": ["mon", "fri"], "from": "09:00", "to": "17:00"}


@pytest.fixture
def door(db: None, fake_clock: FakeClock) -> Client:
    """Alice is an admin; there are the policies shop and night."""
    del db, fake_clock
    settle()
    for name in ("shop", "night"):
        head = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy"}
        spec = {"steps": [{"notify": [{"person": "alice"}]}]}
        document = Document({**head, "metadata": {"name": name}, "spec": spec})
        oncall.save_policy(actor=HOST, document=document, origin=Origin.API, now=NOON)
    return signed_in("alice", role="admin")


def make(name: str = "all", policy: str = "shop", origin: Origin = Origin.API, **more: Any) -> str:
    """Make a route; returns where it is changed."""
    spec = RouteSpec(name, policy, **more)
    rules.save_route(actor=HOST, spec=spec, origin=origin, now=NOON, file="routes.yaml")
    in_force.forget()
    return f"/routes/{name}/edit"


def filled(**more: Any) -> dict[str, Any]:
    given = {"do": "save", "known": "", "name": "critical", "order": "50", "policy": "shop",
             "match": 'service="shop"\n\nseverity="critical"', "times": "0"}  # fmt: skip
    return given | more


def fields(page: str) -> dict[str, Any]:
    """Return what a browser would send of the form that a page shows."""
    form = page.partition('id="route"')[2].partition("</form>")[0]
    found: MultiValueDict[str, str] = MultiValueDict()
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found.appendlist(name[1], unescape(value[1]) if value else "")
    for name, inner in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(
        r'<textarea name="([^"]+)".*?>(.*?)</textarea>', form, re.DOTALL
    ):
        found[name] = unescape(inner).removeprefix("\n")
    return dict(found.lists())


def test_a_route_is_made_listed_and_written_down(door: Client) -> None:
    assert f'href="{NEW}"' in text(door.get("/routes"))

    answer = door.post(NEW, filled(), follow=True)

    assert directory.route_spec_of("critical") == RouteSpec(
        "critical", "shop", order=50, match=('service="shop"', 'severity="critical"')
    )
    assert "Alerts that open from now on follow it" in text(answer)
    assert "/on-call/-/policies/shop" in text(answer)
    assert AuditEntry.objects.filter(action="route.saved").count() == 1
    assert directory.route_row("critical").origin == "ui"


def test_everything_that_a_route_can_say_can_be_filled_in(door: Client) -> None:
    more = {
        "urgency": "low", "group_by": "service, zone", "group_for": "10m", "times": "2",
        "time-0-days": ["mon", "fri"], "time-0-start": "09:00", "time-0-end": "17:00",
        "time-1-start": "22:00", "time_zone": "Europe/Berlin",
    }  # fmt: skip

    assert door.post(NEW, filled(**more)).status_code == 302

    spec = directory.route_spec_of("critical")
    assert (spec.urgency, spec.group_by, spec.group_for) == ("low", ("service", "zone"), "10m")
    assert spec.times == (OFFICE, {"from": "22:00"})
    assert spec.time_zone == "Europe/Berlin"


def test_a_page_that_is_sent_back_as_it_is_changes_nothing(door: Client) -> None:
    path = make(
        order=-3, match=('service=~"a|b"', 'x!="<y>"'), urgency="high", group_by=("service",),
        group_for="1h", times=(OFFICE, {}), time_zone="Europe/Oslo",
    )  # fmt: skip
    before = directory.route_spec_of("all")

    answer = door.post(path, fields(text(door.get(path))) | {"do": "save"})

    assert answer.status_code == 302
    assert directory.route_spec_of("all") == before


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "id_name", "This field is required"),
        ({"name": "no spaces please"}, "id_name", "cannot be named"),
        ({"order": "first"}, "id_order", "Enter a whole number"),
        ({"order": "9" * 30}, "id_order", "order is too large a number"),
        ({"policy": ""}, "id_policy", "This field is required"),
        ({"match": 'service="a"\n\n  no matcher\nx=~"["'}, "id_match", "Line 3: &#x27;no matcher"),
        ({"match": 'service="a"\n\n  no matcher\nx=~"["'}, "id_match", "Line 4: "),
        ({"urgency": "mild"}, "id_urgency", "Select a valid choice"),
        ({"group_by": "a a"}, "id_group_by", "each once"),
        ({"group_for": "5m"}, "id_group_for", "groupFor goes with groupBy"),
        ({"times": "1", "time_zone": "Mars"}, "id_time_zone", "time zone"),
        ({"times": "1", "time_zone": ""}, "id_time_zone", "by whose clocks"),
        (
            {"times": "1", "time-0-start": "9", "time_zone": "UTC"},
            "id_time-0-start",
            "time of day",
        ),
        (
            {"times": "1", "time-0-days": "mo", "time_zone": "UTC"},
            "id_time-0-days",
            "valid choice",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    door: Client, typed: dict[str, str], field: str, words: str
) -> None:
    answer = door.post(NEW, filled(**typed))

    page = text(answer)
    assert answer.status_code == 422
    assert "Not saved. What you typed is still here" in page
    assert f'href="#{field}' in page
    assert words in page
    sent = fields(page)
    for name, value in typed.items():
        if name not in ("urgency", "time-0-days"):
            assert sent[name] == [value.strip()], name
    assert not Route.objects.exists()


def test_times_are_added_and_removed_without_scripts(door: Client) -> None:
    page = text(door.post(NEW, filled(do="add-time", order="soon")))
    given = fields(page)
    assert given["time-0-days"] == ["mon", "tue", "wed", "thu", "fri"]
    assert given["time_zone"] == ["UTC"]
    assert given["order"] == ["soon"]
    again = fields(text(door.post(NEW, given | {"do": "add-time", "time-0-start": "07:00"})))
    left = fields(text(door.post(NEW, again | {"do": "drop:1"})))
    assert (left["times"], left["time-0-start"]) == (["1"], ["07:00"])
    assert fields(text(door.post(NEW, left | {"do": "drop:0"})))["times"] == ["0"]
    assert not Route.objects.exists()


def test_before_saving_it_says_what_it_would_have_taken(
    door: Client, fake_clock: FakeClock
) -> None:
    key = make_integration(service="shop")
    make("first", order=10, match=('title="T1"',))
    fake_clock.travel(days=-8)
    send(key, title="long ago", severity="critical")
    fake_clock.travel(days=8)
    for title in ("T1", "T2", "T3"):
        send(key, title=title, severity="critical", labels={"zone": "eu"})
    send(key, title="T4", severity="warning")

    page = text(door.post(NEW, filled(do="preview")))

    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "It matches 3 alerts. 2 would have gone by it." in shown
    assert "1taken before it by first" in shown
    assert not Route.objects.filter(name="critical").exists()
    link = re.search(r'href="(/routes/-/dry-run\?payload=[^"]+)"', page)
    assert link is not None
    [payload] = parse_qs(urlsplit(unescape(link[1])).query)["payload"]
    assert json.loads(payload) == {
        "title": "T3", "service": "shop", "severity": "critical", "labels": {"zone": "eu"},
    }  # fmt: skip
    assert "T3" in text(door.get(unescape(link[1])))
    times = {"times": "1", "time-0-start": "01:00", "time-0-end": "02:00", "time_zone": "UTC"}
    shown = re.sub(r"<[^>]+>", "", text(door.post(NEW, filled(do="look", **times))))
    assert "came while it is not on" in shown


def test_a_dry_run_is_filled_in_by_the_matchers_where_nothing_matched(door: Client) -> None:
    match = 'service="pay"\nowner="x"\nzone="eu"\nseverity=~"a|b"'
    page = text(door.post(NEW, filled(do="look", match=match)))

    link = re.search(r'href="(/routes/-/dry-run\?payload=[^"]+)"', page)
    assert link is not None
    [payload] = parse_qs(urlsplit(unescape(link[1])).query)["payload"]
    assert json.loads(payload) == {
        "title": "Tried out", "service": "pay", "labels": {"zone": "eu"}
    }  # fmt: skip


def test_a_change_made_meanwhile_is_not_overwritten(door: Client) -> None:
    path = make()
    mine = fields(text(door.get(path))) | {"do": "save", "order": "7"}
    make(order=8)

    answer = door.post(path, mine)

    assert answer.status_code == 422
    assert "was changed by somebody else since this page was loaded" in text(answer)
    assert fields(text(answer))["order"] == ["7"]
    assert directory.route_spec_of("all").order == 8
    answer = door.post(NEW, filled(name="all"))
    assert "The route all is there already" in text(answer)


def test_the_api_tells_states_apart_too(door: Client) -> None:
    del door
    make()
    token = identity.create_token(actor=HOST, name="ci", role="admin", now=NOON).token
    bearer = {"Authorization": f"Bearer {token}"}
    answer = Client().get("/api/v1/routes/all", headers=bearer)
    body = {"policy": "shop", "order": 7}

    def put(state: str) -> Any:
        return Client().put(
            "/api/v1/routes/all",
            body,
            content_type="application/json",
            headers=bearer | {"If-Match": state},
        )

    saved = put(answer["ETag"])
    assert (saved.status_code, put(answer["ETag"]).status_code) == (200, 412)
    assert put(saved["ETag"]).status_code == 200


def test_routes_change_places(door: Client) -> None:
    make("a", order=10)
    make("b", order=20)
    make("c", order=30)

    assert door.post("/routes/c/move", {"to": "up"}).status_code == 302
    assert [row.name for row in directory.route_rows()] == ["a", "c", "b"]
    assert door.post("/routes/a/move", {"to": "down"}).status_code == 302
    assert [row.name for row in directory.route_rows()] == ["c", "a", "b"]
    assert door.post("/routes/nothing/move", {"to": "up"}).status_code == 404
    assert AuditEntry.objects.filter(action="route.saved").count() == 5


def test_what_a_file_keeps_is_read_only_and_makes_no_room(door: Client) -> None:
    path = make("filed", order=1, origin=Origin.FILE)
    make("a", order=0)
    make("z", order=1)
    make("filed2", order=0, origin=Origin.FILE)

    assert "Kept in routes.yaml" in text(door.get(path))
    assert door.post(path, filled()).status_code == 409
    assert door.post("/routes/filed/remove").status_code == 409
    assert "/routes/filed/edit" not in text(door.get("/routes"))
    page = text(door.post("/routes/filed/move", {"to": "up"}, follow=True))
    assert "is kept in routes.yaml" in page
    make("f", order=1, origin=Origin.FILE)
    make("g", order=1, origin=Origin.FILE)
    make("x", order=2)
    make("f2", order=1, origin=Origin.FILE)
    before = directory.route_rows()
    rows = [row.name for row in before]
    assert rows == ["a", "filed2", "f", "f2", "filed", "g", "z", "x"]
    assert door.post("/routes/z/move", {"to": "up"}).status_code == 302
    page = text(door.get("/routes"))
    assert "Only a route that is kept in a file could make room for the route z" in page
    assert directory.route_rows() == before


def test_it_is_removed_after_asking(door: Client) -> None:
    make()

    assert "go by the next route that matches" in text(door.get("/routes/all/remove"))
    assert door.post("/routes/all/remove").status_code == 302
    assert not Route.objects.exists()
    assert door.get("/routes/all/edit").status_code == 404


def test_others_see_no_button(door: Client) -> None:
    del door
    make(policy="gone")
    page = text(signed_in("eve", shop="editor").get("/routes"))

    assert "/routes/all/edit" not in page
    assert NEW not in page
    assert "Not there" in page


def test_a_policy_that_is_gone_is_kept_until_another_is_chosen(door: Client) -> None:
    path = make(policy="gone")

    page = text(door.get(path))
    assert "gone (not there)" in page
    assert fields(page)["policy"] == ["gone"]


def test_the_form_asks_a_fixed_number_of_questions(
    door: Client, django_assert_max_num_queries: Any
) -> None:
    path = make(match=('service="shop"',))
    key = make_integration(service="shop")
    for number in range(12):
        send(key, title=f"T{number}")

    with django_assert_max_num_queries(20):
        assert b"<b>12</b> alerts" in door.get(path).content
    with django_assert_max_num_queries(20):
        door.get("/routes")
