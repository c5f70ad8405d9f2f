"""Noting what came of calls, and what follows from it."""

import datetime as dt
import random
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Q

from watchkeeper.notifications import queries
from watchkeeper.notifications.domain.outcomes import (
    ARRIVED,
    DeliveryState,
    Outcome,
    Result,
    after_attempt,
)
from watchkeeper.notifications.models import Attempt, Contact, Delivery
from watchkeeper.notifications.usecases import deliveries, pacing, standing_in
from watchkeeper.notifications.usecases.calling import Calling
from watchkeeper.plumbing import crash_points, due_work, metrics

_Arrived = tuple[Calling, Result, list[Delivery]]
_LATE = "accepted although it was cancelled meanwhile"


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
        ids = {pk for calling, _ in pairs for pk in calling.attempts}
        rows = {row.pk: row for part in due_work.portions(ids) for row in _locked(part)}
        arrived: list[_Arrived] = []
        for calling, result in pairs:
            metrics.PAGE_CALLS.labels(calling.channel, result.outcome.value).inc()
            listed = [rows[pk] for pk in calling.attempts if pk in rows]
            _record_cancelled(calling, result, listed, now=now)
            if calling.held not in kept:
                continue
            on_way = [row for row in listed if row.state == DeliveryState.SENDING.value]
            if result.outcome in ARRIVED:
                arrived.append((calling, result, on_way))
            else:
                _settle(on_way, calling, result, now=now)
        _arrive(arrived, now=now)
    crash_points.reach("delivery.marked")


def _locked(ids: Sequence[int]) -> list[Delivery]:
    """Return deliveries, locked; what they tell is not read, since it was told."""
    rows = Delivery.objects.select_for_update().filter(pk__in=ids).defer("message")
    return list(rows.order_by("pk"))


def _record_cancelled(
    calling: Calling, result: Result, rows: Sequence[Delivery], *, now: dt.datetime
) -> None:
    """Note on deliveries that were cancelled in flight what came of the call."""
    cancelled = [row for row in rows if row.state == DeliveryState.CANCELLED.value]
    _note(calling, result, cancelled, now=now)
    if result.outcome in ARRIVED:
        deliveries.end(cancelled, DeliveryState.DELIVERED, _LATE, now)


def _note(calling: Calling, result: Result, rows: Sequence[Delivery], *, now: dt.datetime) -> None:
    _end_attempts([calling.attempts[row.pk] for row in rows], result, now=now)


def _end_attempts(ids: Sequence[int], result: Result, *, now: dt.datetime) -> None:
    for part in due_work.portions(ids):
        Attempt.objects.filter(pk__in=part, ended_at__isnull=True).update(
            ended_at=now, outcome=result.outcome.value, detail=result.detail[:1000]
        )


def _arrive(arrived: Sequence[_Arrived], *, now: dt.datetime) -> None:
    """End the deliveries whose calls went well: most of them, so all at once."""
    said: dict[Result, list[int]] = {}
    together: dict[str, list[int]] = {}
    for calling, result, rows in arrived:
        said.setdefault(result, []).extend(calling.attempts[row.pk] for row in rows)
        together.setdefault(_beside(len(rows) - 1), []).extend(row.pk for row in rows)
    for result, ids in said.items():
        _end_attempts(ids, result, now=now)
    for reason, pks in together.items():
        for part in due_work.portions(pks):
            Delivery.objects.filter(pk__in=part).update(
                state=DeliveryState.DELIVERED.value, reason=reason, settled_at=now
            )
    _clear_failures([rows[0] for _, _, rows in arrived if rows])
    due_work.finish_many([calling.held for calling, _, _ in arrived])


def _beside(others: int) -> str:
    """Return how many others went in the same call, in words; empty: none did."""
    if others < 1:
        return ""
    return f"in one call with {others} other{'s' if others > 1 else ''}"


def _clear_failures(rows: Sequence[Delivery]) -> None:
    """Forget of contacts that they were refused: they take calls again."""
    called = {(row.user_id or 0, row.contact) for row in rows}
    of_people = Q(user__in={user for user, _ in called if user})
    of_rooms = Q(user=None, name__in={name for user, name in called if not user})
    failing = Contact.objects.filter(of_people | of_rooms, failed_at__isnull=False)
    well = [each.pk for each in failing if (each.user_id or 0, each.name) in called]
    Contact.objects.filter(pk__in=well).update(failed_at=None, failure="")


def _settle(
    rows: Sequence[Delivery], calling: Calling, result: Result, *, now: dt.datetime
) -> None:
    """Let deliveries be as the result of a call that did not arrive makes them."""
    _note(calling, result, rows, now=now)
    chance = random.random()  # noqa: S311  spreads load, hides nothing
    waits: list[float] = []
    failed: list[Delivery] = []
    for row in rows:
        if result.outcome in (Outcome.TEMPORARY, Outcome.UNKNOWN):
            row.tries += 1
        then = after_attempt(result, tries=row.tries, age=now - row.due_at, chance=chance)
        row.state, row.reason = then.state.value, then.reason
        row.settled_at = now if then.wait_seconds is None else None
        if then.wait_seconds is not None:
            waits.append(then.wait_seconds)
        if then.needs_another:
            failed.append(row)
    _write_alike(rows)
    if waits:
        due = now + dt.timedelta(seconds=max(waits))
        due_work.reschedule(calling.held, due_ms=deliveries.ms(due))
    else:
        due_work.finish(calling.held)
    standing_in.call_others(failed, now=now)
    _note_contact(rows, calling, result, now=now)


def _write_alike(rows: Sequence[Delivery]) -> None:
    """Write what became of deliveries; of one call it is nearly always the same."""
    alike: dict[tuple[str, str, int, dt.datetime | None], list[int]] = {}
    for row in rows:
        alike.setdefault((row.state, row.reason, row.tries, row.settled_at), []).append(row.pk)
    for (state, reason, tries, settled_at), pks in alike.items():
        for part in due_work.portions(pks):
            Delivery.objects.filter(pk__in=part).update(
                state=state, reason=reason, tries=tries, settled_at=settled_at
            )


def _note_contact(
    rows: Sequence[Delivery], calling: Calling, result: Result, *, now: dt.datetime
) -> None:
    """Keep on the contact that it is refused for good, and that it was not told anything."""
    if not rows:
        return
    first = rows[0]
    place = (first.user_id or 0, first.contact)
    contact = queries.contacts_at([place]).get(place)
    if contact is None:
        return
    if result.outcome is Outcome.PERMANENT and contact.failed_at is None:
        Contact.objects.filter(pk=contact.pk).update(failed_at=now, failure=result.detail[:1000])
    if not first.is_test:
        pacing.failed(contact, calling.held.key, now=now)
