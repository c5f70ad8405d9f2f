"""The first page of on call: cards, the weeks of all schedules together, coverage."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import make_user
from tests.oncall.domain.making import layer, spec_document, utc
from tests.oncall.making import save
from tests.oncall.test_escalations import make_person, make_policy
from tests.oncall.test_pages import browser, text
from watchkeeper.identity.models import User
from watchkeeper.oncall.views.now import MOST_CARDS, MOST_LANES

pytestmark = pytest.mark.django_db
OFFICE = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]


@pytest.fixture(autouse=True)
def monday(fake_clock: FakeClock) -> None:
    fake_clock.now = utc("2026-03-02 12:00")


@pytest.fixture
def zoe() -> Client:
    """Somebody who may change everything and is on call nowhere."""
    return browser(make_user("zoe", role="admin"))


def schedule(name: str, *members: str, **more: Any) -> None:
    save(spec_document(name, layers=[layer(members=list(members), **more)]))


def cards(client: Client) -> list[str]:
    """Return the words of each card, in order."""
    page = client.get("/on-call").content.decode()
    found = re.findall(r'<li class="wk-card.*?</li>', page, re.DOTALL)
    words = (re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", card)) for card in found)
    return [each.replace("\u202f", " ").strip() for each in words]


def test_a_card_tells_who_until_when_what_follows_and_how_they_are_reached(zoe: Client) -> None:
    make_person("alice", "hook", "spare")
    User.objects.filter(name="alice").update(display_name="Alice Ames")
    schedule("office", "alice", restrictions=OFFICE)

    [card] = cards(zoe)
    assert "AL Alice Ames 5 h left" in card
    assert "Next nobody from 17:00" in card
    assert "Contacts 2 of 2 can be called" in card
    assert "State never paged" in card
    assert "1 gap within a day" in text(zoe, "/on-call")


def test_who_cannot_be_called_is_told(zoe: Client) -> None:
    make_person("alice", "hook")
    make_user("bob")
    schedule("one", "bob")
    save(spec_document("two", layers=[layer(members=[["alice", "bob"]])]))

    one, two = cards(zoe)
    assert "Contacts none yet" in one
    assert "Contacts bob cannot be called" in two


def test_ones_own_come_first_then_those_of_concern_then_the_rest_by_name() -> None:
    for name in ("alice", "bob"):
        make_person(name, "hook")
    schedule("a-quiet", "alice")
    schedule("b-gone", "alice", restrictions=[{"from": "20:00", "to": "22:00"}])
    schedule("c-mine", "bob")

    found = cards(browser(User.objects.get(name="bob")))
    assert [card.split()[0] for card in found] == ["c-mine", "b-gone", "a-quiet"]
    assert "Take over" not in " ".join(found)


def test_taking_over_and_handing_on_begin_with_the_rest_of_the_shift(zoe: Client) -> None:
    make_person("alice", "hook")
    schedule("office", "zoe", restrictions=OFFICE)
    schedule("other", "alice", restrictions=OFFICE)

    mine, other = cards(zoe)
    assert mine.endswith("Hand on office")
    assert other.endswith("Take over other")
    page = zoe.get("/on-call/office/override?for=other").content.decode()
    assert 'name="replaces" value="zoe"' in page
    assert 'value="2026-03-02T17:00"' in page
    page = zoe.get("/on-call/other/override?for=me").content.decode()
    assert 'name="person" value="zoe"' in page
    assert 'value="2026-03-02T17:00"' in page


def test_more_than_fit_are_in_a_table_and_the_calendar_says_how_many_it_draws(
    zoe: Client, django_assert_max_num_queries: Any
) -> None:
    make_person("alice", "hook")
    many = MOST_LANES + 3
    for number in range(many):
        schedule(f"s{number:02}", "alice")

    with django_assert_max_num_queries(40):
        shown = text(zoe, "/on-call")
    assert f"{MOST_LANES} of {many} schedules" in shown
    assert len(cards(zoe)) == MOST_CARDS
    assert "All schedules" in shown
    assert all(f"s{number:02}" in shown for number in range(many))


def test_weeks_can_be_chosen_and_an_odd_wish_is_the_usual(zoe: Client) -> None:
    make_person("alice", "hook")
    schedule("office", "alice", restrictions=OFFICE)

    assert "2 to 8 Mar 2026" in text(zoe, "/on-call")
    assert "13 to 19 Apr 2026" in text(zoe, "/on-call?from=2026-04-15&range=1w")
    assert "2 to 8 Mar 2026" in text(zoe, "/on-call?from=yesterday&range=x&zone=Nowhere/Land")


def test_coverage_is_told_by_policy(zoe: Client) -> None:
    make_person("alice", "hook")
    make_user("bob")
    save(layers=[layer(members=["alice"], restrictions=[{"from": "00:00", "to": "12:00"}])])
    assert "Coverage" not in text(zoe, "/on-call").partition("Calendar")[2]

    make_policy(steps=[{"notify": [{"schedule": "primary"}]}], catchAll={"person": "bob"})
    shown = text(zoe, "/on-call").replace("\u202f", " ")
    assert re.search(r"Coverage, next 90 days .* 50 % .*shop", shown)
    assert "no step finds anybody: nobody is found" in shown
    assert "bob has no verified contact" in shown
    assert "of minutes of 1 policy find somebody who can be called" in shown


def test_whole_coverage_says_so(zoe: Client) -> None:
    make_person("alice", "hook")
    save(layers=[layer(members=["alice"])])
    make_policy(steps=[{"notify": [{"schedule": "primary"}]}], catchAll={"person": "alice"})

    assert "Nothing is uncovered" in text(zoe, "/on-call")
