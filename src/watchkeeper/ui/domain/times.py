"""How instants and lengths are written, with the zone always beside an exact time."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper.ui.domain.numbers import THIN, UNKNOWN

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_WEEK_DAYS = 7
_UNITS = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
_JUST_NOW_SECONDS = 5
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone as a person reads it.

    Attributes:
        name: IANA name, as ``Europe/Oslo``.
        city: The last part of it in words, as ``Oslo``.
    """

    name: str
    city: str

    @property
    def info(self) -> ZoneInfo:
        """The rules of the zone."""
        return ZoneInfo(self.name)

    def abbreviation(self, at: dt.datetime) -> str:
        """Return what the zone is called at ``at``: "CET", or "UTC+03:30" where it has no name."""
        local = at.astimezone(self.info)
        name = local.tzname() or ""
        if name and not name.startswith(("+", "-")):
            return name
        text = local.strftime("%z")
        return f"UTC{text[:3]}:{text[3:5]}"


UTC = Zone(name="UTC", city="UTC")


def is_zone(name: str) -> bool:
    """Return whether there is a zone called ``name``."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zone(name: str) -> Zone:
    """Return the zone called ``name``; UTC where there is none of that name."""
    if not is_zone(name):
        return UTC
    return Zone(name=name, city=name.rpartition("/")[2].replace("_", " "))


def duration(length: dt.timedelta | float | None) -> str:
    """Return a length in its two largest units, cut: "2 h 14 min", "52 s", "4 d 6 h".

    Args:
        length: A timedelta or seconds; below zero is written as its size; ``None`` is unknown.
    """
    if length is None:
        return UNKNOWN
    seconds = length.total_seconds() if isinstance(length, dt.timedelta) else float(length)
    rest = int(abs(seconds))
    if rest == 0:
        return f"under 1{THIN}s" if seconds else f"0{THIN}s"
    first = next(place for place, (size, _) in enumerate(_UNITS) if rest >= size)
    parts = []
    for size, unit in _UNITS[first : first + 2]:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{THIN}{unit}")
    return " ".join(parts)


def relative(at: dt.datetime | None, *, now: dt.datetime) -> str:
    """Return how far ``at`` is from ``now`` in one unit: "12 min ago", "in 4 min", "just now"."""
    if at is None:
        return UNKNOWN
    seconds = int((now - at).total_seconds())
    if abs(seconds) < _JUST_NOW_SECONDS:
        return "just now"
    size, unit = next(pair for pair in _UNITS if abs(seconds) >= pair[0])
    text = f"{abs(seconds) // size}{THIN}{unit}"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def exact(at: dt.datetime | None, *, zone: Zone, seconds: bool = False) -> str:
    """Return what may be quoted: "Tue 17 Nov 2026, 03:42 CET"."""
    if at is None:
        return UNKNOWN
    local = at.astimezone(zone.info)
    clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{_DAYS[local.weekday()]} {day(at, zone=zone)}, {clock} {zone.abbreviation(at)}"


def day(at: dt.datetime | None, *, zone: Zone) -> str:
    """Return the day in ``zone``: "17 Nov 2026"."""
    if at is None:
        return UNKNOWN
    local = at.astimezone(zone.info)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def short(at: dt.datetime | None, *, now: dt.datetime, zone: Zone) -> str:
    """Return as much as is needed: "03:42", "Mon 16:12", "29 Oct 19:12", "12 Nov 2025".

    The zone is not in it: write it once, at the head of the list or in the title of the element.
    """
    if at is None:
        return UNKNOWN
    local, today = at.astimezone(zone.info), now.astimezone(zone.info)
    clock = local.strftime("%H:%M")
    days = (today.date() - local.date()).days
    if days == 0:
        return clock
    if 0 < days < _WEEK_DAYS:
        return f"{_DAYS[local.weekday()]} {clock}"
    if local.year == today.year:
        return f"{local.day} {_MONTHS[local.month - 1]} {clock}"
    return day(at, zone=zone)


def ahead(at: dt.datetime | None, *, now: dt.datetime, zone: Zone) -> str:
    """Return as much of a time to come as is needed: "09:00", "Mon 09:00", "29 Oct 19:12".

    The zone is not in it, as in :func:`short`.
    """
    if at is None:
        return UNKNOWN
    local, today = at.astimezone(zone.info), now.astimezone(zone.info)
    clock = local.strftime("%H:%M")
    if at - now < dt.timedelta(days=1):
        return clock
    if (local.date() - today.date()).days < _WEEK_DAYS:
        return f"{_DAYS[local.weekday()]} {clock}"
    if local.year == today.year:
        return f"{local.day} {_MONTHS[local.month - 1]} {clock}"
    return day(at, zone=zone)


def day_label(at: dt.datetime, *, zone: Zone) -> str:
    """Return a day for an axis: "17 Nov"."""
    local = at.astimezone(zone.info)
    return f"{local.day} {_MONTHS[local.month - 1]}"


def axis_label(at: dt.datetime, *, zone: Zone) -> str:
    """Return a point of a time axis: "17 Nov 03:42"."""
    return f"{day_label(at, zone=zone)} {at.astimezone(zone.info):%H:%M}"


def stamp(at: dt.datetime, *, zone: Zone = UTC) -> str:
    """Return the minute as machines write it: "2026-11-17T02:42Z", "2026-11-17T03:42+01:00"."""
    return at.astimezone(zone.info).isoformat(timespec="minutes").replace("+00:00", "Z")
