"""Policies are made, changed and removed on pages: what is filled in is never lost."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST, make_team, make_user
from tests.oncall.making import save as save_schedule
from tests.oncall.test_escalations import make_person
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.usecases import rules
from watchkeeper.audit.models import AuditEntry
from watchkeeper.catalog.usecases.hands import keep
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.models import Contact, Delivery
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.domain import policies
from watchkeeper.oncall.models import EscalationPolicy
from watchkeeper.plumbing import hands

pytestmark = pytest.mark.django_db
NEW = "/on-call/-/policies/-/new"
ONE = {"notify": [{"person": "bob"}]}


@pytest.fixture
def door(db: None) -> Client:
    """Alice is an editor of the shop and can be paged; bob cannot."""
    del db
    identity.create_token(actor=HOST, name="set-up-done", role="viewer", now=clock.now())
    make_team("shop")
    make_team("search")
    make_person("carol", "hook")
    make_user("bob")
    save_schedule()
    return signed_in("alice", shop="editor")


def document(name: str = "shop-high", **spec: Any) -> Document:
    head = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy", "metadata": {"name": name}}
    return Document({**head, "spec": {"owner": "shop", "steps": [ONE]} | spec}, file="shop.yaml")


def make(name: str = "shop-high", origin: Origin = Origin.API, **spec: Any) -> str:
    """Make a policy of the shop; returns where it is changed."""
    usecases.save_policy(
        actor=HOST, document=document(name, **spec), origin=origin, now=clock.now()
    )
    return f"/on-call/-/policies/{name}/edit"


def stored(name: str = "shop-high") -> Any:
    return queries.policy_row(name).document["spec"]


def fields(page: str) -> dict[str, str]:
    """Return what a browser would send of the form that a page shows."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    for tag in re.findall(r"<input[^>]*>", page.partition('id="policy"')[2]):
        name = re.search(r' name="([^"]+)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            usual = "on" if 'type="checkbox"' in tag else ""
            found.setdefault(name[1], value[1] if value else usual)
    for name, inner in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    return {name: value.replace("&quot;", '"') for name, value in found.items()}


def filled(**more: str) -> dict[str, str]:
    given = {"do": "save", "known": "", "name": "shop-high", "owner": "shop", "steps": "1",
             "step-0-to-0": "person:carol"}  # fmt: skip
    return given | more


def test_a_policy_of_one_step_is_made_listed_and_written_down(door: Client) -> None:
    assert 'href="/on-call/-/policies/-/new"' in text(door.get("/on-call/-/policies"))

    answer = door.post(NEW, filled())

    assert answer.status_code == 302
    assert answer["Location"] == "/on-call/-/policies/shop-high"
    assert stored() == {"owner": "shop", "steps": [{"notify": [{"person": "carol"}]}]}
    assert queries.policy_row("shop-high").origin == "ui"
    assert AuditEntry.objects.filter(action="escalation_policy.saved").count() == 1
    told = text(door.get(answer["Location"]))
    assert "Escalations that begin from now on follow it" in told
    assert "of its coverage" not in told
    assert "shop-high" in text(door.get("/on-call/-/policies"))


def test_everything_that_a_policy_can_say_can_be_filled_in(door: Client) -> None:
    more = {
        "steps": "2", "repeat": "2", "repeat_after": "10m", "ack_timeout": "30m",
        "step-0-to-1": "schedule:primary", "step-0-in_turn": "on", "step-0-after": "1m",
        "step-1-after": "5m", "step-1-to-0": "team:shop", "step-1-urgency": "high",
        "step-1-start": "08:00", "step-1-end": "20:00", "all-to-0": "person:bob",
    }  # fmt: skip

    assert door.post(NEW, filled(**more)).status_code == 302

    policy = policies.read(queries.policy_row("shop-high").document)
    assert stored()["catchAll"] == [{"person": "bob"}]
    assert [(step.after.seconds, step.in_turn, step.urgency) for step in policy.steps] == [
        (60, True, ""), (300, False, "high"),
    ]  # fmt: skip
    assert policy.steps[1].local == DayHours(dt.time(8), dt.time(20))
    assert (policy.repeat, policy.repeat_after.seconds) == (2, 600)
    assert policy.ack_timeout.seconds == 1800


def test_a_page_that_is_sent_back_as_it_is_changes_nothing(door: Client) -> None:
    path = make(
        steps=[{"notify": [{"schedule": "primary"}, {"person": "bob"}], "roundRobin": True},
               {"after": "5m", "notify": [{"team": "shop"}],
                "when": {"urgency": "low", "localTime": {"from": "08:00", "to": "20:00"}}}],
        repeat=3, repeatAfter="6m", catchAll={"person": "carol"}, ackTimeout="1h",
    )  # fmt: skip
    before = stored()

    answer = door.post(path, fields(text(door.get(path))) | {"do": "save"})

    assert answer.status_code == 302
    assert stored() == before
    assert not AuditEntry.objects.filter(action="escalation_policy.saved")[1:]


def test_what_the_form_cannot_show_is_shown_as_text_and_kept(door: Client) -> None:
    path = make()
    hook = {"webhook": {"address": "ops-hook", "method": "PUT"}}
    strange = {"notify": [hook, {"chat": {"room": "ops"}}, {"person": "bob"}]}
    row = EscalationPolicy.objects.get()
    row.document["spec"] |= {"steps": [strange, ONE], "catchAll": [{"chat": "last"}]}
    row.save()

    page = text(door.get(path))
    assert "webhook ops-hook" in page
    assert "chat {&quot;room&quot;: &quot;ops&quot;}" in page
    moved = text(door.post(path, fields(page) | {"do": "down:0"}))
    refused = text(door.post(path, fields(moved) | {"do": "save"}))

    assert [fields(refused)[f"step-1-to-{place}"] for place in range(3)] == [
        '{"webhook": {"address": "ops-hook", "method": "PUT"}}',
        '{"chat": {"room": "ops"}}',
        "person:bob",
    ]
    assert fields(refused)["all-to-0"] == '{"chat": "last"}'


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "id_name", "This field is required"),
        ({"name": "no spaces please"}, "id_name", "cannot be named"),
        ({"repeat": "often"}, "id_repeat", "a number from 0 to 100"),
        ({"repeat_after": "soon"}, "id_repeat_after", "repeatAfter is a length"),
        ({"ack_timeout": "8d"}, "id_ack_timeout", "ackTimeout is a length"),
        ({"owner": "strangers"}, "id_owner", "Select a valid choice"),
        ({"step-0-after": "later"}, "id_step-0-after", "after is a length"),
        ({"step-0-urgency": "mild"}, "id_step-0-urgency", "urgency is high or low"),
        ({"step-0-start": "25:00", "step-0-end": "08:00"}, "id_step-0-start", "wall time"),
        ({"step-0-start": "08:00"}, "id_step-0-end", "wall time"),
        ({"step-0-to-0": ""}, "id_step-0-to-0", "Choose whom to page."),
        ({"step-0-to-0": "bob"}, "id_step-0-to-0", "a target names one of"),
        ({"step-0-to-0": "", "step-0-to-1": "person:no one"}, "id_step-0-to-1", "cannot be named"),
        ({"all-to-0": "whom"}, "id_all-to-0", "a target names one of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    door: Client, typed: dict[str, str], field: str, words: str
) -> None:
    answer = door.post(NEW, filled(ack_timeout="7m", **{"all-to-3": "person:bob"}) | typed)

    page = text(answer)
    assert answer.status_code == 422
    assert "Not saved. What you typed is still here" in page
    assert f'href="#{field}"' in page
    assert words in page
    for name, value in typed.items():
        assert not value or value in page, name
    assert not EscalationPolicy.objects.exists()


def test_rows_are_added_moved_and_removed_without_scripts(door: Client) -> None:
    more = {"steps": "2", "step-1-after": "9m", "step-1-to-0": "person:bob", "repeat": "often"}
    given = filled(**more)

    page = text(door.post(NEW, given | {"do": "up:1"}))
    assert fields(page)["step-0-after"] == "9m"
    assert fields(page)["step-1-to-0"] == "person:carol"
    assert fields(page)["repeat"] == "often"
    page = text(door.post(NEW, fields(page) | {"do": "remove-step:0"}))
    assert fields(page)["steps"] == "1"
    page = text(door.post(NEW, fields(page) | {"do": "add-to:0"}))
    assert fields(page)["step-0-to-1"] == ""
    page = text(door.post(NEW, fields(page) | {"do": "add-step", "all-to-0": "person:bob"}))
    assert fields(page)["step-1-after"] == "5m"
    assert fields(page)["all-to-0"] == "person:bob"
    assert not EscalationPolicy.objects.exists()


def test_before_saving_it_says_who_would_be_called(door: Client) -> None:
    answer = door.post(NEW, filled(do="preview", name="", **{"step-0-to-1": "person:bob"}))

    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text(answer)))
    assert "at once carol hook webhook Goes out" in page
    assert "bob has no verified contact" in page
    assert not EscalationPolicy.objects.exists()
    low = {"step-0-urgency": "low", "do": "look"}
    assert "Something of low urgency" in text(door.post(NEW, filled(**low)))


def test_after_saving_it_says_what_coverage_lacks(door: Client) -> None:
    answer = door.post(NEW, filled(**{"step-0-to-0": "person:bob"}), follow=True)

    assert "findings of its coverage are below" in text(answer)


def test_a_change_made_meanwhile_is_not_overwritten(door: Client) -> None:
    path = make()
    mine = fields(text(door.get(path))) | {"do": "save", "repeat": "7"}
    make(repeat=3)

    answer = door.post(path, mine)

    assert answer.status_code == 422
    assert "was changed by somebody else since this page was loaded" in text(answer)
    assert fields(text(answer))["repeat"] == "7"
    assert stored()["repeat"] == 3
    assert door.post(path, fields(text(answer)) | {"do": "save"}).status_code == 422


def test_a_new_policy_does_not_take_the_place_of_one_that_there_is(door: Client) -> None:
    make()

    answer = door.post(NEW, filled())

    assert answer.status_code == 422
    assert "The escalation policy shop-high is there already" in text(answer)
    assert stored()["steps"] == [ONE]


def test_the_state_is_one_of_the_document(door: Client) -> None:
    assert hands.state_of(None) == ""
    assert hands.state_of({"a": 1, "b": 2}) == hands.state_of({"b": 2, "a": 1})
    assert hands.state_of({"a": 1}) != hands.state_of({"a": 2})


def test_one_of_a_file_is_read_only_until_it_is_taken_over(door: Client) -> None:
    path = make(origin=Origin.FILE)

    assert "Kept in shop.yaml" in text(door.get(path))
    assert 'name="steps"' not in text(door.get(path))
    assert door.post(path, filled()).status_code == 409
    assert door.post("/on-call/-/policies/shop-high/remove").status_code == 409
    assert "Take it over" in text(door.get("/on-call/-/policies/shop-high"))

    assert door.post("/on-call/-/policies/shop-high/take-over").status_code == 302
    given = fields(text(door.get(path))) | {"do": "save", "repeat": "1"}
    assert door.post(path, given).status_code == 302
    assert stored()["repeat"] == 1


def test_it_is_given_as_code(door: Client) -> None:
    make()

    answer = door.get("/on-call/-/policies/shop-high/policy.yaml")

    assert answer["Content-Type"] == "application/yaml; charset=utf-8"
    assert b"kind: EscalationPolicy" in answer.content


ROOM = {"webhook": {"address": "https://hooks.example.org/t0p-s3cret", "name": "desk"}}


def test_who_may_not_change_it_gets_no_address_of_a_room(door: Client) -> None:
    make(steps=[{"notify": [{"person": "bob"}, ROOM]}])
    path = "/on-call/-/policies/shop-high/policy.yaml"

    assert b"t0p-s3cret" in door.get(path).content
    other = signed_in("olga", search="editor").get(path)
    assert (other.status_code, b"t0p-s3cret" in other.content) == (200, False)
    page = signed_in("otto", search="editor").get("/on-call/-/policies/shop-high")
    assert (page.status_code, b"t0p-s3cret" in page.content) == (200, False)


def test_rooms_are_added_filled_in_and_told(door: Client) -> None:
    path = make()
    page = text(door.post(path, fields(text(door.get(path))) | {"do": "add-room:0"}))
    bare = door.post(path, fields(page) | {"do": "save"})

    assert bare.status_code == 422
    assert "Say where it is told." in text(bare)
    assert 'href="#id_step-0-to-1-address"' in text(bare)

    page = text(door.post(path, fields(text(bare)) | {"do": "add-room:all"}))
    rooms = {"step-0-to-1-address": "https://hooks.example.org/t0p-s3cret",
             "step-0-to-1-name": "desk", "all-to-0-channel": "slack",
             "all-to-0-address": "C012AB3CD"}  # fmt: skip
    wrong = door.post(path, fields(page) | rooms | {"do": "save", "all-to-0-address": "#ops"})
    assert wrong.status_code == 422
    assert 'href="#id_all-to-0-address"' in text(wrong)
    assert "t0p-s3cret" in text(wrong)

    saved = door.post(path, fields(page) | rooms | {"do": "save"}, follow=True)

    assert stored()["steps"][0]["notify"] == [{"person": "bob"}, ROOM]
    assert stored()["catchAll"] == [{"chat": {"channel": "slack", "address": "C012AB3CD"}}]
    assert Contact.objects.filter(user=None).count() == 2
    assert "desk" in text(saved)
    assert "t0p-s3cret" not in text(signed_in("olga", search="editor").get(path[: -len("/edit")]))


def test_a_room_that_hears_is_tried(door: Client) -> None:
    make(steps=[{"notify": [{"person": "bob"}, ROOM]}])
    room = Contact.objects.get(user=None)
    path = f"/on-call/-/policies/shop-high/rooms/{room.name.removeprefix('room:')}/test"

    tried = text(door.post(path, follow=True))

    assert "A test is on its way" in tried
    sent = Delivery.objects.get()
    assert (sent.contact, sent.user_id, sent.is_test) == (room.name, None, True)
    assert sent.message["title"] == "Test from Watchkeeper: nothing is wrong"
    assert AuditEntry.objects.filter(action="escalation_policy.room_tested").count() == 1
    assert door.post(path.replace(room.name[5:], "none")).status_code == 404
    make(steps=[ONE])
    assert door.post(path).status_code == 404


def test_a_room_that_nothing_can_tell_here_says_so(door: Client) -> None:
    slack = {"chat": {"channel": "slack", "address": "C012AB3CD"}}
    make(steps=[{"notify": [{"person": "bob"}, slack]}])
    room = Contact.objects.get(user=None).name.removeprefix("room:")

    tried = text(door.post(f"/on-call/-/policies/shop-high/rooms/{room}/test", follow=True))

    assert "C012AB3CD cannot be told: nothing sends by" in tried
    assert not Delivery.objects.exists()


def test_a_room_that_nobody_changes_stays_and_keeps_its_secret(door: Client) -> None:
    path = make(steps=[{"notify": [{"person": "bob"}, ROOM]}])
    before = Contact.objects.get(user=None)
    given = fields(text(door.get(path))) | {"do": "save", "repeat": "2"}

    assert door.post(path, given).status_code == 302

    assert stored()["repeat"] == 2
    assert stored()["steps"][0]["notify"] == [{"person": "bob"}, ROOM]
    after = Contact.objects.get(user=None)
    assert (after.pk, after.sealed_secret) == (before.pk, before.sealed_secret)


def test_it_is_removed_after_asking_and_what_names_it_is_told(door: Client) -> None:
    make()
    path = "/on-call/-/policies/shop-high/remove"
    assert "No route, service or team names it" in text(door.get(path))
    rules.save_route(
        actor=HOST, spec=RouteSpec("all", "shop-high"), origin=Origin.API, now=clock.now()
    )
    for kind, name in (("Component", "checkout"), ("Group", "shop"), ("Component", "other")):
        annotations = {"watchkeeper/escalation-policy": "shop-high" if name != "other" else "x"}
        document = {"metadata": {"name": name, "annotations": annotations}}
        keep(kind, name, document, origin=Origin.API, file="")

    page = text(door.get(path))
    assert "Escalations that began with it go on with it" in page
    assert "3 things send their alerts to this policy" in page
    for url in ("/routes", "/services/checkout", "/teams/shop"):
        assert f'href="{url}"' in page.partition("What names it")[2], url
    assert "/services/checkout" in text(door.get("/on-call/-/policies/shop-high"))
    assert door.post(path).status_code == 302
    assert not EscalationPolicy.objects.exists()


def test_others_see_no_button_and_are_refused(door: Client) -> None:
    path = make()
    stranger = signed_in("eve", search="editor")

    assert "/edit" not in text(stranger.get("/on-call/-/policies/shop-high"))
    assert stranger.get(path).status_code == 403
    assert stranger.post(path, filled()).status_code == 403
    answer = stranger.post(NEW, filled(name="mine"))
    assert answer.status_code == 422  # a team of which they are no editor is not in their list
    assert "Select a valid choice" in text(answer)


def test_of_very_many_people_one_is_typed(door: Client) -> None:
    for number in range(201):
        make_user(f"p{number}")

    page = text(door.get(NEW))
    assert page.count('<option value="person:p7"') == 1
    assert 'list="targets"' in page
    wrong = text(door.post(NEW, filled(**{"step-0-to-0": "p7"})))
    assert re.search(r'<input type="text" name="step-0-to-0" value="p7"', wrong)
    assert "and a name, as person:" in wrong
    assert door.post(NEW, filled(**{"step-0-to-0": "person:p7"})).status_code == 302


def test_the_form_asks_a_fixed_number_of_questions(
    door: Client, django_assert_max_num_queries: Any
) -> None:
    path = make(steps=[ONE, *({"after": "5m", **ONE} for _ in range(9))])

    with django_assert_max_num_queries(60):
        door.get(path)
