"""Who stands in for deliveries that failed: the same person's next contact, at once."""

import datetime as dt
from collections.abc import Sequence

from watchkeeper.notifications import queries
from watchkeeper.notifications.domain.outcomes import DeliveryState
from watchkeeper.notifications.models import Delivery
from watchkeeper.notifications.usecases import deliveries
from watchkeeper.plumbing import due_work, wake

_UNDER_WAY = (DeliveryState.SENDING.value, DeliveryState.DELIVERED.value)


def call_others(rows: Sequence[Delivery], *, now: dt.datetime) -> None:
    """Let the next contact be called at once: one that waits its turn, or a spare one.

    Where another contact of the same page is being called, or was, nothing is done.

    Args:
        rows: Deliveries that failed.
        now: The present.
    """
    if not rows:
        return
    beside = _beside(rows)
    pulled: list[str] = []
    alone: list[str] = []
    for row in rows:
        others = beside.get(row.group, [])
        if any(other.state in _UNDER_WAY for other in others):
            continue
        waiting = [each for each in others if _may_stand_in(each, row)]
        if waiting:
            pulled.append(min(waiting, key=lambda other: (other.due_at, other.pk)).page_id)
        else:
            alone.append(row.page_id)
    _pull_in(pulled, now=now)
    if alone:
        planned = queries.page_keeper().others(alone, now=now)
        deliveries.schedule(planned, now=now, is_urgent=True)


def _may_stand_in(other: Delivery, row: Delivery) -> bool:
    """Return whether a delivery waits its turn at another contact than the one that failed."""
    is_waiting = other.state == DeliveryState.SCHEDULED.value and not other.tries
    return is_waiting and other.contact != row.contact


def _beside(rows: Sequence[Delivery]) -> dict[str, list[Delivery]]:
    """Return the other deliveries of the same groups."""
    failed = {row.pk for row in rows}
    found: dict[str, list[Delivery]] = {}
    for part in due_work.portions({row.group for row in rows}):
        for other in Delivery.objects.filter(group__in=part).defer("message"):
            if other.pk not in failed:
                found.setdefault(other.group, []).append(other)
    return found


def _pull_in(page_ids: Sequence[str], *, now: dt.datetime) -> None:
    for part in due_work.portions(page_ids):
        Delivery.objects.filter(page_id__in=part).update(held_until=now)
    due_work.pull_in_many(deliveries.KIND, page_ids, latest_ms=deliveries.ms(now))
    if page_ids:
        wake.ring(deliveries.LOOP)
