"""A heat map of days and hours with totals at both edges; drawn by ``ui/_heat_map.html``."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.ui.domain.axes import Tick, percent
from watchkeeper.ui.domain.charts import Cell
from watchkeeper.ui.domain.numbers import THIN, UNKNOWN

HOURS = 24
_TOTAL_WIDTH = 44.0
_LEVELS = (1, 3, 6, 13, 25)
_BAR = 0.7
_ROWS_LABELLED = (0, 6, 12, 18, 24)


@dataclass(frozen=True, slots=True)
class HeatHour:
    """One hour of one day.

    Attributes:
        amount: How much happened, as bad minutes; ``None`` where nothing was measured.
        excluded: Amount left out by agreement, in the same unit.
        url: Where its rows are; empty for none.
        is_outside: Whether it lies before or after what is looked at: then it is left blank.
    """

    amount: float | None
    excluded: float = 0
    url: str = ""
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class HeatDay:
    """One column: a local day and its 24 wall hours (a repeated hour is added to the first).

    ``date`` is the day as the CSV writes it. ``url`` leads to the day's rows, from the table;
    cells have their own.
    """

    label: str
    hours: Sequence[HeatHour]
    date: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """What is to be drawn.

    Attributes:
        name: Short id, unique on its page.
        summary: The map in a sentence, for those who do not see it.
        days: Oldest first, at least one, each with 24 hours.
        ticks: Of the day axis, from ``axes.time_ticks`` for the same span.
        columns: Columns of the whole axis, where it goes on past the last day; 0: as many as days.
        unit: What is counted, in the form behind a number, as ``min``.
        levels: Least amounts of the five intensities, rising.
        note: Words beside the legend.
        head: Head of the table's first column, as ``Day (Oslo)``.
    """

    name: str
    summary: str
    days: Sequence[HeatDay]
    ticks: Sequence[Tick]
    columns: int = 0
    unit: str = "min"
    levels: tuple[int, int, int, int, int] = _LEVELS
    note: str = ""
    head: str = "Day"


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell that is not empty: place, class of its intensity (q1 to q5, qx, qn, qo), words."""

    x: int
    y: int
    css: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a total; ``at`` is its index, ``size`` its length in the drawing's units."""

    at: str
    start: str
    size: str
    title: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A line of the table: a day, or all days together.

    Attributes:
        day: The day; empty for all days together.
        total: Its amount and, for the CSV, the bare number; so are all cells here.
        excluded: What was left out by agreement.
        hours: Its 24 hours: a dash where nothing was measured, empty outside what is looked at.
        url: Where the day's rows are; empty for none.
    """

    day: Cell
    total: Cell
    excluded: Cell
    hours: tuple[Cell, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class HeatGeometry:
    """A heat map ready to be drawn."""

    name: str
    summary: str
    columns: int
    measured: int
    cells: tuple[HeatCell, ...]
    grid: str
    by_day: tuple[Bar, ...]
    by_hour: tuple[Bar, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    top: str
    total: str
    unit: str
    note: str
    linked: bool
    heads: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    totals: HeatRow


def heat_map(heat: HeatMap) -> HeatGeometry:
    """Return where everything of ``heat`` stands.

    Raises:
        ValueError: there is no day, or a day has not 24 hours.
    """
    if not heat.days or any(len(day.hours) != HOURS for day in heat.days):
        raise ValueError("a heat map needs days of 24 hours each")
    columns = max(heat.columns, len(heat.days))
    days = [sum(hour.amount or 0 for hour in day.hours) for day in heat.days]
    hours = [sum(day.hours[hour].amount or 0 for day in heat.days) for hour in range(HOURS)]
    return HeatGeometry(
        name=heat.name,
        summary=heat.summary,
        columns=columns,
        measured=len(heat.days),
        cells=tuple(_cells(heat)),
        grid="".join(f"M{x} 0V{HOURS}" for x in range(1, columns))
        + "".join(f"M0 {y}H{columns}" for y in range(1, HOURS)),
        by_day=_bars(days, [day.label for day in heat.days], HOURS, heat.unit),
        by_hour=_bars(hours, [f"{hour:02d}:00" for hour in range(HOURS)], _TOTAL_WIDTH, heat.unit),
        y_ticks=tuple(
            Tick(percent(hour / HOURS), f"{hour:02d}", "end") for hour in _ROWS_LABELLED
        ),
        x_ticks=tuple(heat.ticks),
        top=f"{heat.levels[-1] - 1}{THIN}{heat.unit}",
        total=_amount(sum(days), heat.unit),
        unit=heat.unit,
        note=heat.note,
        linked=any(hour.url for day in heat.days for hour in day.hours),
        heads=(heat.head, "Total", "Excluded", *(f"{hour:02d}:00" for hour in range(HOURS))),
        rows=tuple(_row(day, heat.unit) for day in heat.days),
        totals=_totals(heat),
    )


def level(amount: float, levels: Sequence[int] = _LEVELS) -> int:
    """Return the intensity 0 to 5 of ``amount``; anything above zero is at least 1."""
    if amount <= 0:
        return 0
    return max(1, sum(amount >= least for least in levels))


def _cells(heat: HeatMap) -> list[HeatCell]:
    found = []
    for x, day in enumerate(heat.days):
        for y, hour in enumerate(day.hours):
            css = _css(hour, heat.levels)
            if css != "q0":
                title = f"{day.label}, {y:02d}:00: {_words(hour, heat.unit)}"
                found.append(HeatCell(x, y, css, title, hour.url))
    return found


def _css(hour: HeatHour, levels: Sequence[int]) -> str:
    if hour.is_outside:
        return "qo"
    if hour.amount is None:
        return "qx" if hour.excluded else "qn"
    reached = level(hour.amount, levels)
    return "qx" if reached == 0 and hour.excluded else f"q{reached}"


def _words(hour: HeatHour, unit: str) -> str:
    if hour.is_outside:
        return "outside the range"
    if hour.amount is None and not hour.excluded:
        return "no data"
    parts = [_amount(hour.amount, unit)] if hour.amount else []
    if hour.excluded:
        parts.append(f"{_amount(hour.excluded, unit)} excluded")
    return ", ".join(parts)


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f}{THIN}{unit}"


def _bars(
    totals: Sequence[float], labels: Sequence[str], room: float, unit: str
) -> tuple[Bar, ...]:
    most = max([*totals, 1])
    return tuple(
        Bar(
            at=f"{index + (1 - _BAR) / 2:.2f}",
            start=f"{room - room * total / most:.1f}",
            size=f"{room * total / most:.1f}",
            title=f"{label}: {_amount(total, unit)}",
        )
        for index, (total, label) in enumerate(zip(totals, labels, strict=True))
        if total > 0
    )


def _row(day: HeatDay, unit: str) -> HeatRow:
    hours = [hour for hour in day.hours if not hour.is_outside]
    known = [hour.amount for hour in hours if hour.amount is not None]
    return HeatRow(
        day=Cell(day.label, day.date or day.label),
        total=_cell(sum(known) if known else None, unit),
        excluded=_cell(sum(hour.excluded for hour in day.hours), unit),
        hours=tuple(_hour_cell(hour) for hour in day.hours),
        url=day.url,
    )


def _totals(heat: HeatMap) -> HeatRow:
    """Return the sums over all days, hour by hour: what stands at the right edge of the map."""
    columns = [[day.hours[place] for day in heat.days] for place in range(HOURS)]
    return HeatRow(
        day=Cell("", ""),
        total=_cell(sum(_known(column) for column in columns), heat.unit),
        excluded=_cell(sum(hour.excluded for day in heat.days for hour in day.hours), heat.unit),
        hours=tuple(_cell(_known(column)) for column in columns),
    )


def _known(hours: Sequence[HeatHour]) -> float:
    return sum(hour.amount or 0 for hour in hours)


def _cell(amount: float | None, unit: str = "") -> Cell:
    if amount is None:
        return Cell(UNKNOWN, "")
    return Cell(_amount(amount, unit) if unit else f"{amount:,.0f}", f"{amount:g}")


def _hour_cell(hour: HeatHour) -> Cell:
    if hour.is_outside:
        return Cell("", "")
    written = _cell(hour.amount)
    if not hour.excluded:
        return written
    left_out = f"{hour.excluded:,.0f} excluded"
    return Cell(f"{written.text}, {left_out}" if hour.amount else left_out, written.value)
