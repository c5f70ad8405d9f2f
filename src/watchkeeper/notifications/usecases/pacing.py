"""What contacts were told lately: read and written under a lock, the last that is taken."""

import datetime as dt
from collections.abc import Mapping

from watchkeeper.notifications.models import Contact, Delivery, Pace
from watchkeeper.notifications.queries import paces
from watchkeeper.notifications.usecases import deliveries
from watchkeeper.plumbing import due_work, wake

_KEPT = 40


def lock(contact_id: int) -> Pace:
    """Return the pace of a contact, which nobody else changes before the transaction ends."""
    Pace.objects.bulk_create([Pace(contact_id=contact_id)], ignore_conflicts=True)
    return Pace.objects.select_for_update().get(contact_id=contact_id)


def note(pace: Pace, key: str, told: Mapping[str, int], *, now: dt.datetime) -> None:
    """Keep that a call begins; it counts until it fails."""
    others = [call for call in pace.calls if call["key"] != key]
    call = {"key": key, "at": deliveries.ms(now), "told": dict(told)}
    pace.calls = [*others, call][-_KEPT:]
    pace.save(update_fields=["calls"])


def failed(contact: Contact, key: str, *, now: dt.datetime) -> None:
    """Forget a call that failed, and let what was held back for it go now."""
    if not paces.window():
        return
    held = Delivery.objects.filter(
        user=contact.user_id,
        contact=contact.name,
        state="scheduled",
        due_at__lte=now,
        held_until__gt=now,
        tries=0,
    )
    keys = list(held.values_list("page_id", flat=True))
    Delivery.objects.filter(page_id__in=keys, held_until__gt=now).update(held_until=now)
    due_work.pull_in_many(deliveries.KIND, keys, latest_ms=deliveries.ms(now))
    if keys:
        wake.ring(deliveries.LOOP)
    pace = lock(contact.pk)
    pace.calls = [call for call in pace.calls if call["key"] != key]
    pace.save(update_fields=["calls"])
