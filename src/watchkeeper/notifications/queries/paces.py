"""Reading what contacts were told lately."""

import datetime as dt
from collections.abc import Collection

from django.conf import settings

from watchkeeper.notifications.domain.bundling import Told
from watchkeeper.notifications.models import Pace


def window() -> dt.timedelta:
    """Return how long what follows a call is gathered; zero: it is not."""
    return dt.timedelta(seconds=settings.WATCHKEEPER.page_bundle_seconds)


def calls_of(pace: Pace) -> list[Told]:
    """Return the calls that a pace keeps."""
    return [
        Told(dt.datetime.fromtimestamp(call["at"] / 1000, dt.UTC), call["told"])
        for call in pace.calls
    ]


def calls_by_contact(contact_ids: Collection[int]) -> dict[int, list[Told]]:
    """Return what contacts were told lately, by id; those that never were are left out."""
    rows = Pace.objects.filter(contact_id__in=contact_ids)
    return {row.contact_id: calls_of(row) for row in rows}
