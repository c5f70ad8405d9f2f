"""What goes wrong with counters in practice, each case against a real Prometheus."""

import math
from decimal import Decimal

import pytest

from tests.integrations.prometheus.history import (
    STALE,
    History,
    bads,
    counter,
    covered,
    every,
    fetch,
    ratio,
    totals,
)
from tests.servers import StartPrometheus
from watchkeeper.telemetry.domain.spec import SliSpec

HOUR = every(15, start=2, end=3600)
MINUTE = every(60, start=2, end=3600)
RISING = [(at, 1000 + at) for at in HOUR]  # one event a second


def test_no_error_series_at_all_means_no_errors(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", RISING, code="200")
    spec = ratio(total="requests_total", bad='requests_total{code="500"}')

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert sum(bads(found)) == 0
    assert sum(totals(found)[2:50]) == 48 * 60
    assert all(covered(found)[1:59])


def test_a_counter_born_above_zero_counts_from_zero(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", RISING, code="200")
    errors = [(at, 50.0 + index) for index, at in enumerate(MINUTE[10:41])]
    history.add("requests_total", errors, code="500")
    spec = ratio(total="requests_total", bad='requests_total{code="500"}')

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert sum(bads(found)) == 80


def test_a_counter_born_early_counts_from_zero_where_its_target_was_seen(
    prometheus: StartPrometheus,
) -> None:
    labels = {"job": "shop", "instance": "a:80"}
    history = History().add("requests_total", RISING, code="200", **labels)
    errors = [(at, 50.0) for at in MINUTE[1:]]
    history.add("requests_total", errors, code="500", **labels)
    spec = ratio(total="requests_total", bad='requests_total{code="500"}')

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert sum(bads(found)) == 50
    assert sum(totals(found)) == 50 + HOUR[-1] - HOUR[0]


def test_a_lone_counter_born_where_its_target_was_up_counts_from_zero(
    prometheus: StartPrometheus,
) -> None:
    history = History().add("up", [(at, 1) for at in MINUTE], job="shop", instance="a:80")
    jobs = [(at, 50.0 + index) for index, at in enumerate(MINUTE[10:41])]
    history.add("jobs_total", jobs, job="shop", instance="a:80")

    (found,) = fetch(
        prometheus(history=history.openmetrics()),
        ratio(total="jobs_total", bad='jobs_total{result="failed"}'),
        minutes=60,
    )

    assert sum(totals(found)) == 80
    assert covered(found)[9:12] == [False, True, True]


def test_what_the_server_first_remembers_is_no_birth(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", [(at, 1e9 + at) for at in HOUR], code="200")

    (found,) = fetch(
        prometheus(history=history.openmetrics()),
        ratio(total="requests_total", bad='requests_total{code="500"}'),
        minutes=70,
        first=-10,
    )

    assert sum(totals(found)) == HOUR[-1] - HOUR[0]
    assert covered(found)[:10] == [False] * 10


def test_targets_that_a_starting_server_meets_one_by_one_are_no_births(
    prometheus: StartPrometheus,
) -> None:
    history = History()
    for index, offset in enumerate((5, 25, 55, 65, 95, 115)):
        samples = [(at, 1e6 + at) for at in every(60, start=offset, end=3600)]
        labels = {"job": "shop", "instance": f"{index}:80"}
        history.add("up", [(at, 1) for at, _ in samples], **labels)
        history.add("requests_total", samples, **labels)

    (found,) = fetch(
        prometheus(history=history.openmetrics()),
        ratio(total="requests_total", bad='requests_total{code="500"}'),
        minutes=60,
    )

    rises = [samples[-1][1] - samples[0][1] for (metric, _), samples in history.series.items()
             if metric == "requests_total"]  # fmt: skip
    assert sum(totals(found)) == sum(rises)


def test_an_old_target_added_late_counts_from_its_first_sample(
    prometheus: StartPrometheus,
) -> None:
    history = History()
    for instance, begins, since in (("a:80", 0, 0), ("b:80", 1800, -90_000), ("c:80", 1800, 1790)):
        moments = [at for at in HOUR if at >= begins]
        labels = {"job": "shop", "instance": instance}
        history.add("up", [(at, 1) for at in moments], **labels)
        start = 1_767_571_200 + since
        history.add("process_start_time_seconds", [(at, start) for at in moments], **labels)
        history.add("requests_total", [(at, at - since) for at in moments], **labels)

    (found,) = fetch(
        prometheus(history=history.openmetrics()),
        ratio(total="requests_total", bad='requests_total{code="500"}'),
        minutes=60,
    )

    late = next(at for at in HOUR if at >= 1800)
    rises = (HOUR[-1] - HOUR[0]) + 2 * (HOUR[-1] - late)
    assert sum(totals(found)) == pytest.approx(rises + (late - 1790))
    assert any("added" in finding for finding in found.findings)


def test_a_reset_counts_what_the_counter_rose_to_since(prometheus: StartPrometheus) -> None:
    values = [*range(0, 301, 10), *range(3, 304, 10)]
    history = History().add("requests_total", zip(MINUTE, values, strict=False))

    (found,) = fetch(
        prometheus(history=history.openmetrics()),
        ratio(total="requests_total", bad='requests_total{code="500"}'),
        minutes=60,
    )

    last = values[len(MINUTE) - 1]
    assert sum(totals(found)) == 300 + last


def test_what_a_gap_hid_is_not_counted_and_the_gap_is_not_covered(
    prometheus: StartPrometheus,
) -> None:
    moments = every(15, start=2, end=3600, skip=[(1200, 2400)])
    history = History().add("requests_total", [(at, 1000 + at) for at in moments])

    (found,) = fetch(
        prometheus(history=history.openmetrics()),
        ratio(total="requests_total", bad='requests_total{code="500"}'),
        minutes=60,
    )

    before, after = moments[79], moments[80]
    assert sum(totals(found)) == (moments[-1] - moments[0]) - (after - before)
    assert not any(covered(found)[25:40])
    assert all(covered(found)[41:59])


def test_a_target_that_answers_again_after_a_failed_scrape_loses_nothing(
    prometheus: StartPrometheus,
) -> None:
    down = {1200 + 2 + 15 * index for index in range(6)}
    history = History().add(
        "requests_total", [(at, STALE if at in down else 1000 + at) for at in HOUR], job="shop"
    )
    server = prometheus()
    history.write_to(server)

    (found,) = fetch(
        server, ratio(total="requests_total", bad='requests_total{code="500"}'), minutes=60
    )

    assert sum(totals(found)) == HOUR[-1] - HOUR[0]
    assert covered(found)[19:22] == [True, False, True]


def test_what_happened_before_a_series_ended_counts(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", RISING, pod="stays")
    brief = [(at, float(index)) for index, at in enumerate(HOUR) if 600 < at < 630]
    leaves = [(at, at) for at in HOUR if at < 1240] + [(1240.0, STALE)]
    history.add("requests_total", [*brief, (640.0, STALE)], pod="brief")
    history.add("requests_total", leaves, pod="leaves")
    server = prometheus()
    history.write_to(server)

    (found,) = fetch(
        server, ratio(total="requests_total", bad='requests_total{pod="none"}'), minutes=60
    )

    gone = leaves[-2][0] - leaves[0][0]
    assert sum(totals(found)) == (HOUR[-1] - HOUR[0]) + gone + brief[-1][1]


def test_values_that_are_no_numbers_poison_nothing(prometheus: StartPrometheus) -> None:
    broken = {HOUR[100], HOUR[103], HOUR[104]}
    samples = [(at, math.nan if at in broken else 1000 + at) for at in HOUR]
    history = History().add("requests_total", samples, pod="a")
    history.add("requests_total", [(at, math.inf if at in broken else at) for at in HOUR], pod="b")
    text = history.openmetrics().replace(" inf ", " +Inf ")

    (found,) = fetch(
        prometheus(history=text),
        ratio(total="requests_total", bad='requests_total{code="500"}'),
        minutes=60,
    )

    assert sum(totals(found)) == 2 * (HOUR[-1] - HOUR[0])
    assert all(covered(found)[1:59])


def test_an_idle_ratio_is_unknown_for_that_minute_only(prometheus: StartPrometheus) -> None:
    history = History().add("errors", [(at, 0 if at < 1800 else 1) for at in MINUTE])
    history.add("requests", [(at, 0 if at < 1800 else 8) for at in MINUTE])
    spec = SliSpec("raw_ratio", "prometheus", value="errors / requests", raw_type="failure")

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert covered(found) == [False] * 30 + [True] * 30
    assert sum(bads(found)) == pytest.approx(30 / 8, abs=0.003)


def test_a_metric_that_vanishes_is_not_measured_rather_than_an_outage(
    prometheus: StartPrometheus,
) -> None:
    history = History().add("requests_total", [*RISING[:100], (RISING[99][0] + 15, STALE)])
    server = prometheus()
    history.write_to(server)

    (found,) = fetch(server, ratio(total="requests_total", good="requests_total"), minutes=60)

    assert covered(found) == [True] * 25 + [False] * 35


@pytest.mark.parametrize("written", ["1", "1.0"])
@pytest.mark.parametrize("asked", ["1", "1.0"])
def test_a_bucket_is_found_however_its_bound_is_written(
    prometheus: StartPrometheus, written: str, asked: str
) -> None:
    history = History().add("took_seconds_bucket", RISING, le=written)
    history.add("took_seconds_bucket", RISING, le="+Inf")
    spec = ratio(
        good=f'took_seconds_bucket{{le="{asked}"}}', total='took_seconds_bucket{le="+Inf"}'
    )

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert sum(totals(found)[2:50]) == 48 * 60
    assert sum(bads(found)[2:50]) == 0


def test_a_bound_that_is_spelled_anew_is_the_same_bucket(prometheus: StartPrometheus) -> None:
    half = len(RISING) // 2
    history = History().add("took_seconds_bucket", RISING[:half], le="1")
    history.add("took_seconds_bucket", RISING[half:], le="1.0")
    history.add("took_seconds_bucket", RISING, le="+Inf")
    spec = ratio(good='took_seconds_bucket{le="1"}', total='took_seconds_bucket{le="+Inf"}')

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert sum(bads(found)) == 0
    assert found.over_total == 0


def test_a_label_added_to_every_series_does_not_count_them_anew(
    prometheus: StartPrometheus,
) -> None:
    half = len(RISING) // 2
    history = History()
    for pod in ("a", "b", "c"):
        renamed = (RISING[half][0], STALE)
        history.add("requests_total", [*RISING[:half], renamed], pod=pod)
        history.add("requests_total", RISING[half:], pod=pod, cluster="eu")
    server = prometheus()
    history.write_to(server)

    (found,) = fetch(
        server, ratio(total="requests_total", bad='requests_total{code="500"}'), minutes=60
    )

    assert sum(totals(found)) == 3 * (HOUR[-1] - HOUR[0])


def test_counters_near_the_end_of_exact_numbers_still_add_up(prometheus: StartPrometheus) -> None:
    large = 2.0**50
    history = History().add("bytes_total", [(at, large + index) for index, at in enumerate(HOUR)])
    history.add("bytes_total", [(at, 3.0 * index) for index, at in enumerate(HOUR)], pod="b")
    server = prometheus()
    history.write_to(server)

    (found,) = fetch(server, ratio(total="bytes_total", bad='bytes_total{pod="c"}'), minutes=60)

    assert sum(totals(found)) == 4 * (len(HOUR) - 1)


def test_good_above_total_is_kept_and_told(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", RISING)
    history.add("successes_total", [(at, 1.5 * value) for at, value in RISING])

    (found,) = fetch(
        prometheus(history=history.openmetrics()),
        ratio(good="successes_total", total="requests_total"),
        minutes=60,
    )

    assert found.over_total == 60
    assert sum(found.series.good.tolist()) == 1500 * (HOUR[-1] - HOUR[0])
    assert any("exceeded the total" in finding for finding in found.findings)


def test_one_refused_query_does_not_stop_the_others(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", RISING, pod="a")
    history.add("requests_total", RISING, pod="b")
    fine = ratio(total="requests_total", bad='requests_total{code="500"}')
    threshold = {"kind": "threshold", "source": "prometheus", "op": "lt", "bound": Decimal(9)}
    many_to_many = SliSpec(value="requests_total / on() requests_total", **threshold)  # type: ignore[arg-type]
    unknown = SliSpec(value="nonsense(requests_total)", **threshold)  # type: ignore[arg-type]
    unreadable = ratio(total="max(requests_total)", bad="requests_total")

    found = fetch(
        prometheus(history=history.openmetrics()),
        *(many_to_many, fine, unknown, unreadable),
        minutes=60,
    )

    assert [sum(covered(each)) for each in found] == [0, 60, 0, 0]
    assert sum(totals(found[1])[2:50]) == 2 * 48 * 60
    told = [" ".join(each.findings) for each in found]
    assert "many-to-many" in told[0]
    assert told[1] == ""
    assert "unknown function" in told[2]
    assert "max(…) of a counter cannot be counted" in told[3]


def test_a_probe_is_judged_each_minute_and_silence_is_not_judged(
    prometheus: StartPrometheus,
) -> None:
    samples = [(at, 0.0 if 600 <= at < 900 else 1.0) for at in MINUTE if not 1800 <= at < 2700]
    history = History().add("probe_success", samples, instance="https://shop.example")
    spec = SliSpec(
        "threshold", "prometheus", value="min(probe_success)", op="gte", bound=Decimal(1)
    )

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert bads(found) == [1.0 if 10 <= minute < 15 else 0.0 for minute in range(60)]
    assert covered(found) == [True] * 34 + [False] * 11 + [True] * 15  # 5 minutes of lookback
    assert totals(found)[0] == 1


def test_several_series_for_one_value_are_not_judged_but_told(
    prometheus: StartPrometheus,
) -> None:
    history = History().add("probe_success", [(at, 1.0) for at in MINUTE], instance="a")
    history.add("probe_success", [(at, 0.0) for at in MINUTE if at > 1800], instance="b")
    spec = SliSpec("threshold", "prometheus", value="probe_success", op="gte", bound=Decimal(1))

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert covered(found) == [True] * 30 + [False] * 30
    assert any("several series" in finding for finding in found.findings)


def test_a_fixed_range_is_smoothed_and_told(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", RISING, code="200")
    spec = ratio(
        total="sum(rate(requests_total[5m]))", bad='sum(increase(requests_total{code="500"}[5m]))'
    )

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert totals(found)[10] == pytest.approx(60, abs=0.01)
    assert [finding[:26] for finding in found.findings] == [
        "bad: smoothed over 5 m: th",
        "total: smoothed over 5 m: ",
    ]


@pytest.mark.parametrize("window", ["{{.window}}", "$__interval", "${__interval}"])
def test_a_window_to_be_filled_in_means_the_counter_itself(
    prometheus: StartPrometheus, window: str
) -> None:
    history = History().add("requests_total", RISING, code="200")
    history.add(
        "requests_total", counter(HOUR, events=[1000 + 0.1 * n for n in range(100)]), code="500"
    )
    spec = ratio(
        total=f"sum(rate(requests_total[{window}]))",
        bad=f'sum by (job) (increase(requests_total{{code="500"}}[{window}]))',
    )

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert sum(bads(found)) == 100
    assert sum(totals(found)) == 100 + HOUR[-1] - HOUR[0]


def test_groups_of_a_sum_are_added_up_and_told(prometheus: StartPrometheus) -> None:
    history = History().add("requests_total", RISING, job="a")
    history.add("requests_total", RISING, job="b")
    spec = ratio(total="sum by (job) (requests_total)", bad='requests_total{code="500"}')

    (found,) = fetch(prometheus(history=history.openmetrics()), spec, minutes=60)

    assert sum(totals(found)) == 2 * (HOUR[-1] - HOUR[0])
    assert any("grouped by job" in finding for finding in found.findings)


def test_good_and_total_are_read_at_one_instant(prometheus: StartPrometheus) -> None:
    specs = [
        ratio(
            good=f'requests_total{{pod="{pod}",code="200"}}',
            total=f'requests_total{{pod="{pod}"}}',
        )
        for pod in range(60)
    ]
    history = History()
    for pod in range(60):
        samples = counter(HOUR, events=[index * (0.9 + pod / 100) for index in range(3500)])
        history.add("requests_total", samples, pod=str(pod), code="200")

    found = fetch(prometheus(history=history.openmetrics()), *specs, minutes=60)

    assert [each.over_total for each in found] == [0] * 60
    assert all(sum(bads(each)) == 0 for each in found)
    assert all(sum(totals(each)) > 2000 for each in found)
