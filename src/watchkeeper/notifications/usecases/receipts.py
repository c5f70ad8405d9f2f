"""What a provider tells later: that what it accepted arrived, or that it did not."""

import datetime as dt

from django.db import transaction

from watchkeeper.notifications.domain import bundling
from watchkeeper.notifications.domain.outcomes import DeliveryState, Outcome, Result
from watchkeeper.notifications.models import Attempt, Delivery
from watchkeeper.notifications.usecases import deliveries, standing_in
from watchkeeper.plumbing import due_work


@transaction.atomic
def receive(page_id: str, result: Result, *, now: dt.datetime) -> int:
    """Note what became of a call that was accepted, on every page that it told of.

    One that did not arrive calls the person's next contact at once. Only the first receipt of an
    accepted call counts, so that a repeat changes nothing, and neither does one that comes late or
    for a page that is unknown.

    Args:
        page_id: The key of the call: a page's id, or that of a bundle.
        result: ``DELIVERED``, or why it did not arrive.
        now: The present.

    Returns:
        How many pages it counted for.
    """
    is_bundle = page_id.startswith(bundling.PREFIX)
    where = {"bundle": page_id} if is_bundle else {"page_id": page_id, "bundle": ""}
    accepted = Attempt.objects.filter(outcome=Outcome.ACCEPTED.value)
    waiting = []
    for row in deliveries.locked(state=DeliveryState.DELIVERED.value, **where):
        last = accepted.filter(delivery=row).order_by("-pk").first()
        said = {"outcome": result.outcome.value, "detail": result.detail[:1000]}
        if last is not None and accepted.filter(pk=last.pk).update(**said):
            waiting.append(row)
    if result.outcome is not Outcome.DELIVERED:
        _fail(waiting, result, now=now)
    return len(waiting)


def _fail(rows: list[Delivery], result: Result, *, now: dt.datetime) -> None:
    """Let deliveries be failed after all, and call who stands in."""
    for part in due_work.portions([row.pk for row in rows]):
        Delivery.objects.filter(pk__in=part).update(
            state=DeliveryState.FAILED.value, reason=result.detail, settled_at=now
        )
    standing_in.call_others(rows, now=now)
