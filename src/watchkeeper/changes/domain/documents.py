"""Maintenance windows as documents: ``apiVersion: watchkeeper/v1``, ``kind: Maintenance``."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from watchkeeper.changes.domain import recurrence
from watchkeeper.changes.domain.maintenance import Window
from watchkeeper.changes.domain.occasions import FIRST_YEAR, LAST_YEAR, Occasion
from watchkeeper.kernel import ids, wall_time
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.intervals import Interval

API_VERSION = "watchkeeper/v1"
KIND = "Maintenance"
LONGEST_NAME = 200
MOST_SERVICES = 200
_LONGEST = dt.timedelta(days=366)
_LONGEST_RECURRING = dt.timedelta(days=31)
_FIELDS = ("services", "timeZone", "start", "end", "recurrence", "exclude", "reason")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d)?(?:[Zz]|[+-]\d\d:\d\d)?\Z", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MaintenanceSpec:
    """A maintenance window as somebody wrote it; see :class:`Window`.

    Attributes:
        name: Its name.
        services: Names of services.
        start: When it begins first: wall time in ``time_zone``, or an instant with a zone.
        end: When that ends, likewise.
        time_zone: By whose clocks, as ``Europe/Berlin``.
        recurrence: A rule, as ``FREQ=WEEKLY``; empty: it comes once.
        exclude: Whether its minutes do not count for SLOs.
        reason: Why; may be empty.
    """

    name: str
    services: tuple[str, ...]
    start: str
    end: str
    time_zone: str = "UTC"
    recurrence: str = ""
    exclude: bool = False
    reason: str = ""


def window_of(spec: MaintenanceSpec, *, cuts: tuple[Interval, ...] = ()) -> Window:
    """Return the window that ``spec`` means.

    Raises:
        InvalidError: with every fault and its place.
    """
    faults: list[Problem] = []
    if len(spec.name) > LONGEST_NAME:
        faults.append(Problem(f"a name has at most {LONGEST_NAME} characters", "metadata.name"))
    ids.check_name(spec.name, what="A maintenance window")
    faults += _service_faults(spec.services)
    if len(spec.reason) > 1_000:
        faults.append(Problem("a reason has at most 1000 characters", "spec.reason"))
    occasion = _kept(faults, lambda: occasion_of(spec), "spec")
    if faults or occasion is None:
        raise InvalidError(f"The maintenance window {spec.name}: {faults[0].detail}", faults)
    return Window(spec.name, spec.services, occasion, spec.exclude, spec.reason, cuts)


def _service_faults(services: Sequence[str]) -> list[Problem]:
    if not 1 <= len(services) <= MOST_SERVICES:
        return [Problem(f"1 to {MOST_SERVICES} services are needed", "spec.services")]
    faults = []
    for place, name in enumerate(services):
        try:
            ids.check_name(name, what="A service")
        except InvalidError as error:
            faults.append(Problem(error.message, f"spec.services[{place}]"))
    if len(set(services)) != len(services):
        faults.append(Problem("a service stands here twice", "spec.services"))
    return faults


def occasion_of(spec: MaintenanceSpec) -> Occasion:
    """Return when it is.

    Raises:
        InvalidError: with every fault and its place.
    """
    return occasion(start=spec.start, end=spec.end, zone=spec.time_zone, rule=spec.recurrence)


@lru_cache(8_192)
def occasion(*, start: str, end: str, zone: str, rule: str) -> Occasion:
    """Return the occasion that these texts tell; remembered.

    Args:
        start: Wall time, or an instant with its zone.
        end: Likewise.
        zone: Name of a time zone.
        rule: A recurrence rule; empty: none.

    Raises:
        InvalidError: with every fault and its place below ``spec``.
    """
    faults: list[Problem] = []
    place = _kept(faults, lambda: zone_of(zone), "spec.timeZone")
    if place is None:
        raise InvalidError(faults[0].detail, faults)
    begins = _kept(faults, lambda: _wall(start, place), "spec.start")
    ends = _kept(faults, lambda: _wall(end, place), "spec.end")
    if begins is None or ends is None:
        raise InvalidError(faults[0].detail, faults)
    longest = _LONGEST_RECURRING if rule else _LONGEST
    if ends <= begins:
        faults.append(Problem("end is not after start", "spec.end"))
    elif ends - begins > longest:
        faults.append(Problem(f"it lasts {longest.days} days at the most", "spec.end"))
    found = None
    if rule:
        found = _kept(
            faults, lambda: recurrence.read(rule, start=begins, zone=place), "spec.recurrence"
        )
    if faults:
        raise InvalidError(faults[0].detail, faults)
    return Occasion(zone, begins, ends, found)


def _kept(faults: list[Problem], make: Callable[[], T], path: str) -> T | None:
    """Return what ``make`` gives; a fault is noted, at ``path`` unless it knows its place."""
    try:
        return make()
    except InvalidError as error:
        faults += [replace(problem, path=problem.path or path) for problem in error.problems]
        return None


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        InvalidError: there is none of that name.
    """
    try:
        if name:
            return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        pass
    raise InvalidError(f"{name[:80]!r} is not a time zone, as Europe/Berlin or UTC")


def _wall(text: str, zone: ZoneInfo) -> dt.datetime:
    """Return a time as the wall clock in ``zone`` shows it."""
    message = (
        f"{text[:40]!r} is not a time from {FIRST_YEAR} to {LAST_YEAR}, as 2026-02-03T02:00:00 "
        "(wall time in timeZone) or 2026-02-03T02:00:00Z"
    )
    try:
        found = dt.datetime.fromisoformat(text.upper()) if _TIME.match(text) else None
        if found is not None and found.tzinfo is not None:
            found = wall_time.shown_at(found, zone)
    except (ValueError, OverflowError) as error:
        raise InvalidError(message) from error
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InvalidError(message)
    return found


# ---- documents


def read(document: Document) -> MaintenanceSpec:
    """Return what a document wishes for.

    Raises:
        InvalidError: a field is not what it has to be; nothing of its meaning is judged here.
    """
    spec = document.data.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidError("spec is missing", [Problem("spec is missing", "spec")])
    faults = [
        Problem(f"{name} is not a field of a Maintenance", f"spec.{name}")
        for name in spec
        if name not in _FIELDS
    ]
    services = spec.get("services")
    if not isinstance(services, list) or not all(isinstance(each, str) for each in services):
        faults.append(Problem("services is a list of names", "spec.services"))
        services = []
    exclude = spec.get("exclude", False)
    if not isinstance(exclude, bool):
        faults.append(Problem("exclude is true or false", "spec.exclude"))
    texts = {}
    for name in ("start", "end", "timeZone", "recurrence", "reason"):
        value = spec.get(name)
        if value is not None and not isinstance(value, str):
            faults.append(Problem(f"{name} is not text", f"spec.{name}"))
        texts[name] = value if isinstance(value, str) else ""
    if faults:
        raise InvalidError(faults[0].detail, faults)
    return MaintenanceSpec(
        name=document.name,
        services=tuple(services),
        start=texts["start"],
        end=texts["end"],
        time_zone=texts["timeZone"] or "UTC",
        recurrence=texts["recurrence"],
        exclude=exclude,
        reason=texts["reason"],
    )


def write(spec: MaintenanceSpec) -> dict[str, Any]:
    """Return ``spec`` as a document."""
    body: dict[str, Any] = {
        "services": list(spec.services),
        "timeZone": spec.time_zone,
        "start": spec.start,
        "end": spec.end,
        "recurrence": spec.recurrence,
        "exclude": spec.exclude,
        "reason": spec.reason,
    }
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": spec.name},
        "spec": {name: value for name, value in body.items() if value not in ("", False)},
    }
