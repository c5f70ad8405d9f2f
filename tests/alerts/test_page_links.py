"""The link in a page: what burns and one button, without signing in."""

import re

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.alerts.factories import make_integration, make_on_call, pages_of, send, settle, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import text
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts, paging
from watchkeeper.audit.models import AuditEntry
from watchkeeper.identity import usecases as identity
from watchkeeper.identity.models import User
from watchkeeper.notifications import usecases as calls
from watchkeeper.notifications.models import Delivery
from watchkeeper.notifications.usecases import deliveries, links
from watchkeeper.plumbing import due_work

pytestmark = pytest.mark.django_db
RUNBOOK = "https://runbooks.example.org/x"


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> FakeClock:
    del db
    settle()
    return fake_clock


@pytest.fixture
def alert() -> str:
    """An alert that alice is paged for; she is a viewer."""
    make_on_call("alice", "bob")
    key = make_integration(service="shop")
    event = {"title": "<b>Checkout</b> fails", "runbook_url": RUNBOOK, "severity": "critical"}
    opened: str = send(key, **event)["alert"]
    step(NOON)
    return opened


def path_of(alert: str, place: int = 0) -> str:
    address = links.address_of(queries.story(alert).pages[place].page_id)
    return "/p/" + address.partition("/p/")[2]


def proof_in(page: str) -> str:
    found = re.search(r'name="proof" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def press(path: str, act: str = "acknowledge", **more: str) -> str:
    client = Client(enforce_csrf_checks=True)
    proof = proof_in(text(client.get(path)))
    return text(client.post(path, {"act": act, "proof": proof} | more, follow=True))


def test_the_link_shows_what_burns_and_looking_changes_nothing(alert: str) -> None:
    before, path = AuditEntry.objects.count(), path_of(alert)

    for _ in range(3):
        answer = Client().get(path)
        Client().head(path)

    page = text(answer)
    for words in ("&lt;b&gt;Checkout&lt;/b&gt; fails", RUNBOOK, "shop", "Acknowledge", "alice"):
        assert words in page
    # No other site learns the address. "no-referrer" would have browsers send the form as "null".
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer.cookies == {}
    assert queries.alert_row(alert).state == "firing"
    assert AuditEntry.objects.count() == before


def test_one_press_takes_it_in_the_name_of_who_was_paged_and_the_log_says_by_which_link(
    alert: str,
) -> None:
    path = path_of(alert)

    page = press(path)

    alice = User.objects.get(name="alice")
    row = queries.alert_row(alert)
    assert (row.state, row.acknowledged_by) == ("acknowledged", f"user {alice.pk}")
    assert "Acknowledged by alice" in page
    assert 'value="acknowledge"' not in page
    assert pages_of(alert) == [("alice", "cancelled")]
    taken, used = AuditEntry.objects.order_by("-number")[:2][::-1]
    assert (taken.action, taken.via, taken.actor_id) == ("alert.acknowledged", "link", alice.pk)
    assert (used.action, used.object_id) == (
        "page_link.used",
        queries.story(alert).pages[0].page_id,
    )
    assert used.detail == {"act": "acknowledge", "subject": f"alert {alert}"}


def test_another_press_ends_it_and_then_there_is_no_button(alert: str) -> None:
    path = path_of(alert)
    press(path)

    page = press(path, "resolve")

    assert queries.alert_row(alert).state == "resolved"
    assert "<button" not in page


def test_a_press_that_comes_too_late_is_told_so(alert: str) -> None:
    client, path = Client(), path_of(alert)
    proof = proof_in(text(client.get(path)))
    acts.resolve(actor=HOST, alerts=[alert], now=NOON)

    answer = client.post(path, {"act": "acknowledge", "proof": proof})

    assert answer.status_code == 409
    assert "is resolved; there is nothing to take" in text(answer)


@pytest.mark.parametrize("proof", ["", "x", "0.AAAAAAAAAAAAAAAAAAAAAA"])
def test_a_press_without_the_form_changes_nothing(alert: str, proof: str) -> None:
    answer = Client().post(path_of(alert), {"act": "acknowledge", "proof": proof})

    assert answer.status_code == 409
    assert "press once more" in text(answer)
    assert queries.alert_row(alert).state == "firing"


def test_a_press_from_another_site_is_refused(alert: str) -> None:
    path = path_of(alert)
    proof = proof_in(text(Client().get(path)))

    answer = Client(headers={"origin": "https://evil.example.org"}).post(path, {"proof": proof})

    assert answer.status_code == 403
    assert queries.alert_row(alert).state == "firing"


def test_the_link_is_good_for_a_day(alert: str, set_up: FakeClock) -> None:
    path = path_of(alert)
    set_up.travel(hours=23.99)
    assert Client().get(path).status_code == 200

    set_up.travel(hours=0.01)

    assert Client().get(path).status_code == 404
    assert Client().post(path, {"act": "acknowledge"}).status_code == 404


def test_the_link_of_one_who_may_not_sign_in_any_more_opens_nothing(alert: str) -> None:
    path = path_of(alert)
    identity.change_person(actor=HOST, name="alice", is_active=False, now=NOON)

    assert Client().get(path).status_code == 404


def test_the_link_opens_its_own_page_and_no_other(alert: str) -> None:
    other = send(make_integration(name="other"), title="Other")["alert"]
    step(NOON)

    assert "Other" not in text(Client().get(path_of(alert)))
    press(path_of(alert), alert=other)
    assert queries.alert_row(other).state == "firing"
    for path in ("/p/x", "/p/x.y", path_of(alert) + "A", f"/p/{'0' * 32}.AAAAAAAAAAAAAAAAAAAAAA"):
        answer = Client().get(path)
        assert answer.status_code == 404
        assert "too old" in text(answer)


def test_who_was_added_beside_another_answers_by_their_own_link(alert: str) -> None:
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    paging.add(actor=HOST, alerts=[alert], to={"person": "bob"}, now=NOON)
    assert "Acknowledge<" not in text(Client().get(path_of(alert, 0)))

    press(path_of(alert, 1))

    assert pages_of(alert)[1] == ("bob", "cancelled")
    assert queries.act_rows(alert)[-1].act == "joined"


def test_too_many_requests_by_one_link_are_told_to_wait(alert: str) -> None:
    path = path_of(alert)

    told = [Client().get(path).status_code for _ in range(31)]

    assert told == [200] * 30 + [429]


def test_the_page_carries_the_link_and_nothing_that_is_stored_does(alert: str) -> None:
    page_id = queries.story(alert).pages[0].page_id
    [held] = due_work.claim(kind=deliveries.KIND, owner="sender")

    [calling] = calls.mark([held], now=NOON)

    assert calling.message.act_url == links.address_of(page_id)
    assert calling.message.link == calling.message.act_url
    assert calling.message.url.endswith(f"/alerts/{alert}")
    assert "act_url" not in Delivery.objects.get(page_id=page_id).message


def test_behind_the_link_of_a_call_of_many_one_press_takes_all(
    alert: str, settings: Settings
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"page_bundle_seconds": 60})
    key = make_integration(name="more", service="pay")
    others = [str(send(key, title=f"Other <{n}>", key=f"o{n}")["alert"]) for n in range(3)]
    step(NOON)
    held = due_work.claim(kind=deliveries.KIND, owner="sender", limit=50)
    [calling, *_] = [c for c in calls.mark(held, now=NOON) if c.message.person == "alice"]
    assert len(calling.message.alerts) == 4
    acts.resolve(actor=HOST, alerts=[others[0]], now=NOON)
    path = "/p/" + calling.message.act_url.partition("/p/")[2]

    page = text(Client().get(path))
    assert "2 other alerts in the same call" in page
    assert "Other &lt;1&gt;" in page
    assert "Acknowledge all 3" in page

    press(path, "acknowledge-all")

    states = [queries.alert_row(each).state for each in (alert, *others)]
    assert states == ["acknowledged", "resolved", "acknowledged", "acknowledged"]
    used = AuditEntry.objects.filter(action="page_link.used")
    assert len({entry.detail["subject"] for entry in used}) == 3
