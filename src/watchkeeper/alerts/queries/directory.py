"""Reading routes, silences and inhibitions."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.alerts.domain.documents import InhibitionSpec, RouteSpec, SilenceSpec
from watchkeeper.alerts.domain.inhibition import INHIBITION
from watchkeeper.alerts.models import Alert, Inhibition, InhibitionMark, Route, Silence
from watchkeeper.changes.domain import occasions
from watchkeeper.kernel import instants
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.kernel.intervals import Interval
from watchkeeper.kernel.origins import Origin


class RouteNotFoundError(NotFoundError):
    """There is no route of that name."""

    code = "route_not_found"


class SilenceNotFoundError(NotFoundError):
    """There is no silence of that name."""

    code = "silence_not_found"


class InhibitionNotFoundError(NotFoundError):
    """There is no inhibition of that name."""

    code = "inhibition_not_found"


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route; see ``domain.routing.Route``."""

    name: str
    order: int
    match: tuple[str, ...]
    policy: str
    urgency: str
    origin: str
    file: str
    group_by: tuple[str, ...] = ()
    group_for: str = ""
    times: tuple[Mapping[str, Any], ...] = ()
    time_zone: str = ""

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value

    @property
    def times_told(self) -> str:
        """When it is on, as people read it; empty: always."""
        told = [
            f"{', '.join(each.get('days', ['every day']))} "
            f"{each.get('from', '00:00')} to {each.get('to', '24:00')}"
            for each in self.times
        ]
        return f"{'; '.join(told)} ({self.time_zone})" if told else ""


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """A silence.

    Attributes:
        name: Its name.
        match: What it keeps quiet.
        start: From when.
        end: Until when.
        reason: Why.
        origin: Where it came from.
        file: The file it came from; may be empty.
        state: ``active``, ``pending`` or ``expired``.
        holds: How many open alerts it keeps quiet.
        recurrence: How it comes again; empty: it does not.
        time_zone: By whose wall clocks; empty: UTC.
        since: Since when it holds; ``None``: it does not now.
        until: Until when it holds; ``None``: it does not now.
        next_start: When it holds next; ``None``: not within a decade.
        next_end: When that ends.
    """

    name: str
    match: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    reason: str
    origin: str
    file: str
    state: str
    holds: int
    recurrence: str = ""
    time_zone: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    next_start: dt.datetime | None = None
    next_end: dt.datetime | None = None

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value

    def spec(self) -> SilenceSpec:
        """Return what somebody would have to wish for to have it."""
        return SilenceSpec(
            self.name,
            self.match,
            self.start,
            self.end,
            self.reason,
            self.recurrence,
            self.time_zone,
        )


def route_rows() -> list[RouteRow]:
    """Return all routes, in the order in which they are asked."""
    return [_route(row) for row in Route.objects.order_by("order", "name")]


def route_row(name: str) -> RouteRow:
    """Return one route.

    Raises:
        RouteNotFoundError: there is none of that name.
    """
    return _route(route_of(name))


def _route(row: Route) -> RouteRow:
    return RouteRow(
        row.name,
        row.order,
        tuple(row.match),
        row.policy,
        row.urgency,
        row.origin,
        row.file,
        tuple(row.group_by),
        row.group_for,
        tuple(row.times),
        row.time_zone,
    )


def route_of(name: str) -> Route:
    """Return the row of a route, for the use-cases of this slice.

    Raises:
        RouteNotFoundError: there is none of that name.
    """
    row = Route.objects.filter(name=name).first()
    if row is None:
        raise RouteNotFoundError(f"There is no route {name}")
    return row


def route_spec_of(name: str) -> RouteSpec:
    """Return what somebody would have to wish for to have the route of that name.

    Raises:
        RouteNotFoundError: there is none of that name.
    """
    return route_spec(route_of(name))


def route_spec(row: Route) -> RouteSpec:
    """Return what somebody would have to wish for to have this route."""
    return RouteSpec(
        name=row.name,
        policy=row.policy,
        order=row.order,
        match=tuple(row.match),
        urgency=row.urgency,
        group_by=tuple(row.group_by),
        group_for=row.group_for,
        times=tuple(row.times),
        time_zone=row.time_zone,
    )


def silence_rows(*, now: dt.datetime) -> list[SilenceRow]:
    """Return all silences by name."""
    held: dict[str, int] = {}
    quiet = Alert.objects.filter(muted_until__gt=now).exclude(state="resolved")
    for name in quiet.values_list("muted_by", flat=True):
        held[name] = held.get(name, 0) + 1
    found = Silence.objects.order_by("name")
    return [_silence(row, held.get(row.name, 0), now=now) for row in found]


def silence_row(name: str, *, now: dt.datetime) -> SilenceRow:
    """Return one silence.

    Raises:
        SilenceNotFoundError: there is none of that name.
    """
    quiet = Alert.objects.filter(muted_until__gt=now, muted_by=name).exclude(state="resolved")
    return _silence(silence_of(name), quiet.count(), now=now)


def _silence(row: Silence, holds: int, *, now: dt.datetime) -> SilenceRow:
    active = occasions.active_at(times_of(row, now), now)
    following = _following(row, now)
    state = "active" if active else "pending" if following else "expired"
    return SilenceRow(
        name=row.name,
        match=tuple(row.match),
        start=row.start,
        end=row.end,
        reason=row.reason,
        origin=row.origin,
        file=row.file,
        state=state,
        holds=holds,
        recurrence=row.recurrence,
        time_zone=row.time_zone,
        since=active.start if active else None,
        until=active.end if active else None,
        next_start=following.start if following else None,
        next_end=following.end if following else None,
    )


def times_of(row: Silence, after: dt.datetime) -> tuple[Interval, ...]:
    """Return the times at which a silence holds and that end after an instant.

    Of one that comes again those of a day to come at the least.
    """
    if not row.recurrence:
        return (Interval(row.start, row.end),) if row.end > after else ()
    found = occasions.near(silence_spec(row).occasion(), after)
    return tuple(each for each in occasions.without(found, _cuts(row)) if each.end > after)


def _following(row: Silence, now: dt.datetime) -> Interval | None:
    if not row.recurrence:
        return Interval(row.start, row.end) if row.start > now else None
    if row.over_at is not None and row.over_at <= now:
        return None
    return occasions.following(silence_spec(row).occasion(), now, cuts=_cuts(row))


def _cuts(row: Silence) -> tuple[Interval, ...]:
    """Return what was left of the time that was ended early."""
    if row.resumes_at is None:
        return ()
    return (Interval(instants.FIRST, row.resumes_at),)


def silence_of(name: str) -> Silence:
    """Return the row of a silence, for the use-cases of this slice.

    Raises:
        SilenceNotFoundError: there is none of that name.
    """
    row = Silence.objects.filter(name=name).first()
    if row is None:
        raise SilenceNotFoundError(f"There is no silence {name}")
    return row


def silence_spec(row: Silence) -> SilenceSpec:
    """Return what somebody would have to wish for to have this silence."""
    return SilenceSpec(
        row.name, tuple(row.match), row.start, row.end, row.reason, row.recurrence, row.time_zone
    )


@dataclass(frozen=True, slots=True)
class InhibitionRow:
    """An inhibition.

    Attributes:
        name: Its name.
        source: Matchers of what has to be open.
        target: Matchers of what is quiet meanwhile.
        equal: Names of what both share.
        origin: Where it came from.
        file: The file it came from; may be empty.
        sources: How many open alerts are sources of it.
        holds: How many open alerts it keeps quiet.
    """

    name: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    equal: tuple[str, ...]
    origin: str
    file: str
    sources: int
    holds: int

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value


def inhibition_rows() -> list[InhibitionRow]:
    """Return all inhibitions by name."""
    is_over = "resolved"
    quiet = Alert.objects.filter(muted_until__isnull=False).exclude(state=is_over)
    held = Counter(quiet.values_list("muted_by", flat=True))
    marks = InhibitionMark.objects.exclude(alert__state=is_over)
    sources = Counter(marks.values_list("name", flat=True))
    return [
        InhibitionRow(
            name=row.name,
            source=tuple(row.source),
            target=tuple(row.target),
            equal=tuple(row.equal),
            origin=row.origin,
            file=row.file,
            sources=sources[row.name],
            holds=held[f"{INHIBITION}:{row.name}"],
        )
        for row in Inhibition.objects.order_by("name")
    ]


def inhibition_row(name: str) -> InhibitionRow:
    """Return one inhibition.

    Raises:
        InhibitionNotFoundError: there is none of that name.
    """
    inhibition_of(name)
    return next(row for row in inhibition_rows() if row.name == name)


def inhibition_of(name: str) -> Inhibition:
    """Return the row of an inhibition, for the use-cases of this slice.

    Raises:
        InhibitionNotFoundError: there is none of that name.
    """
    row = Inhibition.objects.filter(name=name).first()
    if row is None:
        raise InhibitionNotFoundError(f"There is no inhibition {name}")
    return row


def inhibition_spec(row: Inhibition) -> InhibitionSpec:
    """Return what somebody would have to wish for to have this inhibition."""
    return InhibitionSpec(row.name, tuple(row.source), tuple(row.target), tuple(row.equal))


def inhibition_specs() -> list[InhibitionSpec]:
    """Return what somebody would have to wish for to have all inhibitions, by name."""
    return [inhibition_spec(row) for row in Inhibition.objects.order_by("name")]


def route_specs() -> list[RouteSpec]:
    """Return what somebody would have to wish for to have all routes, by name."""
    return [route_spec(row) for row in Route.objects.order_by("name")]


def silence_specs() -> list[SilenceSpec]:
    """Return what somebody would wish for to have all silences but the sample's, by name."""
    rows = Silence.objects.exclude(origin=Origin.SAMPLE.value).order_by("name")
    return [silence_spec(row) for row in rows]
