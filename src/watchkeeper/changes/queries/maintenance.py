"""Reading maintenance windows."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from watchkeeper.changes.domain import documents, maintenance, occasions
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.domain.maintenance import Window
from watchkeeper.changes.models import Maintenance
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.kernel.intervals import Interval
from watchkeeper.kernel.origins import Origin

MOST_OCCURRENCES = 1_000
ACTIVE, PENDING, EXPIRED = "active", "pending", "expired"


class MaintenanceNotFoundError(NotFoundError):
    """There is no maintenance window of that name."""

    code = "maintenance_not_found"


@dataclass(frozen=True, slots=True)
class MaintenanceRow:
    """A maintenance window.

    Attributes:
        name: Its name.
        services: Names of the services in maintenance.
        time_zone: By whose clocks.
        start: When it begins first: wall time in ``time_zone``, as written.
        end: When that ends, likewise.
        recurrence: How it comes again; empty: it does not.
        exclude: Whether its minutes do not count for the SLOs of its services.
        reason: Why; may be empty.
        origin: Where it came from.
        file: The file it came from; may be empty.
        state: ``active``, ``pending`` (it comes) or ``expired`` (it comes no more).
        since: Since when it is on; ``None``: it is not.
        until: Until when it is on; ``None``: it is not.
        next_start: When it begins next; ``None``: not within a decade.
        next_end: When that ends.
    """

    name: str
    services: tuple[str, ...]
    time_zone: str
    start: str
    end: str
    recurrence: str
    exclude: bool
    reason: str
    origin: str
    file: str
    state: str
    since: dt.datetime | None
    until: dt.datetime | None
    next_start: dt.datetime | None
    next_end: dt.datetime | None

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value

    def spec(self) -> MaintenanceSpec:
        """Return what somebody would have to wish for to have it."""
        return MaintenanceSpec(
            name=self.name,
            services=self.services,
            start=self.start,
            end=self.end,
            time_zone=self.time_zone,
            recurrence=self.recurrence,
            exclude=self.exclude,
            reason=self.reason,
        )

    @property
    def is_over(self) -> bool:
        """Whether it comes no more."""
        return self.state == EXPIRED


@dataclass(frozen=True, slots=True)
class Excluding:
    """A window whose minutes do not count.

    Attributes:
        window: It.
        since: Since when it holds as it is; what was over by then is left as it was.
        is_new: Whether nobody has changed it since it was made.
    """

    window: Window
    since: dt.datetime
    is_new: bool


def rows(*, now: dt.datetime, service: str | None = None) -> list[MaintenanceRow]:
    """Return all windows by name, those that are over too.

    Args:
        now: The present.
        service: Only those of this service.
    """
    found = _windows(Maintenance.objects.order_by("name"))
    chosen = [(r, w) for r, w in found if service is None or service in w.services]
    return [_row(row, window, now=now) for row, window in chosen]


def row(name: str, *, now: dt.datetime) -> MaintenanceRow:
    """Return one window.

    Raises:
        MaintenanceNotFoundError: there is none of that name.
    """
    found = row_of(name)
    return _row(found, window_of(found), now=now)


def in_force(*, now: dt.datetime) -> tuple[Window, ...]:
    """Return the windows that are on now or will be, by name; by two queries."""
    found = Maintenance.objects.filter(Q(over_at=None) | Q(over_at__gt=now)).order_by("name")
    return tuple(window for _, window in _windows(found))


def excluding(*, after: dt.datetime) -> list[Excluding]:
    """Return the windows whose minutes do not count and that are not over by an instant."""
    found = Maintenance.objects.filter(exclude=True).order_by("name")
    found = found.filter(Q(over_at=None) | Q(over_at__gt=after))
    return [
        Excluding(window, row.changed_at, is_new=row.changed_at == row.created_at)
        for row, window in _windows(found)
    ]


def occurrences(name: str, *, start: dt.datetime, end: dt.datetime) -> list[Interval]:
    """Return when a window is on, from then to then; the first thousand times.

    Raises:
        MaintenanceNotFoundError: there is none of that name.
    """
    found = maintenance.occurrences(window_of(row_of(name)), start, end)
    return list(found[:MOST_OCCURRENCES])


def specs() -> list[MaintenanceSpec]:
    """Return what somebody would have to wish for to have all windows, by name."""
    return [spec_of(row) for row in Maintenance.objects.order_by("name")]


def row_of(name: str) -> Maintenance:
    """Return the row of a window, for the use-cases of this slice.

    Raises:
        MaintenanceNotFoundError: there is none of that name.
    """
    found = Maintenance.objects.prefetch_related("cuts").filter(name=name).first()
    if found is None:
        raise MaintenanceNotFoundError(f"There is no maintenance window {name[:80]}")
    return found


def spec_of(row: Maintenance) -> MaintenanceSpec:
    """Return what somebody would have to wish for to have this window."""
    return MaintenanceSpec(
        name=row.name,
        services=tuple(row.services),
        start=row.start,
        end=row.end,
        time_zone=row.time_zone,
        recurrence=row.recurrence,
        exclude=row.exclude,
        reason=row.reason,
    )


def window_of(row: Maintenance) -> Window:
    """Return the window that a row says."""
    cuts = tuple(Interval(cut.start, cut.end) for cut in row.cuts.all())
    return documents.window_of(spec_of(row), cuts=cuts)


def _windows(found: QuerySet[Maintenance]) -> Iterable[tuple[Maintenance, Window]]:
    for row in found.prefetch_related("cuts"):
        yield row, window_of(row)


def _row(row: Maintenance, window: Window, *, now: dt.datetime) -> MaintenanceRow:
    active = maintenance.active_at(window, now)
    following = None
    if row.over_at is None or row.over_at > now:
        following = occasions.following(window.occasion, now, cuts=window.cuts)
    state = ACTIVE if active is not None else PENDING if following is not None else EXPIRED
    return MaintenanceRow(
        name=row.name,
        services=tuple(row.services),
        time_zone=row.time_zone,
        start=row.start,
        end=row.end,
        recurrence=row.recurrence,
        exclude=row.exclude,
        reason=row.reason,
        origin=row.origin,
        file=row.file,
        state=state,
        since=active.start if active is not None else None,
        until=active.end if active is not None else None,
        next_start=following.start if following is not None else None,
        next_end=following.end if following is not None else None,
    )
