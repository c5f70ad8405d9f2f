"""Sums that are kept from tick to tick, so that ten thousand objectives are judged at once.

A row is one objective over one window. When it is taken in, its minutes are known from before its
longest lookback to the tick. Two things are kept of them: what *leaves* the window and the long
lookbacks during the next :data:`LASTS` minutes, and the newest minutes themselves. With S the
running sum of a row's minutes and B its base (:data:`BEFORE` minutes before it was taken in), a
stretch of L minutes up to B + j holds

    S(B + j) - S(B + j - L) = (S(B + j) - S(B)) - lead(j)    with  lead(j) = S(B - L + j) - S(B)

where the newest minutes give the first part and ``lead`` never changes; a short lookback lies
within the newest minutes as a whole. Everything is in whole thousandths of an event, so that what
is judged here is what ``evaluation.evaluate`` judges.

Only rows that count events, ignore minutes without data and have no exclusion are kept; others are
evaluated one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np

from watchkeeper.slos.domain import evaluation, windows
from watchkeeper.slos.domain.batch import Member, Roster, Sums, roster
from watchkeeper.slos.domain.definition import BudgetingMethod, BurnRule, NoData, RollingWindow
from watchkeeper.slos.domain.evaluation import Question
from watchkeeper.slos.domain.ratios import Counts, Flags
from watchkeeper.telemetry.domain.series import MinuteSeries

BEFORE = 10
"""The base lies so many minutes before the tick: minutes arrive up to so late without notice."""

LASTS = 200
"""A row is good for at most so many minutes; then it is taken in anew."""

NEVER: Final = 1 << 40
_NEVER_OFF: Final = (1 << 31) - 1
"""``NEVER`` among minutes that are told from the base on, which take half the room."""
_SPAN = BEFORE + LASTS
_BACK = _SPAN
"""Newest minutes are kept from so far before the base; a longer lookback has a ``lead``."""

_SUMS = tuple(each.name for each in fields(Sums) if each.name != "is_open")

_WINDOW = 0
"""Where the window's ``lead`` stands among those of lookbacks, which are 1 minute or more."""

_STEP = 1_000
"""Rows that are summed at once, for the memory that it takes."""

_ROWS = (
    *("sli", "base", "until", "taken", "needed", "read", "revision", "version"),
    *("_begun", "_period", "_moves", "_starts", "_lead_covered", "_first"),
    *("_good", "_total", "_head_covered"),
)


def _no_numbers() -> Counts:
    return np.zeros(0, np.int64)


def _no_leads(many: int) -> Counts:
    return np.zeros((2, many, _SPAN + 1), np.int64)


@dataclass(frozen=True, slots=True)
class Key:
    """Which objective of which SLO over which window."""

    slo_id: int
    objective_index: int
    window_index: int


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells that a row still holds.

    Attributes:
        sli_id: The one SLI that all its minutes come from.
        revision: Of that SLI, read before its minutes were.
        version: Number of the SLO's version.
        read: First minute that was not read, or may still come without a new revision.
    """

    sli_id: int
    revision: int
    version: int
    read: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One row as it is taken in.

    Attributes:
        key: Which it is.
        marks: What tells that it still holds.
        member: What judges it.
        needed: First minute that counted when it was taken in.
        base: First minute of ``head``.
        until: Last minute at which it can be judged.
        begun: Minute of the expected start; ``None``: the SLI's first measured minute.
        period: Minutes of the whole window.
        moves: Whether the window's start moves on with time.
        good: ``lead`` of the window, then of each long lookback.
        total: The same of totals.
        covered: ``lead`` of the window's measured minutes.
        first: First measured minute of the window at each minute from the base on.
        head: The newest minutes, to the tick.
        lookbacks: Minutes of each long lookback.
        starts: First minute of the window when it was taken in.
    """

    key: Key
    marks: Marks
    member: Member
    needed: int
    base: int
    until: int
    begun: int | None
    period: int
    moves: bool
    good: Counts
    total: Counts
    covered: Counts
    first: Counts
    head: MinuteSeries
    lookbacks: tuple[int, ...]
    starts: int


def keep(question: Question, key: Key, marks: Marks) -> Kept | None:
    """Return what to keep of a question, or ``None`` where it has to be evaluated each time.

    Args:
        question: With its minutes from the first that is needed up to ``as_of``.
        key: Which it is.
        marks: What tells that it still holds.
    """
    definition = question.definition
    end = evaluation.minute_of(question.as_of)
    interval = windows.interval_at(question.window, question.as_of)
    start = evaluation.minute_of(interval.start)
    period = int(interval.length / windows.MINUTE)
    moves = isinstance(question.window, RollingWindow)
    begun = definition.expected_start
    rules = evaluation.rules_of(question)
    needed = evaluation.first_needed(question.window, rules=rules, as_of=question.as_of)
    base = end - BEFORE
    if (
        definition.method is not BudgetingMethod.OCCURRENCES
        or definition.no_data is not NoData.IGNORE
        or any(evaluation.minute_of(x.end) >= needed for x in question.exclusions)
        or (period <= _SPAN if moves else start > base)
        or (begun is not None and evaluation.minute_of(begun) > start)
    ):
        return None
    lookbacks = _long(_lookbacks(rules))
    series = question.series
    froms = [base - period if moves else start, *(base - length for length in lookbacks)]
    good, total, covered = (
        _running(column) for column in (series.good, series.total, series.covered)
    )
    steps = np.arange(_SPAN + 1)
    still = np.zeros(_SPAN + 1, np.int64)
    places = np.array([low + (steps if moves or n else still) for n, low in enumerate(froms)])
    places = np.clip(places - series.start, 0, len(series.covered))
    here = min(max(base - series.start, 0), len(series.covered))
    at = np.append(np.flatnonzero(series.covered[: end - series.start]) + series.start, NEVER)
    lasts = LASTS // 2 + key.slo_id % (LASTS // 2)  # not all at the same tick
    until = end + lasts - 1
    return Kept(
        key=key,
        marks=marks,
        member=Member(question.objective.target, rules, definition.minimum_events),
        needed=needed,
        base=base,
        until=until if moves else min(until, evaluation.minute_of(interval.end) - 1),
        begun=None if begun is None else evaluation.minute_of(begun),
        period=period,
        moves=moves,
        good=good[places] - good[here],
        total=total[places] - total[here],
        covered=covered[places[0]] - covered[here],
        first=at[np.searchsorted(at, froms[0] + (steps if moves else still))],
        head=_copied(series.slice(start=base - _BACK, end=end)),
        lookbacks=lookbacks,
        starts=start,
    )


@dataclass(slots=True)
class Memory:
    """The kept rows, a matrix of each thing; rows stand in the order of :attr:`keys`.

    Attributes:
        keys: Which objective each row is.
        roster: What judges them.
        sli: SLI of each row.
        base: First minute of each row's head.
        until: Last minute at which a row can be judged.
        taken: Minute at which it was taken in.
        needed: First minute that counted then.
        read: First minute that was not read yet.
        revision: Revision of its SLI.
        version: Number of its SLO's version.
    """

    keys: list[Key] = field(default_factory=list)
    roster: Roster = field(default_factory=lambda: roster([]))
    sli: Counts = field(default_factory=_no_numbers)
    base: Counts = field(default_factory=_no_numbers)
    until: Counts = field(default_factory=_no_numbers)
    taken: Counts = field(default_factory=_no_numbers)
    needed: Counts = field(default_factory=_no_numbers)
    read: Counts = field(default_factory=_no_numbers)
    revision: Counts = field(default_factory=_no_numbers)
    version: Counts = field(default_factory=_no_numbers)
    _members: list[Member] = field(default_factory=list)
    _begun: Counts = field(default_factory=_no_numbers)
    _period: Counts = field(default_factory=_no_numbers)
    _moves: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    _starts: Counts = field(default_factory=_no_numbers)
    _lead: dict[int, Counts] = field(default_factory=lambda: {_WINDOW: _no_leads(0)})
    _lead_covered: Counts = field(default_factory=lambda: np.zeros((0, _SPAN + 1), np.int32))
    _first: Counts = field(default_factory=lambda: np.zeros((0, _SPAN + 1), np.int32))
    _good: Counts = field(default_factory=lambda: np.zeros((0, _BACK + _SPAN), np.int64))
    _total: Counts = field(default_factory=lambda: np.zeros((0, _BACK + _SPAN), np.int64))
    _head_covered: Flags = field(default_factory=lambda: np.zeros((0, _BACK + _SPAN), np.bool_))
    _columns: list[tuple[int, ...]] = field(default_factory=list)
    _places: dict[Key, int] = field(default_factory=dict)

    def take(self, rows: Sequence[Kept], *, dropped: Flags) -> None:
        """Put ``rows`` in, in place of those of the same key; forget the ``dropped`` others.

        Args:
            rows: Each key at most once.
            dropped: Of each row that is held, whether to forget it unless it comes anew.
        """
        held = {row.key for row in rows}
        gone = [
            bool(flag) and key not in held for key, flag in zip(self.keys, dropped, strict=True)
        ]
        fresh = [row for row in rows if row.key not in self._places]
        changed = [
            row
            for row in rows
            if row.key in self._places and self._members[self._places[row.key]] != row.member
        ]
        if any(gone) or fresh or changed:
            self._rebuild(~np.array(gone, np.bool_), rows)
        for row in rows:
            self._put(self._places[row.key], row)

    def sums(self, at: int, *, settled: int, first_minute: Counts, is_open: Flags) -> Sums:
        """Return what every row counted up to the minute ``at``.

        Args:
            at: End of what is looked at; rows with ``until`` before it give nonsense.
            settled: Minutes before this one are no longer waited for.
            first_minute: The SLI's first measured minute of each row; ``NEVER`` without.
            is_open: Of each rule of the roster.
        """
        parts = [
            self._sums(slice(low, low + _STEP), at, settled, first_minute)
            for low in range(0, max(1, len(self.keys)), _STEP)
        ]
        columns: dict[str, Any] = {
            name: np.concatenate(column)
            for name, column in zip(_SUMS, zip(*parts, strict=True), strict=True)
        }
        return Sums(**columns, is_open=is_open)

    def _sums(
        self, part: slice, at: int, settled: int, first_minute: Counts
    ) -> tuple[Counts, ...]:
        """Return the columns of :class:`Sums`, but for ``is_open``, of some rows."""
        base, starts, moves = self.base[part], self._starts[part], self._moves[part]
        rows = np.arange(len(base))
        step = np.clip(at - base, 0, _SPAN)
        heads, covered = self._newest(part)
        now = heads[:, rows, _BACK + step]
        since = now - heads[:, rows, _BACK]
        good, total = since - self._lead[_WINDOW][:, part][:, rows, step]
        seen = covered[rows, _BACK + step]
        measured = seen - covered[rows, _BACK] - self._lead_covered[part][rows, step]
        start = np.where(moves, at - self._period[part], starts)
        known = np.where(self._begun[part] < NEVER, self._begun[part], first_minute[part])
        begun = np.maximum(start, known)
        young_from = np.clip(np.maximum(settled, start) - base + _BACK, 0, _BACK + step)
        due = np.maximum(0, min(settled, at) - begun) + seen - covered[rows, young_from]
        off = self._first[part][rows, step].astype(np.int64)
        first = np.where(off == _NEVER_OFF, NEVER, base + off)
        first = np.minimum(first, self._first_in_head(part, step))
        back = np.zeros((2, len(base), len(self.roster.lookbacks)), np.int64)
        for column, length in enumerate(self.roster.lookbacks):
            if length > _BACK:
                back[:, :, column] = since - self._lead[length][:, part][:, rows, step]
            else:
                back[:, :, column] = now - heads[:, rows, _BACK + step - length]
        return (
            *(good, total, total, measured),
            np.where(known < NEVER, due, 0),
            measured,
            np.where(first < at, at - first, 0),
            self._period[part],
            back[1] - back[0],
            back[1],
        )

    def _newest(self, part: slice) -> tuple[Counts, Counts]:
        """Return running sums of the newest minutes: of good and total, and of measured ones."""
        many = len(self.base[part])
        heads = np.zeros((2, many, _BACK + _SPAN + 1), np.int64)
        np.cumsum(self._good[part], axis=1, out=heads[0, :, 1:])
        np.cumsum(self._total[part], axis=1, out=heads[1, :, 1:])
        covered = np.zeros((many, _BACK + _SPAN + 1), np.int64)
        np.cumsum(self._head_covered[part], axis=1, out=covered[:, 1:])
        return heads, covered

    def lookbacks_of(self, rows: Counts) -> list[tuple[int, ...]]:
        """Return the columns of the roster's lookbacks that each row's rules look at, rising."""
        return [self._columns[row] for row in rows]

    def rules(self) -> list[tuple[Key, BurnRule]]:
        """Return the rules in the order of the roster."""
        return [
            (key, rule)
            for key, member in zip(self.keys, self._members, strict=True)
            for rule in member.rules
        ]

    def add(self, rows: Counts, minutes: Sequence[MinuteSeries], *, at: int) -> None:
        """Add newly read minutes, one series of the same stretch for each of ``rows``."""
        if not len(rows):
            return
        start = minutes[0].start
        good = np.stack([series.good for series in minutes])
        total = np.stack([series.total for series in minutes])
        covered = np.stack([series.covered for series in minutes])
        for offset in range(min(covered.shape[1], at - start)):
            minute = start + offset
            place = minute - self.base[rows] + _BACK
            fits = (place >= 0) & (place < _BACK + _SPAN) & (minute >= self.read[rows])
            put = rows[fits], place[fits]
            self._good[put] = good[fits, offset]
            self._total[put] = total[fits, offset]
            self._head_covered[put] = covered[fits, offset]

    def _first_in_head(self, part: slice, step: Counts) -> Counts:
        there = self._head_covered[part, _BACK:]
        place = np.argmax(there, axis=1)
        found = there.any(axis=1) & (place < step)
        return np.where(found, self.base[part] + place, NEVER)

    def _put(self, place: int, row: Kept) -> None:
        self.sli[place] = row.marks.sli_id
        self.revision[place] = row.marks.revision
        self.version[place] = row.marks.version
        self.read[place] = row.marks.read
        self.needed[place] = row.needed
        self.base[place] = row.base
        self.until[place] = row.until
        self.taken[place] = row.base + BEFORE
        self._begun[place] = NEVER if row.begun is None else row.begun
        self._period[place] = row.period
        self._moves[place] = row.moves
        self._starts[place] = row.starts
        for column, length in enumerate((_WINDOW, *row.lookbacks)):
            self._lead[length][:, place] = row.good[column], row.total[column]
        self._lead_covered[place] = row.covered
        self._first[place] = np.where(row.first >= NEVER, _NEVER_OFF, row.first - row.base)
        self._good[place] = self._total[place] = 0
        self._head_covered[place] = False
        low = row.head.start - row.base + _BACK
        high = low + len(row.head.covered)
        self._good[place, low:high] = row.head.good
        self._total[place, low:high] = row.head.total
        self._head_covered[place, low:high] = row.head.covered

    def _rebuild(self, stays: Flags, rows: Sequence[Kept]) -> None:
        """Make room for ``rows`` and close the gaps of what went."""
        lead: dict[int, Counts] = {}
        members = {key: self._members[place] for key, place in self._places.items()}
        members |= {row.key: row.member for row in rows}
        old = [key for key, flag in zip(self.keys, stays, strict=True) if flag]
        new = [row.key for row in rows if row.key not in self._places]
        self.keys = [*old, *new]
        self._places = {key: place for place, key in enumerate(self.keys)}
        self._members = [members[key] for key in self.keys]
        self.roster = roster(self._members)
        self._columns = self._columns_of_all()
        for name in _ROWS:
            setattr(self, name, _with_room(getattr(self, name), stays, len(new), axis=0))
        for length in (_WINDOW, *_long(self.roster.lookbacks)):
            before = self._lead.pop(length, None)
            if before is None:
                lead[length] = _no_leads(len(self.keys))
            else:
                lead[length] = _with_room(before, stays, len(new), axis=1)
        self._lead = lead

    def _columns_of_all(self) -> list[tuple[int, ...]]:
        column = {length: place for place, length in enumerate(self.roster.lookbacks)}
        known: dict[tuple[BurnRule, ...], tuple[int, ...]] = {}
        for member in self._members:
            if member.rules not in known:
                known[member.rules] = tuple(column[each] for each in _lookbacks(member.rules))
        return [known[member.rules] for member in self._members]


def _lookbacks(rules: Sequence[BurnRule]) -> tuple[int, ...]:
    lengths = {length for rule in rules for length in (rule.long, rule.short)}
    return tuple(int(length / windows.MINUTE) for length in sorted(lengths))


def _running(values: Counts | Flags) -> Counts:
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def _long(lookbacks: Sequence[int]) -> tuple[int, ...]:
    return tuple(length for length in lookbacks if length > _BACK)


def _copied(series: MinuteSeries) -> MinuteSeries:
    """Return the minutes apart from the larger arrays that they were cut from."""
    return MinuteSeries(
        series.start, series.good.copy(), series.total.copy(), series.covered.copy()
    )


def _with_room(values: Any, stays: Flags, many: int, *, axis: int) -> Any:
    """Return what stays of ``values``, then room for ``many`` more; copies little."""
    shape = list(values.shape)
    shape[axis] = int(stays.sum()) + many
    found = np.zeros(shape, values.dtype)
    place = (slice(None),) * axis
    found[(*place, slice(0, shape[axis] - many))] = (
        values if stays.all() else values[(*place, stays)]
    )
    return found
