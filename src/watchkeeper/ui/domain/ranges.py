"""Which stretch of time the charts of a page show, and in which zone: as its address says.

The charts of a page share one range, so that the same instant stands at the same place in all.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.numbers import THIN

OWN = "own"
"""What a range is called that somebody chose by its two ends."""

_DAY = dt.timedelta(days=1)
OFFERED: Mapping[str, dt.timedelta] = {
    "24h": _DAY, "7d": 7 * _DAY, "30d": 30 * _DAY, "90d": 90 * _DAY
}  # fmt: skip
"""The ranges that pages offer, as the address names them."""
SHORTEST = dt.timedelta(minutes=5)
_WALL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time on the charts.

    Attributes:
        key: As the address names it: one that is offered, or ``own``.
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


def words(key: str) -> str:
    """Return an offered range in words: ``24h`` is "24 h"."""
    return f"{key[:-1]}{THIN}{key[-1]}"


def chosen(
    asked: Mapping[str, str],
    otherwise: Range,
    *,
    latest: dt.datetime,
    longest: dt.timedelta,
    zone: times.Zone,
) -> Range:
    """Return the range that the address asks for; ``otherwise`` where it asks for none.

    Args:
        asked: ``range`` with one on offer, or ``from`` and ``to``: instants, or wall-clock times
            of ``zone``.
        otherwise: Shown where nothing is asked for, or what cannot be shown.
        latest: After this nothing is known.
        longest: More is not shown at once.
        zone: In which times without an offset are read.
    """
    if asked.get("from") or asked.get("to"):
        return _own(asked, otherwise, latest=latest, longest=longest, zone=zone)
    key = asked.get("range", "")
    if key == otherwise.key or key not in OFFERED:
        return otherwise
    return Range(key, otherwise.end - OFFERED[key], otherwise.end)


def _own(
    asked: Mapping[str, str],
    otherwise: Range,
    *,
    latest: dt.datetime,
    longest: dt.timedelta,
    zone: times.Zone,
) -> Range:
    problem = ""
    start, end = (instant(asked.get(name, ""), zone=zone) for name in ("from", "to"))
    if (asked.get("from") and start is None) or (asked.get("to") and end is None):
        problem = "A time was not understood; write it as 2026-03-02T14:30."
    start = start or otherwise.start
    until = min(end or latest, latest)
    if not problem and start >= latest:
        problem = "That time has not been measured yet."
    elif not problem and until - start < SHORTEST:
        problem = "A range holds at least five minutes, and its end is after its start."
    elif not problem and until - start > longest:
        problem = f"A range holds at most {longest.days} days."
    if problem:
        return Range(otherwise.key, otherwise.start, otherwise.end, problem)
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


def instants(asked: Mapping[str, str], *, zone: times.Zone) -> Mapping[str, str]:
    """Return the ends that are asked for as instants, so that every reader sees the same.

    Empty where they are already, where none is asked for, and where none is understood.
    """
    found = {}
    for name in ("from", "to"):
        at = instant(asked.get(name, ""), zone=zone)
        if at is not None and times.stamp(at) != asked.get(name):
            found[name] = times.stamp(at)
    return found


def form(
    shown: Range,
    *,
    zone: times.Zone,
    own: times.Zone,
    others: Mapping[str, str] | None = None,
) -> Choice:
    """Return what the form is filled with.

    Args:
        shown: The range on the charts.
        zone: In which the page is written.
        own: The zone of the one who looks.
        others: Zones that the page offers beside that and UTC: name and words.
    """
    offered = {"own": f"Yours: {own.city}", "UTC": "UTC"}
    if own == times.UTC:
        offered = {"own": "UTC"}
    for name, text in (others or {}).items():
        if name not in (own.name, "UTC"):
            offered[name] = text
    current = "own" if zone == own else zone.name
    offered.setdefault(current, zone.city)
    return Choice(
        start=shown.start.astimezone(zone.info).strftime(_WALL),
        end=shown.end.astimezone(zone.info).strftime(_WALL),
        zones=[(key, text, key == current) for key, text in offered.items()],
    )
