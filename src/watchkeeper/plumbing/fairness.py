"""Turns for work that waits: a storm of one lane does not make the others wait for its end.

Work of a lane that comes faster than a hundred pieces a second falls behind its own due time, by a
step for each piece. What is due is done in the order of due time and what it fell behind, so that
the first piece of another lane goes before most of the storm. Nothing waits because of it while
there are free hands.

Each process remembers for itself what it put; of N nodes each spreads its own share of a storm.

Source: virtual clock scheduling, L. Zhang, SIGCOMM 1990; reliability.md F19, oncall.md I13.
"""

import threading

STEP_MS = 10
FARTHEST_MS = 600_000
_MOST = 50_000

_lock = threading.Lock()
_last: dict[tuple[str, str], int] = {}


def behind_ms(kind: str, lane: str, due_ms: int) -> int:
    """Return how far the next piece of a lane falls behind its due time, and remember it.

    Args:
        kind: What sort of work.
        lane: Whose it is, as the name of a service; empty: of no lane, which never falls behind.
        due_ms: When it is due, milliseconds since the epoch.

    Returns:
        Milliseconds, from 0 to ten minutes.
    """
    if not lane:
        return 0
    with _lock:
        if len(_last) > _MOST:
            _last.clear()
        place = max(due_ms, _last.get((kind, lane), 0) + STEP_MS)
        place = min(place, due_ms + FARTHEST_MS)
        _last[kind, lane] = place
    return place - due_ms


def forget() -> None:
    """Forget all lanes; for tests."""
    with _lock:
        _last.clear()
