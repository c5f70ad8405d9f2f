"""Reading what contacts were told lately."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.conf import settings

from watchkeeper.notifications.domain.bundling import Told
from watchkeeper.notifications.models import Pace


def window() -> dt.timedelta:
    """Return how long what follows a call is gathered; zero: it is not."""
    return dt.timedelta(seconds=settings.WATCHKEEPER.page_bundle_seconds)


def calls_of(pace: Pace) -> list[Told]:
    """Return the calls that a pace keeps."""
    return _told(pace.calls)


def calls_by_contact(contact_ids: Collection[int], *, since: dt.datetime) -> dict[int, list[Told]]:
    """Return what contacts were told since an instant, by id; those that were not are left out."""
    first = since.timestamp() * 1000
    rows = Pace.objects.filter(contact_id__in=contact_ids).values_list("contact_id", "calls")
    recent = {pk: [call for call in calls if call["at"] >= first] for pk, calls in rows}
    return {pk: _told(calls) for pk, calls in recent.items() if calls}


def _told(calls: Iterable[Mapping[str, Any]]) -> list[Told]:
    return [
        Told(dt.datetime.fromtimestamp(call["at"] / 1000, dt.UTC), call["told"]) for call in calls
    ]
