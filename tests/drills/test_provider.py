"""The provider of a drill: what it takes for a call, and what it does not."""

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

from watchkeeper.drills.domain import script
from watchkeeper.drills.usecases.provider import Provider
from watchkeeper.plumbing import egress

BODY = {"page_id": "p1", "person": "bob", "alerts": [{"id": "1", "key": "a"}], "pages": ["p1"]}


def test_a_call_that_a_kill_cuts_off_is_none(tmp_path: Path) -> None:
    told: list[list[tuple[str, str]]] = []
    provider = Provider(tmp_path / "calls.jsonl", script.faults(1))
    provider.start(told.append)
    place = urlsplit(provider.url)
    head = f"POST /bob HTTP/1.1\r\nHost: x\r\nContent-Length: {len(json.dumps(BODY))}\r\n\r\n"
    try:
        for sent in ("", '{"page_id": "p1"'):
            with socket.create_connection((str(place.hostname), place.port or 0)) as caller:
                caller.sendall((head + sent).encode())
                caller.shutdown(socket.SHUT_WR)
                assert caller.recv(100) == b""
        answer = egress.request("POST", f"{provider.url}/bob", trust=egress.Trust.ADMIN, json=BODY)
    finally:
        provider.stop()

    assert answer.status == 200
    assert [call.body_page_id for call in provider.calls] == ["p1"]
    assert told == [[("1", "a")]]
