"""A provider that is not real: takes pages by webhook, writes them down, fails on demand."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from watchkeeper.drills.domain.ledgers import Call
from watchkeeper.drills.domain.script import Faults
from watchkeeper.kernel import clock

HANG_SECONDS = 10.0
"""Longer than the product waits for a provider."""

OnCall = Callable[[list[tuple[str, str]]], None]
"""Takes the (id, key) of each alert that a call lists."""


def now_ms() -> int:
    """Return the present in milliseconds since the epoch."""
    return int(clock.now().timestamp() * 1000)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: those who call are killed in the middle, on purpose."""


class Provider:
    """Listens on loopback; every call goes to its ledger before it is answered.

    Args:
        ledger: File that the calls are appended to, one JSON object a line.
        faults: What happens to each call.
    """

    def __init__(self, ledger: Path, faults: Faults) -> None:
        self.calls: list[Call] = []
        self._faults = faults
        self._on_call: OnCall = _nobody
        self._lock = threading.Lock()
        self._ledger = ledger.open("a", encoding="utf-8")
        self._stopped = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens; the first part of a path is the person called."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self, on_call: OnCall) -> None:
        """Begin to listen, and tell ``on_call`` of each accepted call."""
        self._on_call = on_call
        self._thread.start()

    def stop(self) -> None:
        """Let go of the port and of calls that hang."""
        self._stopped.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._ledger.close()

    def draw(self) -> str:
        """Return what happens to the call at hand."""
        with self._lock:
            return self._faults.draw()

    def hang(self) -> None:
        """Wait as a provider does that never answers."""
        self._stopped.wait(HANG_SECONDS)

    def note(self, call: Call, alerts: list[tuple[str, str]]) -> None:
        """Write ``call`` down."""
        with self._lock:
            self.calls.append(call)
            line = {name: getattr(call, name) for name in Call.__slots__}
            self._ledger.write(json.dumps(line) + "\n")
            self._ledger.flush()
        if call.outcome == "accepted":
            self._on_call(alerts)


def _nobody(alerts: list[tuple[str, str]]) -> None:
    del alerts


def _handler_of(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            began = now_ms()
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            if len(sent) < length:  # who called was killed in the middle: nobody was told
                self.close_connection = True
                return
            body: dict[str, Any] = json.loads(sent or b"{}")
            outcome = provider.draw()
            if outcome == "hung":
                provider.hang()
            provider.note(self._call(body, began, outcome), _alerts_of(body))
            if outcome in {"hung", "reset"}:
                self.close_connection = True
                return
            self.send_response(200 if outcome == "accepted" else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _call(self, body: dict[str, Any], began: int, outcome: str) -> Call:
            return Call(
                page_id=self.headers.get("Idempotency-Key") or "",
                body_page_id=str(body.get("page_id") or ""),
                person=str(body.get("person") or ""),
                keys=tuple(key for _, key in _alerts_of(body)),
                may_repeat=bool(body.get("may_repeat")),
                began=began,
                ended=now_ms(),
                outcome=outcome,
                pages=tuple(str(each) for each in body.get("pages", ())),
            )

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Handler


def _alerts_of(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(alert["id"]), str(alert["key"])) for alert in body.get("alerts", ())]
