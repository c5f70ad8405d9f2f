"""What those who are on call stand in: until when, who comes next, how they are reached, paged."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.kernel.intervals import Interval
from watchkeeper.notifications import queries as notifications
from watchkeeper.notifications.domain.plan import Reach, is_usable
from watchkeeper.notifications.queries import LastPage
from watchkeeper.oncall.domain.escalation import EscalationState
from watchkeeper.oncall.domain.schedule import Entry
from watchkeeper.oncall.models import Page
from watchkeeper.oncall.queries import schedules, standings
from watchkeeper.oncall.queries.schedules import ScheduleRow
from watchkeeper.oncall.queries.standings import OnCall

AHEAD = dt.timedelta(hours=24)
"""How far ahead it is looked for who follows and for holes."""


@dataclass(frozen=True, slots=True)
class Paged:
    """The last page of somebody.

    Attributes:
        person: Whom it called.
        at: When it was due.
        is_unanswered: Whether nobody answered it yet, nor did its subject end.
    """

    person: str
    at: dt.datetime
    is_unanswered: bool


@dataclass(frozen=True, slots=True)
class Duty:
    """One schedule and those who are on call in it.

    Attributes:
        row: The schedule.
        standing: Who is on call, and until when.
        following: Who is from then on; ``None``: it does not change within a day.
        hole: When nobody is within the next day, the present included; ``None``: never.
        usable: How many contacts of those on call are verified and by a channel that works here.
        contacts: How many contacts they have.
        unreachable: Who of them cannot be called at all.
        paged: The last page to one of them; ``None``: none is known.
    """

    row: ScheduleRow
    standing: OnCall
    following: Entry | None
    hole: Interval | None
    usable: int
    contacts: int
    unreachable: tuple[str, ...]
    paged: Paged | None

    @property
    def is_of_concern(self) -> bool:
        """Whether somebody ought to look at it now."""
        is_paged = self.paged is not None and self.paged.is_unanswered
        return is_paged or self.hole is not None or bool(self.unreachable)


def duties(*, now: dt.datetime) -> list[Duty]:
    """Return every schedule with those on call in it by its name, by a fixed number of queries."""
    rows = {row.name: row for row in schedules.schedule_rows()}
    found = [one for one in standings.on_call(at=now) if one.schedule in rows]
    ids = [rows[one.schedule].id for one in found]
    ahead = standings.on_call_in(ids, Interval(now, now + AHEAD))
    people = {person for one in found for person in one.people}
    reaches, wired = notifications.reaches(people), notifications.ready_channels()
    paged = _paged(notifications.last_pages(people))
    return [
        _duty(rows[one.schedule], one, ahead[rows[one.schedule].id], reaches, wired, paged, now)
        for one in found
    ]


def _duty(
    row: ScheduleRow,
    standing: OnCall,
    ahead: Sequence[Entry],
    reaches: Mapping[str, Reach],
    wired: frozenset[str],
    paged: Mapping[str, Paged],
    now: dt.datetime,
) -> Duty:
    reached = [reaches[name] for name in standing.people if name in reaches]
    own = [contact for reach in reached for contact in reach.contacts]
    pages = [paged[name] for name in standing.people if name in paged]
    return Duty(
        row=row,
        standing=standing,
        following=next((entry for entry in ahead if entry.start > now), None),
        hole=_hole(ahead, Interval(now, now + AHEAD)),
        usable=sum(is_usable(contact, wired) for contact in own),
        contacts=len(own),
        unreachable=tuple(
            name
            for name in standing.people
            if name not in reaches or not reaches[name].is_usable(wired)
        ),
        paged=max(pages, key=lambda page: (page.is_unanswered, page.at), default=None),
    )


def _hole(entries: Sequence[Entry], interval: Interval) -> Interval | None:
    """Return the first stretch of ``interval`` in which nobody is on call."""
    taken = [Interval(entry.start, entry.end) for entry in entries]
    return next(iter(interval.without(taken)), None)


def _paged(pages: Collection[LastPage]) -> dict[str, Paged]:
    """Return the last page of each, with whether somebody answered."""
    ids = [page.page_id for page in pages]
    rows = Page.objects.filter(pk__in=ids).exclude(escalation__state=EscalationState.STOPPED.value)
    still = set(rows.values_list("pk", flat=True))
    return {page.person: Paged(page.person, page.at, page.page_id in still) for page in pages}
