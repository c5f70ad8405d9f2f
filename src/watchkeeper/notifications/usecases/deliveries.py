"""Deliveries: planned and cancelled; what a delivery keeps of its message.

Locks are always taken in one order, due work first, deliveries after it and the pace of a contact
last, so that an acknowledgement and the sender never wait for each other.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from watchkeeper.identity import queries as identity
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain import bundling
from watchkeeper.notifications.domain.bundling import Decision, Waiting
from watchkeeper.notifications.domain.outcomes import DeliveryState
from watchkeeper.notifications.models import Delivery
from watchkeeper.notifications.ports import Message, PagedAlert, Planned
from watchkeeper.notifications.queries import paces
from watchkeeper.plumbing import due_work, wake, writing
from watchkeeper.plumbing.due_work import Work

KIND = "delivery"
LOOP = "notifications.send"
_STORED = [each.name for each in fields(Message) if each.name not in ("act_url", "pages", "code")]
_OF_ALERTS = [each.name for each in fields(PagedAlert)]
OPEN = (DeliveryState.SCHEDULED.value, DeliveryState.SENDING.value)


def schedule(planned: Sequence[Planned], *, now: dt.datetime, is_urgent: bool = False) -> None:
    """Add deliveries, in the caller's transaction; one that is there stays as it is.

    Args:
        planned: What is to be delivered; what is skipped is kept with its reason.
        now: The present.
        is_urgent: Whether they are not held back to go with others.
    """
    ids = identity.ids_of({each.person for each in planned})
    contacts = queries.contacts_at((ids.get(each.person), each.contact) for each in planned)
    channels = {place: contact.channel for place, contact in contacts.items()}
    places = {each.page_id: (ids.get(each.person, 0), each.contact) for each in planned}
    messages = {each.page_id: stored(each.message) for each in planned}
    waits: Mapping[str, Decision] = {}
    if not is_urgent and paces.window():
        called = {page: contacts[place].pk for page, place in places.items() if place in contacts}
        waits = _waits(planned, called, messages, now=now)
    rows = [
        Delivery(
            page_id=each.page_id,
            group=each.group,
            user_id=ids.get(each.person),
            contact=each.contact,
            channel=channels.get(places[each.page_id], ""),
            due_at=each.due_at,
            state=(DeliveryState.SKIPPED if each.skipped else DeliveryState.SCHEDULED).value,
            reason=each.skipped or (waits[each.page_id].reason if each.page_id in waits else ""),
            message=messages[each.page_id],
            is_test=each.message.is_test,
            held_until=now if is_urgent else _until(each, waits),
            created_at=now,
            settled_at=now if each.skipped else None,
        )
        for each in planned
    ]
    writing.add(rows)
    work = [
        Work(each.page_id, ms(_until(each, waits) or each.due_at), lane=_lane(each.message))
        for each in planned
        if not each.skipped
    ]
    due_work.put_many(KIND, work)
    wake.ring(LOOP)


def _waits(
    planned: Sequence[Planned],
    called: Mapping[str, int],
    messages: Mapping[str, Mapping[str, Any]],
    *,
    now: dt.datetime,
) -> dict[str, Decision]:
    """Return what is due but waits for a call of its contact, by page.

    It would be told so when it is taken up; in a storm that was a fifth of all work. The pace is
    read without a lock: where the call before it fails in this very moment, it waits all the same.
    """
    due: dict[int, list[Planned]] = {}
    for each in planned:
        is_paced = each.page_id in called and not each.skipped and not each.message.is_test
        if is_paced and each.due_at <= now:
            due.setdefault(called[each.page_id], []).append(each)
    window = paces.window()
    told = paces.calls_by_contact(due, since=now - window) if due else {}
    found: dict[str, Decision] = {}
    for pk, calls in told.items():
        waiting = [
            weighed(messages[each.page_id], due_at=each.due_at, held_until=None)
            for each in due[pk]
        ]
        then = bundling.decide(waiting, calls, window=window, now=now)
        if then.wait_until is not None:
            found |= {each.page_id: then for each in due[pk]}
    return found


def _until(each: Planned, waits: Mapping[str, Decision]) -> dt.datetime | None:
    """Return until when a delivery waits; ``None``: it does not."""
    return waits[each.page_id].wait_until if each.page_id in waits else None


def _lane(message: Message) -> str:
    """Return whose turn a delivery takes: that of its service."""
    return next((alert.service for alert in message.alerts), "")


def cancel(page_ids: Collection[str], *, reason: str, now: dt.datetime) -> int:
    """End what has not arrived, in the caller's transaction; return how many were ended.

    A call that is in flight may still finish; none begins after the commit.

    Args:
        page_ids: Which.
        reason: Why, for people.
        now: The present.
    """
    due_work.withdraw(KIND, page_ids)
    ended = 0
    for part in due_work.portions(page_ids):
        rows = Delivery.objects.filter(page_id__in=part, state__in=OPEN)
        ended += rows.update(state=DeliveryState.CANCELLED.value, reason=reason, settled_at=now)
    return ended


def waiting_of(row: Delivery) -> Waiting:
    """Return what is weighed of a delivery before it goes."""
    return weighed(row.message, due_at=row.due_at, held_until=row.held_until)


def weighed(
    message: Mapping[str, Any], *, due_at: dt.datetime, held_until: dt.datetime | None
) -> Waiting:
    """Return what is weighed of a delivery with these columns."""
    alerts = message.get("alerts") or [{}]
    rank = max(int(alert.get("rank", 0)) for alert in alerts)
    return Waiting(
        due_at=due_at,
        service=str(alerts[0].get("service", "")),
        grade=bundling.grade(str(message.get("urgency", "high")), rank),
        held_until=held_until,
    )


def key_of(row: Delivery) -> str:
    """Return the key of the work that a delivery hangs on: its own, or that of its bundle."""
    return row.bundle or row.page_id


def locked(**where: Any) -> list[Delivery]:
    """Return deliveries that nobody else changes before the transaction ends."""
    return list(Delivery.objects.select_for_update().filter(**where).order_by("pk"))


def locked_by_key(keys: Iterable[str]) -> list[Delivery]:
    """Return the deliveries that hang on work of these keys, those in a bundle only while open."""
    wanted = set(keys)
    bundles = {key for key in wanted if key.startswith(bundling.PREFIX)}
    found = locked(page_id__in=wanted - bundles)
    return found + locked(bundle__in=bundles, state__in=OPEN) if bundles else found


def stored(message: Message) -> dict[str, Any]:
    """Return a message as a delivery keeps it: without what opens a door."""
    data = {name: getattr(message, name) for name in _STORED}
    data["alerts"] = [
        {name: getattr(each, name) for name in _OF_ALERTS} for each in data["alerts"]
    ]
    return data


def message_from(data: Mapping[str, Any]) -> Message:
    """Return the message that a delivery keeps."""
    alerts = tuple(PagedAlert(**alert) for alert in data["alerts"])
    return Message(**{**data, "alerts": alerts})


def end(rows: Sequence[Delivery], state: DeliveryState, reason: str, now: dt.datetime) -> None:
    """Let deliveries be at their end."""
    for row in rows:
        row.state, row.reason, row.settled_at = state.value, reason, now
    for part in due_work.portions([row.pk for row in rows]):
        Delivery.objects.filter(pk__in=part).update(
            state=state.value, reason=reason, settled_at=now
        )


def ms(moment: dt.datetime) -> int:
    """Return an instant in milliseconds since the epoch."""
    return int(moment.timestamp() * 1000)
