"""Calendar feeds: which there are, and what one of them shows."""

import datetime as dt
from dataclasses import dataclass

from watchkeeper.identity import queries as identity
from watchkeeper.identity.domain import tokens
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import icalendar
from watchkeeper.oncall.domain.icalendar import Event
from watchkeeper.oncall.domain.schedule import Entry
from watchkeeper.oncall.models import CalendarFeed
from watchkeeper.oncall.queries import standings
from watchkeeper.oncall.queries.schedules import schedule_rows

BEFORE, AFTER = dt.timedelta(days=30), dt.timedelta(days=180)
"""How much of the past and of what comes a feed shows."""


class FeedNotFoundError(NotFoundError):
    """There is no such calendar feed, or it was revoked."""

    code = "calendar_feed_not_found"


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A calendar feed, without what opens it.

    Attributes:
        id: Its id.
        hint: The first characters of its secret.
        schedule: The schedule that it shows; ``None``: shifts of one person in all of them.
        person: Whose shifts it shows; ``None``: everybody's in one schedule.
        reader_id: Id of the person who subscribed; ``None``: made on the host or by a token.
        created_at: When it was made.
        last_read_at: When a calendar program last read it; ``None``: never.
    """

    id: int
    hint: str
    schedule: str | None
    person: str | None
    reader_id: int | None
    created_at: dt.datetime
    last_read_at: dt.datetime | None


def feed_rows(actor: Actor) -> list[FeedRow]:
    """Return the feeds that an actor may see: a person their own, an admin all; none revoked."""
    access.require(actor, Permission.READ, what="calendar feeds")
    found = CalendarFeed.objects.filter(revoked_at__isnull=True).select_related("schedule")
    if not access.may(actor, Permission.ADMINISTER):
        reader = actor.id if actor.kind is ActorKind.USER else None
        found = found.filter(reader_id=reader, reader__isnull=False)
    return [
        FeedRow(
            id=row.pk,
            hint=row.hint,
            schedule=row.schedule.name if row.schedule is not None else None,
            person=row.person or None,
            reader_id=row.reader_id,
            created_at=row.created_at,
            last_read_at=row.last_read_at,
        )
        for row in found.order_by("pk")
    ]


def calendar_of(secret: str, *, now: dt.datetime) -> tuple[int, str]:
    """Return the id of the feed that ``secret`` opens, and its calendar.

    Raises:
        FeedNotFoundError: it opens nothing: mistyped, revoked, the schedule is gone, or who
            subscribed may no longer sign in.
    """
    row = None
    if tokens.is_shaped(secret):
        row = (
            CalendarFeed.objects.select_related("schedule", "reader")
            .filter(hash=identity.secret_hash(secret), revoked_at__isnull=True)
            .first()
        )
    if (
        row is None
        or (row.schedule is not None and row.schedule.is_removed)
        or (row.reader is not None and not row.reader.is_active)
    ):
        raise FeedNotFoundError("This calendar is unknown or was revoked; make a new feed")
    span = Interval(now - BEFORE, now + AFTER)
    if row.schedule is not None:
        name = row.schedule.name
        found = standings.on_call_in([row.schedule.pk], span)[row.schedule.pk]
        shifts = [(name, f"{', '.join(e.people)}: {name}", e) for e in found]
        title = f"On call: {name}"
    else:
        names = {one.id: one.name for one in schedule_rows()}
        shifts = [
            (names[pk], f"On call: {names[pk]}", entry)
            for pk, entries in standings.on_call_in(list(names), span).items()
            for entry in entries
            if row.person in entry.people
        ]
        title = f"On call: {row.person}"
    return row.pk, icalendar.calendar(title, map(_event, shifts), now=now)


def _event(shift: tuple[str, str, Entry]) -> Event:
    schedule, summary, entry = shift
    return Event(entry.start, entry.end, summary, key=f"{schedule} {' '.join(entry.people)}")
