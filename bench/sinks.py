"""A provider that takes every call at once and remembers when each alert was first told."""

import asyncio
import json
import threading
import time
from collections import Counter


class Sink:
    """An HTTP server on this machine, in a thread of its own.

    Attributes:
        port: Where it listens.
        first: Key of an alert to the moment of the first call that told of it (``perf_counter``).
        calls: How many calls each person got.
    """

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.calls: Counter[str] = Counter()
        self.port = 0
        self._listens = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._listens.wait(10)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._listens.set()
        await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = next(
                    int(row[15:])
                    for row in head.split(b"\r\n")
                    if row.startswith(b"content-length")
                )
                body = await reader.readexactly(length)
                self._note(json.loads(body))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _note(self, call: dict[str, object]) -> None:
        moment = time.perf_counter()
        alerts = call["alerts"]
        assert isinstance(alerts, list)
        for alert in alerts:
            self.first.setdefault(alert["key"], moment)
        self.calls[str(call["person"])] += 1
