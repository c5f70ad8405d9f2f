"""One invented shop and one night, as examples for the kit page."""

import datetime as dt
import math
from typing import Any

from watchkeeper.ui.domain import axes, charts, columns, gauges, heat, numbers, times
from watchkeeper.ui.domain.charts import Forecast, Line, LineKind, Mark, MarkKind

_ZONE = times.zone("Europe/Oslo")
_NOW = dt.datetime(2026, 11, 17, 2, 42, tzinfo=dt.UTC)
_DAY = 86400.0
_START = _NOW.timestamp() - 30 * _DAY
_FIRST, _END, _COLUMNS = axes.day_span(_START, _NOW.timestamp() + 2 * _DAY, zone=_ZONE)
_DROPS = ((3.7, 0.017), (11.65, 0.348), (25.3, 0.018), (29.95, 0.017))
_SLOW = (19.2, 21.8, 0.098)
_SILENT = (15.0, 15.9)


def everything() -> dict[str, Any]:
    """Return the context of the kit page; the same on every call."""
    return {
        "kit_now": _NOW,
        "meanings": _MEANINGS,
        "budget_chart": _budget_chart(),
        "latency_chart": _latency_chart(),
        "error_minutes": _error_minutes(),
        "burn_rules": _burn_rules(),
        "slos": _slos(),
        "coverage_chart": _coverage_chart(),
        "covered": [not 180 <= minute < 200 for minute in range(288)],
        "code": _CODE,
        "ranges": [("7d", "7 d"), ("30d", "30 d"), ("90d", "90 d")],
        "since": _NOW - dt.timedelta(minutes=44),
        "long_ago": dt.datetime(2025, 11, 12, 9, 5, tzinfo=dt.UTC),
    }


_MEANINGS = (
    ("ok", "within budget, nothing fires"),
    ("watch", "a ticket rule fires"),
    ("burn", "a page rule fires"),
    ("crit", "no budget left, or SEV1"),
    ("nodata", "the source is silent"),
    ("few", "below the minimum of events"),
    ("mute", "silence or maintenance"),
)
_CODE = """apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
spec:
  service: checkout
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""


def _left(day: float) -> float:
    """Return the budget left after ``day`` days of the window."""
    slow = _SLOW[2] * min(1.0, max(0.0, (day - _SLOW[0]) / (_SLOW[1] - _SLOW[0])))
    return 1 - day * 0.005 - slow - sum(part for at, part in _DROPS if day >= at)


def _budget_points() -> list[charts.Point]:
    quarter = [index / 8 for index in range(30 * 8 + 1)]
    return [
        (_START + day * _DAY, None if _SILENT[0] < day < _SILENT[1] else _left(day))
        for day in quarter
    ]


def _when(instant: float) -> str:
    return times.axis_label(dt.datetime.fromtimestamp(instant, tz=dt.UTC), zone=_ZONE)


def _stamp(instant: float) -> str:
    return times.stamp(dt.datetime.fromtimestamp(instant, tz=dt.UTC), zone=_ZONE)


def _budget_chart() -> charts.LineChart:
    now = _NOW.timestamp()
    return charts.LineChart(
        name="budget",
        summary="Budget left from 18 October to 17 November: 100 percent falling to 35.2.",
        start=_FIRST,
        end=_END,
        lines=(
            Line("Budget left", _budget_points(), LineKind.AREA),
            Line("Even pace", ((_START, 1.0), (now, 0.0)), LineKind.EVEN),
        ),
        write=numbers.share,
        when=_when,
        when_exact=_stamp,
        ticks=axes.time_ticks(_FIRST, _END, zone=_ZONE),
        marks=(
            Mark(_START + 3.7 * _DAY, "v402", MarkKind.DEPLOY),
            Mark(_START + 11.65 * _DAY, "outage", MarkKind.INCIDENT, url="#charts"),
            Mark(_START + 13.9 * _DAY, "excluded", MarkKind.EXCLUSION, _START + 14.1 * _DAY),
            Mark(_START + 19.2 * _DAY, "slow burn", MarkKind.SLOW_FIRING, _START + 21.8 * _DAY),
            Mark(_START + 25.3 * _DAY, "v409", MarkKind.DEPLOY),
            Mark(_START + 29.8 * _DAY, "page", MarkKind.FIRING, now),
            Mark(now, "now", MarkKind.NOW),
        ),
        forecast=Forecast(now, _left(30), _END, 0.0, 0.306),
        high=1.0,
        end_label=numbers.share(0.3528),
        end_notes=("30.6 % at the 3 d pace", "0 % in 4 h 25 min at the 1 h pace"),
        head="At (Oslo)",
    )


def _latency_chart() -> charts.LineChart:
    start = _NOW.timestamp() - _DAY
    at = [start + minute * 600 for minute in range(145)]
    p50 = [180 + 40 * math.sin(index / 23) for index in range(145)]
    p99 = [420 + 160 * math.sin(index / 31) ** 2 + (index % 7) * 6 for index in range(145)]
    return charts.LineChart(
        name="latency",
        summary="Answer times of the last day: half under 220 ms, 99 percent under 620 ms.",
        start=start,
        end=_NOW.timestamp(),
        lines=(
            Line("p99", list(zip(at, p99, strict=True)), tone=1),
            Line("p50", list(zip(at, p50, strict=True)), tone=2),
            Line("Objective", ((start, 600.0), (at[-1], 600.0)), LineKind.EVEN),
        ),
        write=lambda value: numbers.plain(value, unit="ms"),
        when=_when,
        when_exact=_stamp,
        ticks=axes.time_ticks(start, _NOW.timestamp(), zone=_ZONE),
        head="At (Oslo)",
    )


def _coverage_chart() -> columns.ColumnChart:
    start = _NOW.timestamp() - _DAY
    lacking = {40: 3, 41: 15, 42: 15, 43: 9}
    return columns.ColumnChart(
        name="coverage",
        summary="98 percent of the due minutes of the last day were measured.",
        start=start,
        end=_NOW.timestamp(),
        columns=[
            columns.Column(
                start + quarter * 900,
                start + (quarter + 1) * 900,
                0 if quarter < 8 else 15 - lacking.get(quarter, 0),
                0 if quarter < 8 else 15,
            )
            for quarter in range(96)
        ],
        words=columns.ColumnWords(
            "From (Oslo)", "Until", "Due minutes", "Measured", "Coverage", "Missing"
        ),
        when=_when,
        when_exact=_stamp,
        ticks=axes.time_ticks(start, _NOW.timestamp(), zone=_ZONE),
    )


def _error_minutes() -> heat.HeatMap:
    first = dt.datetime(2026, 10, 18, tzinfo=_ZONE.info)
    days = []
    for index in range(31):
        label = times.day_label(first + dt.timedelta(days=index), zone=_ZONE)
        hours = [_hour(index, hour) for hour in range(heat.HOURS)]
        date = first.date() + dt.timedelta(days=index)
        days.append(heat.HeatDay(label, hours, f"{date}", url="?day"))
    return heat.HeatMap(
        name="minutes",
        summary="Error minutes by day and hour; most on 17 November, 03:00, with 42.",
        days=days,
        ticks=axes.time_ticks(_FIRST, _END, zone=_ZONE),
        columns=_COLUMNS,
        note="25 Oct has 25 hours, 02:00 holds both",
    )


def _hour(day: int, hour: int) -> heat.HeatHour:
    if day == 15 and hour < 9:
        return heat.HeatHour(None)
    if (day, hour) == (14, 2):
        return heat.HeatHour(0, excluded=45)
    peaks = {(4, 14): 14, (11, 19): 19, (25, 11): 7, (30, 3): 42, (30, 2): 2}
    slow = (day * 7 + hour * 5) % 8 if day in {19, 20, 21} and hour > (day - 19) * 3 else 0
    stray = int((day * 24 + hour) % 97 == 0)
    return heat.HeatHour(peaks.get((day, hour), slow or stray), url="?minutes")


def _burn_rules() -> list[gauges.BurnRule]:
    return [
        gauges.BurnRule(
            "Page, 14.4x",
            14.4,
            (("1 h", 57.4), ("5 min", 35.2)),
            pages=True,
            firing=True,
            note="firing since 03:08",
        ),
        gauges.BurnRule(
            "Page, 6x",
            6.0,
            (("6 h", 5.96), ("30 min", 74.4)),
            pages=True,
            firing=False,
            note="quiet",
            need="fires if 6 h passes 6x: 12 more failures",
        ),
        gauges.BurnRule(
            "Ticket, 3x",
            3.0,
            (("1 d", 3.83), ("2 h", 29.6)),
            pages=False,
            firing=True,
            note="firing since 02:10",
        ),
        gauges.BurnRule(
            "Ticket, 1x",
            1.0,
            (("3 d", 0.49), ("6 h", None)),
            pages=False,
            firing=False,
            note="quiet",
        ),
    ]


def _slos() -> list[dict[str, Any]]:
    """Return rows of a list; names of awkward length among them."""
    fading = [1 - index / 70 for index in range(48)]
    gone = [1 - index / 39 for index in range(48)]
    silent = [None if 20 <= index < 28 else 1 - index / 400 for index in range(48)]
    return [
        _slo("payments", "Authorisations decided", "burn", 0.9995, 0.99955, 0.118, 113.0, fading),
        _slo("checkout", "Requests answered without error", "burn", 0.999, 0.99935, 0.3529, 57.41),
        _slo("search", "Queries under 300 ms", "watch", 0.99, 0.99082, 0.0824, 2.6),
        _slo(
            "for-you", "Requests answered without error", "crit", 0.99, 0.98785, -0.2144, 0.6, gone
        ),
        _slo(
            "a-service-whose-name-was-chosen-by-a-committee",
            "Messages handed to the carrier in time, all regions",
            "ok",
            0.999,
            0.99997,
            0.97,
            0.031,
            silent,
        ),
        _slo("\u05de\u05e9\u05dc\u05d5\u05d7", "Deliveries", "nodata", 0.995, None, None, None),
    ]


def _slo(  # noqa: PLR0913  one row of a table, read from left to right
    service: str,
    name: str,
    status: str,
    objective: float,
    attained: float | None,
    left: float | None,
    burn: float | None,
    history: list[float | None] | list[float] | None = None,
) -> dict[str, Any]:
    steady = [1 - (1 - (left or 0)) * index / 47 for index in range(48)]
    return {
        "service": service,
        "name": name,
        "status": status,
        "objective": objective,
        "attained": attained,
        "left": left,
        "burn": burn,
        "history": history or (steady if left is not None else [None] * 48),
        "coverage": None if left is None else 0.9998,
    }
