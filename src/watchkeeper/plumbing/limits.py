"""How often somebody may come: a fixed window of one minute for each key, in this process.

Each web node counts for itself, so that a flood costs no database write; with N nodes the limit is
up to N times the number. Memory is bounded: a minute's counts go when the next begins.
"""

import datetime as dt
import threading
from collections import Counter

from watchkeeper.kernel.errors import LimitError
from watchkeeper.plumbing import metrics

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_minute = 0
_MAX_KEYS = 100_000


class OverLimitError(LimitError):
    """Somebody came more often in this minute than they may.

    Attributes:
        excess: How many were refused of this key in this minute, this one included.
    """

    def __init__(self, message: str, *, retry_after_seconds: int, excess: int) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.excess = excess

    @property
    def newly_told(self) -> int:
        """How many refusals this one stands for in what is written down; 0: nothing is written.

        A flood must not become a flood of writes: the 1st, 2nd, 4th, 8th … is written and stands
        for those since the one before, so that what is written is at least half of what was.
        """
        is_power = self.excess & (self.excess - 1) == 0
        return max(self.excess // 2, 1) if is_power else 0


def check(key: str, *, limit: int, now: dt.datetime) -> None:
    """Count one more for ``key`` and refuse when there were more than ``limit`` this minute.

    Args:
        key: Who comes, as ``token:12`` or ``address:192.0.2.7``.
        limit: How many a minute are allowed.
        now: The present instant.

    Raises:
        OverLimitError: with the seconds until the next minute.
    """
    global _minute  # noqa: PLW0603  the window all keys share
    seconds = int(now.timestamp())
    with _lock:
        if seconds // 60 != _minute or len(_counts) > _MAX_KEYS:
            _minute = seconds // 60
            _counts.clear()
        _counts[key] += 1
        count = _counts[key]
    if count > limit:
        metrics.REFUSED.labels(key.partition(":")[0]).inc()
        raise OverLimitError(
            f"More than {limit} requests in a minute; wait a little",
            retry_after_seconds=60 - seconds % 60,
            excess=count - limit,
        )


def forget() -> None:
    """Forget all counts; for tests."""
    with _lock:
        _counts.clear()
