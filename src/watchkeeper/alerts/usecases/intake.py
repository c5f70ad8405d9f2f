"""What senders post, stored and decided: many posts in one transaction, each answered after it.

Where posts pile up they are stored first and stand in line to be decided; see ``backlog``.

Nothing here raises at a sender: what cannot be read goes to quarantine and opens an alert; what
cannot be stored is refused, so that the sender sends it again. Sources: reliability.md R1, R6,
R7, F22; oncall.md section 3.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    connection,
    transaction,
)

from watchkeeper.alerts.domain import events as domain
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.domain.lifecycle import Verdict
from watchkeeper.alerts.models import InboundEvent, InboundRequest, Integration
from watchkeeper.alerts.ports import (
    Answer,
    Door,
    Errand,
    Forwarding,
    Keeper,
    Post,
    Refused,
    Stored,
    Told,
    TurnedAwayError,
)
from watchkeeper.alerts.queries import keys, rules
from watchkeeper.alerts.queries.keys import Sender
from watchkeeper.alerts.usecases import backlog, doors, errands, heartbeats, repeats
from watchkeeper.alerts.usecases.deciding import Batch
from watchkeeper.alerts.usecases.holding import Incoming
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import crash_points, due_work, metrics, writing
from watchkeeper.plumbing.due_work import Claim

QUARANTINE_KEY = "watchkeeper/unreadable"
_TRIES = 3
_LONGEST_REASON = 1_000

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Arrival:
    """A post on its way.

    Attributes:
        door: By which it comes.
        post: What it is.
        answer: What the sender is told; ``None`` until it is stored or refused.
        sender: Whose it is; ``None`` until its key was looked at.
        events: What it says.
        fault: Why it could not be read; empty: it could.
        errand: What has to be done outside once it is stored.
        replay_of: The request that this is a repeat of.
        waits: Whether it is stored now and decided later.
        held: The claim under which one that waited is decided; ``None``: it did not wait.
        stored: What became of it; ``None`` until it is committed.
        items: Its events, with what became of them.
    """

    door: Door
    post: Post
    answer: Answer | None = None
    sender: Sender | None = None
    events: Sequence[Event] = ()
    fault: str = ""
    errand: Errand | None = None
    replay_of: int | None = None
    waits: bool = False
    held: Claim | None = None
    stored: Stored | None = None
    items: list[Incoming] = field(default_factory=list)


def store(arrivals: Sequence[Arrival], *, now: dt.datetime, is_pressed: bool = False) -> None:
    """Store posts and give each its answer: all in one transaction, or each alone if that fails.

    Args:
        arrivals: The posts; afterwards each has an answer.
        now: The present.
        is_pressed: Whether posts pile up, so that what may wait is decided later.
    """
    try:
        known = [arrival for arrival in arrivals if _knows_sender(arrival, now=now)]
        _line_up(known, is_pressed=is_pressed)
        ready = [arrival for arrival in known if arrival.waits or _read(arrival)]
        if ready and not _attempt(ready, now=now):
            for arrival in ready:  # one bad row must not stop its neighbours
                _store_alone(arrival, now=now)
    except Exception:  # the outermost edge of intake: the sender is asked to send it again
        logger.exception("intake failed")
        _mend()
    for arrival in arrivals:
        if arrival.stored is not None:
            arrival.answer = arrival.door.accepted(arrival.post, arrival.stored)
        elif arrival.answer is None:
            arrival.answer = arrival.door.refused(arrival.post, Refused.UNAVAILABLE)


def _knows_sender(arrival: Arrival, *, now: dt.datetime) -> bool:
    """Find out whose the post is; false if it goes no further."""
    if arrival.sender is None:
        key = arrival.door.key_of(arrival.post)
        arrival.sender = keys.sender_of(key, kind=arrival.door.kind, now=now)
    if arrival.sender is None:
        arrival.answer = arrival.door.refused(arrival.post, Refused.KEY)
        return False
    return not isinstance(arrival.door, Forwarding) or _forward(arrival, arrival.door)


def _line_up(arrivals: Sequence[Arrival], *, is_pressed: bool) -> None:
    """Mark the posts that are decided later; where the line is full they are refused."""
    may = {
        id(each): each.sender.id
        for each in arrivals
        if each.held is None
        and isinstance(each.door, doors.PathDoor)
        and each.door.may_wait
        and each.sender is not None
    }
    behind = set(may.values()) if is_pressed else backlog.behind(set(may.values()))
    if not behind:
        return
    is_full = backlog.LINE.is_full()
    for arrival in arrivals:
        if may.get(id(arrival)) not in behind:
            continue
        if is_full:
            arrival.answer = arrival.door.refused(arrival.post, Refused.OVERLOADED)
        else:
            arrival.waits = True


def _read(arrival: Arrival) -> bool:
    """Read what a post says, or find out why it cannot be read; false if it goes no further."""
    sender = arrival.sender
    if arrival.answer is not None or sender is None:
        return False
    if arrival.events:
        return True
    try:
        arrival.events = list(arrival.door.read(arrival.post, sender.settings))
        if isinstance(arrival.door, doors.PathDoor):
            arrival.errand = arrival.door.errand(arrival.post)
    except TurnedAwayError as error:
        logger.warning("a post was turned away", kind=arrival.door.kind, why=error.message)
        metrics.TURNED_AWAY.labels(arrival.door.kind).inc()
        arrival.answer = doors.turned_away(error)
        return False
    except InvalidError as error:
        arrival.fault = error.message[:_LONGEST_REASON]
    except Exception:  # a reader's fault must not lose what was posted
        logger.exception("a reader failed", kind=arrival.door.kind)
        arrival.fault = f"the reader of {arrival.door.kind} failed on it; the log has the fault"
    return True


def _forward(arrival: Arrival, door: Forwarding) -> bool:
    """Let the post count for whom it names; false if there is none such."""
    to = door.named(arrival.post)
    if to is None or arrival.sender is None or arrival.sender.kind == to[0]:
        return True
    arrival.sender = keys.forwarded(to, by=arrival.sender)
    if arrival.sender is None:
        arrival.answer = door.unknown(arrival.post)
    return arrival.sender is not None


def _store_alone(arrival: Arrival, *, now: dt.datetime) -> None:
    if _attempt([arrival], now=now) or arrival.fault or arrival.waits:
        return
    arrival.events, arrival.fault = (), "it holds what no database can keep"
    if not _attempt([arrival], now=now):
        arrival.answer = arrival.door.refused(arrival.post, Refused.UNAVAILABLE)


def _attempt(arrivals: Sequence[Arrival], *, now: dt.datetime) -> bool:
    """Store all of ``arrivals``, or none; a race with another node is run again."""
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                told = _store(arrivals, now=now)
                crash_points.reach("alerts.before_commit")
        except (IntegrityError, DataError):
            logger.warning("intake stores again", exc_info=True)
        except (DatabaseError, InterfaceError):
            logger.exception("intake cannot store")
            _mend()
        else:
            crash_points.reach("alerts.committed")
            for arrival, stored in zip(arrivals, told, strict=True):
                arrival.stored = stored
            return True
    return False


def _mend() -> None:
    """Let go of a connection that failed, unless a transaction around it needs it."""
    if not connection.in_atomic_block:
        connection.close()


def _store(arrivals: Sequence[Arrival], *, now: dt.datetime) -> list[Stored]:
    """Write everything that follows from ``arrivals`` in the caller's transaction."""
    held = [arrival.held for arrival in arrivals if arrival.held is not None]
    kept = {each.id for each in due_work.confirm_many(held)} if held else set()
    requests = _requests(arrivals)
    items: list[Incoming] = []
    for arrival in arrivals:
        is_lost = arrival.held is not None and arrival.held.id not in kept
        arrival.items = [] if arrival.waits or is_lost else items_of(arrival)
        items += arrival.items
    if items:
        Batch(items, rules.current(now=now), now=now).run()
        heartbeats.heard(
            [item.sender for item in items if item.event.action is Action.PING], now=now
        )
    for arrival in arrivals:
        sender = arrival.sender
        if sender is None:
            continue
        if arrival.errand is not None:
            errands.put(arrival.errand, integration_id=sender.id, now=now)
        if isinstance(arrival.door, Keeper) and not (arrival.fault or arrival.waits):
            arrival.door.keep(arrival.post, sender=sender.name, service=sender.service, now=now)
    rows = []
    for request, arrival in zip(requests, arrivals, strict=True):
        rows += [
            _event_row(request, place, item, now=arrival.post.received_at)
            for place, item in enumerate(arrival.items)
        ]
    ids = iter(writing.insert(InboundEvent, rows))
    due_work.finish_many([each for each in held if each.id in kept])
    return [
        Stored(
            id=str(request),
            events=tuple(_told(next(ids), item) for item in arrival.items),
            fault=arrival.fault,
            is_decided=not arrival.waits,
        )
        for request, arrival in zip(requests, arrivals, strict=True)
    ]


def _requests(arrivals: Sequence[Arrival]) -> list[int]:
    """Return the ids of posts, which are stored now unless they were before."""
    new = [arrival for arrival in arrivals if arrival.held is None]
    ids = iter(writing.insert(InboundRequest, [_request_row(each) for each in new]))
    found = [
        next(ids) if each.held is None else backlog.request_of(each.held.key) for each in arrivals
    ]
    backlog.put(
        (request, each.sender, len(each.post.body))
        for request, each in zip(found, arrivals, strict=True)
        if each.waits and each.sender is not None
    )
    return found


def items_of(arrival: Arrival) -> list[Incoming]:
    """Return the events of a post that was read, or the one that says that it was not."""
    sender = arrival.sender
    if sender is None:
        return []
    if not arrival.fault:
        is_replay = arrival.replay_of is not None  # told again on purpose, so it counts again
        names = ["" if is_replay else each.message for each in arrival.events]
        return [
            Incoming(sender, each, message=repeats.hash_of(name))
            for each, name in zip(arrival.events, names, strict=True)
        ]
    event = domain.make(
        Action.TRIGGER,
        QUARANTINE_KEY,
        title=f"{sender.name} sent what cannot be read",
        severity="error",
        description=arrival.fault,
    )
    return [Incoming(sender, event)]


def _request_row(arrival: Arrival) -> dict[str, object]:
    post = arrival.post
    return {
        "integration_id": arrival.sender.id if arrival.sender is not None else None,
        "received_at": post.received_at,
        "door": arrival.door.kind,
        "content_type": _printable(post.content_type)[:200],
        "body": post.body,
        "body_hash": hashlib.sha256(post.body).hexdigest(),
        "kept": doors.kept(post),
        "replay_of_id": arrival.replay_of,
    }


def _event_row(request: int, place: int, item: Incoming, *, now: dt.datetime) -> dict[str, object]:
    is_quarantined = item.event.key == QUARANTINE_KEY
    return {
        "request_id": request,
        "position": place,
        "received_at": now,
        "action": item.event.action.value,
        "scope": item.sender.scope,
        "key": item.event.key,
        "episode": item.event.episode,
        "message": item.message,
        "verdict": (Verdict.QUARANTINED if is_quarantined else item.verdict).value,
        "reason": (item.event.description if is_quarantined else item.reason)[:_LONGEST_REASON],
        "rule": item.rule,
        "alert_id": item.alert.id if item.alert is not None else None,
    }


def _told(pk: int, item: Incoming) -> Told:
    is_quarantined = item.event.key == QUARANTINE_KEY
    verdict = Verdict.QUARANTINED if is_quarantined else item.verdict
    alert = "" if item.alert is None or item.alert.id is None else str(item.alert.id)
    return Told(str(pk), item.event.key, verdict.value, item.reason, alert)


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


class _OwnDoor:
    """How the product itself tells of a condition."""

    kind = domain.OWN
    address = ""

    def knows(self, method: str, path: str) -> bool:
        """See ``Door``; nobody comes this way from outside."""
        del method, path
        return False

    def key_of(self, post: Post) -> str:
        """See ``Door``."""
        del post
        return ""

    def read(self, post: Post, settings: object) -> Sequence[Event]:
        """See ``Door``."""
        del post, settings
        return ()

    def accepted(self, post: Post, stored: Stored) -> Answer:
        """See ``Door``."""
        del post
        return Answer(202, {"id": stored.id})

    def refused(self, post: Post, why: Refused) -> Answer:
        """See ``Door``."""
        del post
        return Answer(503, {"detail": why.value})


def tell(
    integration: Integration, told: Sequence[Event], *, body: bytes, now: dt.datetime
) -> Stored:
    """Take in events that no sender posted, in the caller's transaction if there is one.

    Args:
        integration: On whose account.
        told: What happened.
        body: What is kept as the raw request.
        now: The present.
    """
    post = Post("POST", "", body, now, "application/json")
    arrival = Arrival(_OwnDoor(), post, sender=keys.sender(integration), events=told)
    return store_one(arrival, now=now)


def tell_of_errand(payload: Mapping[str, Any], event: Event, *, now: dt.datetime) -> None:
    """Take in what became of an errand, on account of who asked for it if they are still there.

    In the caller's transaction.
    """
    row = Integration.objects.filter(pk=payload["integration"]).first()
    if row is not None:
        body = json.dumps({"key": event.key, "title": event.title}).encode()
        tell(row, [event], body=body, now=now)


@transaction.atomic
def store_one(arrival: Arrival, *, now: dt.datetime) -> Stored:
    """Store a post that is read already, in the caller's transaction if there is one."""
    arrival.items = []
    (stored,) = _store([arrival], now=now)
    return stored
