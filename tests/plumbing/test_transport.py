"""How commands reach the API: in this process, or over HTTP."""

import pytest
from django.test import Client
from pytest_httpserver import HTTPServer

from watchkeeper.kernel.errors import (
    ConflictError,
    DependencyError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from watchkeeper.plumbing import transport


@pytest.fixture
def local(doors: Client) -> transport.Local:
    return transport.Local()


def test_in_process_the_host_acts(local: transport.Local) -> None:
    assert local.call("GET", "/api/v1/who").json() == {"kind": "system", "label": "host"}


def test_nobody_becomes_the_host_over_the_network(doors: Client) -> None:
    response = doors.get("/api/v1/who", headers={"X-User": "host"}, actor="host", REMOTE_ADDR="")

    assert response.json()["kind"] == "anonymous"


@pytest.mark.django_db
def test_bodies_and_parameters_arrive(local: transport.Local) -> None:
    assert local.call("POST", "/api/v1/things", json={"name": "a"}).json()["number"] == 0
    page = local.call("GET", "/api/v1/things?limit=2", params={"cursor": ""}).json()
    assert page["items"] == ["n00", "n01"]


def test_names_in_paths_are_unquoted_once(local: transport.Local) -> None:
    assert local.call("POST", "/api/v1/slis/a%20%C3%BC/minutes", body=b"xyz").json() == 3


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/api/v1/fail/not_found", NotFoundError),
        ("/api/v1/fail/conflict", ConflictError),
        ("/api/v1/fail/invalid", InvalidError),
        ("/api/v1/nowhere", NotFoundError),
        ("/api/v1/things?limit=x", InvalidError),
    ],
)
def test_errors_come_back_as_they_were_raised(
    local: transport.Local, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        local.call("GET", path)


def test_commands_write_no_access_log(
    local: transport.Local, capsys: pytest.CaptureFixture[str]
) -> None:
    local.call("GET", "/api/v1/who")

    assert capsys.readouterr() == ("", "")


def remote(httpserver: HTTPServer, token: str | None = "wk_api_x") -> transport.Remote:
    return transport.Remote(httpserver.url_for("/").rstrip("/"), token=token)


def test_over_http_the_token_is_sent(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/api/v1/who", headers={"Authorization": "Bearer wk_api_x"}, query_string={"a": "b"}
    ).respond_with_json({"ok": 1})

    assert remote(httpserver).call("GET", "/api/v1/who", params={"a": "b"}).json() == {"ok": 1}


def test_a_problem_document_becomes_its_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_json(
        {"detail": "Two faults", "errors": [{"detail": "b", "row": 4}]}, status=422
    )

    with pytest.raises(InvalidError) as caught:
        remote(httpserver).call("POST", "/x", json={})

    assert caught.value.problems[0].row == 4


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "<html>", NotFoundError),
        (401, "[]", UnauthenticatedError),
        (401, "{}", UnauthenticatedError),
        (413, "", InvalidError),
        (301, "", DependencyError),
    ],
)
def test_servers_that_are_not_ours_are_answered_with_a_sentence(
    httpserver: HTTPServer, status: int, body: str, error: type[Exception]
) -> None:
    httpserver.expect_request("/x").respond_with_data(body, status=status)

    with pytest.raises(error):
        remote(httpserver).call("GET", "/x")


def test_an_answer_that_is_not_json_is_told(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("<html>hello</html>")

    with pytest.raises(DependencyError, match="not JSON"):
        remote(httpserver).call("GET", "/x").json()


def test_a_server_that_is_away_is_unreachable() -> None:
    from tests.databases import free_port

    away = transport.Remote(f"http://127.0.0.1:{free_port()}", token=None)

    with pytest.raises(transport.UnreachableError, match="cannot be reached"):
        away.call("GET", "/api/v1/who")


def test_without_a_choice_there_is_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_current", None)

    with pytest.raises(InvalidError):
        transport.current()


def test_the_chosen_way_is_used(monkeypatch: pytest.MonkeyPatch, local: transport.Local) -> None:
    monkeypatch.setattr(transport, "_current", None)
    transport.use(local)

    assert transport.current() is local
