"""The outermost layer: ids, sizes, origins, proxies, errors of pages, log lines."""

import asyncio
import io
import json
from collections.abc import Iterator

import pytest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from tests.plumbing import doors as doors_urls
from watchkeeper.plumbing import logs, metrics
from watchkeeper.plumbing.body_limit import (
    LARGE_FACTOR,
    BoundedBody,
    Message,
    Receive,
    Scope,
    Send,
)
from watchkeeper.plumbing.middleware import RequestMiddleware

SMALL = 1024


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(level="debug", shape="json", stream=stream)
    yield stream
    logs.configure(level="info", shape="text")


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_every_answer_names_its_request(doors: Client) -> None:
    first, second = doors.get("/address"), doors.get("/address")

    assert len(first["X-Request-ID"]) == 24
    assert first["X-Request-ID"] != second["X-Request-ID"]


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [("abc-DEF_123", True), ("short", False), ("a b c d e f", False), ("x" * 65, False)],
)
def test_a_sane_id_of_the_sender_is_kept(doors: Client, given: str, is_taken: bool) -> None:
    answered = doors.get("/address", headers={"X-Request-ID": given})["X-Request-ID"]

    assert (answered == given) is is_taken


def test_private_answers_are_stored_nowhere_and_framed_nowhere(doors: Client) -> None:
    response = doors.get("/address")

    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/form?a=%00", "/form%00", "/api/v1/things?cursor=%00"])
def test_addresses_with_a_nul_are_refused(doors: Client, path: str) -> None:
    assert doors.get(path).status_code == 400


def test_a_body_that_is_too_large_is_refused(doors: Client, settings: Settings) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"body_limit_bytes": SMALL})

    page = doors.post("/form", {"name": "x" * SMALL})
    api = doors.post("/api/v1/things", b" " * (SMALL + 1), content_type="application/json")

    assert page.status_code == 413
    assert page["Content-Type"].startswith("text/plain")
    assert api.status_code == 413
    assert api["Content-Type"] == "application/problem+json"


def test_files_of_minutes_may_be_larger(doors: Client, settings: Settings) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"body_limit_bytes": SMALL})
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = SMALL
    path = "/api/v1/slis/checkout/minutes"
    large = b"x" * (SMALL * LARGE_FACTOR)

    assert doors.post(path, large, content_type="text/csv").json() == len(large)
    assert doors.post(path, large + b"x", content_type="text/csv").status_code == 413


@pytest.mark.parametrize("told", ["", "-1", "ten", "٣"])
def test_a_length_that_lies_lets_nothing_through(settings: Settings, told: str) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"body_limit_bytes": SMALL})
    request = RequestFactory().post("/form", b"x" * (SMALL + 1), content_type="text/plain")
    request.META["CONTENT_LENGTH"] = told

    response = RequestMiddleware(lambda request: pytest.fail("went through"))(request)

    assert response.status_code in {400, 413}


def through_asgi(path: str, chunks: list[bytes], *, length: int | None = None) -> list[Message]:
    """Send ``chunks`` to an application that reads all and answers; return what came back."""
    sent: list[Message] = []
    waiting = list(chunks)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope: Scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(BoundedBody(application)(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    ("path", "chunks", "length", "status"),
    [
        ("/form", 1, None, 200),
        ("/form", 2, None, 413),
        ("/form", 1, SMALL + 1, 413),
        ("/form", 1, SMALL, 200),
        ("/api/v1/apply", LARGE_FACTOR, None, 200),
        ("/api/v1/apply", LARGE_FACTOR + 1, None, 413),
    ],
)
def test_a_body_without_end_is_broken_off_on_the_wire(
    settings: Settings, path: str, chunks: int, length: int | None, status: int
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"body_limit_bytes": SMALL})

    sent = through_asgi(path, [b"x" * SMALL] * chunks, length=length)

    assert [message.get("status") for message in sent] == [status, None]


def test_forms_are_read_as_ever(doors: Client) -> None:
    assert doors.post("/form", {"name": "alice"}).content == b"alice"
    body = "name=bob"
    form = doors.post("/form", body, content_type="application/x-www-form-urlencoded")
    assert form.content == b"bob"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://watch.example", 200),
        ("http://evil.example", 403),
        ("http://testserver.evil.example", 403),
        ("https://testserver", 403),
        ("null", 403),
    ],
)
def test_writes_come_from_our_own_pages(
    doors: Client, settings: Settings, origin: str | None, status: int
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://watch.example"]

    response = doors.post("/form", headers={"Origin": origin} if origin else {})

    assert response.status_code == status


def test_reads_may_come_from_anywhere(doors: Client) -> None:
    assert doors.get("/form", headers={"Origin": "http://other.example"}).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "sender", "forwarded", "address"),
    [
        ((), "192.0.2.9", "203.0.113.7", "192.0.2.9"),
        (("10.0.0.0/8",), "192.0.2.9", "203.0.113.7", "192.0.2.9"),
        (("10.0.0.0/8",), "10.1.1.1", "203.0.113.7", "203.0.113.7"),
        (("10.0.0.0/8",), "10.1.1.1", "1.1.1.1, 203.0.113.7, 10.2.2.2", "203.0.113.7"),
        (("10.0.0.0/8",), "10.1.1.1", "", "10.1.1.1"),
        (("10.0.0.0/8",), "10.1.1.1", "203.0.113.7, evil <script>", "10.1.1.1"),
        (("10.0.0.0/8",), "10.1.1.1", "evil, 10.2.2.2", "10.2.2.2"),
        (("fd00::/8", "10.0.0.1/8"), "fd00::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_listed_proxies_are_believed(
    doors: Client,
    settings: Settings,
    proxies: tuple[str, ...],
    sender: str,
    forwarded: str,
    address: str,
) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"trusted_proxies": proxies})

    told = doors.get(
        "/address",
        REMOTE_ADDR=sender,
        headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"},
    ).json()

    assert told["address"] == told["remote"] == address
    assert (told["scheme"] == "https") is (proxies != () and sender != "192.0.2.9")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("not_found", 404), ("conflict", 409), ("invalid", 422), ("forbidden", 403),
        ("unauthenticated", 401), ("limit", 429), ("dependency", 502), ("unavailable", 503),
        ("operational", 503), ("missing", 404), ("unexpected", 500), ("data", 500),
    ],
)  # fmt: skip
def test_errors_of_pages_are_told_and_hold_no_secret(
    doors: Client, kind: str, status: int
) -> None:
    response = doors.get(f"/page/{kind}")

    assert response.status_code == status
    assert "hunter22" not in response.text
    if status == 500:
        assert response["X-Request-ID"] in response.text


@pytest.mark.parametrize(("path", "kind"), [("/address", "page"), ("/api/v1/who", "api")])
def test_errors_of_inner_layers_are_told_too(doors: Client, path: str, kind: str) -> None:
    away = doors.get(path, headers={"X-User": "operational"})
    broken = doors.get(path, headers={"X-User": "unexpected"})

    assert (away.status_code, broken.status_code) == (503, 500)
    assert away["Retry-After"] == "5"
    assert broken["X-Request-ID"] in broken.text
    assert "hunter22" not in away.text + broken.text
    assert (away["Content-Type"] == "application/problem+json") is (kind == "api")


def test_an_address_that_no_page_has_is_told(doors: Client) -> None:
    assert doors.get("/nothing").status_code == 404


def test_where_the_error_page_fails_the_sentence_is_told(
    doors: Client, settings: Settings
) -> None:
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]

    response = doors.get("/page/conflict")

    assert (response.status_code, response.text) == (409, "It was taken over\n")


def test_log_lines_leave_out_the_query_and_what_opens_doors(
    doors: Client, log: io.StringIO
) -> None:
    doors.get("/setup/0123456789abcdef?next=hunter22")
    doors.get("/address?password=hunter22", headers={"X-User": "alice"})

    first, second = lines(log)
    assert (first["path"], first["status"]) == ("/setup/…", 200)
    assert (second["path"], second["actor"]) == ("/address", "user 1")
    assert "hunter22" not in log.getvalue()


def test_what_is_logged_within_a_request_carries_its_id(doors: Client, log: io.StringIO) -> None:
    response = doors.get("/page/unexpected")

    assert {line["request_id"] for line in lines(log)} == {response["X-Request-ID"]}


@pytest.mark.django_db
def test_methods_of_strangers_make_no_new_series(doors: Client) -> None:
    doors.generic("BREW", "/address")

    assert b"BREW" not in metrics.exposition()
    assert b'watchkeeper_http_requests_total{method="other"' in metrics.exposition()


def test_the_doors_of_these_tests_name_every_error() -> None:
    assert len(doors_urls.ERRORS) == 13
