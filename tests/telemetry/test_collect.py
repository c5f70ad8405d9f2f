"""Sources are asked for the newest minutes, again later, and for history; some fail."""

import datetime as dt

import numpy as np
import pytest

from tests.telemetry.factories import FakeSource, make_sli, make_source, minute_of, query
from watchkeeper.kernel import actors
from watchkeeper.telemetry import queries, tasks, usecases
from watchkeeper.telemetry.models import Restatement, SliBackfill, Source
from watchkeeper.telemetry.usecases import collect

pytestmark = pytest.mark.django_db


def run_for(minutes: int, *, now: dt.datetime) -> dt.datetime:
    """Run the fetch job once a minute and return the end."""
    for _ in range(minutes):
        now += dt.timedelta(minutes=1)
        tasks.fetch_minutes(now)
    return now


def run_history(now: dt.datetime) -> None:
    for _ in range(500):
        tasks.fetch_history(now)
        if not SliBackfill.objects.exists():
            return
    raise AssertionError("history never ends")


def test_a_minute_is_asked_90_seconds_after_its_end_and_again_at_ten_minutes(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    make_source(now=now)
    sli_id, at = make_sli(now=now, spec=query("requests")), minute_of(now)
    tasks.fetch_minutes(now)
    assert fake_source.calls == []

    tasks.fetch_minutes(now + dt.timedelta(seconds=89 + 60))
    assert queries.last_minute(sli_id) == at - 1
    tasks.fetch_minutes(now + dt.timedelta(seconds=90 + 60))
    assert queries.last_minute(sli_id) == at

    fake_source.calls.clear()
    run_for(10, now=now + dt.timedelta(seconds=90))
    asked = [(start, end) for _, _, start, end in fake_source.calls if start <= at < end]
    assert asked == [(at, at + 1)]


def test_the_newest_minute_and_the_one_asked_again_share_a_call(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    make_source(now=now)
    make_sli(now=now, spec=query("requests"))
    middle = run_for(12, now=now)

    due = collect.next_round(Source.objects.get().pk, now=middle + dt.timedelta(minutes=1))
    assert due is not None
    [[told]] = due.fetch()

    ranges = sorted(due.ask.ranges)
    measured = (np.flatnonzero(told.series.covered) + told.series.start).tolist()
    assert measured == [minute for low, high in ranges for minute in range(low, high)]
    assert len(ranges) == 2


def test_late_data_found_at_the_second_asking_is_restated(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    make_source(now=now)
    sli_id, at = make_sli(now=now, spec=query("requests")), minute_of(now)
    tasks.fetch_minutes(now)
    middle = run_for(3, now=now)
    fake_source.good = staticmethod(lambda minute: 6500)

    run_for(10, now=middle)

    assert queries.minutes(sli_id, start=at, end=at + 1).good.tolist() == [6500]
    row = Restatement.objects.get(minute=at)
    assert (row.old_good, row.new_good, row.origin) == (at % 7 * 1000, 6500, "source:prom")


def test_all_slis_of_a_source_are_asked_in_one_call(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    make_source(now=now)
    for place in range(30):
        make_sli(now=now, name=f"sli-{place}", spec=query(f"q{place}"))
    tasks.fetch_minutes(now)

    run_for(2, now=now)

    assert {(name, count) for name, count, _, _ in fake_source.calls} == {("prom", 30)}
    assert len(fake_source.calls) == 2


def test_a_source_that_fails_is_noted_and_the_others_go_on(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    for name in ("prom", "dead", "broken"):
        make_source(now=now, name=name)
        make_sli(now=now, name=f"of-{name}", spec=query("requests", source=name))
    tasks.fetch_minutes(now)
    fake_source.silent.add("dead")
    fake_source.broken.add("broken")

    later = run_for(3, now=now)

    rows = {row.name: row for row in queries.sources()}
    assert rows["prom"].silent_since_at is None
    assert rows["prom"].last_minute == minute_of(later) - 3
    assert rows["dead"].silent_since_at == now + dt.timedelta(minutes=1)
    assert rows["dead"].last_error == "dead does not answer"
    assert "log" in rows["broken"].last_error
    assert rows["dead"].last_minute is None

    fake_source.silent.clear()
    healed = run_for(1, now=later)
    row = queries.source_by_name("dead")
    assert row is not None
    assert (row.silent_since_at, row.last_ok_at) == (None, healed)
    assert row.last_error == "dead does not answer"


def test_minutes_missed_in_a_long_silence_are_filled_in_later(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    fake_source.first = minute_of(now) - 10
    make_source(now=now)
    sli_id, at = make_sli(now=now, spec=query("requests")), minute_of(now)
    tasks.fetch_minutes(now)
    run_history(now)
    fake_source.silent.add("prom")
    later = run_for(180, now=now)
    fake_source.silent.clear()

    later = run_for(2, now=later)
    assert queries.last_minute(sli_id) == minute_of(later) - 3
    assert not queries.minutes(sli_id, start=at, end=at + 1).covered.any()
    run_history(later + dt.timedelta(minutes=2))

    series = queries.minutes(sli_id, start=at - 10, end=minute_of(later) - 2)
    assert series.covered.all()
    assert series.good.tolist() == [each % 7 * 1000 for each in range(at - 10, series.end)]


def test_history_comes_newest_day_first_and_ends_where_the_source_ends(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    at = minute_of(now)
    fake_source.first = at - 5 * 1440 - 7
    make_source(now=now)
    slis = [make_sli(now=now, name=f"sli-{place}", spec=query(f"q{place}")) for place in range(12)]
    tasks.fetch_minutes(now)

    run_history(now)

    for sli_id in slis:
        assert queries.first_minute(sli_id) == fake_source.first
        assert queries.minutes(sli_id, start=fake_source.first, end=at - 2).covered.all()
    starts = [start for _, _, start, _ in fake_source.calls]
    assert starts[: len(starts) // 6] == sorted(starts[: len(starts) // 6], reverse=True)
    assert all(end - start <= 1440 for _, _, start, end in fake_source.calls)


def test_history_goes_no_further_back_than_is_needed(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    del fake_source
    make_source(now=now)
    sli_id, at = make_sli(now=now, spec=query("requests")), minute_of(now)
    tasks.fetch_minutes(now)
    run_history(now)
    assert queries.first_minute(sli_id) == at - 90 * 1440

    usecases.need_history(sli_id=sli_id, days=100)
    tasks.fetch_minutes(now)
    run_history(now)

    assert queries.first_minute(sli_id) == at - 100 * 1440


def test_history_survives_a_failing_source_and_a_second_start(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    fake_source.first = minute_of(now) - 3000
    make_source(now=now)
    sli_id = make_sli(now=now, spec=query("requests"))
    tasks.fetch_minutes(now)
    fake_source.silent.add("prom")
    tasks.fetch_history(now)
    tasks.fetch_history(now)
    fake_source.silent.clear()
    assert queries.first_minute(sli_id) is None

    run_history(now + dt.timedelta(minutes=2))

    assert queries.first_minute(sli_id) == fake_source.first


def test_a_changed_query_is_asked_from_the_minute_of_the_change(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    fake_source.first = minute_of(now) - 100
    make_source(now=now)
    sli_id, at = make_sli(now=now, spec=query("old")), minute_of(now)
    tasks.fetch_minutes(now)
    run_history(now)
    moment = run_for(5, now=now)

    make_sli(now=moment, spec=query("new"))
    fake_source.good = staticmethod(lambda minute: 1000)
    end = run_for(5, now=moment)
    run_history(end)

    series = queries.minutes(sli_id, start=at, end=at + 8)
    assert series.covered.all()
    before = [each % 7 * 1000 for each in range(at, at + 3)]
    assert series.good.tolist() == [*before, 1000, 1000, 1000, 1000, 1000]
    assert [row.since for row in queries.versions(sli_id)] == [0, at + 5]


def test_what_a_source_remarks_is_kept_once(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    fake_source.findings = ("smoothed over 5 m",)
    make_source(now=now)
    make_sli(now=now, spec=query("requests"))
    tasks.fetch_minutes(now)

    run_for(20, now=now)

    found = queries.findings()
    assert [each.detail for each in found] == ["smoothed over 5 m"]
    assert found[0].count == 1


def test_a_source_whose_kind_cannot_be_asked_is_noted(
    now: dt.datetime, fake_source: type[FakeSource]
) -> None:
    del fake_source
    make_source(now=now, name="dog", kind="datadog")
    make_sli(now=now, spec=query("requests", source="dog"))

    tasks.fetch_minutes(now)
    tasks.fetch_minutes(now + dt.timedelta(minutes=2))

    row = queries.source_by_name("dog")
    assert row is not None
    assert "cannot be asked" in row.last_error


def test_old_minutes_are_forgotten(now: dt.datetime, fake_source: type[FakeSource]) -> None:
    at = minute_of(now)
    fake_source.first = at - 4 * 1440
    make_source(now=now)
    sli_id = make_sli(now=now, spec=query("requests"))
    tasks.fetch_minutes(now)
    run_history(now)

    from watchkeeper.telemetry.usecases import retention

    assert retention.forget_before(days=2, now=now) == 2

    kept = (at // 1440 - 2) * 1440
    assert queries.first_minute(sli_id) == kept
    assert not queries.minutes(sli_id, start=kept - 1440, end=kept).covered.any()
    assert queries.minutes(sli_id, start=kept, end=at - 2).covered.all()


def test_a_query_is_checked_by_its_source(now: dt.datetime, fake_source: type[FakeSource]) -> None:
    del fake_source
    make_source(now=now)
    spec = query("requests")

    assert usecases.check_spec(actor=actors.host(), spec=spec) == ()
    assert Source.objects.get().last_error == ""
