"""Who is on call now, on the overview."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client

from tests.conftest import NOON, FakeClock
from tests.factories import make_slo, make_team, make_user
from tests.oncall.domain.making import layer
from tests.oncall.making import save
from tests.oncall.test_escalations import DISK, make_person, make_policy, start, walk
from tests.pages import signed_in
from watchkeeper.identity.models import User
from watchkeeper.notifications.models import Delivery
from watchkeeper.oncall.usecases import escalations

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
LONG = "The schedule of those who keep the whole of the checkout of Northern Europe awake"
HEBREW = "משמרת הלילה"
WORDY = "a-person-with-quite-a-long-name-" * 4 + "indeed"


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock


def layers(*members: Any, **more: Any) -> list[dict[str, Any]]:
    return [layer(members=list(members), **more)]


def page_of(client: Client) -> str:
    """Return the overview as one line without what screen readers alone are told."""
    found = " ".join(client.get("/").content.decode().split())
    return re.sub(r"> <", "><", found)


def lines(page: str) -> list[str]:
    """Return the words of each line of those on call."""
    if "wk-duty" not in page:
        return []
    part = page[page.index("wk-duty") :]
    items = re.findall(r"<li>(.*?)</li>", part[: part.index("</ul>")])
    return [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in items]


def page_for(person: str, at: dt.datetime) -> None:
    """Let a page arrive at somebody that nobody answers."""
    make_policy(steps=[{"notify": [{"person": person}]}], catchAll={"person": person})
    start(now=at)
    walk(at)
    Delivery.objects.update(state="delivered")


def test_each_schedule_tells_who_is_on_call_until_when() -> None:
    make_slo()
    make_person("alice", "hook")
    make_person("bob", "hook")
    save(layers=layers("alice", "bob"))

    page = page_of(signed_in("vera"))

    assert lines(page) == ["primary AL alice until 9 Mar 09:00"]
    assert 'href="/on-call/primary"' in page
    assert "<h2>On call now</h2>" in page
    assert "Mon 9 Mar 2026, 09:00 UTC" in page, "the exact time on hover"
    assert page.index("On call now") < page.index("<h2>Journeys")


def test_people_are_called_by_their_own_words() -> None:
    make_slo()
    make_person("alice", "hook")
    User.objects.filter(name="alice").update(display_name="Alice Ames")
    save(layers=layers("alice"))

    assert lines(page_of(signed_in("vera"))) == ["primary AL Alice Ames does not change"]


def test_what_is_of_concern_stands_first() -> None:
    make_slo()
    make_person("alice", "hook")
    make_person("dave", "hook")
    make_user("bob")
    nights = [{"from": "20:00", "to": "08:00"}]
    days = [{"from": "08:00", "to": "18:00"}]
    save(name="a-well", layers=layers("alice"))
    save(name="b-mute", layers=layers("bob"))
    save(name="c-days", layers=layers("alice", restrictions=days))
    save(name="d-nights", layers=layers("alice", restrictions=nights))
    save(name="e-paged", layers=layers("dave"))
    page_for("dave", NOON - HOUR)

    said = lines(page_of(signed_in("vera")))

    assert [line.split()[0] for line in said] == [
        "e-paged",
        "d-nights",
        "c-days",
        "b-mute",
        "a-well",
    ]
    assert said[0] == "e-paged DA dave paged 11:00"
    assert said[1].endswith("nobody now")
    assert said[2].endswith("nobody 18:00–08:00")  # noqa: RUF001  a span
    assert said[3] == "b-mute BO bob cannot be called"
    assert said[4] == "a-well AL alice does not change"

    escalations.stop([DISK], reason="acknowledged", now=NOON)
    assert "e-paged DA dave does not change" in lines(page_of(signed_in("vic")))


def test_a_page_of_another_day_is_told_with_its_day() -> None:
    make_slo()
    make_person("alice", "hook")
    save(layers=layers("alice"))
    page_for("alice", NOON - 40 * HOUR)

    assert lines(page_of(signed_in("vera"))) == ["primary AL alice paged Sat 20:00"]


def test_a_hole_that_goes_on_has_no_end() -> None:
    make_slo()
    make_person("alice", "hook")
    shift = {"start": "2026-03-01T09:00:00", "end": "2026-03-02T18:00:00", "members": ["alice"]}
    save(layers=[{"rotation": {"unit": "custom", "shifts": [shift]}}])

    assert lines(page_of(signed_in("vera"))) == ["primary AL alice nobody from 18:00"]


def test_eight_are_shown_and_the_rest_is_counted() -> None:
    make_slo()
    make_person("alice", "hook")
    for number in range(11):
        save(name=f"s-{number:02}", layers=layers("alice"))

    page = page_of(signed_in("vera"))

    assert len(lines(page)) == 8
    assert '<a href="/on-call">3 more</a>' in page


def test_many_people_long_names_and_right_to_left_names_keep_the_line() -> None:
    make_slo()
    people = (WORDY, "alice", "bob", "carol", "dave")
    for person in people:
        make_person(person, "hook")
    save(title=LONG, layers=layers(list(people)))
    save(name="other", title=HEBREW, layers=layers("alice"))

    page = page_of(signed_in("vera"))

    assert f"<bdi>{LONG}</bdi>" in page
    assert f"<bdi>{HEBREW}</bdi>" in page
    assert f"<bdi>{WORDY}</bdi>" in page
    assert "and 2 more" in lines(page)[0]


def test_a_schedule_without_a_title_is_called_by_its_team() -> None:
    make_slo()
    make_person("alice", "hook")
    make_team("shop", title="The shop")
    save(layers=layers("alice"), owner="shop")

    assert lines(page_of(signed_in("vera"))) == ["The shop AL alice does not change"]


@pytest.mark.parametrize("has_slo", [False, True])
def test_without_a_schedule_those_who_may_edit_are_told(has_slo: bool) -> None:
    if has_slo:
        make_slo()
    hint = "Nobody is on call: there is no schedule yet."

    viewer, admin = page_of(signed_in("vera")), page_of(signed_in("ann", role="admin"))
    of_a_team = page_of(signed_in("tim", shop="editor"))

    assert "On call now" not in viewer
    assert hint not in viewer
    assert f'{hint} <a href="/on-call/-/new">New schedule</a>' in admin
    assert hint in of_a_team


def test_before_the_first_slo_those_on_call_are_shown_too() -> None:
    make_person("alice", "hook")
    save(layers=layers("alice"))

    page = page_of(signed_in("vera"))

    assert "Nothing is watched yet." in page
    assert lines(page) == ["primary AL alice does not change"]
