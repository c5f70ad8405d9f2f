"""Which stretch of time the charts of an SLO's page show: its window, or what the address asks."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from watchkeeper.slos.domain import windows
from watchkeeper.slos.domain.definition import CalendarWindow
from watchkeeper.slos.queries import Standing
from watchkeeper.ui.domain import ranges, times
from watchkeeper.ui.domain.ranges import Choice, Range

_LONGEST = dt.timedelta(days=400)


def offered(standing: Standing) -> list[tuple[str, str]]:
    """Return the ranges on offer, shortest first, the window among them: key and words."""
    length = standing.answer.interval.length
    found = [
        (span, key, ranges.words(key)) for key, span in ranges.OFFERED.items() if span != length
    ]
    found.append((length, windows.label(standing.window), _window_words(standing)))
    return [(key, words) for _, key, words in sorted(found)]


def _window_words(standing: Standing) -> str:
    window = standing.window
    if not isinstance(window, CalendarWindow):
        return times.duration(standing.answer.interval.length)
    return f"this {window.unit.value}" if window.count == 1 else "window"


def chosen(standing: Standing, asked: Mapping[str, str], *, zone: times.Zone) -> Range:
    """Return the range that the address asks for; the window where it asks for none."""
    answer = standing.answer
    end = min(answer.as_of, answer.interval.end)
    start = min(answer.interval.start, end - ranges.SHORTEST)
    window = Range(windows.label(standing.window), start, end)
    found = ranges.chosen(asked, window, latest=answer.as_of, longest=_LONGEST, zone=zone)
    if found.problem:
        return replace(found, problem=f"{found.problem} The window is shown.")
    return found


def form(shown: Range, standing: Standing, *, zone: times.Zone, own: times.Zone) -> Choice:
    """Return what the form is filled with; a calendar window brings its zone."""
    window = standing.window
    others = {}
    if isinstance(window, CalendarWindow):
        name = window.time_zone
        others[name] = f"The SLO's: {times.zone(name).city}"
    return ranges.form(shown, zone=zone, own=own, others=others)
