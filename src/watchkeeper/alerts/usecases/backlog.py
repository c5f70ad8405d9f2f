"""Posts that are accepted first and decided a moment later: how a storm is taken in.

Usually a post is decided before it is answered. When posts pile up, storing them comes first: each
becomes due work, which one engine at a time decides in the order in which it came. As long as an
integration has posts in this line all that it posts stands in it too, so that an end never
overtakes its beginning.
"""

import threading
from collections.abc import Iterable
from dataclasses import asdict

from watchkeeper.alerts.queries.keys import Sender
from watchkeeper.kernel import clock
from watchkeeper.plumbing import due_work, wake
from watchkeeper.plumbing.due_work import Work

KIND = "undecided"
LOOP = "alerts.decide"
MOST_POSTS = 20_000
"""Posts in line; beyond that senders are told to come back."""

_COUNTED_SECONDS = 1.0
_REQUEST = 10**20


class Line:
    """What this process knows of the line."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted_at = float("-inf")
        self._count = 0
        self._joined_at = float("-inf")

    def is_full(self) -> bool:
        """Return whether no post may join, as counted within a second."""
        with self._lock:
            if clock.monotonic() - self._counted_at >= _COUNTED_SECONDS:
                self._count = due_work.count(KIND)
                self._counted_at = clock.monotonic()
            return self._count >= MOST_POSTS

    def joined(self, posts: int) -> None:
        """Note that posts joined just now."""
        with self._lock:
            self._count += posts
            self._joined_at = clock.monotonic()

    def is_growing(self, *, seconds: float) -> bool:
        """Return whether this process let posts join within the last ``seconds``."""
        with self._lock:
            return clock.monotonic() - self._joined_at < seconds


LINE = Line()


def behind(integrations: Iterable[int]) -> set[int]:
    """Return those of ``integrations`` that have posts in line."""
    return {
        each
        for each in integrations
        if due_work.is_any_between(KIND, _key(each, 0), _key(each + 1, 0))
    }


def put(posts: Iterable[tuple[int, Sender, int]]) -> None:
    """Let stored posts stand in line, in the caller's transaction.

    Args:
        posts: Of each the id of its request, whose it is, and the bytes of its body.
    """
    listed = list(posts)
    if not listed:
        return
    now_ms = due_work.database_ms()
    work = [
        Work(_key(sender.id, request), now_ms, {"sender": asdict(sender), "bytes": size})
        for request, sender, size in listed
    ]
    due_work.put_many(KIND, work)
    LINE.joined(len(work))
    wake.ring(LOOP)


def first_request() -> int | None:
    """Return the id of the request that has stood in line for longest; ``None``: there is none."""
    first = due_work.oldest_key(KIND)
    return request_of(first) if first is not None else None


def request_of(key: str) -> int:
    """Return the id of the request that a piece of work is about."""
    return int(key) % _REQUEST


def _key(integration: int, request: int) -> str:
    """Return digits that sort by integration first, in every collation."""
    return f"{integration * _REQUEST + request:032d}"
