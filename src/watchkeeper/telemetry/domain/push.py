"""What a sender posts, as rows or as CSV, checked and turned into minutes.

Every fault is told with its row, counted from 0; the first hundred are enough. A count may have
three decimals; more are rounded half to even, as sums of floating point carry noise.
"""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.telemetry.domain.series import SCALE, Counts

MOST_ROWS = 10_000
"""Rows in one push; a file may have any number."""
AHEAD_MINUTES = 5
"""How far in the future a minute may begin."""
MOST_EVENTS = 10_000_000_000
"""Events in one minute: sums over years then stay within int64."""
COLUMNS = ("time", "good", "total")
_MOST_PROBLEMS = 100
_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Pushed:
    """Checked minutes in the order sent, as columns of equal length.

    Attributes:
        minute: Whole minutes since the Unix epoch.
        good: Good events, thousandths.
        total: All valid events, thousandths; never less than ``good``.
    """

    minute: Counts
    good: Counts
    total: Counts


class _Rows:
    """Gathers rows and their problems."""

    def __init__(self, newest: int) -> None:
        self.newest_second = newest * _MINUTE_SECONDS
        self.second: list[int] = []
        self.good: list[float] = []
        self.total: list[float] = []
        self.problems: list[Problem] = []
        self.count = 0

    def add(self, time: object, good: object, total: object, *, line: int | None = None) -> None:
        """Take one row."""
        row, self.count = self.count, self.count + 1
        try:
            second = parse_time(time)
            self._check_time(second)
            good_count, total_count = _count("good", good), _count("total", total)
            if good_count > total_count:
                raise InvalidError(f"good ({good}) is more than total ({total})")  # noqa: TRY301
        except InvalidError as error:
            self.refuse(error.message, row=row, line=line)
            return
        self.second.append(second)
        self.good.append(good_count)
        self.total.append(total_count)

    def refuse(self, detail: str, *, row: int | None, line: int | None = None) -> None:
        """Note a problem; give up at the hundredth."""
        self.problems.append(Problem(detail, row=row, line=line))
        if len(self.problems) >= _MOST_PROBLEMS:
            raise _refusal(self.problems)

    def _check_time(self, second: int) -> None:
        if second < 0:
            raise InvalidError("time lies before 1970")
        if second > self.newest_second:
            raise InvalidError(f"time lies more than {AHEAD_MINUTES} minutes in the future")
        if second % _MINUTE_SECONDS:
            raise InvalidError("time is not the start of a minute (its seconds must be 00)")

    def done(self) -> Pushed:
        """Return the columns.

        Raises:
            InvalidError: a row was refused, or a minute stands twice with different values.
        """
        if self.problems:
            raise _refusal(self.problems)
        pushed = Pushed(
            np.array(self.second, np.int64) // _MINUTE_SECONDS,
            np.rint(np.array(self.good, np.float64) * SCALE).astype(np.int64),
            np.rint(np.array(self.total, np.float64) * SCALE).astype(np.int64),
        )
        problems = _contradictions(pushed)
        if problems:
            raise _refusal(problems)
        return pushed


def _refusal(problems: Sequence[Problem]) -> InvalidError:
    first = problems[0]
    where = "" if first.row is None else f"row {first.row}: "
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return InvalidError(f"No minute was stored: {where}{first.detail}{more}", problems)


def _contradictions(pushed: Pushed) -> list[Problem]:
    """Return a problem for each row whose minute came before with other values."""
    order = np.argsort(pushed.minute, kind="stable")
    minute, good, total = pushed.minute[order], pushed.good[order], pushed.total[order]
    again = minute[1:] == minute[:-1]
    differs = again & ((good[1:] != good[:-1]) | (total[1:] != total[:-1]))
    return [
        Problem(
            f"the minute stands already in row {int(order[place])}, with other values",
            row=int(order[place + 1]),
        )
        for place in np.flatnonzero(differs)[:_MOST_PROBLEMS].tolist()
    ]


def newest_minute(now: dt.datetime) -> int:
    """Return the latest minute that may be pushed at ``now``."""
    return (int(now.timestamp()) + AHEAD_MINUTES * _MINUTE_SECONDS) // _MINUTE_SECONDS


def parse_rows(rows: object, *, newest: int) -> Pushed:
    """Return the minutes of a JSON list of ``{"time", "good", "total"}``.

    Args:
        rows: What stood under ``minutes``.
        newest: Latest minute allowed; see :func:`newest_minute`.

    Raises:
        InvalidError: any row is wrong; with one problem for each.
    """
    if not isinstance(rows, list):
        raise InvalidError('minutes must be a list: [{"time": …, "good": …, "total": …}]')
    if len(rows) > MOST_ROWS:
        raise InvalidError(
            f"{len(rows)} minutes are too many for one request; send at most {MOST_ROWS}, "
            "or a CSV file of any length"
        )
    gathered = _Rows(newest)
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping) or set(row) != set(COLUMNS):
            gathered.refuse("a minute has exactly time, good and total", row=place)
            gathered.count += 1
        else:
            gathered.add(row["time"], row["good"], row["total"])
    return gathered.done()


def parse_csv(lines: Iterable[bytes], *, newest: int) -> Pushed:
    """Return the minutes of a CSV file with the columns time, good and total, in any order.

    Times are RFC 3339 or whole seconds since the Unix epoch. Empty lines are skipped.

    Args:
        lines: The file, UTF-8, line by line.
        newest: Latest minute allowed; see :func:`newest_minute`.

    Raises:
        InvalidError: the header or any row is wrong; with one problem for each.
    """
    gathered = _Rows(newest)
    reader = csv.reader(_decoded(lines), strict=True)
    header = _next(reader, gathered)
    if header is None:
        raise InvalidError("The file is empty; it needs the header time,good,total")
    names = [name.strip().lower() for name in header]
    if sorted(names) != sorted(COLUMNS):
        raise InvalidError(
            f"The header is {','.join(header)[:80]!r}; it must name time, good and total",
            [Problem("the header must name time, good and total, each once", line=1)],
        )
    time, good, total = (names.index(name) for name in COLUMNS)
    while (row := _next(reader, gathered)) is not None:
        if len(row) != len(COLUMNS):
            place, gathered.count = gathered.count, gathered.count + 1
            gathered.refuse(f"has {len(row)} columns, not 3", row=place, line=reader.line_num)
        else:
            gathered.add(row[time], row[good], row[total], line=reader.line_num)
    return gathered.done()


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    for place, line in enumerate(lines):
        text = line.decode("utf-8", errors="replace")
        yield text.removeprefix("\ufeff") if place == 0 else text


def _next(reader: "Iterator[list[str]]", gathered: _Rows) -> list[str] | None:
    """Return the next row that is not empty; ``None`` at the end of the file."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return None
        except csv.Error as error:
            # What follows a broken quote cannot be told apart any more.
            gathered.problems.append(Problem(f"is not CSV: {error}", row=gathered.count))
            raise _refusal(gathered.problems) from error
        if row:
            return row


def parse_time(value: object) -> int:
    """Return seconds since the Unix epoch of an RFC 3339 text or a whole number of seconds.

    Raises:
        InvalidError: it is neither.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdigit():
            return int(text[:20])
        return _second_of_text(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise InvalidError(
            "time must be RFC 3339, as 2026-03-02T00:00:00Z, or whole seconds since 1970"
        )
    return int(value)


def _second_of_text(text: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(text.upper())  # RFC 3339 allows t and z
    except ValueError as error:
        raise InvalidError(
            f"time {text[:40]!r} is neither RFC 3339, as 2026-03-02T00:00:00Z, "
            "nor whole seconds since 1970"
        ) from error
    if moment.tzinfo is None:
        raise InvalidError(f"time {text[:40]!r} has no offset; write Z for UTC")
    if moment.microsecond:
        raise InvalidError("time is not the start of a minute")
    return int(moment.timestamp())


def _count(name: str, value: object) -> float:
    """Return a count of events; exact to a thousandth."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if "_" in value or not value.isascii():
            number = float("nan")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        number = float("nan")
    else:
        number = value
    if not 0 <= number <= MOST_EVENTS:
        raise InvalidError(
            f"{name} must be a number from 0 to {MOST_EVENTS}, not {str(value)[:40]!r}"
        )
    return float(number)
