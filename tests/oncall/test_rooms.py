"""Rooms told by steps of policies, with the real database and a real provider; nobody's page."""

import json

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.factories import HOST
from tests.notifications.provider import Provider
from tests.oncall.telling import (
    BOB,
    DISK,
    HOUR,
    MINUTE,
    SETTLED,
    URL,
    is_signed,
    make_bob,
    row_of,
    save,
    start,
    told,
    until,
    walk,
)
from tests.pages import signed_in, text
from watchkeeper.identity import usecases as people
from watchkeeper.kernel import clock
from watchkeeper.notifications import queries as notification_queries
from watchkeeper.notifications.domain import plan
from watchkeeper.notifications.models import Contact, Delivery
from watchkeeper.notifications.tasks import Sender
from watchkeeper.notifications.usecases import links as signed
from watchkeeper.notifications.usecases import rooms
from watchkeeper.oncall import queries, tasks, usecases
from watchkeeper.oncall.domain import escalation
from watchkeeper.oncall.queries import Subject
from watchkeeper.oncall.queries import escalations as escalation_queries
from watchkeeper.oncall.queries.links import PageLinkNotFoundError, opened
from watchkeeper.oncall.usecases import escalations

pytestmark = pytest.mark.django_db


def test_a_webhook_of_a_step_gets_a_signed_call_that_is_nobodys(
    phone: Provider, sender: Sender
) -> None:
    save({"notify": [{"webhook": {"address": phone.url("/room"), "secret": "s3cret"}}]})
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)
    until(sender, lambda: told(queries.story(DISK)) == [("127.0.0.1", 0, 0, "delivered")])

    [call] = phone.calls()
    body = json.loads(call["body"])
    [page] = queries.story(DISK).pages
    assert call["path"] == "/room"
    assert call["headers"]["idempotency-key"] == body["page_id"] == page.page_id
    assert is_signed(call, "s3cret")
    assert (body["person"], body["step"], body["urgency"]) == ("", 0, "high")
    assert (body["url"], body["act_url"]) == (URL, "")
    assert [alert["title"] for alert in body["alerts"]] == ["Disk full"]
    assert (page.person, page.contact, page.channel) == ("", "", "webhook")
    assert [attempt.outcome for attempt in page.attempts] == ["accepted"]


def test_a_step_of_rooms_takes_its_time_and_pages_nobody(phone: Provider) -> None:
    make_bob(phone)
    save(
        {"notify": [{"webhook": phone.url("/room")}]},
        {"after": "10m", "notify": [{"person": "bob"}]},
    )
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)

    story = queries.story(DISK)
    assert told(story) == [("127.0.0.1", 0, 0, "scheduled")]
    assert story.next_at == begun + 10 * MINUTE
    assert [note.text for note in story.notes] == [escalation.ONLY_TELLS]
    assert escalation_queries.paged([DISK]) == set()
    walk(begun + 10 * MINUTE)
    assert [who for who, *_ in told(queries.story(DISK))] == ["127.0.0.1", "bob"]
    assert escalation_queries.paged([DISK]) == {DISK}


def test_rooms_alone_end_loudly() -> None:
    save({"notify": [{"webhook": "https://example.org/room"}]})
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)

    story = queries.story(DISK)
    assert (story.state, story.nobody_notified) == ("exhausted", True)
    assert told(story) == [("example.org", 0, 0, "scheduled")]
    [finding] = queries.coverage_findings(now=clock.now())
    assert (finding.kind, finding.detail) == ("gap", "no step finds anybody: nobody is found")


def test_what_fails_for_now_is_told_again_and_what_is_refused_calls_nobody_else(
    phone: Provider, sender: Sender
) -> None:
    make_bob(phone)
    phone.faults["/slow"].append("500")
    phone.always["/gone"] = "404"
    save({"notify": [{"webhook": phone.url("/slow")}, {"webhook": phone.url("/gone")}]})
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)
    until(sender, lambda: {state for *_, state in told(queries.story(DISK))} <= SETTLED)

    slow, gone = (
        next(p for p in queries.story(DISK).pages if p.page_id == page)
        for page in (page_at(phone, "/slow"), page_at(phone, "/gone"))
    )
    assert [attempt.outcome for attempt in slow.attempts] == ["temporary", "accepted"]
    assert [attempt.outcome for attempt in gone.attempts] == ["permanent"]
    assert (slow.state, gone.state) == ("delivered", "failed")
    assert {call["path"] for call in phone.calls()} == {"/slow", "/gone"}
    assert len(set(Delivery.objects.values_list("group", flat=True))) == 2, "neither stands in"
    assert notification_queries.concerns(now=clock.now()) == []
    [_, refused] = queries.rooms_of(queries.policy_row("shop"), actor=HOST)
    assert refused.failed_at is not None
    assert "404" in refused.failure


def page_at(phone: Provider, path: str) -> str:
    call = next(call for call in phone.calls() if call["path"] == path)
    return str(call["headers"]["idempotency-key"])


def test_a_room_that_takes_calls_again_is_well(phone: Provider, sender: Sender) -> None:
    save({"notify": [{"webhook": phone.url("/room")}]})
    Contact.objects.filter(user=None).update(failed_at=clock.now(), failure="404")
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)
    until(sender, lambda: told(queries.story(DISK))[0][3] == "delivered")

    assert (row_of().failed_at, row_of().failure) == (None, "")


def test_the_rooms_of_a_policy_are_frozen_with_it(phone: Provider, sender: Sender) -> None:
    save({"notify": [{"webhook": phone.url("/old")}]}, {"after": "5m", "notify": [BOB]})
    begun = clock.now() - HOUR
    start(now=begun)
    save({"notify": [{"webhook": phone.url("/new")}]})
    usecases.remove_policy(actor=HOST, name="shop", now=clock.now())
    tasks.forget_rooms(clock.now() + rooms.RETIRED_FOR)
    walk(begun)
    until(sender, lambda: told(queries.story(DISK))[0][3] == "delivered")

    assert [call["path"] for call in phone.calls()] == ["/old"]


def test_who_takes_an_alert_takes_it_from_rooms_too(phone: Provider) -> None:
    save({"notify": [{"webhook": phone.url("/room")}]}, {"after": "5m", "notify": [BOB]})
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)

    escalations.stop([DISK], reason="acknowledged by bob", now=begun)

    assert told(queries.story(DISK)) == [("127.0.0.1", 0, 0, "cancelled")]


def test_what_a_room_is_told_within_a_minute_goes_in_one_call(
    phone: Provider, sender: Sender, settings: Settings
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"page_bundle_seconds": 1})
    save({"notify": [{"webhook": phone.url("/room")}]}, {"after": "7d", "notify": [BOB]})
    now = clock.now()
    for number in range(5):
        start(now=now, subject=Subject("alert", str(number)))
    walk(now)
    until(sender, lambda: Delivery.objects.filter(state="delivered").count() == 5)

    first, *others = (json.loads(call["body"]) for call in phone.calls())
    assert [len(body["alerts"]) for body in (first, *others)] in ([1, 4], [5])
    assert {body["act_url"] for body in (first, *others)} == {""}


def test_only_a_person_gets_a_link_that_acts(phone: Provider, sender: Sender) -> None:
    make_bob(phone)
    save({"notify": [BOB, {"webhook": phone.url("/room")}]})
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)
    until(sender, lambda: len(phone.calls()) == 2)

    bodies = {call["path"]: json.loads(call["body"]) for call in phone.calls()}
    assert "/p/" in bodies["/bob"]["act_url"]
    assert bodies["/room"]["act_url"] == ""
    assert bodies["/bob"]["alerts"] == bodies["/room"]["alerts"]
    page = bodies["/room"]["page_id"]
    with pytest.raises(PageLinkNotFoundError):
        opened(signed.address_of(page).rpartition("/")[2], now=clock.now())


@pytest.mark.parametrize(
    ("channel", "address", "path"),
    [("slack", "C012AB3CD", "/api/chat.postMessage"), ("ntfy", "ops", "/"), ("teams", "", "/t")],
)
def test_a_chat_is_told_where_to_look_and_offers_no_button(
    phone: Provider, sender: Sender, settings: Settings, channel: str, address: str, path: str
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(
        update={
            "slack_token": "xoxb",
            "slack_signing_secret": "hush",
            "slack_base_url": phone.url("/api"),
            "ntfy_base_url": phone.url("/"),
        }
    )
    phone.bodies["/api/chat.postMessage"] = b'{"ok": true}'
    chat = {"channel": channel, "address": address or phone.url("/t"), "name": "ops"}
    save({"notify": [{"chat": chat}]})
    begun = clock.now() - HOUR
    start(now=begun)
    walk(begun)
    until(sender, lambda: told(queries.story(DISK)) == [("ops", 0, 0, "delivered")])

    [call] = phone.calls()
    assert call["path"] == path
    assert "Disk full" in call["body"]
    assert URL in call["body"]
    assert "/p/" not in call["body"]
    assert "watchkeeper-acknowledge" not in call["body"]


def test_a_channel_that_lacks_its_settings_is_left_out_and_says_so(settings: Settings) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"slack_token": None})
    save({"notify": [{"chat": {"channel": "slack", "address": "C012AB3CD"}}]})
    start(now=clock.now() - HOUR)
    walk(clock.now())

    [page] = queries.story(DISK).pages
    assert (page.room, page.state, page.reason) == ("C012AB3CD", "skipped", plan.NOT_WIRED)


def test_a_room_is_shown_where_pages_are(phone: Provider) -> None:
    token = people.create_token(actor=HOST, name="v", role="viewer", now=clock.now()).token
    make_bob(phone)
    chat = {"chat": {"channel": "teams", "address": "https://example.org/?sig=1", "name": "ops"}}
    save({"notify": [BOB, chat]}, {"after": "5m", "notify": [chat]})
    start(now=clock.now() - HOUR)
    walk(clock.now())
    client = signed_in("vera")

    door = Client(headers={"authorization": f"Bearer {token}"})
    pages = door.get("/api/v1/pages").json()["items"]
    assert sorted((p["person"], p["contact"], p["room"], p["channel"]) for p in pages) == [
        ("", "", "ops", "teams"),
        ("", "", "ops", "teams"),
        ("bob", "hook", "", "webhook"),
    ]
    assert "ops" in text(client.get("/deliveries"))
    shown = text(client.get("/on-call/-/policies/shop"))
    assert "sig=1" not in shown
    plan_of = queries.preview("shop", "high", at=clock.now())
    assert [(c.room or c.person, c.step, c.channel) for c in plan_of.calls] == [
        ("bob", 0, "webhook"),
        ("ops", 0, "teams"),
        ("ops", 1, "teams"),
    ]
