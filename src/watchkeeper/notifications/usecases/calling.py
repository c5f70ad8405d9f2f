"""Marking calls as on their way: who goes now, alone or with others, and who waits."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import QuerySet

from watchkeeper.kernel import clock
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain import bundling, rooms
from watchkeeper.notifications.domain import verifying as codes
from watchkeeper.notifications.domain.bundling import STALE_TRIES
from watchkeeper.notifications.domain.outcomes import DeliveryState, Outcome
from watchkeeper.notifications.models import Attempt, Contact, Delivery
from watchkeeper.notifications.ports import Message, PagedAlert, Recipient
from watchkeeper.notifications.queries import paces
from watchkeeper.notifications.usecases import (
    deliveries,
    links,
    pacing,
    signing,
    standing_in,
    verifying,
)
from watchkeeper.notifications.usecases.deliveries import KIND, OPEN, key_of, waiting_of
from watchkeeper.plumbing import crash_points, due_work, writing
from watchkeeper.plumbing.due_work import Claim


@dataclass(frozen=True, slots=True)
class Calling:
    """A call that is marked and may go out now.

    Attributes:
        held: The claim under which it goes.
        attempts: The attempts that are written down already, by the id of their delivery.
        channel: Name of the channel.
        message: What is told.
        to: Where.
        looked_at: On the monotonic clock: whoever cancels it since was made to wait until then.
    """

    held: Claim
    attempts: Mapping[int, int]
    channel: str
    message: Message
    to: Recipient
    looked_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Unit:
    """Deliveries that go in one call, the oldest first, and the claim that they hang on."""

    held: Claim
    rows: Sequence[Delivery]
    contact: Contact

    @property
    def tries(self) -> int:
        return max(row.tries for row in self.rows)

    @property
    def is_cut_off(self) -> bool:
        """Whether a call of it was begun whose end nobody knows: it is repeated as it was."""
        return any(row.state == DeliveryState.SENDING.value for row in self.rows)

    @property
    def is_test(self) -> bool:
        return any(row.is_test for row in self.rows)


def mark(held: Collection[Claim], *, now: dt.datetime) -> list[Calling]:
    """Note that calls go out now, after looking once more whether they are wanted.

    In one transaction under the claims: who was cancelled, whose contact is gone or whose page is
    no longer wanted ends here; what follows a call of its contact waits or goes in one call with
    others; for all that go an attempt is written before anything leaves.

    Args:
        held: Deliveries and bundles that were claimed.
        now: The present.

    Returns:
        The calls to make, at once.
    """
    with transaction.atomic():
        kept = {each.key: each for each in due_work.confirm_many(held)}
        wanted = _wanted(deliveries.locked_by_key(kept), now=now)
        units = _units(kept, wanted)
        due_work.finish_many([each for key, each in kept.items() if key not in units])
        calls = _begin(_chosen(list(units.values()), now=now), now=now)
        due_work.renew_many([each.held for each in calls])  # marking many takes its time
        looked_at = clock.monotonic()  # the rows are still locked
    crash_points.reach("delivery.marked_sending")
    return [replace(each, looked_at=looked_at) for each in calls]


def _wanted(rows: Sequence[Delivery], *, now: dt.datetime) -> list[tuple[Delivery, Contact]]:
    """Return the deliveries that may go, with their contacts; the others end here."""
    contacts = queries.contacts_at((row.user_id, row.contact) for row in rows)
    unwanted = queries.page_keeper().unwanted([row.page_id for row in rows])
    found: list[tuple[Delivery, Contact]] = []
    over: dict[str, list[Delivery]] = {}
    gone: dict[str, list[Delivery]] = {}
    for row in rows:
        contact = contacts.get((row.user_id or 0, row.contact))
        reason = unwanted.get(row.page_id, "") or _over(row, now)
        if row.state not in OPEN:
            continue
        if reason:
            over.setdefault(reason, []).append(row)
        elif contact is None:
            gone_is = "room" if rooms.is_key(row.contact) else "contact"
            gone.setdefault(f"the {gone_is} was removed", []).append(row)
        else:
            found.append((row, contact))
    for reason, those in over.items():
        deliveries.end(those, DeliveryState.CANCELLED, reason, now)
    for reason, those in gone.items():
        deliveries.end(those, DeliveryState.FAILED, reason, now)
        standing_in.call_others(those, now=now)
    return found


def _over(row: Delivery, now: dt.datetime) -> str:
    """Return why a code is not sent any more; empty: it is good, or this is no code."""
    is_code = row.page_id.startswith(codes.PREFIX)
    return "the code is too old" if is_code and now >= row.due_at + codes.LIFE else ""


def _units(
    kept: Mapping[str, Claim], wanted: Iterable[tuple[Delivery, Contact]]
) -> dict[str, _Unit]:
    """Return what goes in one call, by the key of its work."""
    listed: dict[str, list[tuple[Delivery, Contact]]] = {}
    for row, contact in wanted:
        listed.setdefault(key_of(row), []).append((row, contact))
    return {
        key: _Unit(kept[key], _in_order(row for row, _ in pairs), pairs[0][1])
        for key, pairs in listed.items()
        if key in kept
    }


def _in_order(rows: Iterable[Delivery]) -> list[Delivery]:
    return sorted(rows, key=lambda row: (row.due_at, row.pk))


def _chosen(units: Sequence[_Unit], *, now: dt.datetime) -> list[_Unit]:
    """Return what goes now: alone, or laid together; what waits is given back until its time."""
    if not paces.window():
        return list(units)
    alone = [unit for unit in units if unit.is_test]
    paced: dict[int, list[_Unit]] = {}
    for unit in units:
        if not unit.is_test:
            paced.setdefault(unit.contact.pk, []).append(unit)
    for contact in sorted(paced):  # locks in one order
        alone += _paced(paced[contact], now=now)
    return alone


def _paced(units: Sequence[_Unit], *, now: dt.datetime) -> list[_Unit]:
    """Return what goes now of one contact."""
    pace = pacing.lock(units[0].contact.pk)
    fresh = [unit for unit in units if not unit.tries and not unit.is_cut_off]
    stale = [unit for unit in units if unit.tries >= STALE_TRIES and not unit.is_cut_off]
    chosen = [unit for unit in units if unit not in fresh and unit not in stale]
    if stale:
        chosen += _laid_together(stale, _others_stale(stale[0].contact), now=now)
    if fresh and not _wait(fresh, pace=paces.calls_of(pace), now=now):
        chosen += _laid_together(fresh, _others_due(fresh[0].contact, now), now=now)
    for unit in chosen:
        told = bundling.told(waiting_of(row) for row in unit.rows)
        pacing.note(pace, unit.held.key, told, now=now)
    return chosen


def _wait(units: Sequence[_Unit], *, pace: Sequence[bundling.Told], now: dt.datetime) -> bool:
    """Give units back until they go, if they do not go now; return whether they do not.

    What else is due for the contact is weighed with them and waits with them, lest each of it is
    taken up only to be told so.
    """
    rows = [row for unit in units for row in unit.rows]
    others = _not_held(units[0].contact, now)
    waiting = [*(waiting_of(row) for row in rows), *others.values()]
    then = bundling.decide(waiting, pace, window=paces.window(), now=now)
    if then.wait_until is None:
        return False
    due = deliveries.ms(then.wait_until)
    due_work.reschedule_many((unit.held, due) for unit in units)
    known = {row.page_id for row in rows}
    free = set(others) - known
    known |= due_work.put_off(KIND, free, due_ms=due)
    for part in due_work.portions(known):
        Delivery.objects.filter(page_id__in=part).update(
            held_until=then.wait_until, reason=then.reason
        )
    return True


def _not_held(contact: Contact, now: dt.datetime) -> dict[str, bundling.Waiting]:
    """Return what is due for a contact, has not been tried, and waits for nothing, by page."""
    rows = _due_for(contact, now).exclude(held_until__gt=now).order_by("due_at", "pk")
    found = rows.values_list("page_id", "message", "due_at", "held_until")[: bundling.MOST]
    return {
        page_id: deliveries.weighed(message, due_at=due_at, held_until=held_until)
        for page_id, message, due_at, held_until in found
    }


def _others_due(contact: Contact, now: dt.datetime) -> list[Delivery]:
    """Return what else is due for a contact and has not been tried."""
    return list(_due_for(contact, now).order_by("due_at", "pk")[: bundling.MOST])


def _due_for(contact: Contact, now: dt.datetime) -> QuerySet[Delivery]:
    return _waiting_for(contact).filter(tries=0, bundle="", is_test=False, due_at__lte=now)


def _others_stale(contact: Contact) -> list[Delivery]:
    """Return what else failed for a contact again and again."""
    rows = _waiting_for(contact).filter(tries__gte=STALE_TRIES, is_test=False)
    return list(rows.order_by("due_at", "pk")[: bundling.MOST])


def _waiting_for(contact: Contact) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        user=contact.user_id, contact=contact.name, state=DeliveryState.SCHEDULED.value
    )


def _laid_together(
    units: Sequence[_Unit], others: Sequence[Delivery], *, now: dt.datetime
) -> list[_Unit]:
    """Return one call of all of these; one that grows gets a key of its own.

    A call that is the same as before, or shorter, keeps its key, so that who was called can tell
    a repeat.
    """
    known = {row.pk for unit in units for row in unit.rows}
    free = due_work.absorb(KIND, {key_of(row) for row in others if row.pk not in known})
    taken = [row for row, _ in _wanted(deliveries.locked_by_key(free), now=now)]
    rows = _in_order([*(row for unit in units for row in unit.rows), *taken])
    first = units[0]
    if len({key_of(row) for row in rows}) == 1:
        return [replace(first, rows=rows)]
    key = bundling.bundle_id([row.page_id for row in rows])
    due_work.finish_many([unit.held for unit in units[1:]])
    for part in due_work.portions([row.pk for row in rows]):
        Delivery.objects.filter(pk__in=part).update(bundle=key)
    for row in rows:
        row.bundle = key
    return [replace(first, held=due_work.rename(first.held, key), rows=rows)]


def _begin(units: Sequence[_Unit], *, now: dt.datetime) -> list[Calling]:
    """Write down attempts and return their calls; what was begun before may have arrived."""
    ids = [row.pk for unit in units for row in unit.rows]
    repeated: set[int] = set()
    for part in due_work.portions(ids):
        Attempt.objects.filter(delivery__in=part, ended_at__isnull=True).update(
            ended_at=now, detail="the process that made the call ended or lost its lease"
        )
        Delivery.objects.filter(pk__in=part).update(state=DeliveryState.SENDING.value, reason="")
        earlier = Attempt.objects.filter(delivery__in=part)
        earlier = earlier.exclude(outcome=Outcome.PERMANENT.value)
        repeated |= set(earlier.values_list("delivery_id", flat=True))
    attempt = writing.columns(Attempt(at=now))
    made = writing.insert(Attempt, [{**attempt, "delivery_id": pk} for pk in ids])
    attempts = dict(zip(ids, made, strict=True))
    return [
        Calling(
            held=unit.held,
            attempts={row.pk: attempts[row.pk] for row in unit.rows},
            channel=unit.contact.channel,
            message=_told(unit, may_repeat=any(row.pk in repeated for row in unit.rows)),
            to=Recipient(
                unit.contact.address,
                signing.secret_of(unit.contact),
                is_by_admin=unit.contact.is_by_admin,
            ),
        )
        for unit in units
    ]


def _told(unit: _Unit, *, may_repeat: bool) -> Message:
    """Return what is told now: of several pages the gravest, and every alert once.

    It carries the link that answers it, unless it is a test. That link acts as a person: a room
    gets none.
    """
    worst = min(unit.rows, key=lambda row: (-waiting_of(row).grade, row.due_at, row.pk))
    message = deliveries.message_from(worst.message)
    alerts: dict[str, PagedAlert] = {}
    for row in unit.rows:
        for alert in deliveries.message_from(row.message).alerts:
            alerts.setdefault(alert.id, alert)
    return replace(
        verifying.told(message),
        page_id=unit.held.key,
        may_repeat=may_repeat,
        alerts=tuple(alerts.values()),
        pages=tuple(row.page_id for row in unit.rows),
        act_url="" if worst.is_test or message.room else links.address_of(worst.page_id),
    )
