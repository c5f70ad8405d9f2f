"""The charts of an SLO's page: budget, error minutes and burn, on one time axis."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import urlencode

from watchkeeper.slos import queries
from watchkeeper.slos.domain import evaluation, timeline, windows
from watchkeeper.slos.domain.definition import CalendarWindow, RollingWindow, Severity
from watchkeeper.slos.domain.evaluation import Question, RuleState
from watchkeeper.slos.domain.timeline import DayOfHours
from watchkeeper.slos.queries import ExclusionRow, FiringRow, Standing, Version
from watchkeeper.slos.views import ranges, sentences
from watchkeeper.ui.domain import axes, charts, gauges, heat, numbers, times
from watchkeeper.ui.domain.charts import Forecast, Line, LineKind, Mark, MarkKind
from watchkeeper.ui.domain.ranges import Range

_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)
_FORECAST_SHARE = 10
_NEAR = 3 * _DAY
"""Up to this length a day is no unit: the axis ends where the range does, and burn is a line."""
_MOST_MOMENTS = 360


@dataclass(frozen=True, slots=True)
class Scene:
    """What all charts of the page share.

    Attributes:
        standing: The objective over the window.
        start: First instant shown.
        end: Last instant that is shown of what is known.
        zone: In whose days the axis is divided.
        now: The present.
        key: The range as the address names it.
        problem: Why another range than the one asked for is shown; empty where it is that one.
    """

    standing: Standing
    start: dt.datetime
    end: dt.datetime
    zone: times.Zone
    now: dt.datetime
    key: str
    problem: str = ""

    @property
    def shown(self) -> Range:
        """What the form of the range is filled with."""
        return Range(self.key, self.start, self.end, self.problem)

    @property
    def is_near(self) -> bool:
        """Whether so little is shown that hours and minutes count."""
        return self.end - self.start <= _NEAR

    @property
    def is_past(self) -> bool:
        """Whether what is shown ends before the present."""
        return self.end < self.standing.answer.as_of

    @property
    def goes_back(self) -> bool:
        """Whether more than the window is shown."""
        return self.start < self.standing.answer.interval.start

    @property
    def axis_end(self) -> dt.datetime:
        """Where the axis ends: a little after now, for the forecast."""
        answer = self.standing.answer
        if self.is_past:
            return self.end
        until = self.end + answer.interval.length / _FORECAST_SHARE
        if isinstance(self.standing.window, CalendarWindow):
            return max(self.end, min(until, answer.interval.end))
        shown = self.end - self.start
        return self.end + min(answer.interval.length, shown) / _FORECAST_SHARE

    @property
    def axis(self) -> tuple[float, float, int]:
        """First and last instant of the axis and its days; whole local days where not near."""
        ends = (self.start.timestamp(), self.axis_end.timestamp())
        return (*ends, 0) if self.is_near else axes.day_span(*ends, zone=self.zone)

    @property
    def question(self) -> Question:
        """The question over just what is shown, with the minutes it takes."""
        start = evaluation.minute_of(self.start)
        return replace(
            queries.further_back(self.standing, start=start),
            window=RollingWindow(self.end - self.start),
            as_of=self.end,
        )


def scene_of(
    standing: Standing, *, asked: Mapping[str, str], zone: times.Zone, now: dt.datetime
) -> Scene:
    """Return what the charts show, as the address asks; see ``ranges.chosen``."""
    shown = ranges.chosen(standing, asked, zone=zone)
    return Scene(standing, shown.start, shown.end, zone, now, shown.key, shown.problem)


def budget_chart(scene: Scene, *, marks: Sequence[Mark]) -> charts.LineChart | None:
    """Return the budget along time; ``None`` where nothing is known of it."""
    moments = _moments(scene)
    answer = scene.standing.answer
    if scene.goes_back:
        question = _longer(scene)
        left = _grown_up(question, moments, timeline.remaining_at_each(question, at=moments))
    else:
        line = timeline.budget_over_time(scene.standing.question, at=moments)
        left = tuple(point.remaining for point in line)
    if all(value is None for value in left):
        return None
    first, last, _ = scene.axis
    points = [(at.timestamp(), value) for at, value in zip(moments, left, strict=True)]
    lines = [Line("Budget left", charts.thin(points), LineKind.AREA)]
    if not scene.goes_back:
        lines.append(_even(scene))
    now_left = left[-1] if scene.is_past else _float(answer.remaining)
    return charts.LineChart(
        name="budget",
        summary=_summary(scene, now_left),
        start=first,
        end=last,
        lines=tuple(lines),
        write=numbers.share,
        when=lambda at: times.axis_label(_instant(at), zone=scene.zone),
        when_exact=lambda at: times.stamp(_instant(at), zone=scene.zone),
        ticks=axes.time_ticks(first, last, zone=scene.zone),
        marks=marks,
        forecast=None if scene.is_past else _forecast(scene, now_left),
        high=1.0,
        end_label=numbers.share(now_left),
        end_notes=() if scene.is_past else _end_notes(scene),
        head=f"At ({scene.zone.city})",
        zooms=True,
    )


def burn_chart(scene: Scene, *, marks: Sequence[Mark]) -> charts.LineChart | None:
    """Return how fast the budget went, over both lookbacks of the fastest rule.

    ``None`` where no rule fits the window or nothing is known.
    """
    fast = min(scene.standing.answer.rules, key=lambda each: each.rule.long, default=None)
    if fast is None:
        return None
    long, short = fast.rule.long, fast.rule.short
    question = queries.further_back(scene.standing, start=evaluation.minute_of(scene.start - long))
    moments = _moments(scene)
    lines = []
    for lookback, tone in ((short, 2), (long, 1)):
        rates = timeline.burn_over_time(question, lookback=lookback, at=moments)
        points = [(at.timestamp(), rate) for at, rate in zip(moments, rates, strict=True)]
        lines.append(Line(f"Over {times.duration(lookback)}", points, tone=tone))
    if all(rate is None for line in lines for _, rate in line.points):
        return None
    first, last, _ = scene.axis
    lines.append(Line("Even pace, 1x", [(first, 1.0), (last, 1.0)], LineKind.EVEN))
    return charts.LineChart(
        name="burn",
        summary=f"Burn rate from {times.exact(scene.start, zone=scene.zone)} to "
        f"{times.exact(scene.end, zone=scene.zone)}.",
        start=first,
        end=last,
        lines=tuple(lines),
        write=numbers.burn,
        when=lambda at: times.axis_label(_instant(at), zone=scene.zone),
        when_exact=lambda at: times.stamp(_instant(at), zone=scene.zone),
        ticks=axes.time_ticks(first, last, zone=scene.zone),
        marks=marks,
        head=f"At ({scene.zone.city})",
        zooms=True,
    )


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _instant(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _moments(scene: Scene) -> list[dt.datetime]:
    """Return about 360 moments, whole minutes, both ends among them."""
    length = scene.end - scene.start
    step = max(dt.timedelta(minutes=1), length / _MOST_MOMENTS)
    many = int(length / step)
    found = [scene.start + index * step for index in range(many)]
    return [moment.replace(second=0, microsecond=0) for moment in found] + [scene.end]


def _longer(scene: Scene) -> Question:
    """Return the question with minutes for the window of the first moment that is shown."""
    first = windows.interval_at(scene.standing.window, scene.start).start
    return queries.further_back(scene.standing, start=evaluation.minute_of(first))


def _grown_up(
    question: Question, moments: Sequence[dt.datetime], left: Sequence[float | None]
) -> tuple[float | None, ...]:
    """Return the budget without the first day of all, which says next to nothing of a window."""
    if question.first_minute is None:
        return tuple(left)
    since = _instant(question.first_minute * 60) + _DAY
    return tuple(value if at >= since else None for at, value in zip(moments, left, strict=True))


def _even(scene: Scene) -> Line:
    """Return the even pace over the part that is shown."""
    interval = scene.standing.answer.interval
    ends = (scene.start, min(scene.axis_end, interval.end))
    points = [(at.timestamp(), 1 - (at - interval.start) / interval.length) for at in ends]
    return Line("Even pace", points, LineKind.EVEN)


def _summary(scene: Scene, left: float | None) -> str:
    start = times.day_label(scene.start, zone=scene.zone)
    end = times.day_label(scene.end, zone=scene.zone)
    last = "at its end" if scene.is_past else "now"
    return f"Budget left from {start} to {end}; {last} {numbers.share(left)}."


def _paces(scene: Scene) -> list[tuple[RuleState, float]]:
    """Return the rules with the shortest and the longest long lookback whose rate is known."""
    known = [
        (r, float(r.long_rate)) for r in scene.standing.answer.rules if r.long_rate is not None
    ]
    known.sort(key=lambda pair: pair[0].rule.long)
    return [known[0], known[-1]] if known else []


def _forecast(scene: Scene, left: float | None) -> Forecast | None:
    if left is None or not _paces(scene) or scene.axis_end <= scene.end or left <= 0:
        return None
    share = (scene.axis_end - scene.end) / scene.standing.answer.interval.length
    after = sorted(max(0.0, left - rate * share) for _, rate in _paces(scene))
    return Forecast(scene.end.timestamp(), left, scene.axis_end.timestamp(), after[0], after[-1])


def _end_notes(scene: Scene) -> list[str]:
    answer = scene.standing.answer
    if answer.remaining is None or answer.remaining <= 0:
        return []
    share = (scene.axis_end - scene.end) / answer.interval.length
    notes = []
    for state, rate in reversed(_paces(scene)):
        pace = f"at the {times.duration(state.rule.long)} pace"
        after = float(answer.remaining) - rate * share
        if after > 0:
            notes.append(f"{numbers.share(after)} {pace}")
        elif state.exhausted_in is not None:
            notes.append(f"0{numbers.THIN}% in {times.duration(state.exhausted_in)} {pace}")
    return list(dict.fromkeys(notes))


def marks_of(
    scene: Scene,
    *,
    firings: Sequence[FiringRow],
    exclusions: Sequence[ExclusionRow],
    versions: Sequence[Version],
) -> list[Mark]:
    """Return what happened meanwhile: firings, exclusions and changes, each with its place."""
    found = []
    if not scene.is_past:
        found.append(Mark(scene.end.timestamp(), "now", MarkKind.NOW))
    for row in firings:
        pages = row.severity == Severity.PAGE.value
        found.append(
            Mark(
                row.started_at.timestamp(),
                "page" if pages else "slow burn",
                MarkKind.FIRING if pages else MarkKind.SLOW_FIRING,
                (row.ended_at or scene.end).timestamp(),
                url="#firings",
            )
        )
    found.extend(
        Mark(
            each.start.timestamp(),
            "excluded",
            MarkKind.EXCLUSION,
            each.end.timestamp(),
            url="#exclusions",
        )
        for each in exclusions
        if each.withdrawn_at is None
    )
    for version in versions[1:]:
        label = f"version {version.number}"
        at = version.valid_from.timestamp()
        found.append(Mark(at, label, MarkKind.VERSION, url="#versions"))
    return found


def heat_chart(scene: Scene, *, minutes_url: str) -> heat.HeatMap | None:
    """Return the error minutes by day and hour under the same days; ``None`` without any day."""
    days = timeline.error_hours(scene.question, time_zone=scene.zone.name)
    if not days:
        return None
    low, high, columns = scene.axis
    total = sum(hour.error_minutes or 0 for day in days for hour in day.hours)
    odd = [day for day in days if day.length_hours != timeline.HOURS]
    return heat.HeatMap(
        name="minutes",
        summary=f"Error minutes by day and hour, {scene.zone.city} time: {total} in all.",
        days=[_heat_day(day, scene, minutes_url) for day in days],
        ticks=axes.time_ticks(low, high, zone=scene.zone),
        columns=columns,
        note=", ".join(_odd_words(day) for day in odd),
        head=f"Day ({scene.zone.city})",
    )


def _odd_words(day: DayOfHours) -> str:
    return f"{day.day.day} {day.day:%b} has {day.length_hours:g} hours"


def _heat_day(day: DayOfHours, scene: Scene, url: str) -> heat.HeatDay:
    info = scene.zone.info
    midnight = dt.datetime.combine(day.day, dt.time(), tzinfo=info)
    next_day = dt.datetime.combine(day.day + _DAY, dt.time(), tzinfo=info)
    hours = []
    for place, hour in enumerate(day.hours):
        start = dt.datetime.combine(day.day, dt.time(place), tzinfo=info).astimezone(dt.UTC)
        is_outside = start >= scene.end or start + _HOUR <= scene.start
        hours.append(
            heat.HeatHour(
                0 if is_outside else hour.error_minutes,
                excluded=hour.excluded,
                url=span(url, start, start + _HOUR) if hour.error_minutes else "",
                is_outside=is_outside,
            )
        )
    label = times.day_label(midnight, zone=scene.zone)
    return heat.HeatDay(label, hours, f"{day.day}", url=span(url, midnight, next_day))


def span(url: str, start: dt.datetime, end: dt.datetime) -> str:
    """Return ``url`` narrowed to ``[start, end)``."""
    asked = {"from": times.stamp(start), "to": times.stamp(end)}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"


def burn_bars(
    standing: Standing, firings: Sequence[FiringRow], *, now: dt.datetime, zone: times.Zone
) -> list[gauges.BurnRule]:
    """Return the burn rules with how fast each lookback burns and what each would take."""
    since = {row.rule: row.started_at for row in firings if row.ended_at is None}
    unit = sentences.unit_of(standing.version.definition.method)
    found = []
    for state in standing.answer.rules:
        rule = state.rule
        fires = True if state.is_open else state.holds
        begun = since.get(rule.name)
        note = {True: "firing", False: "quiet", None: "not known"}[fires]
        if fires and begun is not None:
            note = f"firing since {times.short(begun, now=now, zone=zone)}"
        found.append(
            gauges.BurnRule(
                label=sentences.rule_words(rule.severity.value, float(rule.factor)),
                factor=float(rule.factor),
                lookbacks=(
                    (times.duration(rule.long), _rate(state.long_rate)),
                    (times.duration(rule.short), _rate(state.short_rate)),
                ),
                pages=rule.severity is Severity.PAGE,
                firing=fires,
                note=note,
                need=sentences.need_words(state, unit),
            )
        )
    return found


def _rate(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]
