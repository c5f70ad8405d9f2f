"""Posts many bodies over a few kept connections, as fast as they are answered or at a pace."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some posts.

    Attributes:
        seconds: From the first post to the last answer.
        waits: Seconds of each post; where there is a pace, from when it was due.
        statuses: How many answers had which status.
        accepted: When each post was accepted (``perf_counter``), in order; 0: it was not.
    """

    seconds: float
    waits: list[float]
    statuses: dict[int, int]
    accepted: list[float]

    def wait(self, share: float) -> float:
        """Return the wait in milliseconds that ``share`` of the posts did not pass."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


@dataclass(slots=True)
class _Line:
    """One connection, and the post that is on it."""

    socket: socket.socket
    since: float = 0.0
    post: int = 0
    got: bytearray = field(default_factory=bytearray)
    whole: int = 0


def requests(port: int, path: str, bodies: Sequence[bytes]) -> list[bytes]:
    """Return ``bodies`` as requests, ready to be sent."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    )
    return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]


def post(
    port: int, posts: Sequence[bytes], *, lines: int, a_second: float | None = None
) -> Outcome:
    """Send ``posts`` and return what became of them.

    Args:
        port: Of a server on this machine.
        posts: As :func:`requests` makes them.
        lines: How many connections share them; each has one post on it at a time.
        a_second: The pace at which they become due; ``None``: as fast as they are answered.
    """
    chosen = selectors.DefaultSelector()
    idle = deque(_connect(port, chosen) for _ in range(lines))  # in turn: none is hung up on
    waits: list[float] = []
    statuses: dict[int, int] = {}
    accepted = [0.0] * len(posts)
    begun = time.perf_counter()
    sent = 0
    while len(waits) < len(posts):
        moment = time.perf_counter()
        while idle and sent < len(posts):
            due = moment if a_second is None else begun + sent / a_second
            if due > moment:
                break
            line = idle.popleft()
            line.since, line.post = due, sent
            line.socket.sendall(posts[sent])
            sent += 1
        for key, _ in chosen.select(timeout=_patience(begun, sent, len(posts), a_second)):
            line = key.data
            status = _take(line)
            if status:
                moment = time.perf_counter()
                accepted[line.post] = moment if status < 300 else 0.0
                waits.append(moment - line.since)
                statuses[status] = statuses.get(status, 0) + 1
                idle.append(line)
    seconds = time.perf_counter() - begun
    for line in idle:
        line.socket.close()
    return Outcome(seconds, waits, statuses, accepted)


def _patience(begun: float, sent: int, posts: int, a_second: float | None) -> float | None:
    if a_second is None or sent >= posts:
        return None
    return max(0.0, begun + sent / a_second - time.perf_counter())


def _connect(port: int, chosen: selectors.BaseSelector) -> _Line:
    connected = socket.create_connection(("127.0.0.1", port))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line = _Line(connected)
    chosen.register(connected, selectors.EVENT_READ, line)
    return line


def _take(line: _Line) -> int:
    """Read what came; return the status once the answer is whole, else 0."""
    part = line.socket.recv(262_144)
    if not part:
        raise ConnectionError("the server hung up")
    line.got += part
    if not line.whole:
        end = line.got.find(b"\r\n\r\n")
        if end < 0:
            return 0
        line.whole = end + 4 + _length(bytes(line.got[:end]))
    if len(line.got) < line.whole:
        return 0
    status = int(line.got[9:12])
    line.got.clear()
    line.whole = 0
    return status


def _length(head: bytes) -> int:
    for row in head.lower().split(b"\r\n"):
        if row.startswith(b"content-length:"):
            return int(row[15:])
    return 0
