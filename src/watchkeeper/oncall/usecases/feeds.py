"""Making and revoking calendar feeds."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from watchkeeper.audit import usecases as audit
from watchkeeper.identity import queries as identity
from watchkeeper.identity.domain import tokens
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.oncall.models import CalendarFeed
from watchkeeper.oncall.queries import FeedNotFoundError
from watchkeeper.oncall.usecases.schedules import author_of, schedule_of

_MOST = 100
_READ_EACH = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class MadeFeed:
    """A new feed: its id, and the secret that is told this once."""

    id: int
    secret: str


@transaction.atomic
def make_feed(
    *, actor: Actor, schedule: str | None, person: str | None, now: dt.datetime
) -> MadeFeed:
    """Make a secret address for a calendar program.

    Args:
        actor: A person, for a schedule or for their own shifts; an admin for anybody's.
        schedule: The schedule to show; ``None``: shifts of ``person``.
        person: Whose shifts to show; ``None``: all of ``schedule``.
        now: The present.

    Raises:
        InvalidError: not just one of both was named, or there is no such person.
        ScheduleNotFoundError: there is no such schedule.
        ForbiddenError: it shows somebody else's shifts, or a token asks and is no admin's.
        ConflictError: the reader has too many feeds.
    """
    is_person = actor.kind is ActorKind.USER and actor.id is not None
    own = identity.names_of([actor.id]).get(actor.id) if is_person and actor.id else None
    if not is_person or (person is not None and person != own):
        access.require(actor, Permission.ADMINISTER, what="calendar feeds of others")
    if (schedule is None) == (person is None):
        message = "name a schedule or a person, one of them"
        raise InvalidError(message, [Problem(message, path="schedule")])
    if person is not None and identity.person_by_name(person) is None:
        message = f"there is no person {person}"
        raise InvalidError(message, [Problem(message, path="person")])
    row = schedule_of(schedule, actor=actor) if schedule is not None else None
    reader = actor.id if is_person else None
    alive = CalendarFeed.objects.filter(reader_id=reader, revoked_at__isnull=True)
    if reader is not None and alive.count() >= _MOST:
        raise ConflictError(f"There are {_MOST} feeds already; revoke those that nobody reads")
    secret = tokens.new(tokens.CALENDAR)
    made = CalendarFeed.objects.create(
        hash=identity.secret_hash(secret),
        hint=tokens.hint(secret),
        schedule=row,
        person=person or "",
        reader_id=reader,
        created_at=now,
        created_by=author_of(actor),
    )
    _record(actor, "calendar_feed.made", made.pk, now=now)
    return MadeFeed(made.pk, secret)


@transaction.atomic
def revoke_feed(*, actor: Actor, feed_id: int, now: dt.datetime) -> None:
    """Let a feed open nothing any more.

    Raises:
        ForbiddenError: it is somebody else's, and the actor is no admin.
        FeedNotFoundError: there is none of that id, or it was revoked.
    """
    row = CalendarFeed.objects.filter(pk=feed_id, revoked_at__isnull=True).first()
    is_own = (
        row is not None
        and row.reader_id is not None
        and actor.kind is ActorKind.USER
        and row.reader_id == actor.id
    )
    if not is_own:
        access.require(actor, Permission.ADMINISTER, what="calendar feeds of others")
    if row is None:
        raise FeedNotFoundError(f"There is no calendar feed {feed_id}")
    CalendarFeed.objects.filter(pk=feed_id).update(revoked_at=now)
    _record(actor, "calendar_feed.revoked", feed_id, now=now)


def note_read(feed_id: int, *, now: dt.datetime) -> None:
    """Remember that a calendar program came, every few minutes at most."""
    is_due = Q(last_read_at__isnull=True) | Q(last_read_at__lt=now - _READ_EACH)
    CalendarFeed.objects.filter(is_due, pk=feed_id).update(last_read_at=now)


def _record(actor: Actor, action: str, feed_id: int, *, now: dt.datetime) -> None:
    audit.record(
        actor=actor, action=action, kind="calendar_feed", object_id=feed_id, detail={}, now=now
    )
