"""Recurrence rules: when what happens once happens again, by wall clocks.

Source: RFC 5545 section 3.3.10; python-dateutil expands the rules. Minutes and seconds are those
of the start, so that no rule is finer than hourly.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile, islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from watchkeeper.kernel import wall_time
from watchkeeper.kernel.errors import InvalidError

LONGEST = 500
MOST = 10_000
_STEPS = {
    "HOURLY": dt.timedelta(hours=1),
    "DAILY": dt.timedelta(days=1),
    "WEEKLY": dt.timedelta(weeks=1),
}
_FREQUENCIES = (*_STEPS, "MONTHLY", "YEARLY")
_TOO_FINE = ("MINUTELY", "SECONDLY")
_FROM_START = ("BYHOUR", "BYMINUTE", "BYSECOND")
_DAY = r"(?:MO|TU|WE|TH|FR|SA|SU)"
_SHAPES = {
    "INTERVAL": re.compile(r"\d{1,4}\Z", re.ASCII),
    "COUNT": re.compile(r"\d{1,5}\Z", re.ASCII),
    "UNTIL": re.compile(r"\d{8}(?:T\d{6}Z?)?\Z", re.ASCII),
    "BYDAY": re.compile(rf"[+-]?\d{{0,2}}{_DAY}(?:,[+-]?\d{{0,2}}{_DAY}){{0,99}}\Z", re.ASCII),
    "BYMONTHDAY": re.compile(r"[+-]?\d{1,2}(?:,[+-]?\d{1,2}){0,99}\Z", re.ASCII),
    "BYMONTH": re.compile(r"\d{1,2}(?:,\d{1,2}){0,99}\Z", re.ASCII),
    "BYSETPOS": re.compile(r"[+-]?\d{1,3}(?:,[+-]?\d{1,3}){0,99}\Z", re.ASCII),
    "WKST": re.compile(rf"{_DAY}\Z"),
}
_RANGES = {"INTERVAL": 999, "COUNT": MOST, "BYMONTHDAY": 31, "BYMONTH": 12, "BYSETPOS": 366}
_CYCLE = 400
"""After so many years the calendar begins anew, weekdays and all."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule that can be.

    Attributes:
        text: As somebody wrote it.
        frequency: ``HOURLY``, ``DAILY``, ``WEEKLY``, ``MONTHLY`` or ``YEARLY``.
        interval: Every how many of these.
        count: How often at all; ``None``: without end, or until ``until``.
        until: The last wall time at which it may begin; ``None``: none.
        others: Its other parts, as a rule has them.
    """

    text: str
    frequency: str
    interval: int = 1
    count: int | None = None
    until: dt.datetime | None = None
    others: str = ""


def read(text: str, *, start: dt.datetime, zone: ZoneInfo) -> Recurrence:
    """Return the rule that ``text`` is, as ``FREQ=WEEKLY;BYDAY=SA``.

    Args:
        text: The rule, without a start.
        start: When it begins, as the wall clock shows.
        zone: Where that clock hangs; an ``UNTIL`` in UTC is turned into its time.

    Raises:
        InvalidError: it is no rule, is finer than hourly, or never comes about.
    """
    parts = _parts(text)
    frequency = parts.pop("FREQ")
    until = parts.pop("UNTIL", None)
    interval, count = int(parts.pop("INTERVAL", "1")), parts.pop("COUNT", None)
    if until is not None and count is not None:
        raise InvalidError("a rule ends by COUNT or by UNTIL, not by both")
    _check_days(frequency, parts)
    found = Recurrence(
        text=text,
        frequency=frequency,
        interval=interval,
        count=int(count) if count is not None else None,
        until=_until(until, zone) if until is not None else None,
        others="".join(f";{name}={value}" for name, value in sorted(parts.items())),
    )
    if first_of(found, start) is None:
        raise InvalidError(f"{text} never comes about")
    return found


def _parts(text: str) -> dict[str, str]:
    """Return the parts of a rule, each of which can be."""
    if len(text) > LONGEST:
        raise InvalidError(f"a rule has at most {LONGEST} characters")
    parts: dict[str, str] = {}
    for part in text.upper().strip().removeprefix("RRULE:").strip(";").split(";"):
        name, _, value = part.partition("=")
        if name in parts:
            raise InvalidError(f"{name} stands in the rule twice")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency in _TOO_FINE:
        raise InvalidError(f"FREQ={frequency} is too fine; hourly is the finest that is taken")
    if frequency not in _FREQUENCIES:
        wanted = ", ".join(_FREQUENCIES)
        raise InvalidError(f"{text[:80]!r} is no rule as FREQ=WEEKLY;BYDAY=SA; FREQ is {wanted}")
    for name, value in parts.items():
        _check_part(name, value)
    return parts


def _check_part(name: str, value: str) -> None:
    if name == "FREQ":
        return
    if name in _FROM_START:
        raise InvalidError(f"{name} is not taken; the time of day is that of start")
    if name not in _SHAPES:
        known = ", ".join(("FREQ", *_SHAPES))
        raise InvalidError(f"{name[:20]!r} is not taken in a rule; there are {known}")
    if not _SHAPES[name].match(value):
        raise InvalidError(f"{name}={value[:40]} is not what a rule can say")
    most = _RANGES.get(name)
    if most is not None and not all(1 <= abs(int(v)) <= most for v in value.split(",")):
        raise InvalidError(f"{name} lies between 1 and {most}")


def _check_days(frequency: str, parts: Mapping[str, str]) -> None:
    """Refuse what RFC 5545 does: ordinals below months, days of months in weeks."""
    days = parts.get("BYDAY", "")
    if any(letter.isdigit() for letter in days):
        if frequency not in {"MONTHLY", "YEARLY"}:
            raise InvalidError("BYDAY counts days, as 1MO, in months and years only")
        if any(int(n) == 0 or int(n) > 53 for n in re.findall(r"\d+", days)):
            raise InvalidError("BYDAY counts days from 1 to 53")
    if frequency == "WEEKLY" and "BYMONTHDAY" in parts:
        raise InvalidError("BYMONTHDAY is for months and years, not for weeks")
    if "BYSETPOS" in parts and frequency not in {"MONTHLY", "YEARLY"}:
        raise InvalidError("BYSETPOS chooses among the days of months and years only")
    if "BYSETPOS" in parts and not {"BYDAY", "BYMONTHDAY", "BYMONTH"} & set(parts):
        raise InvalidError("BYSETPOS needs BYDAY, BYMONTHDAY or BYMONTH beside it")


def _until(text: str, zone: ZoneInfo) -> dt.datetime:
    """Return the last wall time; a day alone takes in all of it."""
    try:
        if len(text) == len("20260203"):
            day = dt.datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007  wall clock
            return day.replace(hour=23, minute=59, second=59)
        wall = dt.datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
        if text.endswith("Z"):
            return wall_time.shown_at(wall.replace(tzinfo=dt.UTC), zone)
    except (ValueError, OverflowError) as error:
        raise InvalidError(f"UNTIL={text} is no time, as 20260203T020000Z") from error
    return wall


def first_of(rule: Recurrence, start: dt.datetime) -> dt.datetime | None:
    """Return the first wall time of a rule that begins at ``start``; ``None``: there is none."""
    return next(_between(rule, start, low=start, high=dt.datetime(2999, 12, 31)), None)  # noqa: DTZ001


def last_of(rule: Recurrence, start: dt.datetime) -> dt.datetime | None:
    """Return a wall time after which the rule begins no more; ``None``: it has no end."""
    if rule.count is not None:
        return _counted(rule, start)[-1]
    return rule.until


def starts(
    rule: Recurrence, start: dt.datetime, *, low: dt.datetime, high: dt.datetime
) -> list[dt.datetime]:
    """Return the wall times in ``[low, high)`` at which a rule that begins at ``start`` holds.

    The work is bounded whatever the rule says: by the range, and by 400 years of days.
    """
    if low >= high or high <= start:
        return []
    return list(_between(rule, start, low=low, high=high))


def _between(
    rule: Recurrence, start: dt.datetime, *, low: dt.datetime, high: dt.datetime
) -> Iterator[dt.datetime]:
    if rule.count is not None:
        after = dropwhile(lambda wall: wall < low, _counted(rule, start))
        return takewhile(lambda wall: wall < high, after)
    if rule.until is not None:
        high = min(high, rule.until + dt.timedelta(seconds=1))
    begin = _forward(rule, start, low)
    later, back = _shifts(begin)
    found = (back(wall) for wall in _expand(rule, later(begin)))
    after = dropwhile(lambda wall: wall < low, found)
    return takewhile(lambda wall: wall < high, after)


@lru_cache(1_024)
def _counted(rule: Recurrence, start: dt.datetime) -> tuple[dt.datetime, ...]:
    """Return all times of a rule that says how many there are."""
    later, back = _shifts(start)
    found = islice(_expand(rule, later(start)), rule.count)
    return tuple(back(wall) for wall in found)


def _expand(rule: Recurrence, start: dt.datetime) -> Iterator[dt.datetime]:
    text = f"FREQ={rule.frequency};INTERVAL={rule.interval}{rule.others}"
    try:
        expanded: Any = rrulestr(text, dtstart=start)
    except ValueError as error:
        raise InvalidError(f"{rule.text} is no rule: {error}") from error
    return iter(expanded)


def _forward(rule: Recurrence, start: dt.datetime, low: dt.datetime) -> dt.datetime:
    """Return a later start of the same rule, so that years gone by cost nothing."""
    if rule.frequency not in _STEPS or low <= start:
        return start
    step = _STEPS[rule.frequency] * rule.interval
    return start + step * max(0, (low - start) // step - 1)


def _shifts(
    start: dt.datetime,
) -> tuple[Callable[[dt.datetime], dt.datetime], Callable[[dt.datetime], dt.datetime]]:
    """Return ways to and from the last 400 years that dates have.

    The library looks for the next time up to the year 9999: seen from there, one that never comes
    costs 400 years of days at the most, and the calendar is the same.
    """
    years = (dt.MAXYEAR - start.year) // _CYCLE * _CYCLE

    def later(wall: dt.datetime) -> dt.datetime:
        return wall.replace(year=wall.year + years)

    def back(wall: dt.datetime) -> dt.datetime:
        return wall.replace(year=wall.year - years)

    return later, back
