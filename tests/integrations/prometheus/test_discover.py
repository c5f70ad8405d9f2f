"""What is proposed for each shape of metrics, and that the files are good documents."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.integrations.prometheus.history import History, every, source
from tests.servers import Server, start_prometheus
from watchkeeper.integrations.prometheus import cli
from watchkeeper.integrations.prometheus.domain.answers import plan
from watchkeeper.integrations.prometheus.domain.discovery import (
    Achieved,
    bound_for,
    documents,
    name_of,
    target_for,
)
from watchkeeper.integrations.prometheus.domain.shapes import SHAPES
from watchkeeper.integrations.prometheus.usecases import Discovery, discover
from watchkeeper.kernel import clock
from watchkeeper.plumbing import yaml_documents
from watchkeeper.telemetry.domain.spec import SliSpec

HOURS = 3
COMMAND = typer.Typer()
COMMAND.command()(cli.discover)
CASES = {
    "OpenTelemetry HTTP server": (
        {"service_name": "cart", "job": "otel"}, "http_response_status_code", "200", "503"),
    "OpenTelemetry HTTP server, older convention": (
        {"service_name": "old-cart", "job": "otel"}, "http_status_code", "200", "500"),
    "OpenTelemetry RPC server": (
        {"service_name": "stock", "job": "otel"}, "rpc_grpc_status_code", "0", "14"),
    "HTTP requests": ({"job": "web", "instance": "w:80"}, "status_code", "404", "500"),
    "HTTP request durations": ({"job": "pay", "instance": "p:80"}, "code", "200", "502"),
    "gRPC server": ({"job": "grpc", "instance": "g:80"}, "grpc_code", "NotFound", "Internal"),
    "Kubernetes API server": ({"job": "apiserver", "verb": "GET"}, "code", "201", "504"),
}  # fmt: skip


def history(start: float) -> History:
    made = History()
    moments = [start + at for at in every(60, end=HOURS * 3600)]
    shapes = {shape.name: shape for shape in SHAPES}
    for name, (labels, status, fine, failed) in CASES.items():
        shape = shapes[name]
        for code, each in ((fine, 100), (failed, 1)):
            samples = [(at, 10.0 + index * each) for index, at in enumerate(moments)]
            made.add(shape.total, samples, **labels, **{status: code})
        if shape.bucket is None:
            continue
        for le, share in (("0.1", 0.5), ("0.5", 0.995), ("2.5", 1.0), ("+Inf", 1.0)):
            bound = le if le == "+Inf" else f"{float(le) / float(shape.unit_seconds):g}"
            samples = [(at, index * 101 * share) for index, at in enumerate(moments)]
            made.add(shape.bucket, samples, **labels, le=bound)
    for instance, works in (("https://shop.example/health", 1.0), ("https://old.example", 0.0)):
        made.add("probe_success", [(at, works) for at in moments], job="probes", instance=instance)
    watched = {"job": "apiserver", "verb": "WATCH", "code": "500"}
    return made.add("apiserver_request_total", [(at, at) for at in moments], **watched)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("prometheus")
    running = start_prometheus(folder)
    begin = clock.now().timestamp() - HOURS * 3600 - 30 - 1_767_571_200
    made = history(begin)
    made.write_to(running)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def found(server: Server) -> Discovery:
    return discover(source(server.url), now=clock.now())


def test_every_shape_is_recognised(found: Discovery) -> None:
    assert [each.name for each in found.proposals] == [
        "apiserver-availability",
        "cart-availability",
        "cart-latency",
        "grpc-grpc-availability",
        "old-cart-availability",
        "old-cart-latency",
        "old.example-probe",
        "pay-availability",
        "pay-latency",
        "shop.example-health-probe",
        "stock-grpc-availability",
        "stock-grpc-latency",
        "web-availability",
    ]


def test_targets_come_from_what_was_achieved(found: Discovery) -> None:
    offered = {each.name: each.target for each in found.proposals}

    assert offered["cart-availability"] == Decimal("0.99")  # 100 of 101
    assert offered["cart-latency"] == Decimal("0.99")  # 99.5 % within 0.5 s
    assert offered["old.example-probe"] == Decimal("0.5")
    assert all(Decimal(0) < target < 1 for target in offered.values())


def test_the_latency_bucket_is_the_smallest_that_nearly_all_kept(found: Discovery) -> None:
    titles = {each.name: each.title for each in found.proposals}

    assert titles["cart-latency"] == "cart: requests within 500 ms"
    assert titles["old-cart-latency"] == "old-cart: requests within 500 ms"


def test_every_choice_has_its_sentence(found: Discovery) -> None:
    for each in found.proposals:
        assert len(each.sentences) == 3
        assert all(sentence.endswith(".") for sentence in each.sentences)


def test_the_proposals_can_be_measured(found: Discovery) -> None:
    for each in found.proposals:
        if "thresholdMetric" in each.indicator:
            query = each.indicator["thresholdMetric"]["metricSource"]["spec"]["query"]
            spec = SliSpec("threshold", "p", value=query, op="gte", bound=Decimal(1))
        else:
            sides = {
                role: side["metricSource"]["spec"]["query"]
                for role, side in each.indicator["ratioMetric"].items()
                if role != "counter"
            }
            spec = SliSpec("ratio", "p", counter=True, **sides)
        assert plan(spec).findings == ()


def test_documents_name_the_source_everywhere_and_read_back(found: Discovery) -> None:
    made = documents(found.proposals, source="main", url="http://prometheus:9090")

    text = yaml_documents.dump(made)
    read = yaml_documents.load(text, file="all.yaml")

    assert [document.kind for document in read][:3] == ["DataSource", "Service", "SLO"]
    assert text.count("metricSourceRef: main") == text.count("type: Prometheus") - 1
    assert {document.api_version for document in read} == {"openslo/v1"}


def test_the_command_writes_a_file_for_each_service(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "slos"

    answer = CliRunner().invoke(COMMAND, ["--prometheus", server.url, "-o", str(folder)])

    assert answer.exit_code == 0, answer.output
    names = sorted(path.name for path in folder.iterdir())
    assert names[0] == "datasource-prometheus.yaml"
    assert "service-cart.yaml" in names
    cart = (folder / "service-cart.yaml").read_text()
    assert "owner: TEAM" in cart
    assert [each.kind for each in yaml_documents.load(cart)] == ["Service", "SLO", "SLO"]
    assert "cart-availability" in answer.output
    assert f"watchkeeper apply -f {folder}" in answer.output


def test_the_command_answers_as_json(server: Server) -> None:
    answer = CliRunner().invoke(COMMAND, ["--prometheus", server.url, "--json"])

    assert {"name", "service", "title", "target", "achieved", "why"} == set(
        json.loads(answer.output)[0]
    )


@pytest.mark.parametrize(
    ("achieved", "target"),
    [
        (Achieved(0, None, 7), "0.99"),
        (Achieved(1e7, 0.99963, 7), "0.9995"),
        (Achieved(1e7, 1.0, 7), "0.9999"),
        (Achieved(1000, 1.0, 7), "0.998"),  # 4286 a month: 99.9 % would hold 4 failures
        (Achieved(3, 1.0, 7), "0.9"),
        (Achieved(1e7, 0.8777, 7), "0.87"),
        (Achieved(1e7, 0.1, 7), "0.5"),
    ],
)
def test_a_target_is_the_step_below_what_was_achieved(achieved: Achieved, target: str) -> None:
    assert target_for(achieved)[0] == Decimal(target)


@pytest.mark.parametrize(
    ("shares", "bound"),
    [
        ({"0.1": 0.5, "1": 0.99, "5": 1.0}, "1"),
        ({"0.1": 0.5, "1": 0.6, "5": 0.7}, "5"),
        ({}, "1"),
    ],
)
def test_a_latency_bound_fits_the_traffic(shares: dict[str, float], bound: str) -> None:
    assert bound_for(["0.1", "1", "5"], shares, Decimal(1)) == bound


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://shop.example/health?x=1", "shop.example-health-x-1"),
        ("Cart Service", "cart-service"),
        ("prod/cart", "prod-cart"),
        ("***", "service"),
    ],
)
def test_names_are_fit_for_documents(text: str, name: str) -> None:
    assert name_of(text) == name
