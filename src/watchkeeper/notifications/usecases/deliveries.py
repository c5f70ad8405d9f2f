"""Deliveries: planned, cancelled, marked as on their way, and settled by what came of a call.

Locks are always taken in one order, due work first and deliveries after it, so that an
acknowledgement and the sender never wait for each other.
"""

import datetime as dt
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import F

from watchkeeper.identity import queries as identity
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain.outcomes import (
    ARRIVED,
    DeliveryState,
    Next,
    Outcome,
    Result,
    after_attempt,
)
from watchkeeper.notifications.models import Attempt, Contact, Delivery
from watchkeeper.notifications.ports import Message, PagedAlert, Planned, Recipient
from watchkeeper.notifications.usecases import links, signing
from watchkeeper.plumbing import crash_points, due_work, metrics, wake
from watchkeeper.plumbing.due_work import Claim, Work

KIND = "delivery"
LOOP = "notifications.send"
_OPEN = (DeliveryState.SCHEDULED.value, DeliveryState.SENDING.value)
_GONE = "the contact was removed"
_LATE = "accepted although it was cancelled meanwhile"


@dataclass(frozen=True, slots=True)
class Calling:
    """A call that is marked and may go out now.

    Attributes:
        held: The claim under which it goes.
        attempt_id: The attempt that is written down already.
        channel: Name of the channel.
        message: What is told.
        to: Where.
    """

    held: Claim
    attempt_id: int
    channel: str
    message: Message
    to: Recipient


def schedule(planned: Sequence[Planned], *, now: dt.datetime) -> None:
    """Add deliveries, in the caller's transaction; one that is there stays as it is.

    Args:
        planned: What is to be delivered; what is skipped is kept with its reason.
        now: The present.
    """
    ids = identity.ids_of({each.person for each in planned})
    rows = [
        Delivery(
            page_id=each.page_id,
            group=each.group,
            user_id=ids.get(each.person),
            contact=each.contact,
            due_at=each.due_at,
            state=(DeliveryState.SKIPPED if each.skipped else DeliveryState.SCHEDULED).value,
            reason=each.skipped,
            message=_stored(each.message),
            is_test=each.message.is_test,
            created_at=now,
            settled_at=now if each.skipped else None,
        )
        for each in planned
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
    work = [Work(each.page_id, _ms(each.due_at)) for each in planned if not each.skipped]
    due_work.put_many(KIND, work)
    wake.ring(LOOP)


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
        rows = Delivery.objects.filter(page_id__in=part, state__in=_OPEN)
        ended += rows.update(state=DeliveryState.CANCELLED.value, reason=reason, settled_at=now)
    return ended


def mark(held: Collection[Claim], *, now: dt.datetime) -> list[Calling]:
    """Note that calls go out now, after looking once more whether they are wanted.

    In one transaction under the claims: who was cancelled, whose contact is gone or whose page is
    no longer wanted ends here; for all others an attempt is written before anything leaves.

    Args:
        held: Deliveries that were claimed.
        now: The present.

    Returns:
        The calls to make, at once.
    """
    with transaction.atomic():
        kept = {each.key: each for each in due_work.confirm_many(held)}
        rows = _locked(kept)
        contacts = queries.contacts_of_users({row.user_id for row in rows if row.user_id})
        unwanted = queries.page_keeper().unwanted([row.page_id for row in rows])
        found: list[tuple[Delivery, Contact]] = []
        done = set(kept) - {row.page_id for row in rows}
        for row in rows:
            contact = contacts.get((row.user_id or 0, row.contact))
            reason = unwanted.get(row.page_id, "")
            if row.state in _OPEN and not reason and contact is not None:
                found.append((row, contact))
                continue
            done.add(row.page_id)
            if row.state in _OPEN:
                _drop(row, reason, now=now)
        due_work.finish_many([kept[key] for key in done])
        calls = _begin(found, kept, now=now)
    crash_points.reach("delivery.marked_sending")
    return calls


def _drop(row: Delivery, reason: str, *, now: dt.datetime) -> None:
    """End a delivery that is no longer wanted, or whose contact is gone."""
    if reason:
        _end(row, DeliveryState.CANCELLED, reason, now)
        return
    _end(row, DeliveryState.FAILED, _GONE, now)
    _call_another(row, now=now)


def _begin(
    found: Sequence[tuple[Delivery, Contact]], kept: Mapping[str, Claim], *, now: dt.datetime
) -> list[Calling]:
    """Write down attempts and return their calls; what was begun before may have arrived."""
    ids = [row.pk for row, _ in found]
    Attempt.objects.filter(delivery__in=ids, ended_at__isnull=True).update(
        ended_at=now, detail="the process that made the call ended or lost its lease"
    )
    Delivery.objects.filter(pk__in=ids).update(state=DeliveryState.SENDING.value, reason="")
    earlier = Attempt.objects.filter(delivery__in=ids).exclude(outcome=Outcome.PERMANENT.value)
    repeated = set(earlier.values_list("delivery_id", flat=True))
    attempts = Attempt.objects.bulk_create(Attempt(delivery_id=pk, at=now) for pk in ids)
    return [
        Calling(
            held=kept[row.page_id],
            attempt_id=attempt.pk,
            channel=contact.channel,
            message=_told(row, may_repeat=row.pk in repeated),
            to=Recipient(
                contact.address, signing.secret_of(contact), is_by_admin=contact.is_by_admin
            ),
        )
        for (row, contact), attempt in zip(found, attempts, strict=True)
    ]


def _told(row: Delivery, *, may_repeat: bool) -> Message:
    """Return what is told now: with the link that answers the page, unless it is a test."""
    act_url = "" if row.is_test else links.address_of(row.page_id)
    return replace(message_from(row.message), may_repeat=may_repeat, act_url=act_url)


def record(results: Iterable[tuple[Calling, Result]], *, now: dt.datetime) -> None:
    """Note what came of calls, under the claims that they were made with.

    What a claim says that was lost changes nothing, unless the delivery was cancelled while the
    call was in flight: then the attempt keeps what came of it.

    Args:
        results: Calls and how they ended.
        now: The present.
    """
    pairs = list(results)
    with transaction.atomic():
        kept = due_work.confirm_many([calling.held for calling, _ in pairs])
        rows = {row.page_id: row for row in _locked({c.held.key for c, _ in pairs})}
        arrived: list[tuple[Calling, Result]] = []
        for calling, result in pairs:
            row = rows.get(calling.held.key)
            if row is None:
                continue
            if calling.held in kept and row.state == DeliveryState.SENDING.value:
                if result.outcome in ARRIVED:
                    arrived.append((calling, result))
                    continue
                _note(calling, result, now=now)
                _settle(row, calling, result, now=now)
            elif row.state == DeliveryState.CANCELLED.value:
                _note(calling, result, now=now)
                if result.outcome in ARRIVED:
                    _end(row, DeliveryState.DELIVERED, _LATE, now)
        _arrive(arrived, rows, now=now)
    crash_points.reach("delivery.marked")


def _arrive(
    arrived: Sequence[tuple[Calling, Result]],
    rows: Mapping[str, Delivery],
    *,
    now: dt.datetime,
) -> None:
    """End the deliveries whose calls went well: most of them, so all at once."""
    said: dict[Result, list[int]] = {}
    for calling, result in arrived:
        said.setdefault(result, []).append(calling.attempt_id)
        metrics.PAGE_CALLS.labels(calling.channel, result.outcome.value).inc()
    for result, ids in said.items():
        attempts = Attempt.objects.filter(pk__in=ids, ended_at__isnull=True)
        attempts.update(ended_at=now, outcome=result.outcome.value, detail=result.detail[:1000])
    held = [calling.held for calling, _ in arrived]
    pks = [rows[claim.key].pk for claim in held]
    Delivery.objects.filter(pk__in=pks).update(
        state=DeliveryState.DELIVERED.value, reason="", settled_at=now
    )
    Contact.objects.filter(
        failed_at__isnull=False, user__deliveries__in=pks, name=F("user__deliveries__contact")
    ).update(failed_at=None, failure="")
    due_work.finish_many(held)


def _note(calling: Calling, result: Result, *, now: dt.datetime) -> None:
    Attempt.objects.filter(pk=calling.attempt_id, ended_at__isnull=True).update(
        ended_at=now, outcome=result.outcome.value, detail=result.detail[:1000]
    )
    metrics.PAGE_CALLS.labels(calling.channel, result.outcome.value).inc()


def _settle(row: Delivery, calling: Calling, result: Result, *, now: dt.datetime) -> None:
    """Let the delivery be as the result of a call that did not arrive makes it."""
    if result.outcome in (Outcome.TEMPORARY, Outcome.UNKNOWN):
        row.tries += 1
    chance = random.random()  # noqa: S311  spreads load, hides nothing
    then = after_attempt(result, tries=row.tries, age=now - row.due_at, chance=chance)
    _note_contact(row, result, now=now)
    if then.wait_seconds is None:
        _end(row, then.state, then.reason, now)
        due_work.finish(calling.held)
    else:
        _again(row, then, calling.held, now=now)
    if then.needs_another:
        _call_another(row, now=now)


def _again(row: Delivery, then: Next, held: Claim, *, now: dt.datetime) -> None:
    row.state, row.reason = then.state.value, then.reason
    row.save(update_fields=["state", "reason", "tries"])
    due = now + dt.timedelta(seconds=then.wait_seconds or 0)
    due_work.reschedule(held, due_ms=_ms(due))


def _note_contact(row: Delivery, result: Result, *, now: dt.datetime) -> None:
    """Keep on the contact that it is refused for good."""
    if result.outcome is Outcome.PERMANENT:
        contacts = Contact.objects.filter(user__deliveries=row, name=row.contact)
        contacts.filter(failed_at__isnull=True).update(failed_at=now, failure=result.detail[:1000])


def _call_another(row: Delivery, *, now: dt.datetime) -> None:
    """Let the person's next contact be called at once: one that waits its turn, or a spare one."""
    others = Delivery.objects.filter(group=row.group).exclude(pk=row.pk)
    if others.filter(state__in=(DeliveryState.SENDING.value, DeliveryState.DELIVERED.value)):
        return
    if others.filter(state=DeliveryState.SCHEDULED.value, tries=0, due_at__lte=now).exists():
        return
    waiting = others.filter(state=DeliveryState.SCHEDULED.value, tries=0).order_by("due_at")
    for other in waiting:
        if due_work.pull_in(kind=KIND, key=other.page_id, latest_ms=_ms(now)):
            wake.ring(LOOP)
            return
    another = queries.page_keeper().another(row.page_id, now=now)
    if another is not None:
        schedule([another], now=now)


def _end(row: Delivery, state: DeliveryState, reason: str, now: dt.datetime) -> None:
    row.state, row.reason, row.settled_at = state.value, reason, now
    row.save(update_fields=["state", "reason", "tries", "settled_at"])


def _locked(page_ids: Iterable[str]) -> list[Delivery]:
    rows = Delivery.objects.select_for_update().filter(page_id__in=list(page_ids))
    return list(rows.order_by("pk"))


def _stored(message: Message) -> dict[str, Any]:
    """Return a message as a delivery keeps it: without what opens a door."""
    data = asdict(message)
    del data["act_url"]
    return data


def message_from(data: Mapping[str, Any]) -> Message:
    """Return the message that a delivery keeps."""
    alerts = tuple(PagedAlert(**alert) for alert in data["alerts"])
    return Message(**{**data, "alerts": alerts})


def _ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
