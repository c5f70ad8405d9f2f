"""A source that nothing here asks is kept, and said to stay silent."""

import pytest

from watchkeeper.kernel.documents import Document
from watchkeeper.manifests import usecases
from watchkeeper.plumbing.kinds import Severity


def told(type_name: str) -> list[tuple[Severity, str, str | None]]:
    document = Document(
        {
            "apiVersion": "openslo/v1",
            "kind": "DataSource",
            "metadata": {"name": "far"},
            "spec": {"type": type_name, "connectionDetails": {"url": "http://127.0.0.1:1"}},
        },
        file="all.yaml",
    )
    findings = usecases.validate([document], strict=True)
    return [(f.severity, f.problem.detail, f.problem.path) for f in findings]


def test_a_type_without_an_adapter_is_warned_of() -> None:
    [(severity, detail, path)] = told("Dynatrace")

    assert severity is Severity.WARNING
    assert "kind dynatrace cannot be asked" in detail
    assert "known kinds are prometheus" in detail
    assert path == "spec.type"


@pytest.mark.parametrize("type_name", ["Prometheus", "VictoriaMetrics", "Mimir", "Thanos"])
def test_the_family_of_prometheus_is_asked(type_name: str) -> None:
    assert told(type_name) == []
