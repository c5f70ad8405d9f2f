"""Which stretch of time the charts of an SLO's page show, and in which zone: as its address says.

The charts of a page share one range, so that the same instant stands at the same place in all.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from watchkeeper.slos.domain import windows
from watchkeeper.slos.domain.definition import CalendarWindow
from watchkeeper.slos.queries import Standing
from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.numbers import THIN

OWN = "own"
"""What a range is called that somebody chose by its two ends."""

_DAY = dt.timedelta(days=1)
_OFFERED = {"24h": _DAY, "7d": 7 * _DAY, "30d": 30 * _DAY, "90d": 90 * _DAY}
_SHORTEST = dt.timedelta(minutes=5)
_LONGEST = 400 * _DAY
_WALL = "%Y-%m-%dT%H:%M"
_INSTANT = f"{_WALL}Z"


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time on the charts.

    Attributes:
        key: As the address names it: ``24h``, the window's label, or ``own``.
        start: First instant shown.
        end: The instant after the last one shown; never after what is known.
        problem: Why what was asked for is not shown; empty where it is.
    """

    key: str
    start: dt.datetime
    end: dt.datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The form in which both ends and the zone are chosen."""

    start: str
    end: str
    zones: list[tuple[str, str, bool]]


def offered(standing: Standing) -> list[tuple[str, str]]:
    """Return the ranges on offer, shortest first, the window among them: key and words."""
    length = standing.answer.interval.length
    found = [
        (span, key, f"{key[:-1]}{THIN}{key[-1]}")
        for key, span in _OFFERED.items()
        if span != length
    ]
    found.append((length, windows.label(standing.window), _window_words(standing)))
    return [(key, words) for _, key, words in sorted(found)]


def _window_words(standing: Standing) -> str:
    window = standing.window
    if not isinstance(window, CalendarWindow):
        return times.duration(standing.answer.interval.length)
    return f"this {window.unit.value}" if window.count == 1 else "window"


def chosen(standing: Standing, asked: Mapping[str, str], *, zone: times.Zone) -> Range:
    """Return the range that the address asks for; the window where it asks for none.

    Args:
        standing: The objective over its window.
        asked: ``range`` with one on offer, or ``from`` and ``to``: instants, or wall-clock times
            of ``zone``.
        zone: In which times without an offset are read.
    """
    answer = standing.answer
    end = min(answer.as_of, answer.interval.end)
    label = windows.label(standing.window)
    own = Range(label, min(answer.interval.start, end - _SHORTEST), end)
    if asked.get("from") or asked.get("to"):
        return _own(asked, own, latest=answer.as_of, zone=zone)
    key = asked.get("range", "")
    if key == label or key not in _OFFERED:
        return own
    return Range(key, end - _OFFERED[key], end)


def _own(
    asked: Mapping[str, str], window: Range, *, latest: dt.datetime, zone: times.Zone
) -> Range:
    problem = ""
    start, end = (instant(asked.get(name, ""), zone=zone) for name in ("from", "to"))
    if (asked.get("from") and start is None) or (asked.get("to") and end is None):
        problem = "A time was not understood; write it as 2026-03-02T14:30."
    start = start or window.start
    until = min(end or latest, latest)
    if not problem and start >= latest:
        problem = "That time has not been measured yet."
    elif not problem and until - start < _SHORTEST:
        problem = "A range holds at least five minutes, and its end is after its start."
    elif not problem and until - start > _LONGEST:
        problem = "A range holds at most 400 days."
    if problem:
        return Range(window.key, window.start, window.end, f"{problem} The window is shown.")
    return Range(OWN, start, until)


def instant(text: str, *, zone: times.Zone) -> dt.datetime | None:
    """Return the whole minute that was written; without an offset it is a time of ``zone``."""
    try:
        found = dt.datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone.info)
        return found.astimezone(dt.UTC).replace(second=0, microsecond=0)
    except (ValueError, OverflowError):
        return None


def shared(asked: QueryDict, *, zone: times.Zone) -> QueryDict | None:
    """Return an address's query with its ends as instants, so that every reader sees the same.

    ``None`` where they are, where none is asked for, and where one is not understood.
    """
    found = asked.copy()
    for name in ("from", "to"):
        at = instant(asked.get(name, ""), zone=zone)
        if at is not None:
            found[name] = at.strftime(_INSTANT)
    if found == asked:
        return None
    found.pop("range", None)
    return found


def form(shown: Range, standing: Standing, *, zone: times.Zone, own: times.Zone) -> Choice:
    """Return what the form is filled with.

    Args:
        shown: The range on the charts.
        standing: The objective over its window; a calendar window brings its zone.
        zone: In which the page is written.
        own: The zone of the one who looks.
    """
    words = {"own": f"Yours: {own.city}", "UTC": "UTC"}
    if own == times.UTC:
        words = {"own": "UTC"}
    window = standing.window
    if isinstance(window, CalendarWindow) and window.time_zone not in (own.name, "UTC"):
        words[window.time_zone] = f"The SLO's: {times.zone(window.time_zone).city}"
    current = "own" if zone == own else zone.name
    words.setdefault(current, zone.city)
    return Choice(
        start=shown.start.astimezone(zone.info).strftime(_WALL),
        end=shown.end.astimezone(zone.info).strftime(_WALL),
        zones=[(key, text, key == current) for key, text in words.items()],
    )
