"""Telling a frozen server from a busy one, on this side of the connection.

When every process of PostgreSQL is stopped, the kernel goes on answering for it: no time-out of
the server's fires, nor does any of TCP's. So whoever waited two seconds for an answer knocks at
the server anew: one that is only busy answers a knock at once, however long a query takes.
"""

import select
import threading

import psycopg
from psycopg import pq

from watchkeeper.kernel import clock

SILENCE_SECONDS = 2.0
_KNOCK_SECONDS = 0.5
_VERDICT_SECONDS = 0.5

_lock = threading.Lock()
_frozen = False
_judged_at = float("-inf")


class FrozenError(psycopg.OperationalError):
    """The server takes connections and answers nothing."""


def check(dsn: str) -> None:
    """Return at once if the server was last seen alive, or answers a knock now.

    Raises:
        FrozenError: it was seen frozen and still is.
    """
    if _frozen and is_frozen(dsn):
        raise FrozenError("the database does not answer; it was last seen frozen")


def is_frozen(dsn: str) -> bool:
    """Return whether the server leaves a knock unanswered; asked at most twice a second.

    Args:
        dsn: Where the server is; a password is not needed.
    """
    global _frozen, _judged_at  # noqa: PLW0603  one server, one verdict for all threads
    with _lock:
        if clock.monotonic() - _judged_at > _VERDICT_SECONDS:
            _frozen = not _answers(dsn)
            _judged_at = clock.monotonic()
        return _frozen


def _answers(dsn: str) -> bool:
    """Return whether the server says anything to a new connection; a refusal is an answer."""
    knock = pq.PGconn.connect_start(dsn.encode())
    try:
        until = clock.monotonic() + _KNOCK_SECONDS
        while (left := until - clock.monotonic()) > 0:
            if knock.status == pq.ConnStatus.BAD:
                return True
            state = knock.connect_poll()
            if state in {pq.PollingStatus.OK, pq.PollingStatus.FAILED}:
                return True
            waits = [knock.socket]
            if state == pq.PollingStatus.WRITING:
                select.select([], waits, [], left)
            elif select.select(waits, [], [], left)[0]:
                return True
        return False
    finally:
        knock.finish()
