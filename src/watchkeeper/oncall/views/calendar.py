"""The calendar as geometry: weeks as rows, the final schedule on top, its layers below."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def week_spans(monday: dt.date, weeks: int, zone: Zone) -> list[tuple[dt.date, Span]]:
    """Return the weeks from ``monday`` on: first day, first instant, first instant after it."""
    firsts = [monday + turn * _WEEK_DAYS * _DAY for turn in range(weeks + 1)]
    instants = [_midnight(first, zone) for first in firsts]
    return [(firsts[i], (instants[i], instants[i + 1])) for i in range(weeks)]


def _midnight(day: dt.date, zone: Zone) -> dt.datetime:
    return wall_time.instant_of(dt.datetime.combine(day, dt.time()), zone.info)


def week(
    monday: dt.date,
    span: Span,
    *,
    final: Sequence[Entry],
    layers: Mapping[str, Sequence[Entry]],
    zone: Zone,
    now: dt.datetime,
) -> Week:
    """Draw one week.

    Args:
        monday: Its first day.
        span: From its first instant to its end.
        final: Who is on call.
        layers: What each layer says by itself, the one that wins first.
        zone: In whose days it is divided.
        now: The present.
    """
    blocks = [_block(e, span, _HEAD, _FINAL, now=now, zone=zone) for e in _within(final, span)]
    holes = _holes(_within(final, span), span)
    blocks += [_hole(hole, span, zone) for hole in holes]
    rows = [Row("On call", _HEAD + _FINAL / 2 + 4, is_final=True)]
    y = _HEAD + _FINAL + _PAD
    for name, entries in layers.items():
        rows.append(Row(name, y + _LAYER / 2 + 4, is_final=False))
        blocks += [_block(e, span, y, _LAYER, now=None, zone=zone) for e in _within(entries, span)]
        y += _LAYER + _PAD
    start, end = span
    sunday = monday + (_WEEK_DAYS - 1) * _DAY
    shape = "%-d" if monday.month == sunday.month else "%-d %b"
    label = f"{monday.strftime(shape)} to {sunday:%-d %b %Y}"
    return Week(
        label=label,
        summary=_summary(label, final, holes, span),
        height=y,
        days=tuple(_day(monday + place * _DAY, span, zone, now) for place in range(_WEEK_DAYS)),
        rows=tuple(rows),
        blocks=tuple(blocks),
        now=_share(now, span) if start <= now < end else None,
    )


def _summary(label: str, final: Sequence[Entry], holes: Sequence[Span], span: Span) -> str:
    people = sorted({name for entry in _within(final, span) for name in entry.people})
    who = ", ".join(people) if people else "nobody"
    gaps = f"; nobody for {times.duration(_length(holes))}" if holes and people else ""
    return f"{label}: {who}{gaps}"


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


def _block(
    entry: Entry, span: Span, y: int, height: int, *, now: dt.datetime | None, zone: Zone
) -> Block:
    x, width = _place(entry.start, entry.end, span)
    css = [f"p{tint(entry.people[0]) if len(entry.people) == 1 else _tint_of(entry.people)}"]
    if entry.layer == OVERRIDE:
        css.append("ov")
    if now is not None and entry.start <= now < entry.end:
        css.append("now")
    names = ", ".join(entry.people)
    return Block(
        x, width, y, height, " ".join(css), _fitting(entry.people, width),
        f"{names}, {_from_to(entry.start, entry.end, zone)} ({entry.layer})",
    )  # fmt: skip


def _tint_of(people: People) -> int:
    return sum(map(tint, people)) % _TINTS + 1


def _hole(hole: Span, span: Span, zone: Zone) -> Block:
    x, width = _place(*hole, span)
    label = "nobody" if width > len("nobody") * _LETTER + 1 else ""
    return Block(x, width, _HEAD, _FINAL, "gap", label, f"nobody, {_from_to(*hole, zone)}")


def _place(start: dt.datetime, end: dt.datetime, span: Span) -> tuple[float, float]:
    x = _share(start, span)
    return x, round(_share(end, span) - x, 3)


def _from_to(start: dt.datetime, end: dt.datetime, zone: Zone) -> str:
    return f"{times.exact(start, zone=zone)} to {times.exact(end, zone=zone)}"


def _fitting(people: People, width: float) -> str:
    """Return names, initials or nothing, as fits into that many per cent of a week."""
    for words in (", ".join(people), " ".join(map(initials, people))):
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
