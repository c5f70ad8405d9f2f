"""The calendar as geometry: weeks as rows, the final schedule on top, its layers below."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import wall_time
from watchkeeper.oncall.domain.schedule import OVERRIDE, Entry, People
from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.people import initials, tint
from watchkeeper.ui.domain.times import Zone

_WEEK_DAYS = 7
_DAY = dt.timedelta(days=1)
_HEAD, _FINAL, _LAYER, _PAD = 22, 30, 24, 4
_LETTER = 0.75  # per cent of a week's width, for one letter of a name at 12 px
_TINTS = 6

Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class Block:
    """People on call, or nobody, as drawn: places in per cent, heights in px."""

    x: float
    width: float
    y: int
    height: int
    css: str
    label: str
    title: str

    @property
    def text_x(self) -> float:
        """Where its words begin."""
        return round(self.x + 0.5, 3)

    @property
    def text_y(self) -> float:
        """Where its words stand."""
        return self.y + self.height / 2 + 4


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a week; ``note`` tells its odd hours, as ``23 h``."""

    x: float
    label: str
    note: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of a week is called."""

    label: str
    y: float
    is_final: bool


@dataclass(frozen=True, slots=True)
class Week:
    """One week as drawn.

    Attributes:
        label: From and to, as ``2 to 8 Mar 2026``.
        summary: The week in a sentence, for those who do not see it.
        height: Of the drawing, px.
        days: Their places.
        rows: What the rows are called.
        blocks: Who is on call.
        now: Place of the present, per cent; ``None``: another week.
    """

    label: str
    summary: str
    height: int
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    blocks: tuple[Block, ...]
    now: float | None


def names_in(found: Iterable[Sequence[Entry]]) -> dict[str, str]:
    """Return what the people of entries are called, by name."""
    people = {name for entries in found for entry in entries for name in entry.people}
    return identity.shown_names(people)


def week_spans(monday: dt.date, weeks: int, zone: Zone) -> list[tuple[dt.date, Span]]:
    """Return the weeks from ``monday`` on: first day, first instant, first instant after it."""
    firsts = [monday + turn * _WEEK_DAYS * _DAY for turn in range(weeks + 1)]
    instants = [_midnight(first, zone) for first in firsts]
    return [(firsts[i], (instants[i], instants[i + 1])) for i in range(weeks)]


def _midnight(day: dt.date, zone: Zone) -> dt.datetime:
    return wall_time.instant_of(dt.datetime.combine(day, dt.time()), zone.info)


@dataclass(frozen=True, slots=True)
class Brush:
    """What all blocks of a week are drawn with.

    Attributes:
        span: The week.
        called: What people are called, by name.
        zone: In which times are written.
    """

    span: Span
    called: Mapping[str, str]
    zone: Zone

    def words(self, people: People) -> list[str]:
        """Return what ``people`` are called."""
        return [self.called.get(name, name) for name in people]


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of entries: a final schedule, whose holes are shown, or one of its layers."""

    label: str
    entries: Sequence[Entry]
    is_final: bool = True


def week(
    monday: dt.date,
    span: Span,
    *,
    final: Sequence[Entry],
    layers: Mapping[str, Sequence[Entry]],
    called: Mapping[str, str],
    zone: Zone,
    now: dt.datetime,
) -> Week:
    """Draw one week of one schedule.

    Args:
        monday: Its first day.
        span: From its first instant to its end.
        final: Who is on call.
        layers: What each layer says by itself, the one that wins first.
        called: What people are called, by name.
        zone: In whose days it is divided.
        now: The present.
    """
    lanes = [Lane("On call", final)]
    lanes += [Lane(name, entries, is_final=False) for name, entries in layers.items()]
    return board(monday, span, lanes, called=called, zone=zone, now=now)


def board(
    monday: dt.date,
    span: Span,
    lanes: Sequence[Lane],
    *,
    called: Mapping[str, str],
    zone: Zone,
    now: dt.datetime,
) -> Week:
    """Draw one week of several lanes, one below the other; see :func:`week`."""
    rows: list[Row] = []
    blocks: list[Block] = []
    brush, y = Brush(span, called, zone), _HEAD
    for lane in lanes:
        height = _FINAL if lane.is_final else _LAYER
        rows.append(Row(lane.label, y + height / 2 + 4, lane.is_final))
        blocks += _drawn(lane, brush, y, height, now=now)
        y += height + _PAD
    start, end = span
    sunday = monday + (_WEEK_DAYS - 1) * _DAY
    shape = "%-d" if monday.month == sunday.month else "%-d %b"
    label = f"{monday.strftime(shape)} to {sunday:%-d %b %Y}"
    finals = [lane for lane in lanes if lane.is_final]
    told = [_told(lane, brush, is_named=len(finals) > 1) for lane in finals]
    return Week(
        label=label,
        summary=f"{label}: {'. '.join(told)}",
        height=y,
        days=tuple(_day(monday + place * _DAY, span, zone, now) for place in range(_WEEK_DAYS)),
        rows=tuple(rows),
        blocks=tuple(blocks),
        now=_share(now, span) if start <= now < end else None,
    )


def _drawn(lane: Lane, brush: Brush, y: int, height: int, *, now: dt.datetime) -> list[Block]:
    entries = _within(lane.entries, brush.span)
    present = now if lane.is_final else None
    blocks = [_block(entry, brush, y, height, now=present) for entry in entries]
    if lane.is_final:
        blocks += [_hole(hole, brush, y) for hole in _holes(entries, brush.span)]
    return blocks


def _told(lane: Lane, brush: Brush, *, is_named: bool) -> str:
    """Return a lane in words, with its name where there are several."""
    entries = _within(lane.entries, brush.span)
    people = sorted({name for entry in entries for name in brush.words(entry.people)})
    who = ", ".join(people) if people else "nobody"
    holes = _holes(entries, brush.span)
    gaps = f"; nobody for {times.duration(_length(holes))}" if holes and people else ""
    return f"{lane.label}: {who}{gaps}" if is_named else f"{who}{gaps}"


def _length(holes: Sequence[Span]) -> dt.timedelta:
    return sum((end - start for start, end in holes), dt.timedelta())


def _within(entries: Sequence[Entry], span: Span) -> list[Entry]:
    start, end = span
    return [
        Entry(max(e.start, start), min(e.end, end), e.people, e.layer)
        for e in entries
        if e.start < end and start < e.end
    ]


def _holes(entries: Sequence[Entry], span: Span) -> list[Span]:
    at, found = span[0], []
    for entry in entries:
        if at < entry.start:
            found.append((at, entry.start))
        at = entry.end
    if at < span[1]:
        found.append((at, span[1]))
    return found


def _share(moment: dt.datetime, span: Span) -> float:
    return round(100 * ((moment - span[0]) / (span[1] - span[0])), 3)


def _block(entry: Entry, brush: Brush, y: int, height: int, *, now: dt.datetime | None) -> Block:
    x, width = _place(entry.start, entry.end, brush.span)
    css = [f"p{tint(entry.people[0]) if len(entry.people) == 1 else _tint_of(entry.people)}"]
    if entry.layer == OVERRIDE:
        css.append("ov")
    if now is not None and entry.start <= now < entry.end:
        css.append("now")
    names = brush.words(entry.people)
    return Block(
        x, width, y, height, " ".join(css), _fitting(names, width),
        f"{', '.join(names)}, {_from_to(entry.start, entry.end, brush.zone)} ({entry.layer})",
    )  # fmt: skip


def _tint_of(people: People) -> int:
    return sum(map(tint, people)) % _TINTS + 1


def _hole(hole: Span, brush: Brush, y: int) -> Block:
    x, width = _place(*hole, brush.span)
    label = "nobody" if width > len("nobody") * _LETTER + 1 else ""
    return Block(x, width, y, _FINAL, "gap", label, f"nobody, {_from_to(*hole, brush.zone)}")


def _place(start: dt.datetime, end: dt.datetime, span: Span) -> tuple[float, float]:
    x = _share(start, span)
    return x, round(_share(end, span) - x, 3)


def _from_to(start: dt.datetime, end: dt.datetime, zone: Zone) -> str:
    return f"{times.exact(start, zone=zone)} to {times.exact(end, zone=zone)}"


def _fitting(names: Sequence[str], width: float) -> str:
    """Return names, first names, initials or nothing, as fits into that share of a week.

    Args:
        names: What people are called.
        width: Of the week's width, per cent.
    """
    firsts = [name.partition(" ")[0] for name in names]
    for words in (", ".join(names), ", ".join(firsts), " ".join(map(initials, names))):
        if len(words) * _LETTER + 1 <= width:
            return words
    return ""


def _day(day: dt.date, span: Span, zone: Zone, now: dt.datetime) -> Day:
    start, end = _midnight(day, zone), _midnight(day + _DAY, zone)
    hours = (end - start) / dt.timedelta(hours=1)
    return Day(
        x=_share(start, span),
        label=f"{day:%a %-d}",
        note="" if end - start == _DAY else f"{hours:g} h",
        is_today=start <= now < end,
    )
