"""People are told when their shift begins, ends, or is changed by somebody else: once."""

import datetime as dt
from typing import Any

import pytest

from tests.factories import HOST, actor_for, make_user
from tests.oncall.domain.making import layer, spec_document, utc
from tests.oncall.making import MONDAY, override, save
from watchkeeper.identity.models import User
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.notifications.domain.notices import NoticeSpec
from watchkeeper.notifications.models import Delivery
from watchkeeper.notifications.usecases import notices as sending
from watchkeeper.oncall import usecases
from watchkeeper.oncall.models import ShiftNotice
from watchkeeper.oncall.usecases import notices
from watchkeeper.plumbing import jobs

pytestmark = pytest.mark.django_db
PEOPLE = ("alice", "bob", "dave")
NINE = utc("2026-03-09 09:00")  # alice hands over to bob


@pytest.fixture(autouse=True)
def people(db: None) -> None:
    del db
    for name in PEOPLE:
        make_user(name)
        wants(name)


def wants(name: str, **spec: Any) -> None:
    """Give a person a contact for text, and let them want notices."""
    notifications.save_paging(
        actor=HOST,
        person=name,
        spec=PagingSpec(
            (ContactSpec("topic", "ntfy", f"topic-{name}", verified=True),),
            notices=NoticeSpec(**spec),
        ),
        origin=Origin.API,
        now=MONDAY,
    )


def told() -> list[tuple[str, str]]:
    """Return who was told what, in order."""
    rows = Delivery.objects.filter(page_id__startswith="notice-").order_by("pk")
    return [(row.user.name if row.user else "", row.message["title"]) for row in rows]


def look(*moments: dt.datetime) -> list[tuple[str, str]]:
    for moment in moments:
        notices.tell_of_shifts(now=moment)
    return told()


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def test_a_shift_is_announced_a_quarter_of_an_hour_before_it_begins() -> None:
    save()

    assert look(NINE - minutes(16)) == []
    found = look(NINE - minutes(15), NINE - minutes(14), NINE, NINE + minutes(30))

    assert found == [
        ("bob", "Your shift in primary begins at Mon 09 Mar 09:00 UTC, until Mon 16 Mar 09:00 UTC")
    ]


def test_each_persons_clock_and_wish_count() -> None:
    save()
    User.objects.filter(name="bob").update(time_zone="America/Chicago")
    wants("bob", before=minutes(120))

    [(_, text)] = look(NINE - minutes(121), NINE - minutes(119))

    assert "begins at Mon 09 Mar 04:00 CDT" in text


def test_who_does_not_want_to_know_is_not_told() -> None:
    save()
    wants("bob", start=False)

    assert look(NINE) == []


def test_an_end_is_told_to_those_who_want_it_with_who_is_on_next() -> None:
    save()
    wants("alice", end=True)

    assert look(NINE - minutes(1))[1:] == []
    found = look(NINE, NINE + minutes(1))

    assert found[-1] == (
        "alice", "Your shift in primary ended at Mon 09 Mar 09:00 UTC; bob is on now",
    )  # fmt: skip
    assert len(found) == 2


def test_after_an_outage_what_still_helps_is_told_and_the_rest_is_not() -> None:
    save()
    wants("alice", end=True)

    assert look(NINE + notices.LATEST_START + minutes(1)) == []
    found = look(NINE + minutes(90))

    assert [name for name, _ in found] == ["bob"]
    assert "Your shift in primary began at" in found[0][1]


def test_a_shift_in_pieces_is_announced_once() -> None:
    start, end = utc("2026-03-10 00:00"), utc("2026-03-10 12:00")
    pieces = [{"start": f"{start:%FT%TZ}", "end": f"{end:%FT%TZ}", "person": "bob"}]
    save(
        layers=[layer(unit="day", start="2026-03-09T09:00:00", members=["bob"])], overrides=pieces
    )

    found = look(*(NINE + dt.timedelta(hours=h) for h in range(-1, 40)))

    assert [name for name, _ in found] == ["bob"]


def test_several_schedules_that_begin_at_once_are_one_notice() -> None:
    save(spec_document("one"))
    save(spec_document("two"))

    [(name, text)] = look(NINE)

    assert name == "bob"
    assert text.startswith("Your shift in one, two began at")
    assert ShiftNotice.objects.count() == 2


def test_a_job_that_was_taken_over_tells_nobody() -> None:
    save()

    def lost() -> None:
        raise RuntimeError("lease lost")

    with jobs.holding(lost), pytest.raises(RuntimeError):
        notices.tell_of_shifts(now=NINE)
    assert told() == []

    assert len(look(NINE)) == 1


def test_who_dies_while_telling_leaves_all_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    save()

    def died(*_: object, **__: object) -> int:
        raise RuntimeError("killed")

    with monkeypatch.context() as dying:
        dying.setattr(sending, "tell", died)
        with pytest.raises(RuntimeError):
            notices.tell_of_shifts(now=NINE)
    assert ShiftNotice.objects.count() == 0

    assert len(look(NINE, NINE)) == 1


def test_an_override_by_somebody_else_is_told_to_both_whom_it_moves() -> None:
    save()

    override("2026-03-03 09:00", "2026-03-04 09:00", "dave")

    stretch = "Tue 03 Mar 09:00 UTC to Wed 04 Mar 09:00 UTC"
    assert told() == [
        ("alice", f"an operator changed your shifts in primary: off {stretch}"),
        ("dave", f"an operator changed your shifts in primary: on {stretch}"),
    ]


def test_who_changes_their_own_shifts_is_not_told_and_what_ends_is_told_again() -> None:
    save()
    User.objects.filter(name="alice").update(role="admin")
    alice = actor_for(User.objects.get(name="alice"))

    made = override("2026-03-03 09:00", "2026-03-04 09:00", "dave", actor=alice)
    assert [name for name, _ in told()] == ["dave"]
    assert told()[0][1].startswith("alice changed your shifts")

    usecases.end_override(actor=alice, schedule="primary", override_id=made, now=MONDAY)
    assert [(name, "off" in text) for name, text in told()[1:]] == [("dave", True)]


def test_a_schedule_edit_is_one_notice_for_each_whom_it_moves() -> None:
    save()
    wants("bob", changes=False)

    save(layers=[layer(members=["dave", "bob"])])

    found = dict(told())
    assert set(found) == {"alice", "dave"}
    assert "off Mon 02 Mar 12:00 UTC to Mon 09 Mar 09:00 UTC and 2 more" in found["alice"]


def test_a_new_schedule_and_one_that_stays_as_it_is_are_told_to_nobody() -> None:
    save()
    save()
    save(title="Primary")

    assert told() == []


def test_a_removed_schedule_is_told() -> None:
    save()

    usecases.remove_schedule(actor=HOST, name="primary", now=MONDAY)

    assert [name for name, _ in told()] == ["alice", "bob"]


def test_nobody_answers_a_notice_and_no_stranger_is_called_for_one() -> None:
    save()
    look(NINE)

    row = Delivery.objects.get()
    assert (row.is_test, row.contact, row.state) == (True, "topic", "scheduled")
