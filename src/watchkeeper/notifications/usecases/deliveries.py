"""Deliveries: planned and cancelled; what a delivery keeps of its message.

Locks are always taken in one order, due work first, deliveries after it and the pace of a contact
last, so that an acknowledgement and the sender never wait for each other.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from watchkeeper.identity import queries as identity
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain import bundling
from watchkeeper.notifications.domain.bundling import Waiting
from watchkeeper.notifications.domain.outcomes import DeliveryState
from watchkeeper.notifications.models import Delivery
from watchkeeper.notifications.ports import Message, PagedAlert, Planned
from watchkeeper.plumbing import due_work, wake, writing
from watchkeeper.plumbing.due_work import Work

KIND = "delivery"
LOOP = "notifications.send"
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
    rows = [
        Delivery(
            page_id=each.page_id,
            group=each.group,
            user_id=ids.get(each.person),
            contact=each.contact,
            channel=channels.get((ids.get(each.person, 0), each.contact), ""),
            due_at=each.due_at,
            state=(DeliveryState.SKIPPED if each.skipped else DeliveryState.SCHEDULED).value,
            reason=each.skipped,
            message=stored(each.message),
            is_test=each.message.is_test,
            held_until=now if is_urgent else None,
            created_at=now,
            settled_at=now if each.skipped else None,
        )
        for each in planned
    ]
    writing.add(rows)
    work = [
        Work(each.page_id, ms(each.due_at), lane=_lane(each.message))
        for each in planned
        if not each.skipped
    ]
    due_work.put_many(KIND, work)
    wake.ring(LOOP)


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
    alerts = row.message.get("alerts") or [{}]
    rank = max(int(alert.get("rank", 0)) for alert in alerts)
    return Waiting(
        due_at=row.due_at,
        service=str(alerts[0].get("service", "")),
        grade=bundling.grade(str(row.message.get("urgency", "high")), rank),
        held_until=row.held_until,
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
    data = asdict(message)
    del data["act_url"], data["pages"], data["code"]
    return data


def message_from(data: Mapping[str, Any]) -> Message:
    """Return the message that a delivery keeps."""
    alerts = tuple(PagedAlert(**alert) for alert in data["alerts"])
    return Message(**{**data, "alerts": alerts})


def end(row: Delivery, state: DeliveryState, reason: str, now: dt.datetime) -> None:
    """Let a delivery be at its end."""
    row.state, row.reason, row.settled_at = state.value, reason, now
    row.save(update_fields=["state", "reason", "tries", "settled_at"])


def ms(moment: dt.datetime) -> int:
    """Return an instant in milliseconds since the epoch."""
    return int(moment.timestamp() * 1000)
