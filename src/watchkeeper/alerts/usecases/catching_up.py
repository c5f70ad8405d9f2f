"""Deciding what was accepted first: by one engine at a time, the oldest post first."""

import secrets
import time
from collections.abc import Iterator, Sequence

from watchkeeper.alerts.models import InboundRequest, Integration
from watchkeeper.alerts.queries.keys import Sender
from watchkeeper.alerts.usecases import backlog, doors, intake
from watchkeeper.alerts.usecases.intake import Arrival
from watchkeeper.kernel import clock
from watchkeeper.plumbing import crash_points, due_work
from watchkeeper.plumbing.due_work import Claim

_AT_ONCE = 64
_PORTION_BYTES = 256 * 1024
_LEASE_MS = 5_000
_GROWS_SECONDS = 0.1
_RESTS = 7.0
_LONGEST_REST = 1.0
_OWNER = f"decider-{secrets.token_hex(4)}"


def decide_some() -> bool:
    """Decide some of the posts in line, unless another engine does; return whether any were.

    While this process takes in posts faster than it decides them that goes first: an eighth of
    the time is left to deciding.
    """
    held = due_work.claim_in_line(
        kind=backlog.KIND, owner=_OWNER, limit=_AT_ONCE, lease_ms=_LEASE_MS
    )
    rest = list(held)
    for portion in _portions(held):
        began = clock.monotonic()
        _decide(portion)
        rest = rest[len(portion) :]
        _give_way(_RESTS * (clock.monotonic() - began))
        due_work.renew_many(rest, lease_ms=_LEASE_MS)
    return bool(held)


def _portions(held: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Yield claims in portions that one transaction decides in a fraction of a second."""
    portion: list[Claim] = []
    size = 0
    for each in held:
        if portion and size + each.payload["bytes"] > _PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(each)
        size += each.payload["bytes"]
    if portion:
        yield portion


def _give_way(seconds: float) -> None:
    """Rest while posts join the line, at most so long."""
    end = clock.monotonic() + min(seconds, _LONGEST_REST)
    while clock.monotonic() < end and backlog.LINE.is_growing(seconds=_GROWS_SECONDS):
        time.sleep(0.01)


def _decide(held: Sequence[Claim]) -> None:
    """Decide posts; what cannot be is tried again later, more and more rarely."""
    arrivals = _arrivals(held)
    intake.store(arrivals, now=clock.now())
    crash_points.reach("alerts.caught_up")
    for arrival in arrivals:
        if arrival.stored is None and arrival.held is not None:
            due_work.fail(arrival.held, error="it could not be decided; see the log", forever=True)


def _arrivals(held: Sequence[Claim]) -> list[Arrival]:
    wanted = {backlog.request_of(each.key): each for each in held}
    requests = InboundRequest.objects.in_bulk(list(wanted))
    ids = {each.payload["sender"]["id"] for each in held}
    there = set(Integration.objects.filter(pk__in=ids).values_list("pk", flat=True))
    found = []
    for number, each in wanted.items():
        request, said = requests.get(number), dict(each.payload["sender"])
        door = doors.of_kind(request.door) if request is not None else None
        if request is None or door is None:
            error = "its post is gone" if request is None else f"nothing reads {request.door}"
            due_work.fail(each, error=error, forever=True)
            continue
        sender = Sender(**(said | {"id": said["id"] if said["id"] in there else 0}))
        post = doors.post_again(request, body=bytes(request.body), received_at=request.received_at)
        found.append(Arrival(door, post, sender=sender, held=each))
    return found
