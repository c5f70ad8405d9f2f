"""How the server is spoken to, and what its refusals become."""

import base64
import threading
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.integrations.prometheus.history import ratio, source
from watchkeeper.integrations.prometheus.adapter import PrometheusSource
from watchkeeper.integrations.prometheus.client import (
    Connection,
    Grid,
    PrometheusClient,
    RefusedError,
    TooMuchError,
)
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.telemetry.ports import SliRequest, SourceConfig

EMPTY = {"status": "success", "data": {"resultType": "vector", "result": []}}


def client(server: HTTPServer, path: str = "", **settings: object) -> PrometheusClient:
    return PrometheusClient(Connection.of(source(server.url_for(path), **settings)))


def told(server: HTTPServer, status: int, body: Any) -> None:
    server.expect_request("/api/v1/query").respond_with_json(body, status=status)


def test_a_prefix_a_tenant_and_own_headers_go_with_every_request(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/prometheus/api/v1/query",
        method="POST",
        headers={"X-Scope-OrgID": "shop", "X-Team": "web", "Authorization": "Bearer secret"},
    ).respond_with_json(EMPTY)
    config = SourceConfig(
        1,
        "mimir",
        "prometheus",
        {
            "url": httpserver.url_for("/prometheus/"),
            "tenant": "shop",
            "headers": {"X-Team": "web"},
        },
        {"bearerToken": "secret"},
    )

    assert PrometheusClient(Connection.of(config)).instant("up", at=0).series == ()


def test_a_user_and_password_are_sent_as_basic_authentication(httpserver: HTTPServer) -> None:
    pair = base64.b64encode(b"me:p:w").decode()
    httpserver.expect_request(
        "/api/v1/query", headers={"Authorization": f"Basic {pair}"}
    ).respond_with_json(EMPTY)
    config = SourceConfig(
        1,
        "p",
        "prometheus",
        {"url": httpserver.url_for(""), "username": "me"},
        {"password": "p:w"},
    )

    assert PrometheusClient(Connection.of(config)).instant("up", at=0).series == ()


def test_secrets_do_not_show_in_what_is_printed() -> None:
    config = SourceConfig(1, "p", "prometheus", {"url": "http://x"}, {"bearerToken": "hidden"})

    assert "hidden" not in repr(Connection.of(config))


@pytest.mark.parametrize(
    ("status", "body", "kind", "permanent", "words"),
    [
        (400, {"status": "error", "errorType": "bad_data", "error": "parse error at 1:2"},
         RefusedError, True, "parse error at 1:2"),
        (422, {"status": "error", "errorType": "execution", "error": "found duplicate series"},
         RefusedError, True, "duplicate series"),
        (422, {"status": "error", "error": "query processing would load too many samples"},
         TooMuchError, True, "too many samples"),
        (401, {"error": "who are you"}, DependencyError, True, "refuses our credentials"),
        (404, {}, DependencyError, True, "answered 404"),
        (429, {}, DependencyError, False, "answered 429"),
        (503, {"status": "error", "error": "starting up"}, DependencyError, False, "starting up"),
        (200, {"hello": "world"}, DependencyError, True, "does not answer as Prometheus"),
        (200, {"status": "success", "data": {"resultType": "string", "result": [0, "x"]}},
         RefusedError, True, "yields string"),
    ],
)  # fmt: skip
def test_a_refusal_becomes_an_error_with_the_servers_sentence(
    httpserver: HTTPServer,
    status: int,
    body: Any,
    kind: type[DependencyError],
    permanent: bool,
    words: str,
) -> None:
    told(httpserver, status, body)

    with pytest.raises(kind, match=words) as refusal:
        client(httpserver).instant("up", at=0)

    assert refusal.value.permanent is permanent


def test_an_answer_that_is_too_long_is_too_much(httpserver: HTTPServer) -> None:
    told(httpserver, 200, EMPTY | {"padding": "x" * 5000})

    with pytest.raises(TooMuchError):
        client(httpserver).instant("up", at=0, max_bytes=1000)


def test_warnings_reach_the_owner_of_the_sli(httpserver: HTTPServer) -> None:
    found = {"resultType": "matrix", "result": []}
    for path, body in (
        ("status/buildinfo", {"version": "2.42.0", "revision": "abc"}),
        ("query", EMPTY["data"]),
        ("query_range", found),
    ):
        answer = {"status": "success", "data": body, "warnings": ["a store was not reached"]}
        httpserver.expect_request(f"/api/v1/{path}").respond_with_json(answer)

    (got,) = PrometheusSource().fetch(
        source(httpserver.url_for("")), [SliRequest(1, ratio(total="x", bad="y"))], start=0, end=5
    )

    assert got.findings == ("a store was not reached",)


def test_an_unreachable_server_may_be_asked_again() -> None:
    with pytest.raises(DependencyError) as refusal:
        PrometheusSource().probe(source("http://127.0.0.1:9"))

    assert refusal.value.permanent is False


@pytest.mark.parametrize(
    "settings", [{}, {"url": "ftp://x"}, {"url": "http://x", "concurrency": "a"}]
)
def test_a_source_that_cannot_be_reached_by_its_settings_is_refused(
    settings: dict[str, object],
) -> None:
    with pytest.raises(InvalidError):
        Connection.of(SourceConfig(1, "p", "prometheus", settings, {}))


def test_no_more_requests_run_at_once_than_allowed(httpserver: HTTPServer) -> None:
    lock, running, most = threading.Lock(), [0], [0]
    leave = threading.Event()

    def slow(request: Request) -> Response:
        del request
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        leave.wait(0.1)
        with lock:
            running[0] -= 1
        return Response('{"status":"success","data":{"resultType":"vector","result":[]}}')

    httpserver.expect_request("/api/v1/query").respond_with_handler(slow)
    asked = client(httpserver, concurrency=2)
    threads = [threading.Thread(target=asked.instant, args=("up",), kwargs={"at": 0})
               for _ in range(6)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most[0] <= 2


def test_requests_begin_no_faster_than_allowed(httpserver: HTTPServer) -> None:
    told(httpserver, 200, EMPTY)
    asked = client(httpserver, requestsPerSecond=20)
    begin = clock.monotonic()

    for _ in range(5):
        asked.instant("up", at=0)

    assert clock.monotonic() - begin >= 4 / 20


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_grid_is_halved_without_losing_an_instant(count: int) -> None:
    grid = Grid(600, 600 + 60 * (count - 1), 60)

    early, late = grid.halves()

    assert early.count + late.count == count
    assert (early.start, early.end + 60, late.end) == (grid.start, late.start, grid.end)
