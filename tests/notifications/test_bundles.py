"""Many pages at once are few calls, and none of them is lost: with real calls to a provider."""

import datetime as dt
import json
import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.notifications.sending import Pager
from watchkeeper.kernel import clock
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain import bundling
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.models import Attempt, Contact, Delivery, Pace
from watchkeeper.notifications.ports import PagedAlert
from watchkeeper.plumbing import due_work
from watchkeeper.plumbing.models import DueWork

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bundled(settings: Settings) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"page_bundle_seconds": 60})


def alert(number: int, service: str = "shop", rank: int = 2) -> PagedAlert:
    return PagedAlert(str(number), f"key-{number}", f"Alert {number}", service, "error", rank)


def plan(pager: Pager, *numbers: int, contact: str = "hook", **more: Any) -> None:
    for number in numbers:
        pager.plan(f"p{number}", contact, alert=alert(number, **more), group=f"g{number}")


def rest(pager: Pager) -> None:
    """Step until nothing is due and nothing flies."""
    time.sleep(0.01)  # the database's clock may be some milliseconds behind ours
    pager.until(lambda: not pager.step() and not pager.sender._flying)


def bodies(pager: Pager) -> list[dict[str, Any]]:
    return [json.loads(call["body"]) for call in pager.phone.calls()]


def told(pager: Pager) -> list[list[str]]:
    """Return the ids of the alerts that each call listed."""
    return [[each["id"] for each in body["alerts"]] for body in bodies(pager)]


def pass_window() -> None:
    """Let the window of every contact be over, for what waits too."""
    past = clock.now() - dt.timedelta(seconds=1)
    Delivery.objects.filter(held_until__isnull=False).update(held_until=past)
    DueWork.objects.update(due_ms=1)
    for pace in Pace.objects.all():
        pace.calls = [{**call, "at": call["at"] - 61_000} for call in pace.calls]
        pace.save()


def claimed(owner: str = "me") -> list[due_work.Claim]:
    time.sleep(0.01)
    return due_work.claim(kind=usecases.KIND, owner=owner, limit=50)


def test_the_first_page_goes_at_once_and_the_next_ones_go_in_one_call(pager: Pager) -> None:
    plan(pager, 1)
    rest(pager)
    plan(pager, 2, 3, 4)
    rest(pager)

    assert told(pager) == [["1"]]
    row = pager.row("p3")
    assert (row.state, row.reason) == (
        "scheduled",
        "it goes in one call with what else comes until then",
    )
    waits = DueWork.objects.get(key="p3").due_ms - due_work.database_ms()
    assert 50_000 < waits <= 60_000

    pass_window()
    rest(pager)

    assert told(pager) == [["1"], ["2", "3", "4"]]
    assert [pager.state(f"p{n}") for n in (2, 3, 4)] == ["delivered"] * 3
    assert [pager.outcomes(f"p{n}") for n in (2, 3, 4)] == [["accepted"]] * 3
    assert pager.row("p2").reason == "in one call with 2 others"
    assert DueWork.objects.count() == 0


def test_a_bundle_has_a_key_of_its_own_and_names_its_pages(pager: Pager) -> None:
    plan(pager, 1)
    rest(pager)
    plan(pager, 2, rank=1)
    plan(pager, 3, rank=2)
    pass_window()
    rest(pager)

    call, body = pager.phone.calls()[1], bodies(pager)[1]
    assert call["headers"]["idempotency-key"] == body["page_id"]
    assert body["page_id"].startswith("bundle-")
    assert body["pages"] == ["p2", "p3"]
    assert body["title"] == "Alert 3"  # the gravest
    assert body["act_url"].startswith("http://127.0.0.1:8321/p/p3.")
    bundle = pager.row("p2").bundle
    assert bundle is not None
    assert bundle == queries.BundleRow(body["page_id"], 2, (("2", "Alert 2"), ("3", "Alert 3")))
    assert queries.in_one_call_with("p3") == ["p2"]


@pytest.mark.parametrize("more", [{"service": "pay"}, {"rank": 3}], ids=["service", "severity"])
def test_news_goes_at_once_and_takes_along_what_waits(pager: Pager, more: dict[str, Any]) -> None:
    plan(pager, 1)
    rest(pager)
    plan(pager, 2)
    rest(pager)
    plan(pager, 3, **more)
    rest(pager)

    assert told(pager) == [["1"], ["2", "3"]]


def test_another_contact_of_the_same_person_is_paced_by_itself(pager: Pager) -> None:
    plan(pager, 1)
    rest(pager)
    plan(pager, 2, contact="second")
    rest(pager)

    assert pager.paths() == ["/hook", "/second"]


def test_a_test_page_never_waits_and_holds_nobody_up(pager: Pager) -> None:
    plan(pager, 1)
    rest(pager)
    pager.plan("p2", alert=alert(2), group="g2", is_test=True)
    rest(pager)

    assert told(pager) == [["1"], ["2"]]


def test_what_waits_for_a_call_is_not_taken_up_before_its_time(pager: Pager) -> None:
    plan(pager, 1)
    rest(pager)
    plan(pager, 2)

    assert DueWork.objects.get(key="p2").due_ms > due_work.database_ms() + 50_000
    assert claimed() == []
    row = pager.row("p2")
    assert (row.state, row.reason) == (
        "scheduled",
        "it goes in one call with what else comes until then",
    )


def test_an_acknowledged_alert_is_taken_out_of_a_bundle_that_was_not_sent(pager: Pager) -> None:
    plan(pager, 1)
    rest(pager)
    plan(pager, 2, 3, 4)
    rest(pager)
    usecases.cancel(["p3"], reason="acknowledged by bob", now=clock.now())
    pass_window()
    rest(pager)

    assert told(pager) == [["1"], ["2", "4"]]
    assert pager.state("p3") == "cancelled"


def test_a_kill_in_mid_bundle_repeats_the_same_bundle_under_the_same_key_marked(
    pager: Pager,
) -> None:
    plan(pager, 1, 2, 3)
    [first] = usecases.mark(claimed("dead"), now=clock.now())
    DueWork.objects.update(lease_until_ms=1)
    plan(pager, 4)  # comes meanwhile, and does not change what is repeated
    pager.until(lambda: pager.state("p1") == "delivered")

    [body] = bodies(pager)
    assert (body["page_id"], body["may_repeat"]) == (first.message.page_id, True)
    assert told(pager) == [["1", "2", "3"]]
    assert pager.outcomes("p2") == ["unknown", "accepted"]
    assert pager.state("p4") == "scheduled"


def test_what_was_acknowledged_between_a_kill_and_the_repeat_is_left_out(pager: Pager) -> None:
    plan(pager, 1, 2, 3)
    [first] = usecases.mark(claimed("dead"), now=clock.now())
    usecases.cancel(["p1", "p3"], reason="acknowledged", now=clock.now())
    DueWork.objects.update(lease_until_ms=1)
    rest(pager)

    assert told(pager) == [["2"]]
    assert bodies(pager)[0]["page_id"] == first.message.page_id
    assert (pager.state("p1"), pager.state("p2")) == ("cancelled", "delivered")


def test_a_bundle_of_which_all_were_acknowledged_ends_without_a_call(pager: Pager) -> None:
    plan(pager, 1, 2)
    usecases.mark(claimed("dead"), now=clock.now())
    usecases.cancel(["p1", "p2"], reason="acknowledged", now=clock.now())
    DueWork.objects.update(lease_until_ms=1)
    rest(pager)

    assert (pager.paths(), DueWork.objects.count()) == ([], 0)


def test_a_zombies_word_about_a_bundle_changes_nothing(pager: Pager) -> None:
    plan(pager, 1, 2)
    [calling] = usecases.mark(claimed("zombie"), now=clock.now())
    DueWork.objects.update(lease_until_ms=1)
    [taken] = usecases.mark(claimed("heir"), now=clock.now())

    usecases.record([(calling, Result(Outcome.ACCEPTED))], now=clock.now())
    assert {pager.state("p1"), pager.state("p2")} == {"sending"}

    usecases.record([(taken, Result(Outcome.ACCEPTED))], now=clock.now())
    assert {pager.state("p1"), pager.state("p2")} == {"delivered"}
    assert DueWork.objects.count() == 0


def test_a_bundle_cancelled_in_part_while_it_flies_is_told_as_it_was(pager: Pager) -> None:
    plan(pager, 1, 2)
    [calling] = usecases.mark(claimed(), now=clock.now())
    usecases.cancel(["p1"], reason="acknowledged", now=clock.now())

    usecases.record([(calling, Result(Outcome.TEMPORARY, "busy"))], now=clock.now())

    assert (pager.state("p1"), pager.outcomes("p1")) == ("cancelled", ["temporary"])
    assert (pager.state("p2"), pager.outcomes("p2")) == ("scheduled", ["temporary"])


def test_when_a_call_fails_what_waited_for_it_goes_at_once(pager: Pager) -> None:
    pager.phone.faults["/hook"].append("slow:0.5")
    pager.phone.always["/hook"] = "500"
    plan(pager, 1)
    pager.until(lambda: len(pager.phone.calls()) == 1)
    pager.phone.always["/hook"] = "200"
    plan(pager, 2)
    pager.step()
    [flying] = pager.sender._flying.values()
    usecases.record([(flying, Result(Outcome.TEMPORARY, "busy"))], now=clock.now())
    pager.until(lambda: pager.state("p2") == "delivered")

    assert "2" in told(pager)[1]


def test_who_stands_in_for_a_bundle_that_failed_is_called_at_once(pager: Pager) -> None:
    """F17: the fallback of every page in it comes within seconds, also where it had to wait."""
    plan(pager, 9, contact="second")
    rest(pager)
    plan(pager, 1, 2)
    for number in (1, 2):
        pager.plan(f"q{number}", "second", late=5, group=f"g{number}", alert=alert(number))
    pager.phone.always["/hook"] = "500"
    pager.until(lambda: pager.outcomes("p1") == ["temporary"])
    pager.step()
    pager.step()

    for number in (1, 2):
        waits = DueWork.objects.get(key=f"q{number}").due_ms - due_work.database_ms()
        assert waits <= bundling.GAP.total_seconds() * 1000
        assert Delivery.objects.get(page_id=f"q{number}").held_until is not None


def test_a_bundle_that_is_refused_for_good_fails_as_a_whole_and_is_one_finding(
    pager: Pager,
) -> None:
    pager.phone.faults["/hook"].append("404")
    plan(pager, 1, 2)
    rest(pager)

    assert [pager.state(f"p{n}") for n in (1, 2)] == ["failed"] * 2
    [found] = queries.findings()
    assert "404" in found.detail
    assert DueWork.objects.count() == 0


def test_a_provider_that_was_down_for_hours_gets_one_call_of_everything_in_order(
    pager: Pager,
) -> None:
    """F18: what is stale goes in one call, oldest first, and there is no storm."""
    for number in range(1, 30):
        plan(pager, number)
        fail_three_times(f"p{number}")
    Pace.objects.all().delete()
    DueWork.objects.update(due_ms=1)
    rest(pager)

    assert told(pager) == [[str(number) for number in range(1, 30)]]
    assert bodies(pager)[0]["may_repeat"] is True
    assert {pager.state(f"p{n}") for n in range(1, 30)} == {"delivered"}
    assert DueWork.objects.count() == 0


def fail_three_times(page_id: str) -> None:
    """Let a page be where three failed attempts put it."""
    row = Delivery.objects.get(page_id=page_id)
    Attempt.objects.bulk_create(
        Attempt(delivery=row, at=clock.now(), ended_at=clock.now(), outcome="temporary")
        for _ in range(3)
    )
    Delivery.objects.filter(pk=row.pk).update(tries=3, state="scheduled", reason="busy")


def test_stale_bundles_are_laid_together_too_and_no_page_is_lost(pager: Pager) -> None:
    plan(pager, 1, 2)
    [first] = usecases.mark(claimed(), now=clock.now())
    usecases.record([(first, Result(Outcome.TEMPORARY, "down"))], now=clock.now())
    plan(pager, 3, 4)
    Pace.objects.all().delete()
    [second] = usecases.mark(claimed(), now=clock.now())
    usecases.record([(second, Result(Outcome.TEMPORARY, "down"))], now=clock.now())
    assert len({first.held.key, second.held.key}) == 2
    Delivery.objects.update(tries=3)
    DueWork.objects.update(due_ms=1)

    [calling] = usecases.mark(claimed(), now=clock.now())

    assert [each.id for each in calling.message.alerts] == ["1", "2", "3", "4"]
    assert DueWork.objects.count() == 1
    usecases.record([(calling, Result(Outcome.ACCEPTED))], now=clock.now())
    assert {pager.state(f"p{n}") for n in range(1, 5)} == {"delivered"}


def test_what_is_due_since_an_outage_goes_in_one_call_for_each_contact(pager: Pager) -> None:
    """I10: afterwards at most one bundle for each person and contact, oldest first."""
    for number in range(1, 40):
        plan(pager, number)
        plan_again(pager, number)  # a later step that came due meanwhile
    old = clock.now() - dt.timedelta(minutes=10)
    Delivery.objects.update(due_at=old, created_at=old)
    pager.step()  # the first ones wait a moment for the rest
    assert pager.paths() == []
    plan(pager, 40)
    DueWork.objects.update(due_ms=1)
    past = clock.now() - dt.timedelta(milliseconds=1)
    Delivery.objects.filter(held_until__isnull=False).update(held_until=past)
    rest(pager)

    assert told(pager) == [[str(number) for number in range(1, 41)]]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert DueWork.objects.count() == 0


def plan_again(pager: Pager, number: int) -> None:
    pager.plan(f"r{number}", alert=alert(number), group=f"h{number}")


def test_two_senders_at_once_make_one_call(pager: Pager) -> None:
    plan(pager, 1, 2, 3)
    time.sleep(0.01)
    mine = due_work.claim(kind=usecases.KIND, owner="me", limit=1)
    theirs = due_work.claim(kind=usecases.KIND, owner="them", limit=1)

    calls = [*usecases.mark(mine, now=clock.now()), *usecases.mark(theirs, now=clock.now())]

    # What the other holds is left to it; it waits for the window then.
    assert [[each.id for each in calling.message.alerts] for calling in calls] == [["1", "3"]]
    assert pager.state("p2") == "scheduled"


def test_thousands_of_pages_for_one_contact_are_a_few_calls(pager: Pager) -> None:
    """I13: calls of a person are bounded, however many pages there are."""
    many = bundling.MOST + 500
    now = clock.now()
    planned = [pager.planned(f"p{n}", alert=alert(n), now=now) for n in range(many)]
    usecases.schedule(planned, now=now)
    rest(pager)
    assert [len(listed) for listed in told(pager)] == [bundling.MOST]
    pass_window()
    rest(pager)

    assert sum(len(listed) for listed in told(pager)) == many
    assert len(told(pager)) == 2
    assert Delivery.objects.exclude(state="delivered").count() == 0


def test_what_waits_for_a_contact_is_put_off_together(pager: Pager) -> None:
    """It is not taken up one by one to be told so: that would hold up everybody's pages."""
    plan(pager, 1)
    rest(pager)
    plan(pager, *range(2, 40))
    time.sleep(0.01)
    held = due_work.claim(kind=usecases.KIND, owner="me", limit=1)

    assert usecases.mark(held, now=clock.now()) == []
    assert due_work.claim(kind=usecases.KIND, owner="me", limit=50) == []
    until = set(Delivery.objects.filter(state="scheduled").values_list("held_until", flat=True))
    assert len(until) == 1
    assert set(DueWork.objects.values_list("lease_until_ms", flat=True)) == {0}


def test_news_among_what_waits_is_not_put_off(pager: Pager) -> None:
    plan(pager, 1)
    rest(pager)
    plan(pager, 2, 3)
    plan(pager, 4, service="bank")
    time.sleep(0.01)
    first = due_work.claim(kind=usecases.KIND, owner="me", limit=1)

    [calling] = usecases.mark(first, now=clock.now())

    # The second was to wait; the fourth is news, and all go in its call.
    assert [each.id for each in calling.message.alerts] == ["2", "3", "4"]


def test_a_contact_that_was_removed_ends_its_bundle_and_calls_others(pager: Pager) -> None:
    plan(pager, 1, 2)
    plan(pager, 3, contact="second")
    usecases.mark(claimed("dead"), now=clock.now())
    Contact.objects.filter(name="hook").delete()
    DueWork.objects.update(lease_until_ms=1)
    rest(pager)

    assert pager.row("p1").reason == "the contact was removed"
    assert {pager.state("p1"), pager.state("p2")} == {"failed"}


def test_zero_seconds_turn_it_off(pager: Pager, settings: Settings) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"page_bundle_seconds": 0})
    plan(pager, 1, 2, 3)
    rest(pager)

    assert sorted(told(pager)) == [["1"], ["2"], ["3"]]
