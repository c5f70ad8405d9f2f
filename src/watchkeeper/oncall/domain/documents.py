"""Schedules as documents: ``apiVersion: watchkeeper/v1, kind: Schedule``."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.oncall.domain.fields import Notes
from watchkeeper.oncall.domain.schedule import (
    OVERRIDE,
    CustomRotation,
    CustomShift,
    Layer,
    Override,
    People,
    Restriction,
    Rotation,
    Schedule,
    TimeOff,
    Unit,
)

API_VERSION = "watchkeeper/v1"
KIND = "Schedule"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_OVERRIDES = 2000
_MOST_LAYERS, _MOST_TURNS, _MOST_SHIFTS, _MOST_EVERY = 50, 200, 500, 1000
_CUSTOM = "custom"
_UNITS = f"{', '.join(unit.value for unit in Unit)}, {_CUSTOM}"
_ORDER = {
    name: place
    for place, name in enumerate(
        (
            "apiVersion", "kind", "metadata", "spec", "name", "title", "description", "owner",
            "timeZone", "rotation", "restrictions", "layers", "overrides", "timeOff", "unit",
            "every", "person", "start", "end", "members", "repeat", "shifts", "days", "from", "to",
            "replaces", "add", "reason",
        )
    )
}  # fmt: skip
_REPEATED = {unit.value: unit for unit in (Unit.DAY, Unit.WEEK, Unit.MONTH)}
_SHORTEST = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 28}


@dataclass(frozen=True, slots=True)
class ScheduleDocument:
    """What a document says.

    Attributes:
        name: Name of the schedule.
        title: Words for people; may be empty.
        owner: Name of the team that owns it; ``None``: nobody does.
        schedule: Who is on call when.
    """

    name: str
    title: str
    owner: str | None
    schedule: Schedule


def read(document: Document) -> ScheduleDocument:
    """Return what a document says.

    Raises:
        InvalidError: it is wrong; every fault with its place.
    """
    notes = Notes(document)
    found = _document(notes)
    if notes.faults or found is None:
        raise InvalidError(f"The schedule {document.name} is not valid", notes.faults)
    return found


def stored(document: Document) -> Schedule | None:
    """Return the schedule of a document that was valid when it was kept.

    What a newer time zone database would refuse of it today is left out; ``None``: all of it.
    """
    found = _document(Notes(document))
    return found.schedule if found is not None else None


def problems(document: Document) -> list[Problem]:
    """Return what is wrong with a document."""
    notes = Notes(document)
    _document(notes)
    return notes.faults


def ordered(value: Any) -> Any:
    """Return a document with its fields in the order in which people write them.

    A database may keep them in another; lists stay as they are.
    """
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: _ORDER.get(name, len(_ORDER)))
        return {name: ordered(value[name]) for name in names}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def people_named(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """Yield every person that a schedule names, once for each place, with its path."""
    for place, layer in enumerate(schedule.layers):
        rotation = layer.rotation
        custom = isinstance(rotation, CustomRotation)
        turns = [s.people for s in rotation.shifts] if custom else rotation.turns  # type: ignore[union-attr]
        for turn, people in enumerate(turns):
            path = "shifts" if custom else "members"
            for name in people:
                yield name, f"spec.layers[{place}].rotation.{path}[{turn}]"
    for place, override in enumerate(schedule.overrides):
        yield override.person, f"spec.overrides[{place}].person"
        if override.replaces is not None:
            yield override.replaces, f"spec.overrides[{place}].replaces"
    for place, away in enumerate(schedule.time_off):
        yield away.person, f"spec.timeOff[{place}].person"


def _document(notes: Notes) -> ScheduleDocument | None:
    data = notes.document.data
    name = notes.name(notes.document.name, "metadata.name", what="A schedule")
    fields = ("title", "description", "owner", "timeZone", "layers", "overrides", "timeOff")
    spec = notes.mapping(data.get("spec"), "spec", fields)
    if spec is None:
        return None
    owner = None
    if spec.get("owner") not in (None, ""):
        owner = notes.name(spec["owner"], "spec.owner", what="A team")
    title = notes.text(spec.get("title"), "spec.title", longest=200)
    notes.text(spec.get("description"), "spec.description", longest=10_000)
    zone = notes.zone(spec.get("timeZone"), "spec.timeZone")
    schedule = _schedule(notes, spec, zone or ZoneInfo("UTC"))
    return ScheduleDocument(name or "", title, owner, schedule)


def _schedule(notes: Notes, spec: Mapping[str, Any], zone: ZoneInfo) -> Schedule:
    layers: list[Layer] = []
    for item, path in notes.items(spec.get("layers"), "spec.layers", most=_MOST_LAYERS, least=1):
        layer = _layer(notes, item, path, zone)
        if layer is not None and any(layer.name == other.name for other in layers):
            notes.fault(f"there is a layer {layer.name!r} already", f"{path}.name")
        if layer is not None:
            layers.append(layer)
    overrides = [
        read_override(notes, item, path, zone)
        for item, path in notes.items(spec.get("overrides"), "spec.overrides", most=MOST_OVERRIDES)
    ]
    away = [
        _time_off(notes, item, path, zone)
        for item, path in notes.items(spec.get("timeOff"), "spec.timeOff", most=MOST_OVERRIDES)
    ]
    return Schedule(
        zone,
        tuple(layers),
        tuple(found for found in overrides if found is not None),
        tuple(found for found in away if found is not None),
    )


def _layer(notes: Notes, value: Any, path: str, zone: ZoneInfo) -> Layer | None:
    found = notes.mapping(value, path, ("name", "timeZone", "rotation", "restrictions"))
    if found is None:
        return None
    if found.get("timeZone") is not None:
        zone = notes.zone(found["timeZone"], f"{path}.timeZone") or zone
    name = notes.text(found.get("name"), f"{path}.name", longest=200)
    if name == OVERRIDE:
        notes.fault(f"a layer cannot be named {OVERRIDE!r}", f"{path}.name")
    rotation = _rotation(notes, found.get("rotation"), f"{path}.rotation", zone)
    restrictions = [
        _restriction(notes, item, inner)
        for item, inner in notes.items(
            found.get("restrictions"), f"{path}.restrictions", most=_MOST_LAYERS
        )
    ]
    if rotation is None:
        return None
    place = path[path.rindex("[") + 1 : -1]
    kept = tuple(restriction for restriction in restrictions if restriction is not None)
    return Layer(name or f"layer {int(place) + 1}", rotation, zone, kept)


def _rotation(
    notes: Notes, value: Any, path: str, zone: ZoneInfo
) -> Rotation | CustomRotation | None:
    if isinstance(value, Mapping) and value.get("unit") == _CUSTOM:
        return _custom(notes, value, path, zone)
    found = notes.mapping(value, path, ("unit", "every", "start", "members"))
    if found is None:
        return None
    unit = notes.choice(found.get("unit"), f"{path}.unit", Unit, _UNITS)
    every = notes.count(found.get("every"), f"{path}.every", most=_MOST_EVERY)
    start = notes.moment(found.get("start"), f"{path}.start", zone)
    turns = [
        _people(notes, item, inner)
        for item, inner in notes.items(
            found.get("members"), f"{path}.members", most=_MOST_TURNS, least=1
        )
    ]
    if unit is None or every is None or start is None or not turns:
        return None
    return Rotation(unit, every, start[0], start[1], tuple(turns))


def _people(notes: Notes, value: Any, path: str) -> People:
    """Return one name, or several who are on at once."""
    if not isinstance(value, list):
        name = notes.name(value, path, what="A person")
        return (name,) if name else ()
    names = [
        notes.name(item, inner, what="A person")
        for item, inner in notes.items(value, path, most=_MOST_TURNS, least=1)
    ]
    return tuple(sorted({name for name in names if name}))


def _custom(
    notes: Notes, value: Mapping[str, Any], path: str, zone: ZoneInfo
) -> CustomRotation | None:
    notes.mapping(value, path, ("unit", "shifts", "repeat"))
    unit, every = _repeat(notes, value.get("repeat"), f"{path}.repeat")
    longest = None if unit is None else dt.timedelta(days=_SHORTEST[unit] * every)
    shifts = []
    for item, inner in notes.items(
        value.get("shifts"), f"{path}.shifts", most=_MOST_SHIFTS, least=1
    ):
        shift = _custom_shift(notes, item, inner, zone)
        if shift is not None and longest is not None and shift.end - shift.start > longest:
            notes.fault("a shift is not longer than the time after which it comes again", inner)
        if shift is not None:
            shifts.append(shift)
    return CustomRotation(tuple(shifts), unit, every) if shifts else None


def _repeat(notes: Notes, value: Any, path: str) -> tuple[Unit | None, int]:
    if value is None:
        return None, 1
    found = notes.mapping(value, path, ("unit", "every"))
    if found is None:
        return None, 1
    unit = notes.choice(
        found.get("unit"), f"{path}.unit", _REPEATED.__getitem__, ", ".join(_REPEATED)
    )
    return unit, notes.count(found.get("every"), f"{path}.every", most=_MOST_EVERY) or 1


def _custom_shift(notes: Notes, value: Any, path: str, zone: ZoneInfo) -> CustomShift | None:
    found = notes.mapping(value, path, ("start", "end", "members"))
    if found is None:
        return None
    start = notes.moment(found.get("start"), f"{path}.start", zone)
    end = notes.moment(found.get("end"), f"{path}.end", zone)
    members = found.get("members")
    people = _people(notes, members, f"{path}.members")
    if start is None or end is None:
        return None
    if not start[0] < end[0]:
        notes.fault("a shift ends after it starts", f"{path}.end")
        return None
    return CustomShift(start[0], end[0], people)


def read_restrictions(value: Any, *, path: str) -> tuple[Restriction, ...]:
    """Return windows of wall time as documents of every kind write them.

    Args:
        value: A list of ``{days, from, to}``; days that are left out are all, likewise times.
        path: Where it stands, for faults.

    Raises:
        InvalidError: with every fault and its place.
    """
    notes = Notes(Document({}))
    found = [
        _restriction(notes, item, inner)
        for item, inner in notes.items(value, path, most=_MOST_LAYERS)
    ]
    if notes.faults:
        raise InvalidError(notes.faults[0].detail, notes.faults)
    return tuple(each for each in found if each is not None)


def _restriction(notes: Notes, value: Any, path: str) -> Restriction | None:
    found = notes.mapping(value, path, ("days", "from", "to"))
    if found is None:
        return None
    days = [
        notes.choice(item, inner, DAYS.index, ", ".join(DAYS))
        for item, inner in notes.items(
            found.get("days", list(DAYS)), f"{path}.days", most=7, least=1
        )
    ]
    start = notes.clock(found.get("from", "00:00"), f"{path}.from")
    end = notes.clock(found.get("to", "24:00"), f"{path}.to")
    if start is None or end is None:
        return None
    return Restriction(frozenset(day for day in days if day is not None), start, end)


def read_override(notes: Notes, value: Any, path: str, zone: ZoneInfo) -> Override | None:
    """Return an override as a document writes it; ``None``, and a fault in ``notes``, if wrong."""
    found = notes.mapping(value, path, ("start", "end", "person", "replaces", "add"))
    if found is None:
        return None
    person = notes.name(found.get("person"), f"{path}.person", what="The person of an override")
    replaces = None
    if found.get("replaces") is not None:
        replaces = notes.name(
            found["replaces"], f"{path}.replaces", what="The person who is replaced"
        )
    joins = notes.flag(found.get("add"), f"{path}.add")
    if joins and replaces is not None:
        notes.fault("an override either replaces somebody or joins, not both", f"{path}.add")
    ends = _ends(notes, found, path, zone, what="an override")
    if person is None or ends is None:
        return None
    return Override(*ends, person, replaces, joins)


def _time_off(notes: Notes, value: Any, path: str, zone: ZoneInfo) -> TimeOff | None:
    found = notes.mapping(value, path, ("person", "start", "end", "reason"))
    if found is None:
        return None
    person = notes.name(found.get("person"), f"{path}.person", what="A person")
    notes.text(found.get("reason"), f"{path}.reason", longest=1000)
    ends = _ends(notes, found, path, zone, what="time off")
    if person is None or ends is None:
        return None
    return TimeOff(person, *ends)


def _ends(
    notes: Notes, found: Mapping[str, Any], path: str, zone: ZoneInfo, *, what: str
) -> tuple[dt.datetime, dt.datetime] | None:
    start = notes.moment(found.get("start"), f"{path}.start", zone)
    end = notes.moment(found.get("end"), f"{path}.end", zone)
    if start is None or end is None:
        return None
    # Both in one spring gap are one instant: that holds never, and is no fault of the writer's.
    is_in_gap = start[0] < end[0] and start[1] == end[1]
    if not (start[1] < end[1] or is_in_gap):
        notes.fault(f"{what} ends after it starts", f"{path}.end")
        return None
    return start[1], end[1]
