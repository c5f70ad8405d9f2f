"""What the API answers to errors, to strange bodies, to pages and to ETags."""

import json
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory

from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.plumbing import problems, rest, strict_json


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("not_found", 404, "not_found"),
        ("conflict", 409, "conflict"),
        ("invalid", 422, "invalid"),
        ("forbidden", 403, "forbidden"),
        ("unauthenticated", 401, "unauthenticated"),
        ("limit", 429, "limit"),
        ("dependency", 502, "dependency"),
        ("unavailable", 503, "unavailable"),
        ("operational", 503, "unavailable"),
        ("integrity", 409, "conflict"),
        ("data", 422, "invalid"),
        ("missing", 404, "not_found"),
        ("unexpected", 500, "error"),
    ],
)
def test_every_error_is_a_problem_document(
    doors: Client, kind: str, status: int, code: str
) -> None:
    response = doors.get(f"/api/v1/fail/{kind}")

    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    assert "hunter22" not in response.text


def test_errors_say_what_to_do_next(doors: Client) -> None:
    assert doors.get("/api/v1/fail/limit")["Retry-After"] == "7"
    assert doors.get("/api/v1/fail/unavailable")["Retry-After"] == "5"
    assert doors.get("/api/v1/fail/operational")["Retry-After"] == "5"
    assert doors.get("/api/v1/fail/unauthenticated")["WWW-Authenticate"].startswith("Bearer")


def test_faults_of_the_input_have_their_places(doors: Client) -> None:
    assert doors.get("/api/v1/fail/invalid").json()["errors"] == [
        {"detail": "bad", "path": "a.b", "file": "f", "line": 3},
        {"detail": "b", "row": 0},
    ]


def test_faults_against_the_schema_have_paths_as_the_sender_wrote_them(doors: Client) -> None:
    body = {"objectives": [{"target": 1}, {"target": "x"}]}

    response = doors.post("/api/v1/things", body, content_type="application/json")

    assert response.status_code == 422
    errors = {error["path"]: error for error in response.json()["errors"]}
    assert set(errors) == {"name", "objectives[1].target"}
    assert errors["objectives[1].target"]["row"] == 1


def test_a_parameter_against_the_schema_is_named(doors: Client) -> None:
    response = doors.get("/api/v1/things?limit=many")

    assert [error["path"] for error in response.json()["errors"]] == ["limit"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/nothing", 404),
        ("get", "/api/v2/", 404),
        ("delete", "/api/v1/things", 405),
        ("post", "/api/v1/fail/x", 405),
    ],
)
def test_addresses_that_are_not_there_answer_with_a_problem(
    doors: Client, method: str, path: str, status: int
) -> None:
    response = doors.generic(method.upper(), path)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == status


BODIES = {
    "not json": (b"{", "not JSON"),
    "nothing but a word": (b"word", "not JSON"),
    "nan": (b'{"name": NaN}', "NaN"),
    "infinity": (b'{"name": "a", "objectives": [{"target": 1e999}]}', "finite"),
    "long number": (b'{"name": ' + b"9" * 5_000 + b"}", "64 digits"),
    "nul": (b'{"name": "a\\u0000b"}', "NUL"),
    "half a surrogate": (b'{"name": "\\ud800"}', "half a character"),
    "half a surrogate as key": (b'{"\\udfff": 1}', "half a character"),
    "deep": (b"[" * 65 + b"]" * 65, "64 deep"),
    "very deep": (b"[" * 100_000 + b"]" * 100_000, "64 deep"),
    "latin-1": ('{"name": "ü"}'.encode("latin-1"), "UTF-8"),
    "utf-16": ('{"name": "a"}'.encode("utf-16"), "UTF-8"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_cannot_be_kept_are_refused_with_a_sentence(doors: Client, name: str) -> None:
    body, words = BODIES[name]

    response = doors.post("/api/v1/things", body, content_type="application/json")

    assert response.status_code == 400
    assert words in response.json()["detail"]


def test_bodies_within_the_limits_are_read() -> None:
    deep: Any = []
    for _ in range(63):
        deep = [deep]

    assert strict_json.read(json.dumps(deep).encode()) == deep
    assert strict_json.read(b'\xef\xbb\xbf{"a": "\\ud83d\\ude00\\u00fc"}') == {"a": "😀ü"}
    assert strict_json.read(b'{"a": [1, 2.5, null, true, "x"]}') == {
        "a": [1, 2.5, None, True, "x"]
    }


def test_a_list_comes_in_pages(doors: Client) -> None:
    first = doors.get("/api/v1/things?limit=2").json()
    second = doors.get("/api/v1/things", {"limit": 2, "cursor": first["next"]}).json()
    third = doors.get("/api/v1/things", {"limit": 2, "cursor": second["next"]}).json()

    assert [first["items"], second["items"], third["items"]] == [
        ["n00", "n01"], ["n02", "n03"], ["n04"],
    ]  # fmt: skip
    assert third["next"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "201"])
def test_a_page_has_between_1_and_200_items(doors: Client, limit: str) -> None:
    response = doors.get("/api/v1/things", {"limit": limit})

    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "limit"


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "é", "====", "bnVsbA", rest.encode_cursor(7), rest.encode_cursor("a\0"),
        rest.encode_cursor("\ud800"), "W" * 5_000,
    ],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_refused(doors: Client, cursor: str) -> None:
    response = doors.get("/api/v1/things", {"cursor": cursor})

    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "cursor"


def test_cursors_of_numbers_are_whole_numbers_that_a_database_knows() -> None:
    assert rest.decode_cursor(rest.encode_cursor(12), of=int) == 12
    for odd in (True, "12", 2**63):
        with pytest.raises(InvalidError):
            rest.decode_cursor(rest.encode_cursor(odd), of=int)


def test_an_etag_changes_with_the_value_and_not_with_the_order_of_keys() -> None:
    assert rest.etag({"a": 1, "b": 2}) == rest.etag({"b": 2, "a": 1})
    assert rest.etag({"a": 1}) != rest.etag({"a": 2})


@pytest.mark.parametrize("header", [None, "*", '"now"', '"old", "now"'])
def test_a_write_for_the_present_state_goes_through(header: str | None) -> None:
    rest.check_if_match(_if_match(header), '"now"', what="SLO a")


@pytest.mark.parametrize("header", ['"old"', 'W/"now"', "now"])
def test_a_write_for_another_state_is_a_conflict(header: str) -> None:
    with pytest.raises(ConflictError, match="SLO a was changed"):
        rest.check_if_match(_if_match(header), '"now"', what="SLO a")


def _if_match(header: str | None) -> HttpRequest:
    return RequestFactory().put("/", headers={"If-Match": header} if header else {})


@pytest.mark.parametrize(
    "kind",
    ["not_found", "conflict", "invalid", "forbidden", "unauthenticated", "limit", "dependency",
     "unavailable"],
)  # fmt: skip
def test_a_client_gets_back_the_kind_of_error_that_was_raised(doors: Client, kind: str) -> None:
    from tests.plumbing.doors import ERRORS

    response = doors.get(f"/api/v1/fail/{kind}")

    error = problems.error_from(response.json(), status=response.status_code)
    assert type(error) is type(ERRORS[kind])
    assert str(error) == str(ERRORS[kind])
    if isinstance(error, InvalidError):
        original = ERRORS[kind]
        assert isinstance(original, InvalidError)
        assert error.problems == original.problems
