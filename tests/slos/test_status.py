"""Where SLOs stand, from stored minutes to the answer of every door."""

import datetime as dt

import pytest

from tests.factories import make_minutes, make_slo, slo_document
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.slos import queries

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def status(name: str = "checkout", *, at: dt.datetime = NOON) -> dict[str, object]:
    [found] = queries.status_of(name=name, at=at, now=at + DAY)
    return found


def test_the_answer_has_every_field_of_the_contract() -> None:
    make_slo()
    make_minutes("checkout", NOON, (60, 999, 1000))

    found = status()

    assert found["name"] == "checkout"
    assert found["service"] == "shop"
    assert (found["objective"], found["window"], found["method"]) == (0.999, "30d", "Occurrences")
    assert (found["sli"], found["good"], found["total"]) == (0.999, 59_940, 60_000)
    assert found["budget_remaining"] == 0
    assert found["budget_remaining_projected"] == pytest.approx(1 - 60 / 43_200)
    assert found["status"] == "exhausted"
    assert found["coverage"] == 1
    assert set(found["burn_rates"]) == {"5m", "30m", "1h", "2h", "6h", "1d", "3d"}  # type: ignore[call-overload]
    assert found["definition_changed_at"] is None
    assert found["as_of"] == "2026-03-02T12:00:00Z"


def test_nothing_measured_is_null_and_never_zero() -> None:
    make_slo()

    found = status()

    assert found["status"] == "no_data"
    assert found["sli"] is found["budget_remaining"] is found["coverage"] is None
    assert set(found["burn_rates"].values()) == {None}  # type: ignore[attr-defined]


def test_an_slo_that_does_not_exist_is_named() -> None:
    with pytest.raises(NotFoundError, match="There is no SLO nope"):
        queries.status_of(name="nope", now=NOON)


def test_a_new_service_on_day_one_of_thirty() -> None:
    # 99 %, 100 events, 2 bad: -100 % observed, +93.33 % projected.
    make_slo(slo_document(objectives=[{"target": 0.99}]))
    make_minutes("checkout", NOON, (1339, 0, 0), (100, 0.98, 1), (1, 0, 0))

    found = status()

    assert found["budget_remaining"] == -1
    assert found["budget_remaining_projected"] == pytest.approx(0.9333, abs=1e-4)


def test_the_objective_in_force_at_the_end_judges_and_the_change_is_told() -> None:
    make_slo(now=NOON - 20 * DAY)
    make_slo(slo_document(objectives=[{"target": 0.99}]), now=NOON - DAY)
    make_minutes("checkout", NOON, (3 * 1440, 995, 1000))

    before, after = status(at=NOON - 2 * DAY), status()

    assert (before["objective"], before["definition_changed_at"]) == (0.999, None)
    assert before["budget_remaining"] == -4
    assert after["objective"] == 0.99
    assert after["definition_changed_at"] == "2026-03-01T12:00:00Z"
    assert after["budget_remaining"] == 0.5


def test_before_the_first_version_the_first_one_judges() -> None:
    make_slo(now=NOON)
    make_minutes("checkout", NOON - 5 * DAY, (10, 1, 1))

    assert status(at=NOON - 5 * DAY)["sli"] == 1


def test_a_changed_indicator_leaves_the_minutes_before_with_the_old_one() -> None:
    make_slo(now=NOON - 20 * DAY)
    make_minutes("checkout", NOON - DAY, (60, 90, 100))
    changed = slo_document(
        indicator={
            "metadata": {"name": "other"},
            "spec": slo_document().data["spec"]["indicator"]["spec"],
        }
    )
    make_slo(changed, now=NOON - DAY)
    make_minutes("other", NOON, (1440, 100, 100), (0, 0, 0))

    found = status()

    assert (found["good"], found["total"]) == (60 * 90 + 1440 * 100, 150_000)


def test_several_objectives_and_windows_are_told_apart() -> None:
    document = slo_document(
        objectives=[{"target": 0.99}, {"target": 0.999}],
        timeWindow=[
            {"duration": "28d", "isRolling": True},
            {
                "duration": "1M",
                "isRolling": False,
                "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"},
            },
        ],
    )
    make_slo(document)

    found = queries.status_of(name="checkout", at=NOON, now=NOON)

    assert [(item["objective"], item["window"]) for item in found] == [
        (0.99, "28d"),
        (0.99, "calendar-month Europe/Berlin"),
        (0.999, "28d"),
        (0.999, "calendar-month Europe/Berlin"),
    ]


def test_timeslices_count_slices() -> None:
    document = slo_document(
        budgetingMethod="Timeslices",
        objectives=[{"target": 0.9, "timeSliceTarget": 0.95, "timeSliceWindow": "1m"}],
    )
    make_slo(document)
    make_minutes("checkout", NOON, (9, 99, 100), (1, 5, 10))

    found = status()

    assert (found["good"], found["total"], found["sli"]) == (9, 10, 0.9)


def test_the_proof_adds_up_to_the_figure() -> None:
    make_slo()
    make_minutes("checkout", NOON, (2000, 999, 1000), (10, 0, 1000))

    [proof] = queries.proof(name="checkout", now=NOON, at=NOON)

    assert sum(day["good"] for day in proof["days"]) == proof["status"]["good"]
    assert sum(day["total"] for day in proof["days"]) == proof["status"]["total"]
    assert len(proof["error_minutes"]) == 10
    assert proof["query"]["kind"] == "push"
