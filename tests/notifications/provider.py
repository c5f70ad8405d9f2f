"""A provider that can be told to misbehave and writes down every call in a file of its own."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from watchkeeper.kernel import clock


@dataclass
class Provider:
    """A web server on a free port of loopback.

    Attributes:
        ledger: File with a line of JSON for each call.
        faults: What the next calls of a path do, each once; then all goes well. ``500`` and other
            numbers answer so; ``429:7`` asks to wait; ``redirect:URL`` sends on; ``reset``,
            ``silence`` and ``drip`` break the connection, say nothing for 30 s, and send a byte
            now and then.
        bodies: What a path answers when all goes well.
    """

    ledger: Path
    port: int = 0
    faults: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    bodies: dict[str, bytes] = field(default_factory=dict)
    always: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def calls(self) -> list[dict[str, Any]]:
        """Return all calls, in order."""
        with self.lock:
            if not self.ledger.exists():
                return []
            return [json.loads(line) for line in self.ledger.read_text().splitlines()]

    def counts(self) -> Counter[str]:
        """Return how often each page was called."""
        return Counter(call["headers"].get("idempotency-key", "") for call in self.calls())

    def note(self, call: dict[str, Any]) -> str:
        """Write down a call and return what it shall come to."""
        with self.lock:
            with self.ledger.open("a") as file:
                file.write(json.dumps(call) + "\n")
            waiting = self.faults[call["path"]]
            return waiting.popleft() if waiting else self.always.get(call["path"], "")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    provider: Provider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Note the call, then do what the test wants of it."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        call = {
            "at": clock.now().timestamp(),
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        fault = self.server.provider.note(call)
        with contextlib.suppress(OSError):
            self._answer(fault)

    def _answer(self, fault: str) -> None:
        word, _, rest = fault.partition(":")
        odd = {"reset": self._reset, "silence": self._keep_silent, "drip": self._drip}
        if word in odd:
            odd[word]()
            self.close_connection = True
            return
        if word == "redirect":
            self._send(307, place=rest)
            return
        if word == "slow":
            time.sleep(float(rest))
            word = rest = ""
        self._send(int(word or 200), wait=rest)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _keep_silent(self) -> None:
        time.sleep(30)

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(60):
            self.wfile.write(b"X")
            time.sleep(0.5)

    def _send(self, status: int, *, wait: str = "", place: str = "") -> None:
        body = self.server.provider.bodies.get(self.path, b"{}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if wait:
            self.send_header("Retry-After", wait)
        if place:
            self.send_header("Location", place)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def provider(ledger: Path) -> Iterator[Provider]:
    """Serve until the block ends."""
    made = Provider(ledger)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.provider = made
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)
