"""A way to a server that can be cut: what a broken network does to those who use it.

The relay is a TCP proxy on loopback. Bytes wait in it while their direction is stalled and go on
when it heals, as those that a network sends again; ``cut`` breaks what is open and refuses what is
new. A direction that is stalled looks to its sender as if all went well: a half-open link.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from enum import Flag, auto

_PIECE = 65_536
_DEADLINE_SECONDS = 10
_RESET = struct.pack("ii", 1, 0)


class Way(Flag):
    """In which direction bytes go."""

    TO_SERVER = auto()
    TO_CLIENT = auto()
    BOTH = TO_SERVER | TO_CLIENT


class Relay:
    """Stands between clients and the server at ``target``, a port of loopback."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._gates: dict[Way, asyncio.Event] = {}
        self._open: set[asyncio.StreamWriter] = set()
        self._pairs: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._words: tuple[bytes, ...] = ()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self._do(self._begin())

    def stall(self, way: Way = Way.BOTH) -> None:
        """Let bytes of a direction wait; connections are taken and stay open."""
        self._do(self._stall(way))

    def stall_answers_after(self, *words: bytes) -> None:
        """Let answers wait from the moment on at which one client has sent these, in order."""
        self._words = words

    @property
    def is_stalled(self) -> bool:
        """Whether bytes of any direction wait."""
        return not all(gate.is_set() for gate in self._gates.values())

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self._do(self._cut())

    def heal(self) -> None:
        """Let everything go on."""
        self._do(self._heal())

    def close(self) -> None:
        """Be gone."""
        self._do(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=_DEADLINE_SECONDS)
        self._loop.close()

    def _do(self, what: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(_DEADLINE_SECONDS)

    async def _begin(self) -> None:
        for way in (Way.TO_SERVER, Way.TO_CLIENT):
            self._gates[way] = asyncio.Event()
            self._gates[way].set()
        await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stall(self, way: Way) -> None:
        for each, gate in self._gates.items():
            if each in way:
                gate.clear()

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            _reset(writer)
        for pair in self._pairs:
            pair.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)

    async def _heal(self) -> None:
        for gate in self._gates.values():
            gate.set()
        if self._server is None:
            await self._listen()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stand between one client and the server until either ends."""
        pair = asyncio.current_task()
        assert pair is not None
        self._pairs.add(pair)
        self._open.add(writer)
        try:
            back, onward = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(onward)
            try:
                await asyncio.gather(
                    self._pump(reader, onward, self._gates[Way.TO_SERVER], listens=True),
                    self._pump(back, writer, self._gates[Way.TO_CLIENT]),
                )
            finally:
                self._open.discard(onward)
                onward.close()
        except (OSError, asyncio.CancelledError):
            pass  # cut, or one of them is gone
        finally:
            self._open.discard(writer)
            self._pairs.discard(pair)
            writer.close()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        gate: asyncio.Event,
        *,
        listens: bool = False,
    ) -> None:
        heard = 0
        while True:
            piece = await source.read(_PIECE)
            await gate.wait()
            if not piece:
                break
            if listens:
                heard = self._listen_for(piece, heard)
            sink.write(piece)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.write_eof()

    def _listen_for(self, piece: bytes, heard: int) -> int:
        """Return how many of the words were heard by now; at the last of them answers wait."""
        while heard < len(self._words) and self._words[heard] in piece:
            piece = piece.partition(self._words[heard])[2]
            heard += 1
        if self._words and heard == len(self._words):
            self._words = ()
            self._gates[Way.TO_CLIENT].clear()
        return heard


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection so that its other end is told at once."""
    plug: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


WAYS: dict[str, Callable[[Relay], None]] = {
    "both": Relay.stall,
    "no answers": lambda way: way.stall(Way.TO_CLIENT),
    "no questions": lambda way: way.stall(Way.TO_SERVER),
    "refused": Relay.cut,
}
"""The ways in which a link breaks, in words."""


@contextlib.contextmanager
def relay(target: int) -> Iterator[Relay]:
    """Stand before a port of loopback until the block ends."""
    made = Relay(target)
    try:
        yield made
    finally:
        made.heal()
        made.close()
