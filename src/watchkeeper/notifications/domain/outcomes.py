"""How a delivery stands, how an attempt ended, and what follows from it."""

import datetime as dt
from dataclasses import dataclass
from enum import Enum

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0
GIVE_UP_AFTER = dt.timedelta(days=1)
_MOST_DOUBLINGS = 10


class DeliveryState(Enum):
    """Where a delivery is; the last four are the end of it."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Outcome(Enum):
    """What came of one call of a channel."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


ARRIVED = (Outcome.ACCEPTED, Outcome.DELIVERED)


@dataclass(frozen=True, slots=True)
class Result:
    """What a channel says of one call.

    Attributes:
        outcome: How it ended.
        detail: A sentence for people: what the other side said; no secret, no address.
        retry_after_seconds: How long the other side asks to be left alone; ``None``: it does not.
        was_called: Whether anything left the house.
    """

    outcome: Outcome
    detail: str = ""
    retry_after_seconds: float | None = None
    was_called: bool = True


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a delivery after an attempt.

    Attributes:
        state: Its state from now on; ``SCHEDULED`` is to be tried again.
        reason: Why, for people; empty where the state says it all.
        wait_seconds: When it is tried again; ``None`` if it is not.
        needs_another: Whether the person's next contact is called at once.
    """

    state: DeliveryState
    reason: str = ""
    wait_seconds: float | None = None
    needs_another: bool = False


def wait_seconds(tries: int, *, chance: float, retry_after_seconds: float | None = None) -> float:
    """Return how long to wait before the next attempt: 1, 2, 4 … 60 s, up to a quarter less.

    Args:
        tries: Attempts that failed so far, at least 1.
        chance: Where in the quarter, 0 to 1, so that many do not come back in one moment.
        retry_after_seconds: What the other side asked for; it is obeyed up to an hour.
    """
    doublings = min(max(tries, 1) - 1, _MOST_DOUBLINGS)
    wait = min(FIRST_WAIT_SECONDS * float(2**doublings), LONGEST_WAIT_SECONDS)
    wait *= 1 - 0.25 * chance
    asked = min(max(retry_after_seconds or 0.0, 0.0), LONGEST_RETRY_AFTER_SECONDS)
    return max(wait, asked)


def after_attempt(result: Result, *, tries: int, age: dt.timedelta, chance: float) -> Next:
    """Return what becomes of a delivery whose attempt ended as ``result`` says.

    Args:
        result: How it ended.
        tries: Attempts that failed, this one included if it did.
        age: How long ago the delivery was first due.
        chance: 0 to 1, spreads what is tried again.
    """
    if result.outcome in ARRIVED:
        return Next(DeliveryState.DELIVERED)
    if result.outcome is Outcome.PERMANENT:
        return Next(DeliveryState.FAILED, reason=result.detail, needs_another=True)
    if age >= GIVE_UP_AFTER:
        return Next(DeliveryState.FAILED, reason=f"given up after a day: {result.detail}")
    wait = wait_seconds(tries, chance=chance, retry_after_seconds=result.retry_after_seconds)
    return Next(
        DeliveryState.SCHEDULED,
        reason=result.detail,
        wait_seconds=wait,
        needs_another=tries == 1,
    )
