"""Prune removes what left the files, dependents first, and never what is no longer the file's."""

import datetime as dt
from typing import Any

import pytest

from tests.factories import HOST, make_minutes, slo_document
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases
from watchkeeper.slos import queries
from watchkeeper.slos import usecases as slos
from watchkeeper.telemetry import queries as telemetry

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def part(query: str) -> dict[str, Any]:
    return {"metricSource": {"metricSourceRef": "prom", "spec": {"query": query}}}


SOURCE = Document(
    {
        "apiVersion": "openslo/v1",
        "kind": "DataSource",
        "metadata": {"name": "prom"},
        "spec": {"type": "Prometheus", "connectionDetails": {"url": "http://127.0.0.1:1"}},
    },
    file="all.yaml",
)
SLI = Document(
    {
        "apiVersion": "openslo/v1",
        "kind": "SLI",
        "metadata": {"name": "answered"},
        "spec": {"ratioMetric": {"counter": True, "good": part("good"), "total": part("total")}},
    },
    file="all.yaml",
)


def slo(name: str = "checkout", **spec: Any) -> Document:
    return Document(slo_document(name, **spec).data, file="all.yaml")


def measured_slo() -> Document:
    return slo(indicator=None, indicatorRef="answered")


def apply(*documents: Document) -> dict[str, str]:
    """Apply with prune and return what happened to each name."""
    wanted = usecases.Apply(documents=documents, paths=["all.yaml"], prune=True)
    applied = usecases.apply(wanted, actor=HOST, now=NOON)
    return {change.name: change.action.value for change in applied.changes}


def test_an_slo_leaves_with_the_sli_and_the_source_it_was_measured_by() -> None:
    apply(SOURCE, SLI, measured_slo())

    assert apply() == {"prom": "remove", "answered": "remove", "checkout": "remove"}
    assert queries.slo_rows() == []
    assert telemetry.sources() == []


def test_what_was_measured_stays_when_its_source_leaves() -> None:
    apply(SOURCE, SLI, measured_slo())
    make_minutes("checkout", NOON, (10, 9, 10))

    apply()

    sli = telemetry.sli_by_name("answered")
    assert sli is not None
    assert sli.last_minute is not None


def test_a_source_that_another_slo_is_measured_by_refuses_the_prune() -> None:
    from watchkeeper.kernel.errors import ConflictError

    apply(SOURCE, SLI, measured_slo())
    other = slo_document("other", indicator=None, indicatorRef="answered")
    slos.save_slo(actor=HOST, document=other, origin=Origin.API, now=NOON)

    with pytest.raises(ConflictError, match="answered"):
        apply()
    assert len(queries.slo_rows()) == 2


def test_an_slo_that_was_taken_over_stays_when_its_file_lets_it_go() -> None:
    apply(slo())
    slos.take_over(actor=HOST, name="checkout", now=NOON)

    assert apply() == {"checkout": "unchanged"}
    assert [row.name for row in queries.slo_rows()] == ["checkout"]
    assert apply() == {}


def test_what_somebody_removed_already_hinders_no_prune() -> None:
    apply(slo())
    slos.take_over(actor=HOST, name="checkout", now=NOON)
    slos.remove_slo(actor=HOST, name="checkout", origin=Origin.UI, now=NOON)

    assert apply() == {}
