"""What those on call stand in: who follows, when nobody is, how they are reached, their pages."""

import datetime as dt
from typing import Any

import pytest

from tests.factories import make_user
from tests.oncall.domain.making import layer, utc
from tests.oncall.making import MONDAY, override, save
from tests.oncall.test_escalations import DISK, make_person, make_policy, start, walk
from watchkeeper.notifications.models import Delivery
from watchkeeper.oncall import queries
from watchkeeper.oncall.queries import Duty
from watchkeeper.oncall.usecases import escalations

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
NIGHTS = [{"from": "20:00", "to": "08:00"}]


def duty(now: dt.datetime = MONDAY) -> Duty:
    """Return the one duty there is."""
    [found] = queries.duties(now=now)
    return found


def page_alice() -> None:
    """Page alice for a full disk, and let it arrive."""
    make_policy(steps=[{"notify": [{"schedule": "primary"}]}], catchAll={"person": "alice"})
    start(now=MONDAY - HOUR)
    walk(MONDAY - HOUR)
    Delivery.objects.update(state="delivered")


def test_who_follows_within_a_day_and_when_nobody_does() -> None:
    make_person("alice", "hook")
    save(layers=[layer(members=["alice"], restrictions=NIGHTS)])

    noon = duty()
    assert noon.standing.people == ()
    assert noon.hole is not None
    assert noon.hole.start == MONDAY
    assert noon.hole.end == utc("2026-03-02 20:00")
    assert noon.following is not None
    assert noon.following.people == ("alice",)

    night = duty(utc("2026-03-02 22:00"))
    assert night.standing.people == ("alice",)
    assert night.hole is not None
    assert night.hole.start == utc("2026-03-03 08:00")
    assert night.hole.end == utc("2026-03-03 20:00")


def test_what_does_not_change_within_a_day_has_no_follower_and_no_hole() -> None:
    make_person("alice", "hook")
    save(layers=[layer(members=["alice"])])

    assert (duty().following, duty().hole) == (None, None)


def test_an_override_follows() -> None:
    make_person("alice", "hook")
    make_person("dave", "hook")
    save(layers=[layer(members=["alice"])])
    override("2026-03-02 18:00", "2026-03-02 20:00")

    following = duty().following
    assert following is not None
    assert following.people == ("dave",)


def test_contacts_are_counted_and_who_has_none_is_named() -> None:
    make_person("alice", "hook", "spare")
    make_user("bob")
    save(layers=[layer(members=[["alice", "bob"]])])

    found = duty()
    assert (found.usable, found.contacts, found.unreachable) == (2, 2, ("bob",))


def test_a_page_is_unanswered_until_somebody_answers() -> None:
    make_person("alice", "hook")
    save(layers=[layer(members=["alice"])])
    assert duty().paged is None

    page_alice()
    paged = duty().paged
    assert paged is not None
    assert (paged.person, paged.at, paged.is_unanswered) == ("alice", MONDAY - HOUR, True)

    escalations.stop([DISK], reason="acknowledged", now=MONDAY)
    paged = duty().paged
    assert paged is not None
    assert not paged.is_unanswered


def test_a_page_that_did_not_arrive_is_none() -> None:
    make_person("alice", "hook")
    save(layers=[layer(members=["alice"])])
    page_alice()
    Delivery.objects.update(state="failed")

    assert duty().paged is None


def test_many_schedules_take_no_more_queries(django_assert_max_num_queries: Any) -> None:
    make_person("alice", "hook")
    for name in ("one", "two", "three", "four"):
        save(name=name, layers=[layer(members=["alice"])])
    page_alice()

    with django_assert_max_num_queries(15):
        assert len(queries.duties(now=MONDAY)) == 4
