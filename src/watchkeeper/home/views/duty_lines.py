"""What the overview says of those on call, in words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from watchkeeper.home.domain.duties import Saying, Word
from watchkeeper.home.queries import DutyLine
from watchkeeper.ui.domain import times

_MOST_PEOPLE = 3
_LOOKS = {Word.PAGED: "burn", Word.NOBODY: "crit", Word.HOLE: "watch", Word.UNREACHABLE: "watch"}


@dataclass(frozen=True, slots=True)
class Line:
    """A schedule and those on call in it.

    Attributes:
        label: What it is called.
        url: Its page.
        people: (Name, what they are called) of the first of those on call.
        others: How many more are.
        look: Of what is said; empty: nothing of concern.
        is_badge: Whether it stands on a ground of its colour.
        words: What is said.
        exact: The instants of it in full; empty: it has none.
    """

    label: str
    url: str
    people: Sequence[tuple[str, str]]
    others: int
    look: str
    is_badge: bool
    words: str
    exact: str


def line(row: DutyLine, *, now: dt.datetime, zone: times.Zone) -> Line:
    """Return a schedule and those on call in it, in words."""
    word = row.saying.word
    moments = [at for at in (row.saying.start, row.saying.end) if at is not None]
    return Line(
        label=row.label,
        url=reverse("oncall:schedule", args=[row.schedule]),
        people=row.people[:_MOST_PEOPLE],
        others=len(row.people[_MOST_PEOPLE:]),
        look=_LOOKS.get(word, ""),
        is_badge=word not in {Word.PAGED, Word.UNTIL},
        words=_words(row.saying, now=now, zone=zone),
        exact=", ".join(times.exact(at, zone=zone) for at in moments),
    )


def _words(saying: Saying, *, now: dt.datetime, zone: times.Zone) -> str:
    start = times.ahead(saying.start, now=now, zone=zone)
    end = times.ahead(saying.end, now=now, zone=zone)
    if saying.word is Word.PAGED:
        return _("paged {at}").format(at=times.short(saying.start, now=now, zone=zone))
    if saying.word is Word.NOBODY:
        return _("nobody now")
    if saying.word is Word.HOLE:
        if saying.end is None:
            return _("nobody from {start}").format(start=start)
        return _("nobody {start}–{end}").format(start=start, end=end)  # noqa: RUF001  a span
    if saying.word is Word.UNREACHABLE:
        return _("cannot be called")
    return _("until {end}").format(end=end) if saying.end is not None else _("does not change")
