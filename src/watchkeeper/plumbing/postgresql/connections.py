"""A connection that gives up on a frozen server; pools of which one is kept in reserve."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from functools import cached_property
from typing import Any

import psycopg

from watchkeeper.kernel import clock
from watchkeeper.plumbing.postgresql import silence

_INTERVAL_SECONDS = 0.1


class Lane(Enum):
    """For what a connection is taken; each lane has a pool of its own.

    Screens and reads may use up theirs; what must not be refused for it, intake and the engine,
    has the reserve.
    """

    RESERVE = "reserve"
    SCREENS = "screens"


lane: ContextVar[Lane] = ContextVar("lane", default=Lane.RESERVE)


@contextmanager
def taken_for(wanted: Lane) -> Iterator[None]:
    """Take connections from ``wanted`` inside the block."""
    before = lane.set(wanted)
    try:
        yield
    finally:
        lane.reset(before)


class GuardedConnection(psycopg.Connection[Any]):
    """Waits for answers as long as the server is alive, and no longer."""

    def wait(
        self, gen: Any, interval: float = _INTERVAL_SECONDS, timeout: float | None = None
    ) -> Any:
        """Wait for ``gen``; see psycopg.

        Raises:
            FrozenError: the server said nothing for 2 s and does not answer a knock.
        """
        try:
            silence.check(self._dsn)
            return super().wait(_watched(gen, self._dsn), interval, timeout)
        except silence.FrozenError:
            self.pgconn.finish()  # closes the socket; nothing that comes late is believed
            raise

    @cached_property
    def _dsn(self) -> str:
        """Which server; psycopg puts it together anew each time, which every query would pay."""
        return self.info.dsn


def _watched(gen: Any, dsn: str) -> Generator[Any, Any, Any]:
    """Hand on what ``gen`` and its waiter say to each other, and look at the clock meanwhile."""
    heard_at = clock.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard_at = clock.monotonic()
            elif clock.monotonic() - heard_at >= silence.SILENCE_SECONDS:
                if silence.is_frozen(dsn):
                    gen.close()
                    raise silence.FrozenError("the database said nothing for 2 s; it is frozen")
                heard_at = clock.monotonic()
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
