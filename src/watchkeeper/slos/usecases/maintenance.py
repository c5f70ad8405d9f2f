"""Minutes of maintenance that do not count: an exclusion for each time and each service.

Windows that say ``exclude`` are read from changes; what follows from them are rows, made a day
ahead and caught up with after a standstill. What is past stays as it was when it passed.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q

from watchkeeper.changes.domain import maintenance
from watchkeeper.changes.queries import maintenance as windows
from watchkeeper.changes.queries.maintenance import Excluding
from watchkeeper.plumbing import locks
from watchkeeper.slos.models import Exclusion

AUTHOR = "system:maintenance"
_AHEAD = dt.timedelta(days=1)
_STANDSTILL = dt.timedelta(days=90)

_Place = tuple[str, str]
"""Name of the window, name of the service."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What an exclusion of maintenance takes out."""

    place: _Place
    start: dt.datetime
    end: dt.datetime


@transaction.atomic
def follow(*, now: dt.datetime) -> int:
    """Let exclusions be what maintenance windows say; return how many were made or withdrawn.

    Running it twice changes nothing the second time. What a person withdrew stays withdrawn; of
    what is on while its window goes, the part that has passed stays out.
    """
    locks.serialise("slos.maintenance")
    found = windows.excluding(after=now - _STANDSTILL)
    reached = _reached(now)
    wanted = dict(_wanted(found, reached, now=now))
    floor = min([now, *(stretch.start for stretch in wanted)])
    live, refused = _standing(floor)
    stale = {key: row for key, row in live.items() if key.end > now and key not in wanted}
    missing = {key for key in wanted if key not in live and key not in refused}
    begun = {(key.place, key.start) for key in missing}
    missing |= {
        _Stretch(key.place, key.start, now)
        for key in stale
        if key.start < now and (key.place, key.start) not in begun
    }
    Exclusion.objects.filter(pk__in=[row.pk for row in stale.values()]).update(
        withdrawn_at=now, withdrawn_by=AUTHOR
    )
    Exclusion.objects.bulk_create(
        _row(key, wanted.get(key, ""), now=now)
        for key in sorted(missing, key=lambda key: (key.start, key.place))
    )
    return len(stale) + len(missing)


def _reached(now: dt.datetime) -> Mapping[_Place, dt.datetime]:
    """Return up to when each service of each window was followed."""
    rows = Exclusion.objects.exclude(maintenance="").exclude(withdrawn_by=AUTHOR)
    newest = rows.values_list("maintenance", "service_name").annotate(last=Max("start"))
    found = {(name, service): min(last, now) for name, service, last in newest.order_by()}
    ongoing = rows.filter(end__gt=now, start__lt=now, withdrawn_at=None)
    for name, service, start in ongoing.values_list("maintenance", "service_name", "start"):
        found[name, service] = min(found[name, service], start)
    return found


def _wanted(
    found: Sequence[Excluding], reached: Mapping[_Place, dt.datetime], *, now: dt.datetime
) -> Iterator[tuple[_Stretch, str]]:
    """Yield what has to be excluded, with the reason of its window."""
    for each in found:
        for service in each.window.services:
            place = (each.window.name, service)
            low = max(each.since, reached.get(place, each.since))
            for occurrence in maintenance.occurrences(each.window, low, now + _AHEAD):
                start = occurrence.start if each.is_new else max(occurrence.start, each.since)
                yield _Stretch(place, start, occurrence.end), each.window.reason


def _standing(floor: dt.datetime) -> tuple[dict[_Stretch, Exclusion], set[_Stretch]]:
    """Return exclusions of maintenance that end after an instant, and those people withdrew."""
    rows = Exclusion.objects.exclude(maintenance="").filter(end__gt=floor)
    live: dict[_Stretch, Exclusion] = {}
    refused = set()
    for row in rows.exclude(Q(withdrawn_by=AUTHOR)):
        key = _Stretch((row.maintenance, row.service_name), row.start, row.end)
        if row.withdrawn_at is None:
            live[key] = row
        else:
            refused.add(key)
    return live, refused


def _row(key: _Stretch, reason: str, *, now: dt.datetime) -> Exclusion:
    name, service = key.place
    return Exclusion(
        service_name=service,
        maintenance=name,
        start=key.start,
        end=key.end,
        reason=f"maintenance {name}" + (f": {reason}" if reason else ""),
        author=AUTHOR,
        created_at=now,
    )
