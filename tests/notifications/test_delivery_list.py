"""The page of deliveries, its JSON and its command: the same rows, the same filters."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from tests.factories import HOST
from tests.notifications.sending import Pager
from tests.pages import signed_in, text
from watchkeeper.identity import usecases as identity
from watchkeeper.kernel import clock
from watchkeeper.notifications import queries
from watchkeeper.notifications.models import Delivery
from watchkeeper.notifications.ports import PagedAlert
from watchkeeper.notifications.queries import Filter

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(pager: Pager) -> Client:
    made = identity.create_token(actor=HOST, name="admin", role="viewer", now=clock.now())
    return Client(headers={"authorization": f"Bearer {made.token}"})


@pytest.fixture
def filled(pager: Pager, door: Client) -> Pager:
    """One that failed, one that arrived at the second attempt, one that waits."""
    pager.phone.faults["/hook"].extend(["404", "500"])
    pager.plan("p1", alert=PagedAlert("1", "a", "<b>Disk</b> full", "shop"))
    pager.until(lambda: pager.state("p1") == "failed")
    pager.plan("p2")
    pager.until(lambda: pager.outcomes("p2") == ["temporary"])
    pager.make_due("p2")
    pager.until(lambda: pager.state("p2") == "delivered")
    pager.plan("p3", "second", late=90)
    Delivery.objects.filter(page_id="p3").update(channel="sms")
    return pager


def ids(wanted: Filter, **more: Any) -> list[str]:
    return [row.page_id for _, row in queries.delivery_rows(wanted, limit=50, **more)]


def test_filters_choose_by_person_channel_state_and_time(filled: Pager) -> None:
    later = clock.now() + dt.timedelta(minutes=30)

    assert ids(Filter()) == ["p3", "p2", "p1"]
    assert ids(Filter(person="alice", state="failed")) == ["p1"]
    assert ids(Filter(person="bob")) == []
    assert ids(Filter(channel="webhook")) == ["p2", "p1"]
    assert ids(Filter(since=later)) == ["p3"]
    assert ids(Filter(until=later)) == ["p2", "p1"]
    second = queries.delivery_rows(Filter(), limit=2)[-1][0]
    assert ids(Filter(), before=second) == ["p1"]


def test_the_page_tells_what_became_of_each_page(filled: Pager) -> None:
    page = text(signed_in("bob").get("/deliveries"))

    assert "0 on their way, 1 waiting for their time." in page
    assert "1 failed in the last day" in page
    for words in ("&lt;b&gt;Disk&lt;/b&gt; full", "404", "permanent", "temporary", "accepted"):
        assert words in page
    assert filled.phone.url() not in page  # the address is the person's own


def test_a_filter_that_hides_all_says_so_and_a_wrong_one_is_told(filled: Pager) -> None:
    browser = signed_in("bob")

    assert "No delivery passes these filters" in text(browser.get("/deliveries?person=nobody"))
    answer = browser.get("/deliveries?state=lost&before=-1")
    assert answer.status_code == 422
    assert "state is one of scheduled" in text(answer)
    assert "p1" not in text(browser.get("/deliveries?last=1h&state=cancelled"))


def test_without_pages_it_says_how_the_first_is_made(door: Client) -> None:
    assert "Nobody was paged yet" in text(signed_in("bob").get("/deliveries"))


def test_a_long_list_goes_on(pager: Pager, door: Client) -> None:
    for number in range(51):
        pager.plan(f"p{number}", late=5)
    browser = signed_in("bob")

    page = text(browser.get("/deliveries"))

    oldest = Delivery.objects.order_by("pk").values_list("pk", flat=True)[1]
    assert f"before={oldest}" in page
    assert text(browser.get(f"/deliveries?before={oldest}")).count("<td>") < page.count("<td>")


def test_the_page_asks_a_fixed_number_of_questions(
    pager: Pager, door: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        pager.plan(f"p{number}", late=5)
    browser = signed_in("bob")

    with django_assert_max_num_queries(16):
        browser.get("/deliveries")


def test_the_json_pages_through_the_same_rows(filled: Pager, door: Client) -> None:
    first = door.get("/api/v1/pages?limit=2").json()
    second = door.get(f"/api/v1/pages?limit=2&cursor={first['next']}").json()

    assert [row["page_id"] for row in first["items"] + second["items"]] == ["p3", "p2", "p1"]
    assert second["next"] is None
    shown = second["items"][0]
    assert (shown["channel"], shown["state"], shown["bundle"]) == ("webhook", "failed", None)
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["permanent"]
    soon = (clock.now() + dt.timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    found = door.get(f"/api/v1/pages?from={soon}").json()["items"]
    assert [row["page_id"] for row in found] == ["p3"]
    for wrong in ("state=lost", "channel=fax", "from=soon", "limit=0", "cursor=x"):
        answer = door.get(f"/api/v1/pages?{wrong}")
        assert answer.status_code == 422, (wrong, json.loads(answer.content))
