"""Who writes next: in the order in which they asked.

SQLite has one writer at a time, and whoever finds it taken sleeps and looks again, in ever longer
steps. Many threads that write short things then keep one that writes long ones waiting for ever:
the intake stood still for seconds while the engine worked off what it had taken in.
Source: https://www.sqlite.org/c3ref/busy_timeout.html.
"""

import threading
from collections import deque


class Turns:
    """A lock that is handed on in the order of asking; whoever took it may be another thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self, *, seconds: float) -> bool:
        """Wait for a turn, at most ``seconds``; false: it did not come."""
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._guard:
            if mine.is_set():  # it came in this very moment
                return True
            self._waiting.remove(mine)
        return False

    def give(self) -> None:
        """End a turn, which is the next one's."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
