"""Minutes of maintenance do not count: exclusions follow windows, durably and once."""

import datetime as dt

import pytest

from tests.conftest import NOON
from tests.factories import BEGINNING, HOST, make_slo
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.usecases import maintenance
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.models import Exclusion

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def set_up(db: None) -> None:
    del db
    make_slo(now=BEGINNING)


def window(name: str = "move", *, now: dt.datetime = NOON - DAY, **more: object) -> None:
    """Put the shop into maintenance from 11:00 to 13:00 on the day of NOON; ``more`` replaces."""
    given = {"services": ("shop",), "start": "2026-03-02T11:00:00",
             "end": "2026-03-02T13:00:00", "exclude": True}  # fmt: skip
    spec = MaintenanceSpec(name, **(given | more))  # type: ignore[arg-type]
    maintenance.save(actor=HOST, spec=spec, origin=Origin.API, now=now)


def follow(now: dt.datetime) -> int:
    return usecases.follow_maintenance(now=now)


def told(*, withdrawn: bool = False) -> list[str]:
    """Return the exclusions of maintenance by their start, or those that were withdrawn."""
    rows = Exclusion.objects.exclude(maintenance="").order_by("start", "end", "service_name")
    return [
        f"{row.service_name} {row.start:%m-%d %H:%M} {row.end:%m-%d %H:%M}"
        for row in rows.filter(withdrawn_at__isnull=not withdrawn)
    ]


FIRST, SECOND = "shop 03-02 11:00 03-02 13:00", "shop 03-03 11:00 03-03 13:00"


def test_a_window_that_excludes_becomes_an_exclusion_a_day_ahead_and_once() -> None:
    window(recurrence="FREQ=DAILY")

    assert follow(NOON - 2 * DAY) == 0
    assert follow(NOON - DAY) == 1
    assert follow(NOON - DAY) == 0
    assert told() == [FIRST]
    assert follow(NOON) == 1
    assert told() == [FIRST, SECOND]
    (_, row) = queries.exclusion_rows(name="checkout")
    assert (row.maintenance, row.reason) == ("move", "maintenance move")


def test_one_that_does_not_exclude_leaves_figures_alone() -> None:
    window(exclude=False)

    assert follow(NOON) == 0


def test_each_service_has_its_own() -> None:
    window(services=("shop", "search"), reason="disks")
    follow(NOON)

    assert told() == ["search 03-02 11:00 03-02 13:00", FIRST]
    assert {row.reason for row in Exclusion.objects.all()} == {"maintenance move: disks"}


def test_what_passed_during_a_standstill_is_caught_up_with() -> None:
    window(recurrence="FREQ=DAILY")
    follow(NOON - DAY)

    assert follow(NOON + 9 * DAY) == 10
    assert told()[-1] == "shop 03-12 11:00 03-12 13:00"
    assert follow(NOON + 9 * DAY) == 0


def test_a_window_that_passed_during_a_standstill_counts_all_the_same() -> None:
    window()

    assert follow(NOON + 20 * DAY) == 1
    assert told() == [FIRST]
    assert follow(NOON + 20 * DAY) == 0


def test_times_that_were_over_when_it_was_made_count_as_ever() -> None:
    window(start="2026-02-01T11:00:00", end="2026-02-01T13:00:00", recurrence="FREQ=DAILY",
           now=NOON)  # fmt: skip
    follow(NOON)

    assert told() == [FIRST, SECOND]  # what was on when it was made is out from its beginning


def test_ending_early_lets_the_rest_count() -> None:
    window(recurrence="FREQ=DAILY")
    follow(NOON)
    maintenance.end(actor=HOST, name="move", now=NOON)

    follow(NOON + dt.timedelta(minutes=1))
    follow(NOON + dt.timedelta(minutes=2))

    assert told() == ["shop 03-02 11:00 03-02 12:00", SECOND]
    assert told(withdrawn=True) == [FIRST]


def test_removing_withdraws_what_comes_cuts_what_is_on_and_keeps_what_was() -> None:
    window(start="2026-03-01T11:00:00", end="2026-03-01T13:00:00", recurrence="FREQ=DAILY")
    follow(NOON - DAY)
    follow(NOON)
    maintenance.remove(actor=HOST, name="move", now=NOON)

    follow(NOON)
    follow(NOON + HOUR)

    assert told() == ["shop 03-01 11:00 03-01 13:00", "shop 03-02 11:00 03-02 12:00"]
    assert told(withdrawn=True) == [FIRST, SECOND]


def test_a_window_that_excludes_no_more_is_as_good_as_gone() -> None:
    window(start="2026-03-02T20:00:00", end="2026-03-02T21:00:00")
    follow(NOON)
    window(start="2026-03-02T20:00:00", end="2026-03-02T21:00:00", exclude=False, now=NOON)

    follow(NOON)

    assert told() == []
    assert len(told(withdrawn=True)) == 1


def test_a_change_touches_nothing_that_has_passed() -> None:
    window(start="2026-03-01T11:00:00", end="2026-03-01T13:00:00", recurrence="FREQ=DAILY")
    follow(NOON - DAY)
    follow(NOON)
    window(start="2026-03-01T10:30:00", end="2026-03-01T12:30:00", recurrence="FREQ=DAILY",
           now=NOON)  # fmt: skip

    follow(NOON)
    follow(NOON)

    assert told() == [
        "shop 03-01 11:00 03-01 13:00",
        "shop 03-02 11:00 03-02 12:00",  # as it was, up to the change
        "shop 03-02 12:00 03-02 12:30",  # as it is, from the change on
        "shop 03-03 10:30 03-03 12:30",
    ]


def test_what_a_person_withdrew_stays_withdrawn() -> None:
    window()
    follow(NOON)
    usecases.withdraw_exclusion(actor=HOST, exclusion_id=Exclusion.objects.get().pk, now=NOON)

    assert follow(NOON) == 0
    assert told() == []


def test_a_change_that_is_taken_back_is_taken_back() -> None:
    window()
    follow(NOON - HOUR * 2)
    window(start="2026-03-02T11:30:00", now=NOON - HOUR * 2)
    follow(NOON - HOUR * 2)
    window(now=NOON - HOUR * 2)

    follow(NOON - HOUR * 2)

    assert told() == [FIRST]


@pytest.mark.django_db(transaction=True)
def test_saving_takes_minutes_out_at_once() -> None:
    window(now=NOON)

    assert told() == [FIRST]
