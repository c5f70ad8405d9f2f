"""Who is on call now, as the overview tells it."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.home.domain import duties
from watchkeeper.home.domain.duties import Facts, Saying
from watchkeeper.identity import queries as identity
from watchkeeper.oncall import queries as oncall
from watchkeeper.oncall.queries import Duty

_MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class DutyLine:
    """A schedule, who is on call in it, and what is to be said of that.

    ``people`` has the name of each and what they are called.
    """

    schedule: str
    label: str
    people: tuple[tuple[str, str], ...]
    saying: Saying


@dataclass(frozen=True, slots=True)
class Duties:
    """The schedules that are shown, of concern first, and how many there are in all."""

    lines: Sequence[DutyLine]
    total: int

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return self.total - len(self.lines)


def duties_now(*, now: dt.datetime) -> Duties:
    """Return who is on call now, by a fixed number of queries."""
    found = oncall.duties(now=now)
    teams = {team.name: team.title or team.name for team in identity.teams()}
    owned = Counter(duty.row.owner_name for duty in found)
    called = identity.shown_names({name for duty in found for name in duty.standing.people})
    lines = []
    for duty in found:
        owner = duty.row.owner_name
        label = duties.label(
            duty.row.title, teams.get(owner or "", ""), duty.row.name, is_only=owned[owner] == 1
        )
        saying = duties.saying(_facts(duty), looked_until=now + oncall.AHEAD)
        people = tuple((name, called[name]) for name in duty.standing.people)
        lines.append(DutyLine(duty.row.name, label, people, saying))
    order = duties.first([(line.label, line.saying) for line in lines], many=_MOST_SHOWN)
    return Duties([lines[place] for place in order], len(lines))


def _facts(duty: Duty) -> Facts:
    paged = duty.paged
    return Facts(
        people=duty.standing.people,
        until=duty.standing.until,
        hole=duty.hole,
        unreachable=duty.unreachable,
        paged_at=paged.at if paged is not None and paged.is_unanswered else None,
    )
