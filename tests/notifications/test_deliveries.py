"""A page goes out, comes back, is tried again, is cancelled: with real calls to a provider."""

import datetime as dt
import hashlib
import hmac
import json
import time
from dataclasses import replace

import pytest
from django.db.models import F

from tests.notifications.sending import Pager
from watchkeeper.kernel import clock
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.models import Contact, Delivery
from watchkeeper.notifications.ports import Planned
from watchkeeper.plumbing import due_work
from watchkeeper.plumbing.models import DueWork

pytestmark = pytest.mark.django_db


def test_a_page_goes_out_once_signed_and_with_its_key(pager: Pager) -> None:
    pager.plan("p1")
    pager.until(lambda: pager.state("p1") == "delivered")

    [call] = pager.phone.calls()
    assert call["path"] == "/hook"
    assert call["headers"]["idempotency-key"] == "p1"
    stamp, _, sealed = call["headers"]["watchkeeper-signature"].partition(",v1=")
    unix = stamp.removeprefix("t=")
    text = f"{unix}.{call['body']}".encode()
    assert hmac.new(b"key-hook", text, hashlib.sha256).hexdigest() == sealed
    assert abs(int(unix) - clock.now().timestamp()) < 60
    body = json.loads(call["body"])
    assert body.pop("act_url").startswith("http://127.0.0.1:8321/p/p1.")
    assert body == {
        "page_id": "p1",
        "may_repeat": False,
        "person": "alice",
        "step": 0,
        "urgency": "high",
        "url": "http://127.0.0.1:8321/alerts/17",
        "alerts": [
            {
                "id": "17",
                "key": "disk-full",
                "title": "Disk full",
                "service": "shop",
                "severity": "",
            }
        ],
        "title": "Disk full",
        "is_test": False,
        "pages": ["p1"],
    }
    assert pager.outcomes("p1") == ["accepted"]
    assert DueWork.objects.filter(kind=usecases.KIND).count() == 0


def test_a_look_that_takes_long_is_no_reason_not_to_call(
    pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what passed since the last look counts: a bundle of thousands takes seconds to look."""

    class Slow:
        def unwanted(self, pages: list[str]) -> dict[str, str]:
            time.sleep(1.2)
            return {}

        def others(self, pages: list[str], *, now: dt.datetime) -> list[Planned]:
            return []

    monkeypatch.setattr(queries, "page_keeper", Slow)
    pager.plan("p1")
    pager.until(lambda: pager.state("p1") == "delivered")

    assert pager.outcomes("p1") == ["accepted"]
    assert len(pager.paths()) == 1


def test_a_page_that_is_planned_twice_goes_out_once(pager: Pager) -> None:
    pager.plan("p1")
    pager.plan("p1")
    pager.until(lambda: pager.state("p1") == "delivered")
    pager.plan("p1")
    pager.step()

    assert pager.phone.counts() == {"p1": 1}


def test_a_page_that_is_not_due_waits(pager: Pager) -> None:
    pager.plan("p1", late=10)
    pager.step()

    assert (pager.state("p1"), pager.paths()) == ("scheduled", [])


@pytest.mark.parametrize("fault", ["500", "503", "429", "reset"])
def test_what_fails_for_now_is_tried_again_with_the_same_key_and_says_so(
    pager: Pager, fault: str
) -> None:
    pager.phone.faults["/hook"].append(fault)
    pager.plan("p1")
    pager.until(lambda: pager.outcomes("p1") == ["temporary"])
    waits = DueWork.objects.get(key="p1").due_ms - due_work.database_ms()
    assert 0 < waits <= 1000
    pager.make_due("p1")
    pager.until(lambda: pager.state("p1") == "delivered")

    first, second = (json.loads(call["body"]) for call in pager.phone.calls())
    assert (first["may_repeat"], second["may_repeat"]) == (False, True)
    assert pager.phone.counts() == {"p1": 2}
    assert pager.outcomes("p1") == ["temporary", "accepted"]


def test_a_provider_that_asks_to_be_left_alone_is_left_alone(pager: Pager) -> None:
    pager.phone.faults["/hook"].append("429:120")
    pager.plan("p1")
    pager.until(lambda: pager.outcomes("p1") == ["temporary"])

    waits = DueWork.objects.get(key="p1").due_ms - due_work.database_ms()
    assert 115_000 < waits <= 120_000


@pytest.mark.parametrize("fault", ["404", "410", "301"])
def test_what_is_refused_for_good_is_not_tried_again_and_is_a_finding(
    pager: Pager, fault: str
) -> None:
    pager.phone.faults["/hook"].append(fault)
    pager.plan("p1")
    pager.until(lambda: pager.state("p1") == "failed")

    [found] = queries.findings()
    assert (found.person, found.contact) == ("alice", "hook")
    assert fault in found.detail
    assert fault in pager.row("p1").reason
    pager.plan("p2")
    pager.until(lambda: pager.state("p2") == "delivered")
    assert queries.findings() == []


def test_a_failure_calls_the_next_contact_of_the_group_at_once(pager: Pager) -> None:
    pager.phone.faults["/hook"].append("500")
    pager.plan("p1", group="g")
    pager.plan("p2", "second", late=5, group="g")
    pager.plan("other", "second", late=5)

    pager.until(lambda: pager.state("p2") == "delivered")

    assert pager.paths() == ["/hook", "/second"]
    assert pager.state("other") == "scheduled"


def test_a_failure_does_not_call_the_same_contact_before_its_time(pager: Pager) -> None:
    pager.phone.faults["/hook"].append("404")
    pager.plan("p1", group="g")
    pager.plan("p2", "hook", late=10, group="g")
    pager.plan("p3", "second", late=20, group="g")

    pager.until(lambda: pager.state("p3") == "delivered")

    assert pager.paths() == ["/hook", "/second"]
    assert pager.state("p2") == "scheduled"


def test_a_second_failure_leaves_the_others_to_their_time(pager: Pager) -> None:
    pager.phone.faults["/hook"].extend(["500", "500"])
    pager.plan("p1", group="g")
    pager.plan("p2", "second", late=5, group="g")
    pager.plan("p3", "spare", late=9, group="g")
    pager.until(lambda: pager.state("p2") == "delivered")
    pager.make_due("p1")
    pager.until(lambda: pager.outcomes("p1") == ["temporary", "temporary"])

    assert pager.state("p3") == "scheduled"


def test_a_cancelled_page_does_not_go_out(pager: Pager) -> None:
    pager.plan("p1", late=1)
    now = clock.now()

    assert usecases.cancel(["p1", "unknown"], reason="acknowledged by bob", now=now) == 1

    pager.step()
    assert (pager.state("p1"), pager.row("p1").reason) == ("cancelled", "acknowledged by bob")
    assert pager.paths() == []
    assert usecases.cancel(["p1"], reason="again", now=now) == 0


def test_a_page_that_is_cancelled_between_claim_and_call_does_not_go_out(pager: Pager) -> None:
    pager.plan("p1")
    [held] = due_work.claim(kind=usecases.KIND, owner="me")
    usecases.cancel(["p1"], reason="acknowledged", now=clock.now())

    assert usecases.mark([held], now=clock.now()) == []
    assert pager.state("p1") == "cancelled"


def test_a_call_in_flight_when_its_page_is_cancelled_is_told_as_it_was(pager: Pager) -> None:
    pager.phone.faults["/hook"].append("slow:0.5")
    pager.plan("p1")
    pager.until(lambda: len(pager.phone.calls()) == 1)
    usecases.cancel(["p1"], reason="acknowledged", now=clock.now())

    pager.until(lambda: pager.outcomes("p1") == ["accepted"])

    assert pager.state("p1") == "delivered"
    assert "cancelled meanwhile" in pager.row("p1").reason


def test_a_call_that_fails_after_its_page_was_cancelled_is_not_tried_again(pager: Pager) -> None:
    pager.phone.faults["/hook"].append("500")
    pager.plan("p1")
    [held] = due_work.claim(kind=usecases.KIND, owner="me")
    [calling] = usecases.mark([held], now=clock.now())
    usecases.cancel(["p1"], reason="acknowledged", now=clock.now())

    usecases.record([(calling, Result(Outcome.TEMPORARY, "busy"))], now=clock.now())

    assert (pager.state("p1"), pager.outcomes("p1")) == ("cancelled", ["temporary"])
    assert DueWork.objects.count() == 0


def test_a_page_whose_sender_died_goes_out_again_marked_as_a_repeat(pager: Pager) -> None:
    pager.plan("p1")
    [held] = due_work.claim(kind=usecases.KIND, owner="dead")
    usecases.mark([held], now=clock.now())
    DueWork.objects.update(lease_until_ms=1)

    pager.until(lambda: pager.state("p1") == "delivered")

    assert pager.outcomes("p1") == ["unknown", "accepted"]
    [call] = pager.phone.calls()
    assert json.loads(call["body"])["may_repeat"] is True


def test_what_a_sender_says_that_lost_its_lease_changes_nothing(pager: Pager) -> None:
    pager.plan("p1")
    [held] = due_work.claim(kind=usecases.KIND, owner="zombie")
    [calling] = usecases.mark([held], now=clock.now())
    DueWork.objects.update(fence=F("fence") + 1)

    usecases.record([(calling, Result(Outcome.ACCEPTED))], now=clock.now())

    assert (pager.state("p1"), pager.outcomes("p1")) == ("sending", ["unknown"])
    assert DueWork.objects.count() == 1


def test_a_sender_that_stood_still_before_the_call_does_not_call(
    pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager.plan("p1")
    [held] = due_work.claim(kind=usecases.KIND, owner="me")
    [calling] = usecases.mark([held], now=clock.now())

    result = pager.sender._result(replace(calling, looked_at=calling.looked_at - 1))

    assert (result.outcome, result.was_called) == (Outcome.TEMPORARY, False)
    assert pager.paths() == []


def test_a_contact_that_was_removed_in_between_is_no_error(pager: Pager) -> None:
    pager.plan("p1", group="g")
    pager.plan("p2", "second", late=5, group="g")
    Contact.objects.filter(name="hook").delete()

    pager.until(lambda: pager.state("p2") == "delivered")

    assert (pager.state("p1"), pager.row("p1").reason) == ("failed", "the contact was removed")


def test_a_person_that_was_erased_in_between_is_no_error(pager: Pager) -> None:
    pager.plan("p1")
    Delivery.objects.get().user.delete()  # type: ignore[union-attr]

    pager.until(lambda: pager.state("p1") == "failed")

    assert pager.paths() == []


def test_a_provider_that_fails_in_a_row_is_left_alone_and_nobody_else_waits(
    pager: Pager,
) -> None:
    other = pager.phone.url("/second").replace("127.0.0.1", "localhost")
    Contact.objects.filter(name="second").update(address=other)
    pager.phone.always["/hook"] = "500"
    for number in range(5):
        pager.plan(f"p{number}")
    pager.until(lambda: all(pager.outcomes(f"p{n}") == ["temporary"] for n in range(5)))
    pager.plan("late")
    pager.plan("well", "second")

    pager.until(lambda: pager.state("well") == "delivered")
    pager.until(lambda: pager.outcomes("late") == ["temporary"])

    assert "not called" in pager.row("late").attempts[0].detail
    assert pager.phone.counts()["late"] == 0


def test_a_channel_that_is_not_wired_fails_for_good_with_its_reason(pager: Pager) -> None:
    Contact.objects.filter(name="hook").update(channel="voice", address="+14155550100")
    pager.plan("p1")

    pager.until(lambda: pager.state("p1") == "failed")

    assert "settings are missing" in pager.row("p1").reason


def test_an_internal_address_that_a_member_set_is_not_called(pager: Pager) -> None:
    Contact.objects.filter(name="hook").update(is_by_admin=False)
    pager.plan("p1")

    pager.until(lambda: pager.state("p1") == "failed")

    assert pager.paths() == []
    assert "may not be reached" in pager.row("p1").reason


def test_not_more_than_32_calls_are_in_flight(pager: Pager) -> None:
    pager.phone.always["/hook"] = "slow:0.3"
    for number in range(80):
        pager.plan(f"p{number:02}")
    most = 0
    while Delivery.objects.exclude(state="delivered").exists():
        pager.step()
        most = max(most, Delivery.objects.filter(state="sending").count())
        time.sleep(0.01)

    assert most == 32
    assert set(pager.phone.counts().values()) == {1}


def test_a_call_longer_than_the_lease_keeps_it(pager: Pager) -> None:
    pager.phone.faults["/hook"].append("slow:4.5")
    pager.plan("p1")
    other = Pager(pager.phone)

    def is_done() -> bool:
        other.step()
        return pager.state("p1") == "delivered"

    pager.until(is_done)

    assert pager.phone.counts() == {"p1": 1}


@pytest.mark.parametrize("fault", ["silence", "drip"])
def test_a_provider_that_says_nothing_is_given_eight_seconds_and_the_next_is_called(
    pager: Pager, fault: str
) -> None:
    pager.phone.faults["/hook"].append(fault)
    pager.plan("p1", group="g")
    pager.plan("p2", "second", late=5, group="g")
    began = time.monotonic()

    pager.until(lambda: pager.state("p2") == "delivered", seconds=30)

    assert pager.outcomes("p1")[0] == "temporary"
    assert time.monotonic() - began < 30
