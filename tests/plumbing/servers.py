"""Servers that misbehave on the wire, for tests of what leaves the process."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Speak = Callable[[socket.socket], None]


class Counted:
    """How many connections a server saw, and what they sent first."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[bytes] = []


@contextlib.contextmanager
def tcp_server(speak: Speak, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Counted]:
    """Accept connections, read the head of a request, and let ``speak`` answer."""
    listener = socket.create_server((host, port))
    seen = Counted(listener.getsockname()[1])

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            seen.received.append(connection.recv(65536))
            speak(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield seen
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(timeout=5)


def answering(body: bytes, *, head: str = "200 OK", headers: str = "") -> Speak:
    """Return what speaks one HTTP answer."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(
            f"HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
            f"{headers}\r\n".encode()
            + body
        )

    return speak
