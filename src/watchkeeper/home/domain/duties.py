"""What a line of those on call says of its schedule, and which lines come first."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from watchkeeper.kernel.intervals import Interval


class Word(Enum):
    """What a line says, the gravest first."""

    PAGED = "paged"
    NOBODY = "nobody"
    HOLE = "hole"
    UNREACHABLE = "unreachable"
    UNTIL = "until"


_RANKS = {word: rank for rank, word in enumerate(Word)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a schedule.

    Attributes:
        people: Who is on call.
        until: How long; ``None``: it does not change.
        hole: When nobody is within the time that was looked at; ``None``: never.
        unreachable: Who of them cannot be called at all.
        paged_at: When one of them was last paged and has not answered; ``None``: all is answered.
    """

    people: tuple[str, ...]
    until: dt.datetime | None = None
    hole: Interval | None = None
    unreachable: Collection[str] = ()
    paged_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """What a line says.

    Attributes:
        word: Which sentence.
        start: When somebody was paged, or nobody will be on call; ``None``: not told.
        end: Until when that holds; ``None``: not known, or it does not change.
    """

    word: Word
    start: dt.datetime | None = None
    end: dt.datetime | None = None

    @property
    def rank(self) -> int:
        """Place in a list, the gravest first."""
        return _RANKS[self.word]


def saying(facts: Facts, *, looked_until: dt.datetime) -> Saying:
    """Return the gravest of what is true.

    Args:
        facts: What is known of the schedule.
        looked_until: How far it was looked for a hole; of one that reaches that far the end is
            not known.
    """
    hole = facts.hole
    if facts.paged_at is not None:
        return Saying(Word.PAGED, start=facts.paged_at)
    if not facts.people:
        return Saying(Word.NOBODY)
    if hole is not None:
        end = hole.end if hole.end < looked_until else None
        return Saying(Word.HOLE, start=hole.start, end=end)
    if set(facts.people) <= set(facts.unreachable):
        return Saying(Word.UNREACHABLE)
    return Saying(Word.UNTIL, end=facts.until)


def label(title: str, team: str, name: str, *, is_only: bool) -> str:
    """Return what a schedule is called: its title, else its team, else its name.

    A team that has several schedules tells none of them apart.

    Args:
        title: Of the schedule; may be empty.
        team: What the team that owns it is called; empty: nobody owns it.
        name: Of the schedule.
        is_only: Whether it is the only schedule of that team.
    """
    return title or (team if is_only else "") or name


def first(sayings: Sequence[tuple[str, Saying]], *, many: int) -> list[int]:
    """Return the places of the ``many`` lines to show: of concern first, then by their label."""
    order = sorted(
        range(len(sayings)),
        key=lambda place: (sayings[place][1].rank, sayings[place][0].casefold()),
    )
    return order[:many]
