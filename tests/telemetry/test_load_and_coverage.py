"""What asking costs a source is kept, back-fill tells its share, coverage holds for many SLIs."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from tests.pages import signed_in, text
from tests.telemetry.factories import FakeSource, make_sli, make_source, minute_of, query
from watchkeeper.plumbing import transport
from watchkeeper.telemetry import queries, tasks, usecases
from watchkeeper.telemetry.domain.load import Load
from watchkeeper.telemetry.models import SliBackfill, SourceLoad
from watchkeeper.telemetry.queries import coverage
from watchkeeper.telemetry.usecases import collect
from watchkeeper.telemetry.usecases import coverage as counting
from watchkeeper.telemetry.usecases import load as keeping

pytestmark = pytest.mark.django_db


def row(name: str = "prom") -> queries.SourceRow:
    found = queries.source_by_name(name)
    assert found is not None
    return found


def test_what_asking_cost_is_kept_by_the_hour_whether_it_was_answered_or_not(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    make_source(now=now)
    make_sli(now=now, spec=query("requests"))
    tasks.fetch_minutes(now)
    for minute in range(1, 131):
        if minute == 100:
            fake_source.silent.add("prom")
        tasks.fetch_minutes(now + dt.timedelta(minutes=minute))

    found = row().load

    assert SourceLoad.objects.count() == 3
    assert found.requests == fake_source.answered + found.failures
    assert 0 < found.failures < found.requests
    assert found.mean_seconds == pytest.approx(found.seconds / found.requests)
    assert found.slowest_seconds == fake_source.seconds


def test_load_of_more_than_a_day_ago_is_not_told_and_not_kept_for_ever(now: dt.datetime) -> None:
    make_source(now=now)
    for hours in (0, 30, 60):
        later = now + dt.timedelta(hours=hours)
        keeping.keep(row().id, Load(1, 0, 0.5, 0.5), now=later)
    keeping.keep(row().id, Load(2, 1, 4.0, 3.0), now=later)
    keeping.keep(row().id, Load(), now=later)

    assert row().load == Load(3, 1, 4.5, 3.0)
    assert SourceLoad.objects.count() == 2


def test_back_fill_tells_its_share(now: dt.datetime, fake_source: type[FakeSource]) -> None:
    fake_source.first = minute_of(now) - 500 * 1440
    make_source(now=now)
    make_sli(now=now, spec=query("requests"))
    tasks.fetch_minutes(now)
    assert row().backfill_share == 0
    shares = []
    while SliBackfill.objects.exists():
        chunk = collect.next_history(row().id, now=now)
        assert chunk is not None
        oldest, answer = chunk.fetch()
        collect.finish_history(chunk, oldest, answer, now=now)
        shares.append(row().backfill_share)

    assert shares[-1] is None
    told = [share for share in shares if share is not None]
    assert told == sorted(told)
    assert told[len(told) // 2] == pytest.approx(0.5, abs=0.02)

    tasks.fetch_minutes(now + dt.timedelta(minutes=2))
    make_sli(now=now, name="other", spec=query("others"))
    tasks.fetch_minutes(now + dt.timedelta(minutes=3))
    assert row().backfill_share == 0


def measured(count: int, *, now: dt.datetime) -> None:
    """Make SLIs with an hour of minutes each; every third lacks one minute."""
    end = coverage.settled(now)
    for place in range(count):
        sli = make_sli(now=now, name=f"sli-{place:03}", spec=query(f"q{place}"))
        lost = end - 20 if place % 3 == 0 else None
        minutes = [
            usecases.MinuteValue(at, 1000, 1000) for at in range(end - 60, end) if at != lost
        ]
        usecases.store_minutes(
            sli_id=sli, minutes=minutes, origin="test", observed_at=now, now=now
        )


def test_counted_in_portions_coverage_is_what_it_is_counted_at_once(
    now: dt.datetime, fake_source: type[FakeSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    del fake_source
    make_source(now=now)
    measured(12, now=now)
    live = queries.coverage_of_source(row().id, now=now)
    monkeypatch.setattr(coverage, "LIVE_SLIS", 11)
    monkeypatch.setattr(counting, "PORTION", 5)
    assert queries.coverage_of_source(row().id, now=now).counted_at is None

    portions = 0
    while counting.count_some(now=now):
        portions += 1

    assert portions == 2 * (3 + 1), "three of the source, one of what is pushed; quarters, days"
    assert queries.coverage_of_source(row().id, now=now) == live
    assert live.share == pytest.approx(1 - 4 / (12 * 60))
    assert not counting.count_some(now=now + dt.timedelta(minutes=4))
    assert counting.count_some(now=now + dt.timedelta(minutes=5))


def test_a_page_of_many_slis_reads_what_was_counted(
    now: dt.datetime,
    fake_source: type[FakeSource],
    fake_clock: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del fake_clock, fake_source
    admin: Client = signed_in("alice", "admin")
    make_source(now=now)
    measured(12, now=now)
    monkeypatch.setattr(coverage, "LIVE_SLIS", 0)
    assert "It is being counted" in text(admin.get("/sources/prom"))
    assert "it is being counted" in admin.get("/sources").content.decode()

    tasks.count_coverage(now)

    assert "due minutes were measured" in text(admin.get("/sources/prom"))
    assert "99.4" in text(admin.get("/sources"))


def over_time(now: dt.datetime, *, days: int) -> queries.CoverageOverTime:
    start = now - dt.timedelta(days=days)
    return queries.coverage_over_time(row().id, start=start, end=now, now=now)


def history(now: dt.datetime) -> None:
    """Make two SLIs, one of ten days and one of three, each but for one hour of its second day."""
    for name, days in (("long", 10), ("short", 3)):
        sli = make_sli(now=now, name=name, spec=query(name))
        begin = minute_of(now) - days * 1440
        minutes = [
            usecases.MinuteValue(at, 1000, 1000)
            for at in range(begin, coverage.settled(now))
            if not 1440 <= at - begin < 1500
        ]
        usecases.store_minutes(
            sli_id=sli, minutes=minutes, origin="test", observed_at=now, now=now
        )


@pytest.mark.parametrize(
    ("back", "length"),
    [
        (dt.timedelta(days=1), dt.timedelta(minutes=15)),
        (dt.timedelta(days=7), dt.timedelta(hours=1)),
        (dt.timedelta(days=30), dt.timedelta(days=1)),
    ],
)
def test_along_time_slices_are_as_long_as_the_range_asks_for(
    now: dt.datetime, back: dt.timedelta, length: dt.timedelta
) -> None:
    make_source(now=now)
    history(now)

    found = over_time(now, days=back.days)

    assert {each.end - each.start for each in found.slices} == {length}
    assert found.slices[0].start <= now - back
    assert found.slices[-1].end >= now - dt.timedelta(minutes=3)
    assert all(
        one.end == other.start for one, other in zip(found.slices, found.slices[1:], strict=False)
    )
    assert found.counted_at == now


def test_along_time_every_due_minute_is_counted_once(now: dt.datetime) -> None:
    make_source(now=now)
    history(now)
    due = (10 + 3) * 1440 - 2 * 3

    found = over_time(now, days=30)

    assert (found.due, found.measured) == (due, due - 2 * 60)
    assert found.slices[0].due == 0
    missing = [each.due - each.measured for each in found.slices]
    assert sorted(missing)[-3:] == [0, 60, 60]
    week = over_time(now, days=7)
    assert sorted(each.due - each.measured for each in week.slices)[-2:] == [0, 60]
    assert over_time(now, days=1).measured == over_time(now, days=1).due


def test_along_time_many_slis_tell_what_was_counted_by_few_queries(
    now: dt.datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    make_source(now=now)
    history(now)
    live = over_time(now, days=30)
    monkeypatch.setattr(coverage, "LIVE_SLIS", 0)
    monkeypatch.setattr(counting, "PORTION", 1)
    assert over_time(now, days=30).counted_at is None
    tasks.count_coverage(now)

    source = row().id

    def kept(*hours: int) -> queries.CoverageOverTime:
        start, end = (now - dt.timedelta(hours=each) for each in hours)
        with django_assert_max_num_queries(3):
            return queries.coverage_over_time(source, start=start, end=end, now=now)

    day, days, an_hour_then = kept(24, 0), kept(30 * 24, 0), kept(40, 39)
    assert days == live
    assert (day.due, day.measured) == (2 * 1440, 2 * 1440)
    assert {each.end - each.start for each in an_hour_then.slices} == {dt.timedelta(days=1)}


def test_the_page_of_a_source_shows_the_range_that_its_address_asks_for(
    now: dt.datetime, fake_clock: object
) -> None:
    del fake_clock
    make_source(now=now)
    history(now)
    bob = signed_in("bob")

    day, month = (bob.get("/sources/prom", {"range": key}).context for key in ("24h", "30d"))
    assert len(day["chart"].columns) in {96, 97}
    assert len(month["chart"].columns) == 31
    start = now.astimezone(dt.UTC) - dt.timedelta(days=2)
    wall = f"{start:%Y-%m-%dT%H:%M}"
    moved = bob.get("/sources/prom", {"from": wall, "range": "7d", "zone": "UTC"})
    assert moved.status_code == 302
    assert "range" not in moved.headers["Location"]
    own = bob.get(moved.headers["Location"]).context
    assert (own["shown"].key, own["shown"].start) == ("own", start)
    tokyo = text(bob.get("/sources/prom", {"zone": "Asia/Tokyo"}))
    assert "From (Tokyo)" in tokyo
    wrong = text(bob.get("/sources/prom", {"from": "2020-01-01T00:00Z"}))
    assert "at most 90 days. The last 24 hours are shown." in wrong


def test_the_api_tells_load_share_and_when_coverage_was_counted(
    door: transport.Transport, now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    fake_source.first = minute_of(now) - 500 * 1440
    make_source(now=now)
    make_sli(now=now, spec=query("requests"))
    before = door.call("GET", "/api/v1/sources/prom").json()
    assert (before["load"], before["backfill_share"]) == (None, None)
    tasks.fetch_minutes(now)
    tasks.fetch_minutes(now + dt.timedelta(minutes=3))

    found = door.call("GET", "/api/v1/sources/prom").json()

    assert found["load"] == {
        "requests": 1,
        "failures": 0,
        "mean_seconds": fake_source.seconds,
        "slowest_seconds": fake_source.seconds,
    }
    assert found["backfill_share"] == 0
    assert found["coverage_counted_at"] is not None
