"""Small drawings beside numbers: sparklines, bars, the tide of a budget, burn against factors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.ui.domain import numbers
from watchkeeper.ui.domain.charts import Point, runs

_SPARK_WIDTH, _SPARK_TOP, _SPARK_BOTTOM = 96.0, 1.5, 22.5
_TIDE_FULL, _TIDE_TOTAL = 84.0, 104.0
_BURN_LOW, _BURN_HIGH = -1.0, 3.0  # powers of ten: 0.1x to 1000x


@dataclass(frozen=True, slots=True)
class Sparkline:
    """96 x 24: the line, the ground under it, the height of the objective and the last point."""

    line: str
    area: str
    goal: str
    dot: tuple[str, str] | None


def sparkline(
    values: Sequence[float | None], *, low: float = 0.0, high: float = 1.0, goal: float = 0.0
) -> Sparkline:
    """Return the drawing of evenly spaced ``values``; gaps stay gaps.

    Args:
        values: Oldest first; ``None`` where nothing is known.
        low: Value at the bottom; what lies under it lowers the bottom.
        high: Value at the top; what lies over it is cut.
        goal: Value of the objective's line; for budgets 0, where they are gone.
    """
    low = min([low, goal, *(value for value in values if value is not None)])
    step = _SPARK_WIDTH / max(1, len(values) - 1)

    def height(value: float) -> str:
        share = (min(value, high) - low) / ((high - low) or 1.0)
        return f"{_SPARK_BOTTOM - share * (_SPARK_BOTTOM - _SPARK_TOP):.1f}"

    points: list[Point] = [(index * step, value) for index, value in enumerate(values)]
    line, area = "", ""
    for run in runs(points):
        drawn = " ".join(f"{x:.3g} {height(value)}" for x, value in run)
        line += f"M{drawn}" if len(run) > 1 else f"M{drawn}h.1"
        area += f"M{run[0][0]:.3g} {height(goal)}L{drawn}V{height(goal)}Z"
    last = points[-1] if points and points[-1][1] is not None else None
    dot = (f"{last[0]:.3g}", height(last[1])) if last and last[1] is not None else None
    return Sparkline(line=line, area=area, goal=height(goal), dot=dot)


@dataclass(frozen=True, slots=True)
class Tide:
    """One budget as water in a gauge 32 x 104; zero at 84, overspent below it."""

    known: bool
    start: str
    height: str


def tide(remaining: float | None) -> Tide:
    """Return the gauge of ``remaining`` (share of the budget; ``None`` is unknown)."""
    if remaining is None or not math.isfinite(remaining):
        return Tide(known=False, start="", height="")
    if remaining < 0:
        depth = min(-remaining * _TIDE_FULL, _TIDE_TOTAL - _TIDE_FULL)
        return Tide(known=True, start=f"{_TIDE_FULL:.1f}", height=f"{depth:.1f}")
    filled = min(remaining, 1.0) * _TIDE_FULL
    return Tide(known=True, start=f"{_TIDE_FULL - filled:.1f}", height=f"{filled:.1f}")


def bar(share: float | None) -> str:
    """Return the length of a bar of 100 for ``share``; 0 for what is unknown or overspent."""
    if share is None or not math.isfinite(share):
        return "0"
    return f"{min(1.0, max(0.0, share)) * 100:.1f}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a strip of 100: where it begins, how long it is and whether it is covered."""

    start: str
    width: str
    covered: bool


def strip(covered: Sequence[bool]) -> tuple[Stretch, ...]:
    """Return evenly spaced slices joined into stretches, for a coverage strip."""
    found: list[Stretch] = []
    begin = 0
    for index in range(1, len(covered) + 1):
        if index == len(covered) or covered[index] != covered[begin]:
            width = (index - begin) / len(covered) * 100
            found.append(
                Stretch(f"{begin / len(covered) * 100:.2f}", f"{width:.2f}", covered[begin])
            )
            begin = index
    return tuple(found)


@dataclass(frozen=True, slots=True)
class BurnRule:
    """One burn rule and how fast each of its lookbacks burns.

    Attributes:
        label: As ``Page, 14.4x``.
        factor: The rate at which it fires.
        lookbacks: Words and rates, as ``("1 h", 57.4)``; a rate is ``None`` where unknown.
        pages: Whether it wakes someone; else it is a ticket.
        firing: Whether it fires now; ``None`` where a rate that decides it is unknown.
        note: At the right, as ``firing since 03:08`` or ``quiet``.
        need: What it would take, as ``fires if 1 d passes 3x: 1,259 more failures``.
    """

    label: str
    factor: float
    lookbacks: Sequence[tuple[str, float | None]]
    pages: bool
    firing: bool | None
    note: str = ""
    need: str = ""


@dataclass(frozen=True, slots=True)
class BurnBar:
    """One lookback as a bar of 100 on a log scale; ``css`` is empty where the rate is unknown.

    ``value`` is the rate in full, for the CSV; empty where it is unknown.
    """

    label: str
    width: str
    css: str
    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class BurnShape:
    """A rule ready to be drawn."""

    label: str
    look: str
    firing: bool
    note: str
    need: str
    threshold: str
    bars: tuple[BurnBar, ...]


def burn_place(rate: float) -> float:
    """Return the place of ``rate`` on the log scale from 0.1x to 1000x, in 0..100."""
    if rate <= 0:
        return 0.0
    share = (math.log10(rate) - _BURN_LOW) / (_BURN_HIGH - _BURN_LOW)
    return min(1.0, max(0.0, share)) * 100


def burn_bars(rules: Sequence[BurnRule]) -> tuple[BurnShape, ...]:
    """Return the drawing of ``rules``, in their order."""
    return tuple(
        BurnShape(
            label=rule.label,
            look=_burn_look(rule),
            firing=bool(rule.firing),
            note=rule.note,
            need=rule.need,
            threshold=f"{burn_place(rule.factor):.1f}",
            bars=tuple(_burn_bar(rule, label, rate) for label, rate in rule.lookbacks),
        )
        for rule in rules
    )


def _burn_look(rule: BurnRule) -> str:
    """Return the key of the look of a rule; one that nothing is known of is never all well."""
    if rule.firing is None:
        return "nodata"
    return ("burn" if rule.pages else "watch") if rule.firing else "ok"


def _burn_bar(rule: BurnRule, label: str, rate: float | None) -> BurnBar:
    if rate is None or not math.isfinite(rate):
        return BurnBar(label, "0", "", numbers.UNKNOWN)
    over = "over" if rule.pages else "slow"
    css = over if rate >= rule.factor else "f"
    return BurnBar(label, f"{burn_place(rate):.1f}", css, numbers.burn(rate), value=f"{rate:.6g}")
