"""Parts of wholes along time as columns; drawn by ``ui/_column_chart.html``.

A column is as high as its part of its whole, and what lacks is drawn above it in grey. A column
that lacks anything is seen to lack it, however little: the table has the exact share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.ui.domain import numbers
from watchkeeper.ui.domain.axes import Tick, percent
from watchkeeper.ui.domain.charts import Cell, Row

_LEAST_LACK = 0.04
_LINES = (1.0, 0.75, 0.5, 0.25, 0.0)


@dataclass(frozen=True, slots=True)
class Column:
    """One stretch of time and how much of it there was.

    Attributes:
        start: First instant, seconds since 1970.
        end: The instant after the last one.
        part: What there was, 0 to ``whole``.
        whole: What was due; 0: nothing was, and nothing is drawn.
    """

    start: float
    end: float
    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """The part of the whole; ``None`` where nothing was due."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """What the chart calls things.

    Attributes:
        start: Head of the column of starts, as ``From (CET)``.
        end: Head of the column of ends.
        whole: What was due, as ``Due minutes``.
        part: What there was, as ``Measured``.
        share: The part of the whole, as ``Coverage``.
        lack: What is drawn in grey, as ``Missing``.
    """

    start: str
    end: str
    whole: str
    part: str
    share: str
    lack: str


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """What is to be drawn.

    Attributes:
        name: Short id, unique on its page; also the name of the CSV.
        summary: The chart in a sentence, for those who do not see it.
        start: First instant of the axis, seconds since 1970.
        end: Last instant of the axis.
        columns: In order of time; none covers another.
        words: What things are called.
        when: How an instant is written in the table.
        when_exact: How it is written in the CSV.
        ticks: Of the time axis, from ``axes.time_ticks``.
    """

    name: str
    summary: str
    start: float
    end: float
    columns: Sequence[Column]
    words: ColumnWords
    when: Callable[[float], str]
    when_exact: Callable[[float], str]
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """A rectangle in per cent of the drawing; ``css`` is ``f`` for what there was, else ``x``."""

    css: str
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class ColumnGeometry:
    """A chart ready to be drawn."""

    name: str
    summary: str
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    shapes: tuple[ColumnShape, ...]
    legend: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    zoom: tuple[str, str]


def column_chart(chart: ColumnChart) -> ColumnGeometry:
    """Return where everything of ``chart`` stands.

    Raises:
        ValueError: the end of the axis is not after its start.
    """
    if chart.end <= chart.start:
        raise ValueError("a chart needs an end after its start")
    words = chart.words
    return ColumnGeometry(
        name=chart.name,
        summary=chart.summary,
        y_ticks=tuple(Tick(percent(1 - at), numbers.share(at), "end") for at in _LINES),
        x_ticks=tuple(chart.ticks),
        shapes=_shapes(chart),
        legend=(("f", words.part), ("x", words.lack)),
        heads=(words.start, words.end, words.whole, words.part, words.share),
        rows=tuple(_row(column, chart) for column in chart.columns),
        zoom=(f"{chart.start:.0f}", f"{chart.end:.0f}"),
    )


def _shapes(chart: ColumnChart) -> tuple[ColumnShape, ...]:
    """Return the rectangles; neighbours of one height are one, so that no seam shows."""
    found: list[ColumnShape] = []
    length = chart.end - chart.start
    for start, end, height in _runs(chart):
        if height is None or end <= start:
            continue
        place = percent((start - chart.start) / length), percent((end - start) / length)
        if height < 1:
            found.append(ColumnShape("x", *place, "0", "100"))
        if height > 0:
            found.append(ColumnShape("f", *place, percent(1 - height), percent(height)))
    return tuple(found)


def _runs(chart: ColumnChart) -> list[tuple[float, float, float | None]]:
    """Return start, end and height of columns inside the axis that touch and are as high."""
    found: list[tuple[float, float, float | None]] = []
    for column in chart.columns:
        start, end = max(column.start, chart.start), min(column.end, chart.end)
        height = _height(column)
        if found and found[-1][1:] == (start, height):
            start = found.pop()[0]
        found.append((start, end, height))
    return found


def _height(column: Column) -> float | None:
    share = column.share
    return share if share in (None, 1.0) else min(share or 0.0, 1 - _LEAST_LACK)


def _row(column: Column, chart: ColumnChart) -> Row:
    middle = (max(column.start, chart.start) + min(column.end, chart.end)) / 2
    height = _height(column)
    share = column.share
    return Row(
        x=percent((middle - chart.start) / (chart.end - chart.start)),
        y="" if height is None else percent(1 - height),
        cells=(
            *(Cell(chart.when(at), chart.when_exact(at)) for at in (column.start, column.end)),
            *(Cell(numbers.count(many), str(many)) for many in (column.whole, column.part)),
            Cell(numbers.UNKNOWN if share is None else numbers.ratio(share),
                 "" if share is None else f"{share:.9g}"),
        ),
    )  # fmt: skip
