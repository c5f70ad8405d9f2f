"""The sample's history is there when loading ends, and what is missed later is caught up."""

import datetime as dt

import numpy as np
import pytest

from tests.conftest import FakeClock
from tests.factories import HOST, make_slo, make_user, slo_document
from watchkeeper.identity.models import User
from watchkeeper.integrations.sample import queries, usecases
from watchkeeper.integrations.sample.domain import generator
from watchkeeper.slos import queries as slos
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.telemetry import tasks

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
DAY = 1440
QUIET = "for-you-availability"


def minute(moment: dt.datetime) -> int:
    return int(moment.timestamp()) // 60


def load() -> list[str]:
    said: list[str] = []
    assert usecases.load_if_empty(actor=HOST, now=NOW, progress=said.append)
    return said


def assert_stored(slo: str, series: str, *, start: int, end: int) -> None:
    stored = telemetry.minutes(telemetry.resolve(slo).id, start=start, end=end)
    made = generator.minutes(series, seed=generator.DEFAULT_SEED, start=start, end=end)
    assert np.array_equal(stored.covered, made.covered)
    assert np.array_equal(stored.good, made.good)
    assert np.array_equal(stored.total, made.total)


def test_ninety_days_and_a_judgement_of_each_slo_are_there_when_loading_ends() -> None:
    said = load()

    [source] = telemetry.sources()
    assert source.backfill_minutes == 0
    assert said[-1] == "Sample history: 100 %"
    end = minute(NOW) - 2
    assert_stored(QUIET, "for-you.errors", start=end - 90 * DAY + 5, end=end)
    rows = slos.slo_rows()
    assert all(row.states for row in rows)
    assert {row.name for row in rows if row.states[0].status == "no_data"} == {"delivery-pick-up"}
    assert slos.firing_rows(is_open=True)


def test_filling_again_changes_nothing() -> None:
    load()
    before = telemetry.heads([telemetry.resolve(QUIET).id])

    usecases.fill(now=NOW, progress=lambda text: None)

    assert telemetry.heads([telemetry.resolve(QUIET).id]) == before


def test_a_server_that_stood_still_catches_up_by_telemetrys_own_jobs(
    fake_clock: FakeClock,
) -> None:
    load()
    later = fake_clock.travel(days=3, hours=5)

    tasks.fetch_minutes(later)
    while telemetry.sources()[0].backfill_minutes:  # each run takes about two seconds
        tasks.fetch_history(later)

    assert_stored(QUIET, "for-you.errors", start=minute(NOW) - DAY, end=minute(later) - 2)


def test_somebody_elses_slo_on_the_samples_source_is_named_and_nothing_is_removed() -> None:
    usecases.load(actor=HOST, now=NOW)
    [source] = telemetry.sources()
    metric = {
        "metricSource": {
            "metricSourceRef": source.name,
            "type": "Sample",
            "spec": {"series": "cart.errors"},
        }
    }
    indicator = {
        "metadata": {"name": "mine"},
        "spec": {"ratioMetric": {"counter": False, "good": metric, "total": metric}},
    }
    make_slo(slo_document("mine", indicator=indicator), now=NOW)

    with pytest.raises(usecases.SampleInUseError, match="The sample measures mine"):
        usecases.remove(actor=HOST, now=NOW)

    assert queries.is_loaded()
    assert len(slos.slo_rows()) == 19


def test_a_person_of_the_sample_who_was_let_in_stays() -> None:
    usecases.load(actor=HOST, now=NOW)
    make_user("bob")
    ines = User.objects.get(name="ines-duarte")
    ines.set_password("a password of her own")
    ines.save()

    usecases.remove(actor=HOST, now=NOW)

    assert set(User.objects.values_list("name", flat=True)) == {"bob", "ines-duarte"}
