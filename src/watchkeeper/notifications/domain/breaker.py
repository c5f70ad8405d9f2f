"""A breaker: who failed often in a row is left alone for a while, one call at a time finds out.

Pure: the caller keeps the state of each provider and tells the time.
"""

from dataclasses import dataclass, replace

FAILURES_TO_OPEN = 5
REST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one provider.

    Attributes:
        failures: Calls that failed in a row.
        rests_until: Until when it is left alone, in seconds of a clock that never runs backwards.
    """

    failures: int = 0
    rests_until: float = 0.0


def asks(state: Breaker, *, now: float) -> tuple[bool, Breaker]:
    """Return whether a call may go out now, and the state from then on.

    After the rest one call may, and the others rest until it has ended or another rest is over.
    """
    if state.failures < FAILURES_TO_OPEN:
        return True, state
    if now < state.rests_until:
        return False, state
    return True, replace(state, rests_until=now + REST_SECONDS)


def ended(state: Breaker, *, is_good: bool, now: float) -> Breaker:
    """Return the state after a call: one that went well closes it."""
    if is_good:
        return Breaker()
    return Breaker(state.failures + 1, now + REST_SECONDS)
