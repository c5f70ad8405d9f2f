"""What leaves the process: judged, bounded, and honest about what went wrong."""

import datetime as dt
import gzip
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django.fixtures import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.kernel.test_addresses import INTERNAL, INTERNAL_6, NEVER, NEVER_6, spellings, wrapped
from tests.plumbing.servers import answering, tcp_server
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.plumbing import egress
from watchkeeper.plumbing.egress import Trust, request

Places = dict[str, list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Places:
    """Names of our own; each question to the resolver takes the next of a name's answers."""
    places: Places = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if host in places:
            answer = places[host]
            host = answer.pop(0) if len(answer) > 1 else answer[0]
            return [info for one in host.split(",") for info in real(one, port, *rest, **named)]
        return real(host, port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return places


def allow(settings: Settings, *networks: str) -> None:
    settings.WATCHKEEPER = settings.WATCHKEEPER.model_copy(update={"egress_allow": networks})


def test_an_answer_comes_back_whole(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/x", method="POST", query_string="a=1&b=%C3%BC", json={"c": 2},
        headers={"Authorization": "Basic YWxpY2U6ZsO8", "X-Scope-OrgID": "t"},
    ).respond_with_json({"ok": True}, status=418, headers={"X-Odd": "yes"})  # fmt: skip

    response = request(
        "post",
        httpserver.url_for("/x?a=1"),
        trust=Trust.ADMIN,
        params={"b": "ü"},
        json={"c": 2},
        headers={"X-Scope-OrgID": "t"},
        auth=("alice", "fü"),
    )

    assert response.status == 418
    assert response.json() == {"ok": True}
    assert response.headers["x-odd"] == response.headers["X-Odd"] == "yes"


def test_connections_are_used_again() -> None:
    def speak(connection: socket.socket) -> None:
        for _ in range(3):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.recv(65536)

    with tcp_server(speak) as server:
        for _ in range(3):
            url = f"http://127.0.0.1:{server.port}/"
            assert request("GET", url, trust=Trust.ADMIN).text == "ok"
        egress.close()

    assert len(server.received) == 1


def test_a_kept_connection_that_was_closed_is_opened_anew_for_a_harmless_request() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.recv(65536)  # the second request, which is left without an answer

    with tcp_server(speak) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert request("GET", url, trust=Trust.ADMIN).text == "ok"
        assert request("GET", url, trust=Trust.ADMIN).text == "ok"
        with pytest.raises(DependencyError):
            request("POST", url, trust=Trust.ADMIN)
        egress.close()

    assert len(server.received) == 2


def test_what_admins_opened_is_not_used_for_members() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.recv(65536)

    with tcp_server(speak) as server:
        url = f"http://127.0.0.1:{server.port}/"
        request("GET", url, trust=Trust.ADMIN)
        with pytest.raises(DependencyError, match="may not be reached"):
            request("GET", url, trust=Trust.MEMBER)
        egress.close()


def test_many_threads_may_ask_at_once(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("x" * 1000)
    lengths: list[int] = []

    def ask() -> None:
        response = request("GET", httpserver.url_for("/x"), trust=Trust.ADMIN)
        lengths.append(len(response.body))

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert lengths == [1000] * 24


def test_no_cookie_of_one_request_reaches_another(httpserver: HTTPServer) -> None:
    seen: list[str | None] = []

    def note(asked: Request) -> Response:
        seen.append(asked.headers.get("Cookie"))
        return Response("x", headers={"Set-Cookie": "session=alice"})

    httpserver.expect_request("/x").respond_with_handler(note)
    for _ in range(2):
        request("GET", httpserver.url_for("/x"), trust=Trust.ADMIN)

    assert seen == [None, None]


def test_proxies_of_the_environment_are_ignored(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/x").respond_with_data("direct")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert request("GET", httpserver.url_for("/x"), trust=Trust.ADMIN).text == "direct"


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "//host/x", "/x", "ftp://example.org/", "file:///etc/passwd", "gopher://h/_x",
        "unix:///run/x", "data:text/plain,x", "javascript:alert(1)", "http:///x", "http://",
        "http://user@example.org/", "http://user:hunter22@example.org/",
        "http://example.org@127.0.0.1/", "http://127.0.0.1:22/", "http://127.0.0.1:6379/",
        "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://127.0.0.1:port/",
        "http://exa mple.org/", "http://example.org\\@127.0.0.1/", "http://[::1/",
        "http://127.0.0.1\t.evil/", "http://a\r\nb/", "http://a\0b/", "http://%31%32%37.0.0.1/",
        "http://" + "a" * 70_000, "http://[fe80::1%25eth0]:22/",
    ],
)  # fmt: skip
def test_what_is_no_plain_http_address_is_refused(url: str) -> None:
    with pytest.raises(DependencyError) as caught:
        request("GET", url, trust=Trust.ADMIN)

    assert caught.value.permanent
    assert "hunter22" not in str(caught.value)


def hostile_urls() -> Iterator[str]:
    for text in (*INTERNAL, *NEVER):
        yield f"http://{text}/"
        yield from (f"http://{spelling}/" for spelling in spellings(text))
        yield from (f"http://[{form}]/" for form in wrapped(text))
    for text in (*INTERNAL_6, *NEVER_6):
        yield f"http://[{text}]/"
        yield f"http://[{ipaddress.IPv6Address(text).exploded}]/"
    yield from (
        "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://127.1/",
        "http://127.0.1/", "http://0/", "http://0x7f000001/", "http://①②⑦.⓪.⓪.①/",
        "http://[::ffff:7f00:1]/", "http://[::]/", "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    )  # fmt: skip


HOSTILE = sorted(set(hostile_urls()))


def test_there_are_enough_hostile_urls() -> None:
    assert len(HOSTILE) >= 500


@pytest.mark.parametrize("url", HOSTILE)
def test_no_address_of_a_member_reaches_inside(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any, **__: Any) -> None:
        pytest.fail("a connection was tried")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)

    with pytest.raises(DependencyError):
        request("GET", url, trust=Trust.MEMBER)


def test_addresses_that_nobody_may_reach_are_refused_to_admins_too() -> None:
    for url in ("http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/",
                "http://0.0.0.0/", "http://[fe80::1]/", "http://2852039166/"):  # fmt: skip
        with pytest.raises(DependencyError, match="may not be reached") as caught:
            request("GET", url, trust=Trust.ADMIN)
        assert caught.value.permanent


def test_listed_networks_are_open_to_members(httpserver: HTTPServer, settings: Settings) -> None:
    httpserver.expect_request("/x").respond_with_data("in")
    allow(settings, "127.0.0.0/8")

    assert request("GET", httpserver.url_for("/x"), trust=Trust.MEMBER).text == "in"


def test_one_bad_address_among_good_ones_refuses_the_name(names: Places) -> None:
    names["mixed.example"] = ["1.1.1.1,127.0.0.1"]

    with pytest.raises(DependencyError, match="may not be reached"):
        request("GET", "http://mixed.example/", trust=Trust.MEMBER)


def test_a_name_that_changes_its_mind_reaches_nothing_new(
    names: Places, settings: Settings
) -> None:
    allow(settings, "127.0.0.2/32")
    names["rebind.example"] = ["127.0.0.2", "127.0.0.1"]
    good = answering(b"good")
    with tcp_server(good, host="127.0.0.2") as allowed:
        try:
            canary = tcp_server(answering(b"canary"), host="127.0.0.1", port=allowed.port)
            with canary as inside:
                response = request(
                    "GET", f"http://rebind.example:{allowed.port}/", trust=Trust.MEMBER
                )
                assert response.body == b"good"
                assert f"Host: rebind.example:{allowed.port}".encode() in allowed.received[0]
                with pytest.raises(DependencyError, match="may not be reached"):
                    request("GET", f"http://rebind.example:{allowed.port}/2", trust=Trust.MEMBER)
                assert inside.received == []
        finally:
            egress.close()


def test_a_name_that_nobody_knows_is_told(names: Places) -> None:
    with pytest.raises(DependencyError, match="cannot be resolved") as caught:
        request("GET", "http://nobody.invalid/", trust=Trust.ADMIN)

    assert not caught.value.permanent


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> list[Any]:
        time.sleep(2)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()

    with pytest.raises(DependencyError, match="in time"):
        request("GET", "http://slow.example/", trust=Trust.ADMIN, timeout_seconds=0.3)

    assert time.monotonic() - began < 1.5


def test_a_second_address_is_tried_where_the_first_is_closed(
    names: Places, settings: Settings
) -> None:
    with tcp_server(answering(b"second"), host="127.0.0.3") as server:
        names["two.example"] = ["127.0.0.2,127.0.0.3"]

        response = request("GET", f"http://two.example:{server.port}/", trust=Trust.ADMIN)

    assert response.body == b"second"


def drip(parts: list[bytes], *, every: float) -> Any:
    def speak(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(every)

    return speak


@pytest.mark.parametrize(
    ("parts", "every"),
    [
        ([], 5.0),
        ([b"H", b"T", b"T", b"P", b"/", b"1", b".", b"1", b" ", b"2"], 0.2),
        ([b"HTTP/1.1 200 OK\r\n"] + [b"X-A: b\r\n"] * 20, 0.2),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"] + [b"x"] * 20, 0.2),
    ],
    ids=["silence", "status dripping", "headers dripping", "body dripping"],
)
def test_nothing_lasts_longer_than_it_may(parts: list[bytes], every: float) -> None:
    began = time.monotonic()

    def speak(connection: socket.socket) -> None:
        drip(parts, every=every)(connection)
        time.sleep(every)

    with (
        tcp_server(speak) as server,
        pytest.raises(DependencyError, match=r"did not answer within 0\.7 s") as caught,
    ):
        request("GET", f"http://127.0.0.1:{server.port}/", trust=Trust.ADMIN, timeout_seconds=0.7)

    assert not caught.value.permanent
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    "speak",
    [
        lambda connection: None,
        lambda connection: connection.sendall(b"this is not HTTP\r\n\r\n"),
        lambda connection: connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
        ),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000),
    ],
    ids=["closed", "no http", "cut short", "endless header"],
)
def test_a_server_that_breaks_off_is_told(speak: Any) -> None:
    with (
        tcp_server(speak) as server,
        pytest.raises(DependencyError, match=r"127\.0\.0\.1") as caught,
    ):
        request("GET", f"http://127.0.0.1:{server.port}/", trust=Trust.ADMIN, timeout_seconds=3)

    assert not caught.value.permanent


def test_a_closed_port_is_told() -> None:
    from tests.databases import free_port

    with pytest.raises(DependencyError, match="refused"):
        request("GET", f"http://127.0.0.1:{free_port()}/", trust=Trust.ADMIN)


def test_an_answer_may_be_as_long_as_it_may_be_and_no_longer(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("x" * 1000)

    assert (
        request("GET", httpserver.url_for("/x"), trust=Trust.ADMIN, max_bytes=1000).status == 200
    )
    with pytest.raises(egress.TooLargeError, match="more than 999 bytes"):
        request("GET", httpserver.url_for("/x"), trust=Trust.ADMIN, max_bytes=999)


def test_an_endless_answer_is_broken_off() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with tcp_server(speak) as server, pytest.raises(egress.TooLargeError):
        request("GET", f"http://127.0.0.1:{server.port}/", trust=Trust.ADMIN)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"hello" * 100, mtime=0)),
        ("GZIP", gzip.compress(b"hello" * 50, mtime=0) + gzip.compress(b"hello" * 50, mtime=0)),
        ("x-gzip", gzip.compress(b"hello" * 100, mtime=0)),
        ("deflate", zlib.compress(b"hello" * 100)),
        ("identity", b"hello" * 100),
        ("", b"hello" * 100),
    ],
    ids=["gzip", "GZIP", "x-gzip", "deflate", "identity", "none"],
)
def test_packed_answers_are_unpacked(encoding: str, packed: bytes) -> None:
    headers = f"Content-Encoding: {encoding}\r\n" if encoding else ""
    with tcp_server(answering(packed, headers=headers)) as server:
        response = request("GET", f"http://127.0.0.1:{server.port}/", trust=Trust.ADMIN)

    assert response.body == b"hello" * 100
    assert b"Accept-Encoding: gzip\r\n" in server.received[0]


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, compresslevel=1)
    headers = "Content-Encoding: gzip\r\n"
    began = time.process_time()

    with (
        tcp_server(answering(bomb, headers=headers)) as server,
        pytest.raises(egress.TooLargeError),
    ):
        request("GET", f"http://127.0.0.1:{server.port}/", trust=Trust.ADMIN)

    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("br", b"\x0b\x00\x80x\x03"), ("zstd", b"x"), ("gzip, gzip", b"x"), ("gzip", b"not packed")],
)
def test_answers_packed_in_another_way_are_refused(encoding: str, packed: bytes) -> None:
    headers = f"Content-Encoding: {encoding}\r\n"
    with (
        tcp_server(answering(packed, headers=headers)) as server,
        pytest.raises(DependencyError, match="pack"),
    ):
        request("GET", f"http://127.0.0.1:{server.port}/", trust=Trust.ADMIN)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "ümlaut"])
def test_header_values_cannot_add_headers_and_are_not_told(value: str) -> None:
    with pytest.raises(DependencyError, match="'X-Secret'") as caught:
        request("GET", "http://127.0.0.1:9/", trust=Trust.ADMIN, headers={"X-Secret": value})

    assert value not in str(caught.value)
    assert caught.value.permanent


def test_nobody_sets_the_host_or_the_length(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_handler(
        lambda asked: Response(asked.headers["Host"])
    )

    answer = request(
        "POST",
        httpserver.url_for("/x"),
        trust=Trust.ADMIN,
        headers={"host": "evil.example", "content-length": "99", "Transfer-Encoding": "chunked"},
        body=b"abc",
    )

    assert answer.text == f"{httpserver.host}:{httpserver.port}"


def test_redirects_are_answers_unless_asked_for(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data("", 302, headers={"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data("there")

    assert request("GET", httpserver.url_for("/a"), trust=Trust.ADMIN).status == 302
    followed = request("GET", httpserver.url_for("/a"), trust=Trust.ADMIN, redirects=1)
    posted = request("POST", httpserver.url_for("/a"), trust=Trust.ADMIN, redirects=1)

    assert followed.text == "there"
    assert posted.status == 302


def test_a_redirect_is_judged_as_any_address(httpserver: HTTPServer, settings: Settings) -> None:
    allow(settings, "127.0.0.1/32")
    for place, words in {
        "http://127.0.0.2/": "may not be reached",
        "http://169.254.169.254/": "may not be reached",
        "ftp://example.org/": "not an http",
        "http://u:p@example.org/": "no user",
        "//127.0.0.1:22/": "Port 22",
    }.items():
        httpserver.clear()
        httpserver.expect_request("/a").respond_with_data("", 302, headers={"Location": place})
        with pytest.raises(DependencyError, match=words):
            request("GET", httpserver.url_for("/a"), trust=Trust.MEMBER, redirects=3)


def test_redirects_in_a_circle_end(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data("", 302, headers={"Location": "/a"})

    with pytest.raises(DependencyError, match="too often"):
        request("GET", httpserver.url_for("/a"), trust=Trust.ADMIN, redirects=99)

    assert len(httpserver.log) == 4


def test_credentials_stay_with_the_origin_they_are_for(httpserver: HTTPServer) -> None:
    with tcp_server(answering(b"other")) as other:
        place = f"http://127.0.0.1:{other.port}/"
        httpserver.expect_request("/a").respond_with_data("", 307, headers={"Location": place})
        response = request(
            "GET", httpserver.url_for("/a"), trust=Trust.ADMIN, redirects=1,
            headers={"X-Scope-OrgID": "tenant"}, auth=("alice", "hunter22"),
        )  # fmt: skip

    assert response.body == b"other"
    assert b"Authorization" not in other.received[0]
    assert b"tenant" not in other.received[0]


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[HTTPServer, Path]]:
    cert, key = certificate(tmp_path, "prometheus.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = HTTPServer(host="127.0.0.1", ssl_context=context)
    server.start()
    server.expect_request("/x").respond_with_data("secure")
    yield server, cert
    server.stop()


def test_the_name_is_checked_though_the_address_is_connected_to(
    tls: tuple[HTTPServer, Path], names: Places
) -> None:
    server, cert = tls
    names["prometheus.example"] = names["other.example"] = ["127.0.0.1"]
    good = f"https://prometheus.example:{server.port}/x"

    assert request("GET", good, trust=Trust.ADMIN, ca_file=cert).text == "secure"
    with pytest.raises(DependencyError, match=r"not trusted.*other\.example") as caught:
        request("GET", f"https://other.example:{server.port}/x", trust=Trust.ADMIN, ca_file=cert)
    assert caught.value.permanent
    with pytest.raises(DependencyError, match=r"not trusted.*self-signed"):
        request("GET", good, trust=Trust.ADMIN)


def test_certificate_files_must_hold_certificates(tmp_path: Path) -> None:
    (tmp_path / "odd.pem").write_text("nothing")

    for path, words in ((tmp_path / "odd.pem", "no certificates"), (tmp_path / "x", "read")):
        with pytest.raises(DependencyError, match=words) as caught:
            request("GET", "https://127.0.0.1:9/", trust=Trust.ADMIN, ca_file=path)
        assert caught.value.permanent


def test_new_certificates_are_read_without_a_restart(
    tls: tuple[HTTPServer, Path], names: Places, tmp_path: Path
) -> None:
    server, cert = tls
    names["prometheus.example"] = ["127.0.0.1"]
    url = f"https://prometheus.example:{server.port}/x"
    (tmp_path / "other").mkdir()
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(certificate(tmp_path / "other", "prometheus.example")[0].read_bytes())
    with pytest.raises(DependencyError):
        request("GET", url, trust=Trust.ADMIN, ca_file=trusted)

    trusted.write_bytes(cert.read_bytes())

    assert request("GET", url, trust=Trust.ADMIN, ca_file=trusted).text == "secure"


def test_an_answer_that_is_not_json_is_told(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("[" * 100_000)

    with pytest.raises(DependencyError, match="not JSON"):
        request("GET", httpserver.url_for("/x"), trust=Trust.ADMIN).json()
