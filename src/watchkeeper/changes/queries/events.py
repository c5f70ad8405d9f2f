"""Reading changes."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from watchkeeper.catalog import queries as catalog
from watchkeeper.changes.models import ChangeEvent
from watchkeeper.kernel.errors import NotFoundError

BEFORE_AN_ALERT = dt.timedelta(minutes=60)
_LARGEST = 2**63 - 1

Place = tuple[dt.datetime, int]
"""When a change took place, and its number."""


class ChangeNotFoundError(NotFoundError):
    """There is no change of that id."""

    code = "change_not_found"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change.

    Attributes:
        id: Its id here, as text.
        key: The sender's id of it.
        source: Name of the integration that it came by; empty: by hand.
        title: One line.
        kind: ``deploy``, ``flag`` or ``config``.
        service: Name of the service; empty: none is named.
        at: When it took place.
        url: Where more stands; may be empty.
        author: Who did it, as the sender says; may be empty.
        labels: The sender's pairs.
        received_at: When it was told.
    """

    id: str
    key: str
    source: str
    title: str
    kind: str
    service: str
    at: dt.datetime
    url: str
    author: str
    labels: Mapping[str, str]
    received_at: dt.datetime

    @property
    def place(self) -> Place:
        """Where it stands in a list."""
        return self.at, int(self.id)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which changes are wanted; what is empty does not choose.

    Attributes:
        service: Name of the service.
        kind: What sort.
        since: Took place at this instant or later.
        until: Took place before this instant.
    """

    service: str = ""
    kind: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def rows(wanted: Filter, *, limit: int, before: Place | None = None) -> list[ChangeRow]:
    """Return changes, the newest first.

    Args:
        wanted: Which.
        limit: How many at most.
        before: Only those that stand after this place in the list; ``None``: from its beginning.
    """
    found = ChangeEvent.objects.all()
    chosen = {
        "service_name": wanted.service or None,
        "kind": wanted.kind or None,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    found = found.filter(**{name: value for name, value in chosen.items() if value is not None})
    if before is not None:
        at, number = before
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=number))
    return [_row(row) for row in found.order_by("-at", "-pk")[:limit]]


def row(change: str) -> ChangeRow:
    """Return one change.

    Raises:
        ChangeNotFoundError: there is none of that id.
    """
    is_number = change.isascii() and change.isdigit() and len(change) < 20
    number = int(change) if is_number and int(change) <= _LARGEST else -1
    found = ChangeEvent.objects.filter(pk=number).first()
    if found is None:
        raise ChangeNotFoundError(f"There is no change {change[:40]}")
    return _row(found)


def before_an_alert(service: str, at: dt.datetime, *, limit: int = 20) -> list[ChangeRow]:
    """Return what changed in the hour before an instant, the newest first.

    Of the service, and of what it cannot do without; nothing for a service without a name.
    """
    if not service:
        return []
    known = catalog.service_by_name(service)
    names = {service, *(known.hard if known is not None else ())}
    found = ChangeEvent.objects.filter(
        service_name__in=names, at__gte=at - BEFORE_AN_ALERT, at__lte=at
    )
    return [_row(row) for row in found.order_by("-at", "-pk")[:limit]]


def _row(row: ChangeEvent) -> ChangeRow:
    return ChangeRow(
        id=str(row.pk),
        key=row.key,
        source=row.source,
        title=row.title,
        kind=row.kind,
        service=row.service_name,
        at=row.at,
        url=row.url,
        author=row.author,
        labels=row.labels,
        received_at=row.received_at,
    )
