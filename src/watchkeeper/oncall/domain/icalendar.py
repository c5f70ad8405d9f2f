"""Shifts as a calendar that other programs subscribe to. Source: RFC 5545 (iCalendar)."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST_LINE = 75  # octets, without the line's end (RFC 5545, 3.1)
_ESCAPES = (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"))


@dataclass(frozen=True, slots=True)
class Event:
    """A shift in a calendar.

    Attributes:
        start: First instant.
        end: First instant after it.
        summary: What a person reads.
        key: What tells it from other events that start at the same time.
    """

    start: dt.datetime
    end: dt.datetime
    summary: str
    key: str


def calendar(name: str, events: Iterable[Event], *, now: dt.datetime) -> str:
    """Return a calendar as text, all times in UTC, lines folded and ended as the standard wants.

    Args:
        name: What the calendar is called.
        events: Its shifts.
        now: The present; when this was written.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Watchkeeper//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    ]
    for event in events:
        lines += _event(event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(event: Event, now: dt.datetime) -> Iterator[str]:
    about = f"{event.key} {_moment(event.start)}"
    yield "BEGIN:VEVENT"
    yield f"UID:{hashlib.sha256(about.encode()).hexdigest()[:32]}@watchkeeper"
    yield f"DTSTAMP:{_moment(now)}"
    yield f"DTSTART:{_moment(event.start)}"
    yield f"DTEND:{_moment(event.end)}"
    yield f"SUMMARY:{_text(event.summary)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(instant: dt.datetime) -> str:
    return f"{instant.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    for plain, escaped in _ESCAPES:
        value = value.replace(plain, escaped)
    return "".join(letter for letter in value if letter.isprintable())


def _folded(line: str) -> Iterator[str]:
    """Yield a line cut to what one may be long, never inside a letter."""
    part, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LONGEST_LINE:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + width
    yield part
