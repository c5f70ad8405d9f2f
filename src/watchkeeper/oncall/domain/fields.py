"""Reading the fields of a document, every fault with its place and a sentence."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from watchkeeper.kernel import ids, wall_time
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem

FIRST_YEAR, LAST_YEAR = 1970, 2199
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d)?(?:[Zz]|[+-]\d\d:\d\d)?)?\Z", re.ASCII
)
_CLOCK = re.compile(r"\d\d:\d\d(?::\d\d)?\Z", re.ASCII)
Choice = TypeVar("Choice")


def instant_from(text: str, zone: ZoneInfo | None, *, path: str) -> dt.datetime:
    """Return the instant that ``text`` says.

    Args:
        text: A time, as ``2026-01-05T09:00:00Z`` or ``2026-01-05T09:00:00``.
        zone: Where a time without a zone is wall time; ``None``: it needs one of its own.
        path: Name of the field, for the fault.

    Raises:
        InvalidError: it is no time, or lacks a zone.
    """
    found = _parsed(text)
    if found is None:
        message = f"{text!r} is not a time, as 2026-01-05T09:00:00Z"
        raise InvalidError(message, [Problem(message, path=path)])
    if found.tzinfo is not None:
        return found.astimezone(dt.UTC)
    if zone is None:
        message = f"the time {text} needs its zone, as 2026-01-05T09:00:00Z"
        raise InvalidError(message, [Problem(message, path=path)])
    return wall_time.instant_of(found, zone)


def _parsed(value: Any) -> dt.datetime | None:
    """Return a time within the years that schedules know, naive if it says no zone."""
    if not isinstance(value, str) or not _TIME.match(value):
        return None
    try:
        found = dt.datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


class Notes:
    """The faults of one document, and the readers that find them and answer ``None`` then."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Problem] = []

    def fault(self, detail: str, path: str) -> None:
        """Note a fault."""
        self.faults.append(self.document.problem(detail, path))

    def mapping(self, value: Any, path: str, fields: Sequence[str]) -> Mapping[str, Any] | None:
        """Return a mapping that has none but these ``fields``."""
        if not isinstance(value, Mapping):
            self.fault(f"this is not a mapping with {', '.join(fields)}", path)
            return None
        for name in value:
            if name not in fields:
                known = ", ".join(fields)
                self.fault(f"{name} is not known here; there are: {known}", f"{path}.{name}")
        return value

    def items(
        self, value: Any, path: str, *, most: int, least: int = 0
    ) -> Iterator[tuple[Any, str]]:
        """Yield the items of a list with their paths; ``None`` is an empty list."""
        if value is None:
            value = []
        if not isinstance(value, list):
            self.fault("this is not a list", path)
            return
        if not least <= len(value) <= most:
            amount = f"at least {least}" if len(value) < least else f"at most {most}"
            self.fault(f"{amount} are needed here, not {len(value)}", path)
        for place, item in enumerate(value[:most]):
            yield item, f"{path}[{place}]"

    def text(self, value: Any, path: str, *, longest: int) -> str:
        """Return text; empty where there is none."""
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > longest:
            self.fault(f"this is not text of at most {longest} characters", path)
            return ""
        return value

    def name(self, value: Any, path: str, *, what: str) -> str | None:
        """Return what can be a name."""
        try:
            return ids.check_name(value, what=what)
        except InvalidError as error:
            self.fault(error.message, path)
            return None

    def count(self, value: Any, path: str, *, most: int) -> int | None:
        """Return a whole number from 1 to ``most``; 1 where there is none."""
        if value is None:
            return 1
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            self.fault(f"{value!r} is not a whole number from 1 to {most}", path)
            return None
        return value

    def flag(self, value: Any, path: str) -> bool:
        """Return true or false; false where there is none."""
        if value is not None and not isinstance(value, bool):
            self.fault(f"{value!r} is not true or false", path)
        return value is True

    def choice(
        self, value: Any, path: str, of: Callable[[str], Choice], known: str
    ) -> Choice | None:
        """Return what ``of`` makes of a word."""
        try:
            return of(value)
        except (ValueError, KeyError, TypeError):
            self.fault(f"{value!r} is not known here; there are: {known}", path)
            return None

    def zone(self, value: Any, path: str) -> ZoneInfo | None:
        """Return a time zone by its IANA name."""
        try:
            if isinstance(value, str) and value:
                return ZoneInfo(value)
        except (ValueError, KeyError, OSError):
            pass
        self.fault(f"{value!r} is not a time zone, as Europe/Berlin or UTC", path)
        return None

    def moment(
        self, value: Any, path: str, zone: ZoneInfo
    ) -> tuple[dt.datetime, dt.datetime] | None:
        """Return a time as the wall clock in ``zone`` shows it (naive), and as an instant.

        Without a zone of its own it is wall time.
        """
        found = _parsed(value)
        if found is None:
            self.fault(
                f"{value!r} is not a time from {FIRST_YEAR} to {LAST_YEAR}, as "
                "2026-01-05T09:00:00 (wall time in timeZone) or 2026-01-05T09:00:00Z",
                path,
            )
            return None
        if found.tzinfo is None:
            return found, wall_time.instant_of(found, zone)
        instant = found.astimezone(dt.UTC)
        return wall_time.shown_at(instant, zone), instant

    def clock(self, value: Any, path: str) -> dt.time | None:
        """Return a time of day; 24:00 is the midnight that ends the day."""
        if value in ("24:00", "24:00:00"):
            return dt.time()
        try:
            if isinstance(value, str) and _CLOCK.match(value):
                return dt.time.fromisoformat(value)
        except ValueError:
            pass
        self.fault(f'{value!r} is not a time of day, as "09:00"', path)
        return None
