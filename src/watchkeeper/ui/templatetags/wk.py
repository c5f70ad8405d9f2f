"""What templates may say without loading anything: numbers, times, states, marks and charts."""

import datetime as dt
import math
import re
from collections.abc import Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.forms import BoundField, CheckboxSelectMultiple
from django.http import QueryDict
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from watchkeeper.kernel import clock
from watchkeeper.ui.domain import charts, columns, gauges, heat, numbers, people, states, times

register = template.Library()

_STATIC = Path(__file__).parent.parent / "static" / "ui"
_SYMBOL = re.compile(r'<symbol id="i-([a-z0-9-]+)"[^>]*>(.*?)</symbol>', re.DOTALL)
_NEAR = dt.timedelta(hours=24)

register.filter("objective", numbers.objective)
register.filter("share", numbers.share)
register.filter("burn", numbers.burn)
register.filter("factor", numbers.factor)
register.filter("count", numbers.count)
register.filter("compact", numbers.compact)
register.filter("points", numbers.points)
register.filter("duration", times.duration)


@register.filter
def ratio(value: numbers.Number | None, against: numbers.Number | None = None) -> str:
    """Write a good share with the nines that matter: ``{{ row.sli|ratio:row.objective }}``."""
    return numbers.ratio(value, against=against)


# ---- marks and states


@cache
def _icons() -> dict[str, str]:
    return dict(_SYMBOL.findall((_STATIC / "vendor" / "icons.svg").read_text()))


@cache
def _marks() -> str:
    text = (_STATIC / "marks.svg").read_text()
    return "".join(re.findall(r"<symbol.*?</symbol>", text, re.DOTALL))


@register.simple_tag
def sprite() -> SafeString:
    """Write the state marks once per page, for ``{% mark %}`` to refer to."""
    head = '<svg class="wk-sprite" aria-hidden="true" focusable="false">'
    return mark_safe(f"{head}{_marks()}</svg>")  # noqa: S308  our own file


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw one icon of ``frontend/icons.json``; it says nothing to screen readers."""
    shapes = _icons()[name]
    return mark_safe(  # noqa: S308  our own file
        f'<svg class="wk-i" viewBox="0 0 24 24" aria-hidden="true">{shapes}</svg>'
    )


@register.simple_tag
def mark(status: str | Enum, severity: str | None = None) -> SafeString:
    """Draw the shape of a state in its colour; a word must stand beside it."""
    key = states.look(status, severity=severity).key
    return format_html(
        '<svg class="wk-m wk-c-{}" aria-hidden="true"><use href="#m-{}"/></svg>', key, key
    )


@register.simple_tag
def state(status: str | Enum, word: str = "", severity: str | None = None) -> SafeString:
    """Write a state in a list: shape, colour and word."""
    look = states.look(status, severity=severity)
    return format_html(
        '<span class="wk-st wk-c-{}">{}{}</span>', look.key, mark(look.key), word or look.word
    )


@register.simple_tag
def badge(status: str | Enum, word: str = "", severity: str | None = None) -> SafeString:
    """Write a state beside a title: shape, colour, word and ground."""
    look = states.look(status, severity=severity)
    return format_html(
        '<span class="wk-badge wk-bg-{}">{}{}</span>', look.key, mark(look.key), word or look.word
    )


@register.filter
def look(status: str | Enum, severity: str | None = None) -> str:
    """Return the key of a state's look, for class names: ``wk-f-{{ row.status|look }}``."""
    return states.look(status, severity=severity).key


@register.simple_tag
def avatar(name: str) -> SafeString:
    """Draw a person's initials on their steady tint; the name must stand beside it."""
    return format_html(
        '<span class="wk-av wk-p{}" aria-hidden="true">{}</span>',
        people.tint(name),
        people.initials(name),
    )


# ---- numbers that bring their reason


@register.simple_tag
def unknown(reason: str) -> SafeString:
    """Write a dash that says why on hover and to screen readers."""
    return format_html(
        '<abbr class="wk-unk" title="{}">—<span class="visually-hidden"> {}</span></abbr>',
        reason,
        reason,
    )


@register.simple_tag
def figure(text: str, reason: str = "no data") -> str:
    """Write ``text``, or the dash with ``reason`` where it is unknown.

    ``{% figure row.sli|ratio:row.objective "no data: source silent since 10:42" %}``
    """
    return unknown(reason) if text in (numbers.UNKNOWN, "", None) else text


@register.simple_tag
def compact_count(value: numbers.Number | None) -> SafeString | str:
    """Write a compact count with the exact one on hover."""
    short, full = numbers.compact(value), numbers.count(value)
    return short if short == full else format_html('<span title="{}">{}</span>', full, short)


@register.simple_tag
def budget(
    remaining: numbers.Number | None,
    events: numbers.Number | None = None,
    seconds: float | None = None,
    unit: str = "events",
) -> str:
    """Write what is left in both sizes: "38 % left · 16 min 24 s", "… · 5,120 requests"."""
    return numbers.budget(
        remaining,
        size=times.duration(seconds) if seconds is not None else None,
        events=events,
        unit=unit,
    )


@register.simple_tag
def coverage(value: numbers.Number | None, things: str = "minutes") -> SafeString | str:
    """Write what a figure rests on, where it is not everything: "97 % of minutes"."""
    if value is None or not numbers.known(value):
        return unknown("nothing measured yet")
    return f"{numbers.share(value, digits=2)} of {things}"


# ---- times


def _place(context: Context) -> tuple[dt.datetime, times.Zone]:
    """Return the page's now and zone; a fragment without the shell reads the clock itself."""
    return context.get("now") or clock.now(), context.get("zone") or times.UTC


def _time(at: dt.datetime, text: str, title: str, *, live: bool = False) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        at.isoformat(timespec="seconds"),
        title,
        mark_safe(" data-relative") if live else "",
        text,
    )


@register.simple_tag(takes_context=True)
def ago(context: Context, at: dt.datetime | None, reason: str = "never") -> SafeString:
    """Write how long ago, kept fresh by script, with the exact time on hover."""
    now, zone = _place(context)
    if at is None:
        return unknown(reason)
    exact = times.exact(at, zone=zone, seconds=True)
    return _time(at, times.relative(at, now=now), exact, live=True)


@register.simple_tag(takes_context=True)
def when(context: Context, at: dt.datetime | None, reason: str = "never") -> SafeString:
    """Write relative within a day of now, else the exact time; the other one on hover."""
    now, zone = _place(context)
    if at is None:
        return unknown(reason)
    if abs(now - at) < _NEAR:
        return ago(context, at)
    return _time(at, times.exact(at, zone=zone), times.relative(at, now=now))


@register.simple_tag(takes_context=True)
def exact(context: Context, at: dt.datetime | None, reason: str = "never") -> SafeString:
    """Write what may be quoted, with its zone: "Tue 17 Nov 2026, 03:42 CET"."""
    now, zone = _place(context)
    if at is None:
        return unknown(reason)
    return _time(at, times.exact(at, zone=zone), times.relative(at, now=now))


@register.simple_tag(takes_context=True)
def at(context: Context, moment: dt.datetime | None, reason: str = "never") -> SafeString:
    """Write as much of a time as is needed, for lists; the zone is on hover and in the foot."""
    now, zone = _place(context)
    if moment is None:
        return unknown(reason)
    exact = times.exact(moment, zone=zone, seconds=True)
    return _time(moment, times.short(moment, now=now, zone=zone), exact)


@register.filter
def minute(value: int | None) -> dt.datetime | None:
    """Return the instant at which a minute (whole minutes since 1970) begins."""
    return None if value is None else dt.datetime.fromtimestamp(value * 60, tz=dt.UTC)


# ---- addresses and forms


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return the page's query with ``changes``; an empty value drops its name.

    ``<a href="{% query status='burning' cursor='' %}">``
    """
    request = context.get("request")
    held: QueryDict = request.GET.copy() if request else QueryDict(mutable=True)
    for name, value in changes.items():
        held.pop(name, None)
        if value not in (None, ""):
            held[name] = str(value)
    return f"?{held.urlencode()}" if held else "?"


@register.simple_tag(takes_context=True)
def kept_query(context: Context, names: str) -> SafeString:
    """Write the page's query as hidden fields, without ``names``: those the form itself asks.

    ``{% kept_query "range from to" %}``
    """
    request = context.get("request")
    left_out = set(names.split())
    held: QueryDict = request.GET if request else QueryDict()
    pairs = ((name, value) for name, values in held.lists() for value in values)
    return format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}">',
        ((name, value) for name, value in pairs if name not in left_out and value),
    )


_CONTROLS = {"select": "form-select", "checkbox": "form-check-input"}


@register.inclusion_tag("ui/_field.html")
def field(bound: BoundField, unit: str = "", wide: str = "") -> dict[str, Any]:
    """Draw one field of a form: label above, help under, its errors beside it.

    Args:
        bound: The field.
        unit: Written behind the control, as ``%``.
        wide: ``wide`` for a control over the whole column.
    """
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    several = kind == "radio" or isinstance(widget, CheckboxSelectMultiple)
    attrs: dict[str, Any] = {}
    if not several:  # Django writes a group's class on the group as well as on each control
        css = [widget.attrs.get("class", ""), _CONTROLS.get(kind, "form-control")]
        css += ["is-invalid"] if bound.errors else []
        css += ["wk-wide-c"] if wide else []
        attrs["class"] = " ".join(filter(None, css))
    described = [f"{bound.auto_id}_help"] if bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attrs),
        "checkbox": kind == "checkbox" and not several,
        "several": several,
        "unit": unit,
    }


# ---- charts


@register.inclusion_tag("ui/_line_chart.html")
def line_chart(chart: charts.LineChart | charts.LineGeometry) -> dict[str, Any]:
    """Draw a line chart with crosshair, table and CSV."""
    drawn = charts.line_chart(chart) if isinstance(chart, charts.LineChart) else chart
    return {"chart": drawn}


@register.inclusion_tag("ui/_column_chart.html")
def column_chart(chart: columns.ColumnChart) -> dict[str, Any]:
    """Draw parts of wholes along time with crosshair, table and CSV."""
    return {"chart": columns.column_chart(chart)}


@register.inclusion_tag("ui/_heat_map.html")
def heat_map(chart: heat.HeatMap | heat.HeatGeometry) -> dict[str, Any]:
    """Draw a heat map of days and hours with totals at both edges."""
    return {"heat": heat.heat_map(chart) if isinstance(chart, heat.HeatMap) else chart}


@register.inclusion_tag("ui/_burn_bars.html")
def burn_bars(rules: Sequence[gauges.BurnRule]) -> dict[str, Any]:
    """Draw burn rules with their lookbacks against the factor."""
    return {"rules": gauges.burn_bars(rules)}


@register.inclusion_tag("ui/_tide.html")
def tide(
    remaining: float | None,
    status: str | Enum,
    name: str,
    url: str,
    part: str = "",
    word: str = "",
) -> dict[str, Any]:
    """Draw one budget as a gauge: ``{% tide row.remaining row.status row.service row.url %}``."""
    shown = states.look(status)
    value = numbers.UNKNOWN
    if remaining is not None and numbers.known(remaining):
        value = numbers.count(math.floor(remaining * 100))
    return {
        "gauge": gauges.tide(remaining),
        "value": value,
        "look": shown.key,
        "word": word or shown.word,
        "name": name,
        "part": part,
        "url": url,
    }


@register.simple_tag
def sparkline(
    values: Sequence[float | None], status: str | Enum = "ok", goal: float = 0.0, low: float = 0.0
) -> SafeString:
    """Draw 96 x 24 of a history; the figure beside it says the same in words."""
    drawn = gauges.sparkline(values, low=low, goal=goal)
    dot = format_html('<circle class="d" cx="{}" cy="{}" r="2"/>', *drawn.dot) if drawn.dot else ""
    return format_html(
        '<svg class="wk-spark wk-f-{}" viewBox="-1 0 100 24" width="100" height="24" '
        'aria-hidden="true"><path class="z" d="M0 {}H96"/><path class="a" d="{}"/>'
        '<path class="l" d="{}"/>{}</svg>',
        states.look(status).key,
        drawn.goal,
        drawn.area,
        drawn.line,
        dot,
    )


@register.simple_tag
def bar(share: float | None, status: str | Enum = "ok") -> SafeString:
    """Draw a share of a whole as a bar; the figure beside it says the same in words."""
    return format_html(
        '<svg class="wk-bar wk-f-{}" viewBox="0 0 100 6" preserveAspectRatio="none" '
        'aria-hidden="true"><rect class="t" width="100" height="6"/>'
        '<rect class="f" width="{}" height="6"/></svg>',
        states.look(status).key,
        gauges.bar(share),
    )


@register.simple_tag
def coverage_strip(covered: Sequence[bool], label: str = "") -> SafeString:
    """Draw which slices of a span were measured; grey is a slice without data."""
    parts = format_html_join(
        "",
        '<rect class="{}" x="{}" width="{}" height="10"/>',
        (("f" if part.covered else "x", part.start, part.width) for part in gauges.strip(covered)),
    )
    named = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="wk-cov-b" viewBox="0 0 100 10" preserveAspectRatio="none" {}>'
        '<rect class="t" width="100" height="10"/>{}</svg>',
        mark_safe(named),  # noqa: S308  escaped above, or a constant
        parts,
    )
