"""How often somebody may come: a fixed window of one minute for each key, in this process.

Each web node counts for itself, so that a flood costs no database write; with N nodes the limit is
up to N times the number. Memory is bounded: a minute's counts go when the next begins.
"""

import datetime as dt
import threading
from collections import Counter

from watchkeeper.kernel.errors import LimitError

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_minute = 0
_MAX_KEYS = 100_000


def check(key: str, *, limit: int, now: dt.datetime) -> None:
    """Count one more for ``key`` and refuse when there were more than ``limit`` this minute.

    Args:
        key: Who comes, as ``token:12`` or ``address:192.0.2.7``.
        limit: How many a minute are allowed.
        now: The present instant.

    Raises:
        LimitError: with the seconds until the next minute.
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
        raise LimitError(
            f"More than {limit} requests in a minute; wait a little",
            retry_after_seconds=60 - seconds % 60,
        )


def forget() -> None:
    """Forget all counts; for tests."""
    with _lock:
        _counts.clear()
