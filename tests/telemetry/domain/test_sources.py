"""Sources as documents: read, checked, written without their secrets."""

from typing import Any

import pytest

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain import sources


def document(**details: Any) -> Document:
    return Document(
        {
            "apiVersion": "openslo/v1",
            "kind": "DataSource",
            "metadata": {
                "name": "prom",
                "displayName": "Prometheus",
                "annotations": {"vendor/x": "y"},
            },
            "spec": {
                "type": "Prometheus",
                "description": "The big one",
                "connectionDetails": details,
            },
        },
        file="sources.yaml",
        line=1,
        lines={"spec.connectionDetails": 9, "spec.connectionDetails.url": 10},
    )


def written(definition: sources.SourceDefinition) -> dict[str, Any]:
    return dict(
        sources.document_of(
            name=definition.name,
            kind=definition.kind,
            settings=definition.settings,
            document=definition.document,
        )
    )


def test_a_document_without_secrets_comes_back_as_it_was() -> None:
    given = document(
        url="https://prom:9090",
        bearerToken="${env:PROM_TOKEN}",
        caFile="/etc/ca.pem",
        tenant="shop",
        headers={"X-Ref": "${file:/run/key}"},
        timeoutSeconds=2.5,
        concurrency=4,
        requestsPerSecond=10,
    )

    definition = sources.source_from_document(given)

    assert definition.secrets == {}
    assert written(definition) == given.data


def test_plain_secrets_are_kept_apart_and_never_written() -> None:
    given = document(
        url="https://prom", username="u", password="canary", headers={"X-Key": "canary"}
    )

    definition = sources.source_from_document(given)

    assert definition.secrets == {"password": "canary", "headers.X-Key": "canary"}
    assert "canary" not in str(written(definition)) + str(definition.settings)
    assert written(definition)["spec"]["connectionDetails"] == {
        "url": "https://prom",
        "username": "u",
    }


def test_a_source_of_another_kind_keeps_everything_but_what_is_named_like_a_secret() -> None:
    given = Document(
        {
            "apiVersion": "openslo/v1",
            "kind": "DataSource",
            "metadata": {"name": "dog"},
            "spec": {
                "type": "Datadog",
                "connectionDetails": {"site": "eu", "apiKey": "canary", "deep": {"a": [1]}},
            },
        }
    )

    definition = sources.source_from_document(given)

    assert (definition.kind, definition.secrets) == ("datadog", {"apiKey": "canary"})
    assert written(definition)["spec"] == {
        "type": "Datadog",
        "connectionDetails": {"site": "eu", "deep": {"a": [1]}},
    }


def test_a_source_made_elsewhere_is_written_as_a_whole_document() -> None:
    definition = sources.define(
        name="prom", kind="prometheus", details={"url": "http://prom:9090"}
    )

    assert written(definition) == {
        "apiVersion": "openslo/v1",
        "kind": "DataSource",
        "metadata": {"name": "prom"},
        "spec": {"type": "Prometheus", "connectionDetails": {"url": "http://prom:9090"}},
    }


def test_faults_are_told_with_file_and_line() -> None:
    with pytest.raises(InvalidError) as caught:
        sources.source_from_document(document(url="prom:9090", tiemout=3))

    assert [(problem.file, problem.line) for problem in caught.value.problems] == [
        ("sources.yaml", 9)
    ]
    with pytest.raises(InvalidError) as caught:
        sources.source_from_document(document(url="prom:9090"))
    assert caught.value.problems[0].line == 10


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"metadata": {"name": "a b"}},
        {"metadata": {"name": "x"}},
        {"metadata": {"name": "x"}, "spec": []},
        {"metadata": {"name": "x"}, "spec": {"type": 5}},
        {"metadata": {"name": "x"}, "spec": {"type": "Prometheus"}},
        {"metadata": {"name": "x"}, "spec": {"type": "Prometheus", "connectionDetails": [1]}},
    ],
)
def test_a_document_that_is_no_source_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        sources.source_from_document(Document(data))


def test_a_url_may_be_named_elsewhere() -> None:
    definition = sources.define(name="p", kind="prometheus", details={"url": "${env:PROM_URL}"})

    assert definition.settings == {"url": "${env:PROM_URL}"}


@pytest.mark.parametrize("told", ["VictoriaMetrics", "Grafana Mimir", "thanos"])
def test_what_speaks_the_language_of_prometheus_is_asked_like_it(told: str) -> None:
    data = dict(document(url="http://vm:8428").data)
    given = Document(data | {"spec": {**data["spec"], "type": told}})

    definition = sources.source_from_document(given)

    assert definition.kind == sources.PROMETHEUS
    assert written(definition)["spec"]["type"] == told
