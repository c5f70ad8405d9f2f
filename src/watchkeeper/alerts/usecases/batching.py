"""Posts that wait at the same moment share one commit; each is answered after it.

One thread with a connection of its own writes; whoever waits is woken when the commit is done.
What waits is bounded: beyond that a sender is told to come back.
"""

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

import structlog
from django.db import close_old_connections, connection

from watchkeeper.alerts.ports import Answer, Refused
from watchkeeper.alerts.usecases import intake
from watchkeeper.alerts.usecases.intake import Arrival
from watchkeeper.kernel import clock

MOST_WAITING = 4_000
MOST_BYTES = 64 * 1024 * 1024
MOST_POSTS = 256
MOST_BATCH_BYTES = 4 * 1024 * 1024
WAIT_SECONDS = 2.0
PATIENCE_SECONDS = 0.1
PILE_BYTES = 64 * 1024
BIG_PILE_BYTES = 512 * 1024
"""Posts of so many bytes that wait together, or of the lesser that wait for longer than our
patience, are stored first and decided later."""

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    since: float
    done: "Future[Answer]" = field(default_factory=Future)


class Batcher:
    """Collects posts and stores them together."""

    def __init__(self) -> None:
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, arrival: Arrival) -> "Future[Answer]":
        """Let ``arrival`` be stored; the future has the answer once that is committed."""
        waiting = _Waiting(arrival, clock.monotonic())
        size = len(arrival.post.body)
        with self._changed:
            is_full = len(self._queue) >= MOST_WAITING or self._bytes + size > MOST_BYTES
            if not is_full:
                self._queue.append(waiting)
                self._bytes += size
                self._changed.notify()
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                    self._thread.start()
        if is_full:
            refusal = arrival.door.refused(arrival.post, Refused.OVERLOADED)
            waiting.done.set_result(refusal)
        return waiting.done

    def _run(self) -> None:
        while True:
            batch = self._take()
            try:
                self._store(batch)
            except Exception:  # the outermost loop: whoever waits is told to come back
                logger.exception("the intake lost its footing and goes on")
                connection.close()
                for waiting in batch:
                    _answer(waiting, Refused.UNAVAILABLE)

    def _take(self) -> list[_Waiting]:
        """Return the posts that wait, as many as one commit should hold; waits for the first."""
        with self._changed:
            while not self._queue:
                self._changed.wait()
            batch: list[_Waiting] = []
            size = 0
            while self._queue and len(batch) < MOST_POSTS and size < MOST_BATCH_BYTES:
                waiting = self._queue.popleft()
                size += len(waiting.arrival.post.body)
                batch.append(waiting)
            self._bytes -= size
        return batch

    def _store(self, batch: list[_Waiting]) -> None:
        moment = clock.monotonic()
        ready = []
        for waiting in batch:
            if moment - waiting.since >= WAIT_SECONDS:  # its sender was told to come back
                _answer(waiting, Refused.OVERLOADED)
            else:
                ready.append(waiting)
        if connection.errors_occurred:
            close_old_connections()
        intake.store(
            [waiting.arrival for waiting in ready],
            now=clock.now(),
            is_pressed=_is_pile(ready, moment=moment),
        )
        for waiting in ready:
            _answer(waiting, Refused.UNAVAILABLE)


def _is_pile(batch: list[_Waiting], *, moment: float) -> bool:
    """Return whether posts come faster than they are decided."""
    longest = max((moment - waiting.since for waiting in batch), default=0.0)
    size = sum(len(waiting.arrival.post.body) for waiting in batch)
    return size > BIG_PILE_BYTES or (longest > PATIENCE_SECONDS and size > PILE_BYTES)


def _answer(waiting: _Waiting, otherwise: Refused) -> None:
    """Wake whoever waits, unless they went away."""
    arrival = waiting.arrival
    answer = arrival.answer or arrival.door.refused(arrival.post, otherwise)
    if waiting.done.set_running_or_notify_cancel():
        waiting.done.set_result(answer)


BATCHER = Batcher()
