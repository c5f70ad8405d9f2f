"""Calendar feeds: a secret address that shows what the API shows, until it is revoked."""

import datetime as dt
import random
import re
from typing import Any

import pytest
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import HOST, actor_for, make_user
from tests.oncall.domain.making import layer, spec_document
from tests.oncall.making import override, save
from tests.pages import signed_in
from watchkeeper.identity.models import User
from watchkeeper.kernel.errors import ForbiddenError, InvalidError
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.domain import icalendar
from watchkeeper.oncall.domain.icalendar import Event
from watchkeeper.oncall.models import CalendarFeed
from watchkeeper.plumbing import limits

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_clock")]

Shift = tuple[dt.datetime, dt.datetime, str]


@pytest.fixture(autouse=True)
def unhurried() -> None:
    limits.forget()


def feed(user: User, *, schedule: str | None = None, person: str | None = None) -> str:
    made = usecases.make_feed(
        actor=actor_for(user), schedule=schedule, person=person, now=clock_now()
    )
    return f"/calendar/{made.secret}.ics"


def clock_now() -> dt.datetime:
    return dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def read(text: str) -> list[Shift]:
    """Read events as a calendar program does, by lines and not by our writer."""
    whole = text.replace("\r\n ", "")
    shifts = []
    for block in whole.split("BEGIN:VEVENT\r\n")[1:]:
        held = dict(line.split(":", 1) for line in block.split("\r\n") if ":" in line)
        start, end = (
            dt.datetime.strptime(held[key], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
            for key in ("DTSTART", "DTEND")
        )
        shifts.append((start, end, held["SUMMARY"].replace("\\,", ",")))
    return shifts


def test_a_calendar_says_what_the_api_says_at_any_instant() -> None:
    alice = make_user("alice")
    make_user("dave")
    restricted = [{"days": ["mon", "wed", "sun"], "from": "22:00", "to": "06:00"}]
    save(
        timeZone="Europe/Berlin",
        layers=[
            layer("base", unit="day", members=["alice", ["bob", "carol"]], restrictions=restricted)
        ],
    )
    override("2026-03-28 12:00", "2026-03-30 12:00", joins=True)

    answer = Client().get(feed(alice, schedule="primary"))

    shifts = read(answer.content.decode())
    chance = random.Random(7)
    for _ in range(200):
        at = clock_now() + dt.timedelta(minutes=chance.randrange(-30 * 1440, 180 * 1440))
        held = [summary for start, end, summary in shifts if start <= at < end]
        people = queries.on_call(at=at)[0].people
        assert held == ([f"{', '.join(people)}: primary"] if people else []), at


def test_a_persons_calendar_holds_their_shifts_in_every_schedule_and_no_others() -> None:
    alice = make_user("alice")
    save()
    save(spec_document("night", layers=[layer(members=["bob", "alice"])]))

    shifts = read(Client().get(feed(alice, person="alice")).content.decode())

    for week in range(4):
        at = clock_now() + dt.timedelta(weeks=week)
        on = [summary for start, end, summary in shifts if start <= at < end]
        assert on == [f"On call: {'primary' if week % 2 == 0 else 'night'}"]


def test_a_feed_is_kept_by_nobody_and_its_secret_only_as_a_hash() -> None:
    alice = make_user("alice")
    save()
    path = feed(alice, schedule="primary")

    answer = Client().get(path)

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    [row] = CalendarFeed.objects.values()
    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in str(row)
    assert row["last_read_at"] == clock_now()
    assert Client().post(path).status_code == 405


def gone(path: str) -> bool:
    return Client().get(path).status_code == 404


def test_a_feed_ends_when_it_is_revoked_or_its_schedule_or_reader_is_gone() -> None:
    alice, bob = make_user("alice"), make_user("bob")
    save()
    first, second = feed(alice, schedule="primary"), feed(alice, schedule="primary")
    own, other = feed(bob, person="bob"), feed(alice, person="alice")
    [row, *_] = queries.feed_rows(actor_for(alice))
    with pytest.raises(ForbiddenError):
        usecases.revoke_feed(actor=actor_for(bob), feed_id=row.id, now=clock_now())
    assert not gone(first)

    usecases.revoke_feed(actor=actor_for(alice), feed_id=row.id, now=clock_now())
    assert gone(first)
    assert not gone(second)

    usecases.remove_schedule(actor=HOST, name="primary", now=clock_now())
    assert gone(second)

    User.objects.filter(name="bob").update(is_active=False)
    assert gone(own)
    assert not gone(other)
    assert gone("/calendar/wk_cNOTHING.ics")


def test_nobody_subscribes_to_the_shifts_of_others_but_an_admin() -> None:
    alice, admin = make_user("alice"), make_user("root", role="admin")
    make_user("bob")

    with pytest.raises(ForbiddenError):
        feed(alice, person="bob")
    with pytest.raises(InvalidError):
        feed(alice)
    feed(admin, person="bob")

    assert queries.feed_rows(actor_for(alice)) == []
    assert len(queries.feed_rows(actor_for(admin))) == 1


def test_a_calendar_program_that_comes_too_often_is_told_to_wait(fake_clock: FakeClock) -> None:
    alice = make_user("alice")
    save()
    path = feed(alice, schedule="primary")

    answers = [Client().get(path).status_code for _ in range(31)]

    assert answers == [200] * 30 + [429]
    fake_clock.travel(minutes=1)
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize("summary", ["a, b; c\\d", "Ünïcödé " * 20, "line\nbreak", "x" * 200])
def test_text_is_escaped_and_lines_are_folded_within_75_octets(summary: str) -> None:
    now = clock_now()
    event: Any = Event(now, now + dt.timedelta(hours=1), summary, key="k")

    text = icalendar.calendar("On call", [event], now=now)

    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    [line] = [one for one in text.replace("\r\n ", "").split("\r\n") if "SUMMARY" in one]
    plain = line.removeprefix("SUMMARY:").replace("\\n", "\n").replace("\\,", ",")
    assert plain.replace("\\;", ";").replace("\\\\", "\\") == summary


def test_a_person_makes_and_revokes_the_address_of_their_calendar_on_the_web() -> None:
    door = signed_in("alice")
    save()

    made = door.post("/on-call/-/feeds", {"schedule": ""})
    found = re.search(r"/calendar/[^\"<\s]+\.ics", made.content.decode())
    assert found is not None
    assert made["Cache-Control"] == "no-store"
    assert Client().get(found.group()).status_code == 200
    page = door.get("/on-call/-/mine").content.decode()
    assert "never read" not in page
    assert "/on-call/-/feeds/" in page
    [feed] = CalendarFeed.objects.all()
    stranger = signed_in("bob").post(f"/on-call/-/feeds/{feed.pk}/revoke")
    assert stranger.status_code == 403

    assert door.post(f"/on-call/-/feeds/{feed.pk}/revoke").status_code == 302
    assert Client().get(found.group()).status_code == 404
    assert door.post("/on-call/-/feeds", {"schedule": "nothing"}).status_code == 404
