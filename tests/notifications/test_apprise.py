"""Apprise in a process of its own: what it may reach, what it may tell, who sets its addresses."""

import json
import logging
import threading
from dataclasses import replace
from typing import Any

import pytest
from apprise.manager_plugins import NotificationManager
from django.test import Client
from pytest_django.fixtures import Settings

from tests.factories import HOST, actor_for, make_user
from tests.notifications.provider import Provider, provider
from tests.notifications.test_channels import ALERT, MESSAGE
from tests.pages import signed_in, text
from watchkeeper.integrations.apprise import adapter, services
from watchkeeper.integrations.apprise.adapter import AppriseChannel
from watchkeeper.integrations.apprise.domain import wire
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain import plan
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.models import Contact
from watchkeeper.notifications.ports import Message, Recipient

SECRET = "hush-Zq7Vw9"
TELEGRAM = "tgram://123456789:AbCdEfGhIj/12345"
NOT_OVER_HTTP = {
    *(
        "amqp",
        "amqps",
        "aprs",
        "blink1",
        "dbus",
        "qt",
        "kde",
        "deltachat",
        "deltachats",
        "mailto",
        "mailtos",
        "glib",
    ),
    *("gio", "gnome", "growl", "irc", "ircs", "mqtt", "mqtts", "macosx", "nostr", "rsyslog"),
    *("smpp", "smpps", "syslog", "windows", "xmpp", "xmpps"),
}


def address(phone: Provider, host: str = "127.0.0.1", path: str = "/hook") -> str:
    return f"json://{host}:{phone.port}{path}"


def send(to: str, *, is_by_admin: bool = True, message: Message = MESSAGE) -> Result:
    return AppriseChannel().send(message, Recipient(to, is_by_admin=is_by_admin))


def allow(settings: Settings, *networks: str) -> None:
    changes = {"egress_allow": networks}
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update=changes)


def test_a_page_is_accepted_with_its_text_and_its_link(phone: Provider) -> None:
    several = replace(MESSAGE, alerts=(ALERT, replace(ALERT, id="18", title="{{ hot }} :fire:")))

    assert send(address(phone), message=several).outcome is Outcome.ACCEPTED

    [call] = phone.calls()
    told = json.loads(call["body"])["message"]
    assert told.splitlines() == [
        "2 alerts, the gravest: Disk <full> & hot [shop]",
        "- Disk <full> & hot [shop]",
        "- {{ hot }} :fire: [shop]",
        MESSAGE.url,
    ]


def test_a_repeat_says_so(phone: Provider) -> None:
    send(address(phone), message=replace(MESSAGE, may_repeat=True))

    [call] = phone.calls()
    assert "(may repeat)" in call["body"]


def test_an_inner_address_is_for_admins_and_for_those_that_are_allowed(
    phone: Provider, settings: Settings
) -> None:
    refused = send(address(phone), is_by_admin=False)
    assert refused.outcome is Outcome.PERMANENT
    assert "may not be reached from here" in refused.detail
    assert phone.calls() == []

    allow(settings, "127.0.0.0/30")
    assert send(address(phone), is_by_admin=False).outcome is Outcome.ACCEPTED
    assert len(phone.calls()) == 1


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]"]
)
def test_another_name_of_an_inner_address_leads_there_no_more(phone: Provider, host: str) -> None:
    assert send(address(phone, host), is_by_admin=False).outcome is not Outcome.ACCEPTED
    assert phone.calls() == []


@pytest.mark.parametrize("host", ["169.254.169.254", "100.100.100.200", "0.0.0.0", "[fe80::1]"])
def test_what_nobody_may_reach_an_admin_may_not_either(host: str) -> None:
    assert send(f"json://{host}/latest").outcome is Outcome.PERMANENT


def test_a_redirect_is_not_followed_whatever_the_address_says(
    phone: Provider, tmp_path: Any
) -> None:
    with provider(tmp_path / "inner") as inner:
        phone.faults["/hook"].append("redirect:" + inner.url("/metadata"))

        result = send(address(phone, path="/hook?redirect=yes"))

        assert result.outcome is Outcome.TEMPORARY
        assert [call["path"] for call in phone.calls()] == ["/hook"]
        assert inner.calls() == []


@pytest.mark.parametrize("status", ["401", "500", "reset"])
def test_what_is_not_taken_is_tried_again(phone: Provider, status: str) -> None:
    phone.faults["/hook"].append(status)

    assert send(address(phone)).outcome is Outcome.TEMPORARY


def test_a_call_is_ended_when_its_time_is_over(
    phone: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_SECONDS", 2.0)
    phone.faults["/hook"].append("drip")
    began = clock.monotonic()

    result = send(address(phone))

    assert (result.outcome, result.detail) == (
        Outcome.TEMPORARY,
        "the service did not answer within 2 s",
    )
    assert 1.9 < clock.monotonic() - began < 4.0


def test_a_call_waits_for_a_place_and_says_so_where_there_is_none(
    phone: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_PLACES", threading.BoundedSemaphore(1))
    monkeypatch.setattr(adapter, "LONGEST_WAIT_SECONDS", 0.1)

    with adapter._PLACES:
        result = send(address(phone))

    assert (result.outcome, result.was_called) == (Outcome.TEMPORARY, False)
    assert send(address(phone)).outcome is Outcome.ACCEPTED
    assert len(phone.calls()) == 1


@pytest.mark.parametrize("fault", ["", "500", "reset"])
def test_secrets_of_an_address_are_in_no_outcome_and_no_log(
    phone: Provider,
    fault: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    phone.always[f"/{SECRET}"] = fault
    place = f"json://{SECRET}1:{SECRET}2@127.0.0.1:{phone.port}/{SECRET}?+X={SECRET}3"

    result = send(place)
    refused = send(place, is_by_admin=False)

    written = "".join((result.detail, refused.detail, caplog.text, *capfd.readouterr()))
    assert SECRET.lower() not in written.lower()
    assert AppriseChannel().provider(Recipient(place)).startswith("json ")
    assert SECRET not in AppriseChannel().provider(Recipient(f"tgram://{SECRET}/1"))
    assert "127.0.0.1" not in result.detail + refused.detail  # others have a token there


@pytest.mark.parametrize(
    "words",
    [
        "Failed to reach https://api.telegram.org/bot123456789:AbCdEfGhIj/sendMessage",
        "bot 123456789 is unknown",
        "token 123456789%3AAbCdEfGhIj",
        "ABCDEFGHIJ",
    ],
)
def test_no_part_of_an_address_is_left_in_words(words: str) -> None:
    said = wire.cleaned(words, address=TELEGRAM).lower()

    assert "123456789" not in said
    assert "abcdefghij" not in said


def test_nothing_of_our_environment_is_handed_on(
    phone: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert send(address(phone)).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("syslog://localhost", "does not go by HTTP"),
        ("dbus://", "does not go by HTTP"),
        ("mailto://a:b@example.org", "does not go by HTTP"),
        ("nothing://x", "knows no such address"),
        ("https://example.org/config", "knows no such address"),
        ("file:///etc/passwd", "knows no such address"),
        ("fcm://project@key/x?keyfile=/etc/passwd", "would read a file"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd", "read a file"),
    ],
)
def test_what_is_no_service_over_http_is_refused_for_good(place: str, why: str) -> None:
    result = send(place)

    assert result.outcome is Outcome.PERMANENT
    assert why in result.detail


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what it imports
def test_the_rule_lets_services_over_http_through_and_no_others() -> None:
    known = NotificationManager()
    refused = {name for name in known.schemas() if not services.is_over_http(known[name])}

    assert refused == NOT_OVER_HTTP
    assert len(known.schemas()) > 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what it imports
def test_a_plug_in_that_is_not_of_apprise_itself_is_refused() -> None:
    known = NotificationManager()["json"]
    added = type("NotifyOwn", (known,), {"category": "custom", "__module__": "own"})

    assert services.is_over_http(known)
    assert not services.is_over_http(added)


def test_without_the_extra_nothing_is_ready_and_the_words_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "_is_installed", lambda: False)

    assert not AppriseChannel().is_ready()
    assert "apprise" not in queries.ready_channels()
    assert "pip install 'watchkeeper[apprise]'" in plan.not_wired("apprise")


def save(actor: Actor, *contacts: ContactSpec) -> None:
    usecases.save_paging(
        actor=actor,
        person="alice",
        spec=PagingSpec(contacts),
        origin=Origin.API,
        now=clock.now(),
    )


@pytest.mark.django_db
def test_an_admin_alone_sets_an_address() -> None:
    alice = actor_for(make_user("alice"))
    chat = ContactSpec("chat", "apprise", TELEGRAM)
    mail = ContactSpec("mail", "email", "alice@example.org")

    with pytest.raises(InvalidError, match="only an admin may set an address of apprise"):
        save(alice, chat)
    assert not Contact.objects.exists()

    save(HOST, chat)
    assert Contact.objects.get().is_by_admin
    save(alice, mail, chat)  # it stays as it is
    for changed in (replace(chat, address=TELEGRAM + "6"), replace(chat, name="other")):
        with pytest.raises(InvalidError, match="only an admin"):
            save(alice, mail, changed)
    assert Contact.objects.get(name="chat").address == TELEGRAM
    save(alice, mail)
    assert not Contact.objects.filter(channel="apprise").exists()


@pytest.mark.django_db
def test_others_see_nothing_of_an_address() -> None:
    alice = actor_for(make_user("alice"))
    save(HOST, ContactSpec("chat", "apprise", TELEGRAM))

    for actor, shown in ((actor_for(make_user("bob")), "…"), (alice, TELEGRAM)):
        found = queries.paging_of("alice", actor=actor)
        assert found is not None
        assert [contact.address for contact in found.contacts] == [shown]


@pytest.mark.django_db
def test_the_page_says_whom_to_ask() -> None:
    door: Client = signed_in("carol")
    given = {"name": "chat", "channel": "apprise", "address": TELEGRAM}

    page = text(door.post("/people/carol/contacts/-/new", given, follow=True))

    assert "only an admin may set an address of apprise; ask one to" in page


@pytest.mark.django_db
def test_a_test_page_without_the_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "_is_installed", lambda: False)
    make_user("alice")
    save(HOST, ContactSpec("chat", "apprise", TELEGRAM))

    with pytest.raises(InvalidError, match=r"install the extra: pip install"):
        usecases.send_test_page(actor=HOST, person="alice", now=clock.now())
