"""Reading schedules and the overrides made by hand."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchkeeper.identity import queries as identity
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall.domain import documents as schedule_documents
from watchkeeper.oncall.models import Override, Schedule, ScheduleVersion


class ScheduleNotFoundError(NotFoundError):
    """There is no schedule of that name."""

    code = "schedule_not_found"


class OverrideNotFoundError(NotFoundError):
    """There is no such override of that schedule."""

    code = "override_not_found"


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule.

    Attributes:
        id: Its id.
        name: Its name.
        title: Words for people; may be empty.
        time_zone: Where its wall clock hangs.
        owner_id: Id of the team that owns it; ``None``: nobody does.
        owner_name: Name of that team.
        origin: Where it came from.
        file: The file that it came from; empty: none.
        is_taken_over: Whether files ruled it once and do no longer.
        version: Number of the newest version.
        changed_at: When that came into force.
    """

    id: int
    name: str
    title: str
    time_zone: str
    owner_id: int | None
    owner_name: str | None
    origin: str
    file: str
    is_taken_over: bool
    version: int
    changed_at: dt.datetime

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """An override made by hand.

    Attributes:
        id: Its id.
        start: First instant.
        end: First instant after it.
        person: Who is on.
        replaces: Whose place they take; ``None``: everybody's, or with ``joins`` nobody's.
        joins: Whether they are on beside those who are.
        created_at: When it was made.
        created_by: Kind and id of who made it, as ``user:3``.
        ended_at: From when on it no longer holds; ``None``: it was not ended early.
        ended_by: Kind and id of who ended it; empty: nobody did.
    """

    id: int
    start: dt.datetime
    end: dt.datetime
    person: str
    replaces: str | None
    joins: bool
    created_at: dt.datetime
    created_by: str
    ended_at: dt.datetime | None
    ended_by: str


def schedule_rows(*, owner: str | None = None, name: str | None = None) -> list[ScheduleRow]:
    """Return schedules by name, all of them, those of one team, or the one of that ``name``."""
    found = Schedule.objects.filter(is_removed=False).select_related("owner").order_by("name")
    if owner is not None:
        found = found.filter(owner__name=owner)
    if name is not None:
        found = found.filter(name=name)
    return [
        ScheduleRow(
            id=row.pk,
            name=row.name,
            title=row.title,
            time_zone=row.time_zone,
            owner_id=row.owner_id,
            owner_name=row.owner.name if row.owner is not None else None,
            origin=row.origin,
            file=row.file,
            is_taken_over=row.is_taken_over,
            version=row.newest,
            changed_at=row.newest_since,
        )
        for row in found
    ]


def schedule_row(name: str) -> ScheduleRow:
    """Return one schedule.

    Raises:
        ScheduleNotFoundError: there is none of that name.
    """
    found = schedule_rows(name=name)
    if not found:
        raise ScheduleNotFoundError(f"There is no schedule {name}")
    return found[0]


def document_of(name: str) -> Mapping[str, Json]:
    """Return the newest document of a schedule.

    Raises:
        ScheduleNotFoundError: there is none of that name.
    """
    row = schedule_row(name)
    version = ScheduleVersion.objects.get(schedule_id=row.id, number=row.version)
    return dict(schedule_documents.ordered(version.document or {}))


def documents() -> list[Mapping[str, Json]]:
    """Return the newest document of every schedule that is no sample, by name."""
    rows = [row for row in schedule_rows() if row.origin != Origin.SAMPLE.value]
    newest = {row.id: row.version for row in rows}
    found: dict[int, Mapping[str, Json]] = {
        schedule: schedule_documents.ordered(document)
        for schedule, number, document in ScheduleVersion.objects.filter(
            schedule__is_removed=False
        ).values_list("schedule_id", "number", "document")
        if newest.get(schedule) == number and document is not None
    }
    return [found[row.id] for row in rows]


def override_rows(name: str, *, since: dt.datetime | None = None) -> list[OverrideRow]:
    """Return the overrides of a schedule that were made by hand, ended ones too, by start.

    Args:
        name: The schedule.
        since: Leave out what ended before; ``None``: all.

    Raises:
        ScheduleNotFoundError: there is none of that name.
    """
    found = Override.objects.filter(schedule_id=schedule_row(name).id)
    if since is not None:
        found = found.filter(end__gt=since)
    return [_override(row) for row in found.order_by("start", "pk")]


def override_row(name: str, override_id: int) -> OverrideRow:
    """Return one override that was made by hand.

    Raises:
        ScheduleNotFoundError: there is no such schedule.
        OverrideNotFoundError: it has no such override.
    """
    row = Override.objects.filter(schedule_id=schedule_row(name).id, pk=override_id).first()
    if row is None:
        raise OverrideNotFoundError(f"The schedule {name} has no override {override_id}")
    return _override(row)


def _override(row: Override) -> OverrideRow:
    return OverrideRow(
        id=row.pk,
        start=row.start,
        end=row.end,
        person=row.person,
        replaces=row.replaces or None,
        joins=row.joins,
        created_at=row.created_at,
        created_by=row.created_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def unknown_people(names: Iterable[str]) -> set[str]:
    """Return which of ``names`` are no people that Watchkeeper knows."""
    return set(names) - {person.name for person in identity.people()}
