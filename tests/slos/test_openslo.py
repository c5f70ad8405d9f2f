"""OpenSLO documents: what is read, what is refused and with which sentence."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.factories import slo_document
from watchkeeper.kernel.documents import Document
from watchkeeper.plumbing import yaml_documents
from watchkeeper.slos.domain import openslo
from watchkeeper.slos.domain.definition import (
    CalendarUnit,
    CalendarWindow,
    NoData,
    Severity,
    SloDefinition,
)
from watchkeeper.slos.domain.openslo import Library

THRESHOLD = {
    "metadata": {"name": "queue"},
    "spec": {
        "thresholdMetric": {
            "metricSource": {"metricSourceRef": "prom", "spec": {"query": "queue_depth"}}
        }
    },
}
SOURCES = Library({"DataSource": {"prom": {"spec": {"type": "Prometheus"}}}}, is_whole=True)


def read(document: Document, library: Library = SOURCES) -> SloDefinition:
    definition, notes = openslo.read_slo(document, library)
    assert notes.faults == []
    assert definition is not None
    return definition


def faults(document: Document, *, strict: bool = False, library: Library = SOURCES) -> list[str]:
    return [p.detail for p in openslo.read_slo(document, library, strict=strict)[1].faults]


def test_a_calendar_window_keeps_its_wall_clock_start() -> None:
    text = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: a}
spec:
  service: s
  budgetingMethod: Occurrences
  indicator: {spec: {ratioMetric: {good: &p {metricSource: {type: push, spec: {}}}, total: *p}}}
  timeWindow:
    - duration: 1M
      isRolling: false
      calendar: {startTime: 2020-01-21 12:30:00, timeZone: America/New_York}
  objectives: [{target: 0.99}]
"""
    [document] = yaml_documents.load(text, file="a.yaml")

    definition = read(document)

    start = dt.datetime.fromisoformat("2020-01-21T12:30:00")
    assert definition.windows == (CalendarWindow(CalendarUnit.MONTH, "America/New_York", start),)
    assert definition.objectives[0].sli == "a"


def test_a_threshold_takes_its_bound_from_each_objective() -> None:
    document = slo_document(
        indicator=THRESHOLD,
        objectives=[
            {"target": 0.99, "op": "lte", "value": 100},
            {"target": 0.9, "op": "lte", "value": 50},
        ],
    )

    first, second = read(document).objectives

    assert (first.sli, second.sli) == ("queue-lte-100", "queue-lte-50")
    assert (first.spec.op, first.spec.bound) == ("lte", Decimal(100))
    assert first.spec.source == "prom"


def test_annotations_set_no_data_minimum_events_and_expected_start() -> None:
    definition = read(
        slo_document(
            annotations={
                "watchkeeper/no-data": "bad",
                "watchkeeper/minimum-events": "100",
                "watchkeeper/expected-start": "2026-03-01T01:00:00+01:00",
                "example.org/other": "kept",
            }
        )
    )

    assert definition.no_data is NoData.BAD
    assert definition.minimum_events == 100
    assert definition.expected_start == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"objectives": [{"target": 1}]}, "leaves no error budget"),
        ({"objectives": [{"targetPercent": 100}]}, "leaves no error budget"),
        ({"objectives": [{"target": 0.9, "targetPercent": 90}]}, "either target or"),
        ({"objectives": []}, "one target at least"),
        ({"objectives": [{"target": "soon"}]}, "not a number"),
        ({"objectives": [{"target": 0.9, "compositeWeight": 1}]}, "composite SLOs"),
        ({"budgetingMethod": "Vibes"}, "not a budgeting method"),
        ({"budgetingMethod": "Timeslices"}, "timeSliceTarget is missing"),
        ({"timeWindow": []}, "timeWindow is missing"),
        ({"timeWindow": [{"duration": "1M", "isRolling": True}]}, "differ in length"),
        ({"timeWindow": [{"duration": "30"}]}, "not a duration"),
        ({"timeWindow": [{"duration": "1w", "isRolling": False}]}, "needs calendar"),
        ({"indicator": THRESHOLD}, "needs op"),
        ({"indicator": None}, "either indicator or indicatorRef"),
        ({"indicator": None, "indicatorRef": "nope"}, "there is no SLI nope"),
        ({"service": None}, "service is missing"),
        ({"annotations": {"watchkeeper/no-data": "maybe"}}, "not one of ignore, good, bad, hold"),
        ({"annotations": {"watchkeeper/expected-start": "today"}}, "not a time with its zone"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(spec: dict[str, Any], message: str) -> None:
    assert any(message in fault for fault in faults(slo_document(**spec)))


def test_strict_refuses_what_the_specification_does_not_name_and_lenient_keeps_it() -> None:
    document = slo_document(madeUp=1)

    assert faults(document) == []
    assert faults(document, strict=True) == ["madeUp is not a field of OpenSLO v1 here"]


def policy(factor: float, **condition: Any) -> dict[str, Any]:
    inner = {"kind": "burnrate", "op": "gt", "threshold": factor, "lookbackWindow": "1h"}
    return {
        "kind": "AlertPolicy",
        "metadata": {"name": "fast"},
        "spec": {
            "conditions": [
                {
                    "kind": "AlertCondition",
                    "metadata": {"name": "burn"},
                    "spec": {"severity": "page", "condition": inner | condition},
                }
            ]
        },
    }


def test_an_alert_policy_gives_the_rules_and_takes_the_place_of_the_defaults() -> None:
    definition = read(slo_document(alertPolicies=[policy(14.4)]))

    assert definition.burn_rules is not None
    [rule] = definition.burn_rules
    assert (rule.severity, rule.factor) == (Severity.PAGE, Decimal("14.4"))
    assert (rule.long, rule.short) == (dt.timedelta(hours=1), dt.timedelta(minutes=5))


@pytest.mark.parametrize(
    ("factor", "condition", "message"),
    [
        (0.9, {}, "below 1"),
        (1001, {}, "no outage reaches"),
        (2, {"op": "lte"}, "while the budget is safe"),
        (2, {"lookbackWindow": "10m"}, "under 4 samples"),
        (2, {"kind": "weather"}, "is not read"),
    ],
)
def test_a_refused_condition_does_not_refuse_the_slo(
    factor: float, condition: dict[str, Any], message: str
) -> None:
    document = slo_document(alertPolicies=[policy(factor, **condition)])

    definition, notes = openslo.read_slo(document, SOURCES)

    assert definition is not None
    assert definition.burn_rules == ()
    assert any(message in remark.detail for remark in notes.remarks)
