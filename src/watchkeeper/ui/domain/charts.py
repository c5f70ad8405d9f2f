"""Line charts as geometry: values in, per cents and paths out; drawn by ``ui/_line_chart.html``.

The outer drawing is in per cent, so that words keep their size at any width; the paths live in an
inner drawing of 1000 x 200 that is stretched. What is not known is not drawn: a line breaks there.
"""

import bisect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from watchkeeper.ui.domain import axes, numbers
from watchkeeper.ui.domain.axes import Tick, percent

WIDTH, HEIGHT = 1000, 200
_LABEL_SHARE = 0.0092  # of the width of a desktop chart, for one letter of 11 px
_NARROW_SHARE = 0.023  # the same on a phone
_LABEL_ROWS = (11, 25, 39)
_PAD = 0.008
_THINNEST = 0.0025
_MOST_POINTS = 400

Point = tuple[float, float | None]
"""An instant (seconds since 1970) and a value; ``None`` where nothing is known."""


class LineKind(Enum):
    """How a line is drawn."""

    LINE = "line"
    AREA = "area"
    EVEN = "even"  # dashed: the pace or the goal that the others are held against


class MarkKind(Enum):
    """What stands on the time axis; also the class of its stroke."""

    DEPLOY = "dep"
    INCIDENT = "inc"
    FIRING = "fire"
    SLOW_FIRING = "slow"
    EXCLUSION = "exc"
    VERSION = "ver"
    NOW = "now"


_WORTH = (
    MarkKind.INCIDENT,
    MarkKind.FIRING,
    MarkKind.NOW,
    MarkKind.SLOW_FIRING,
    MarkKind.VERSION,
    MarkKind.EXCLUSION,
    MarkKind.DEPLOY,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One series.

    Attributes:
        name: What it is called, for the legend and the table.
        points: In order of time. A line may have fewer points than the first one: between two
            known points it is read off the straight line.
        kind: How it is drawn.
        tone: Colour 1 to 6; each also has a dash of its own.
    """

    name: str
    points: Sequence[Point]
    kind: LineKind = LineKind.LINE
    tone: int = 1


@dataclass(frozen=True, slots=True)
class Forecast:
    """A fan from the last known value to what may be: ``low`` and ``high`` at ``until``."""

    at: float
    value: float
    until: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at ``at`` (or from there to ``until``), with its word."""

    at: float
    label: str
    kind: MarkKind
    until: float | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class LineChart:
    """What is to be drawn.

    Attributes:
        name: Short id, unique on its page, as ``budget``; also the name of the CSV.
        summary: The chart in a sentence, for those who do not see it.
        start: First instant of the axis, seconds since 1970.
        end: Last instant of the axis.
        lines: The first one is the one the crosshair follows.
        write: How a value is written, as ``numbers.share``.
        when: How an instant is written in the table.
        when_exact: How it is written in the CSV.
        ticks: Of the time axis, from ``axes.time_ticks``.
        marks: What happened meanwhile.
        forecast: Where it may go.
        low: Least value of the axis; ``None`` takes it from the lines.
        high: Greatest value of the axis; ``None`` takes it from the lines.
        end_label: The last value, written at the right edge.
        end_notes: Small words under it.
        head: Head of the table's first column, as ``At (CET)``.
        zooms: Whether a stretch that is dragged over becomes the page's range (``from``, ``to``).
    """

    name: str
    summary: str
    start: float
    end: float
    lines: Sequence[Line]
    write: Callable[[float | None], str]
    when: Callable[[float], str]
    when_exact: Callable[[float], str]
    ticks: Sequence[Tick]
    marks: Sequence[Mark] = ()
    forecast: Forecast | None = None
    low: float | None = 0.0
    high: float | None = None
    end_label: str = ""
    end_notes: Sequence[str] = ()
    head: str = "At"
    zooms: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A path of the inner drawing and the classes that colour it."""

    css: str
    d: str


@dataclass(frozen=True, slots=True)
class MarkShape:
    """A mark as drawn.

    ``width`` is empty for a moment, ``label`` where there is no room for it, ``roomy`` where there
    is none on a phone.
    """

    css: str
    x: str
    width: str
    title: str
    label: str
    roomy: bool
    label_y: int
    dx: int
    anchor: str
    url: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of the table as written and, for the CSV, in full."""

    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """One instant of the table; ``x`` and ``y`` place the crosshair, ``y`` empty if unknown."""

    x: str
    y: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class LineGeometry:
    """A chart ready to be drawn."""

    name: str
    summary: str
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    zero: str
    paths: tuple[Path, ...]
    gaps: tuple[tuple[str, str], ...]
    marks: tuple[MarkShape, ...]
    legend: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    end_label: str
    end_notes: tuple[str, ...]
    zoom: tuple[str, str] | None

    @property
    def linked(self) -> bool:
        """Whether a mark leads somewhere: the drawing is then a group, not one picture."""
        return any(mark.url and mark.label for mark in self.marks)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to places."""

    start: float
    end: float
    low: float
    high: float

    def x(self, at: float) -> float:
        return (at - self.start) / (self.end - self.start)

    def y(self, value: float) -> float:
        return (self.high - value) / (self.high - self.low)

    def point(self, at: float, value: float) -> str:
        return f"{self.x(at) * WIDTH:.1f} {self.y(value) * HEIGHT:.1f}"


def line_chart(chart: LineChart) -> LineGeometry:
    """Return where everything of ``chart`` stands.

    Raises:
        ValueError: the chart has no line, or its end is not after its start.
    """
    if not chart.lines or chart.end <= chart.start:
        raise ValueError("a chart needs a line and an end after its start")
    lows = axes.nice(*_extent(chart))
    scale = _Scale(chart.start, chart.end, lows[0], lows[-1])
    first = chart.lines[0]
    return LineGeometry(
        name=chart.name,
        summary=chart.summary,
        y_ticks=tuple(
            Tick(percent(scale.y(value)), chart.write(value), "end") for value in reversed(lows)
        ),
        x_ticks=tuple(chart.ticks),
        zero=percent(scale.y(0.0)) if lows[0] <= 0 <= lows[-1] else "",
        paths=tuple(_paths(chart, scale)),
        gaps=tuple(_gaps(first.points, scale)),
        marks=_mark_shapes(chart.marks, scale),
        legend=tuple((_stroke(line), line.name) for line in chart.lines),
        heads=(chart.head, *(line.name for line in chart.lines)),
        rows=tuple(_rows(chart, scale)),
        end_label=chart.end_label,
        end_notes=tuple(chart.end_notes),
        zoom=(f"{chart.start:.0f}", f"{chart.end:.0f}") if chart.zooms else None,
    )


def thin(points: Sequence[Point], *, most: int = _MOST_POINTS) -> list[Point]:
    """Return at most about ``most`` points that look the same: ends, gaps and extremes stay.

    Each bucket of time keeps its first, least and greatest point, and a gap where it has one.
    """
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / (most / 3))
    kept: list[Point] = []
    for begin in range(0, len(points), size):
        bucket = range(begin, min(begin + size, len(points)))
        known = [index for index in bucket if points[index][1] is not None]
        wanted = {begin}
        if known:
            wanted |= {min(known, key=lambda i: points[i][1] or 0.0)}
            wanted |= {max(known, key=lambda i: points[i][1] or 0.0)}
        if len(known) < len(bucket):
            wanted.add(next(index for index in bucket if points[index][1] is None))
        kept.extend(points[index] for index in sorted(wanted))
    if kept[-1] != points[-1]:
        kept.append(points[-1])
    return kept


def value_at(points: Sequence[Point], at: float) -> float | None:
    """Return the value at ``at``, read off the straight line between the points beside it.

    Returns:
        ``None`` before the first point, after the last one, and beside a gap.
    """
    right = bisect.bisect_left(points, at, key=lambda point: point[0])
    if right == len(points):
        return None
    after = points[right]
    before = after if after[0] == at else points[right - 1] if right else None
    if before is None or before[1] is None or after[1] is None:
        return None
    if after[0] == before[0]:
        return before[1]
    share = (at - before[0]) / (after[0] - before[0])
    return before[1] + share * (after[1] - before[1])


def _extent(chart: LineChart) -> tuple[float, float]:
    values = [value for line in chart.lines for _, value in line.points if value is not None]
    if chart.forecast:
        values += [chart.forecast.low, chart.forecast.high]
    low = min([*values, *([] if chart.low is None else [chart.low])], default=0.0)
    high = max([*values, *([] if chart.high is None else [chart.high])], default=1.0)
    return low, high


def runs(points: Sequence[Point]) -> Iterator[list[tuple[float, float]]]:
    """Yield the stretches of ``points`` without a gap between them."""
    run: list[tuple[float, float]] = []
    for at, value in points:
        if value is not None:
            run.append((at, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _stroke(line: Line) -> str:
    return "even" if line.kind is LineKind.EVEN else f"l-{line.tone}"


def _paths(chart: LineChart, scale: _Scale) -> Iterator[Path]:
    """Yield areas and forecasts first, so that no line is covered."""
    floor = f"{scale.y(max(0.0, scale.low)) * HEIGHT:.1f}" if scale.high > 0 else str(HEIGHT)
    for line in chart.lines:
        if line.kind is LineKind.AREA:
            for run in runs(line.points):
                ends = (f"{scale.x(run[0][0]) * WIDTH:.1f}", f"{scale.x(run[-1][0]) * WIDTH:.1f}")
                top = " ".join(scale.point(at, value) for at, value in run)
                yield Path("a", f"M{ends[0]} {floor}L{top}L{ends[1]} {floor}Z")
    if chart.forecast:
        fan = chart.forecast
        corners = ((fan.at, fan.value), (fan.until, fan.high), (fan.until, fan.low))
        yield Path("fc", f"M{'L'.join(scale.point(at, value) for at, value in corners)}Z")
    for line in chart.lines:
        for run in runs(line.points):
            # A lone minute is a dot: a line of no length with round ends.
            drawn = run if len(run) > 1 else run * 2
            d = "M" + " ".join(scale.point(at, value) for at, value in drawn)
            yield Path("even" if line.kind is LineKind.EVEN else f"l l-{line.tone}", d)


def _gaps(points: Sequence[Point], scale: _Scale) -> Iterator[tuple[str, str]]:
    """Yield place and width of what nothing is known of, between known points."""
    found = list(runs(points))
    for before, after in itertools.pairwise(found):
        start, end = scale.x(before[-1][0]), scale.x(after[0][0])
        yield percent(start), percent(end - start)


def _mark_shapes(marks: Sequence[Mark], scale: _Scale) -> tuple[MarkShape, ...]:
    """Return the marks inside the axis, their words in rows where they do not cover each other."""
    seen = [
        mark
        for mark in sorted(marks, key=lambda mark: mark.at)
        if mark.at <= scale.end and (mark.at if mark.until is None else mark.until) >= scale.start
    ]
    rows = _label_rows(seen, scale, letter=_LABEL_SHARE)
    # On a phone what burned is worth more of the little room than what was deployed.
    worth = sorted(range(len(seen)), key=lambda index: _WORTH.index(seen[index].kind))
    fits = _label_rows(
        [seen[index] for index in worth],
        scale,
        letter=_NARROW_SHARE,
        rows=[rows[index] for index in worth],
    )
    narrow = {index for index, row in zip(worth, fits, strict=True) if row is not None}
    return tuple(
        _mark_shape(mark, scale, row=row, roomy=index not in narrow)
        for index, (mark, row) in enumerate(zip(seen, rows, strict=True))
    )


def _mark_shape(mark: Mark, scale: _Scale, *, row: int | None, roomy: bool) -> MarkShape:
    x = max(0.0, scale.x(mark.at))
    length = _length(mark, letter=_LABEL_SHARE)
    width = "" if mark.until is None else min(1.0, scale.x(mark.until)) - x
    return MarkShape(
        css=mark.kind.value,
        x=percent(x),
        width=width if isinstance(width, str) else percent(max(width, _THINNEST)),
        title=mark.label,
        label="" if row is None else mark.label,
        roomy=roomy,
        label_y=row or 0,
        dx=-5 if x + length > 1 else 5,
        anchor="end" if x + length > 1 else "start",
        url=mark.url,
    )


def _length(mark: Mark, *, letter: float) -> float:
    return len(mark.label) * letter + _PAD


def _label_rows(
    marks: Sequence[Mark],
    scale: _Scale,
    *,
    letter: float,
    rows: Sequence[int | None] | None = None,
) -> list[int | None]:
    """Return for each mark the row its word stands in; ``None`` where every row is taken.

    Args:
        marks: Those placed first get the better places.
        scale: Of the chart.
        letter: Width of a letter as a share of the chart.
        rows: The one row in which each word may stand, if given; else any.
    """
    taken: list[tuple[int, float, float]] = []
    found: list[int | None] = []
    for index, mark in enumerate(marks):
        x, length = max(0.0, scale.x(mark.at)), _length(mark, letter=letter)
        span = (x - length, x) if x + length > 1 else (x, x + length)
        allowed = _LABEL_ROWS if rows is None else (rows[index],)
        row = next((row for row in allowed if row and _free(taken, row, span)), None)
        found.append(row)
        if row is not None:
            taken.append((row, *span))
    return found


def _free(taken: Sequence[tuple[int, float, float]], row: int, span: tuple[float, float]) -> bool:
    return all(
        row != other or span[1] <= begin or span[0] >= finish for other, begin, finish in taken
    )


def _rows(chart: LineChart, scale: _Scale) -> Iterator[Row]:
    for at, value in chart.lines[0].points:
        if not chart.start <= at <= chart.end:
            continue
        values = [value, *(value_at(line.points, at) for line in chart.lines[1:])]
        moment = Cell(chart.when(at), chart.when_exact(at))
        yield Row(
            x=percent(scale.x(at)),
            y="" if value is None else percent(scale.y(value)),
            cells=(moment, *(_cell(each, chart.write) for each in values)),
        )


def _cell(value: float | None, write: Callable[[float | None], str]) -> Cell:
    if value is None:
        return Cell(numbers.UNKNOWN, "")
    return Cell(write(value), f"{value:.6g}")
