"""Pages of who is on call: in one schedule, in one's own shifts; the coverage proof."""

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access, clock, wall_time
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.domain.schedule import Entry
from watchkeeper.oncall.queries import OverrideRow, ScheduleRow
from watchkeeper.oncall.views import calendar
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of
from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.times import Zone

_WEEKS = {"1w": 1, "2w": 2, "4w": 4, "8w": 8}
_USUAL = "2w"
_MINE = dt.timedelta(days=90)
_WEEK = dt.timedelta(days=7)
_MOST_FINDINGS = 200
_FIRST_YEAR, _LAST_YEAR = 1971, 2198


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """An override made by hand, who made it, and whether one may end it now."""

    row: OverrideRow
    author: str
    may_end: bool


@members_only
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Prove that every policy finds somebody in the days to come, or show when none does."""
    findings = queries.coverage_findings(now=clock.now())
    context = {
        "lines": findings[:_MOST_FINDINGS],
        "many": _MOST_FINDINGS,
        "total": len(findings),
        "days": queries.COVERAGE_DAYS,
        "policies": bool(queries.policy_rows()),
    }
    return render(request, "oncall/coverage.html", context)


def own_name(actor: Actor) -> str | None:
    """Return the name of the person who asks; ``None``: no person."""
    if actor.kind is not ActorKind.USER or actor.id is None:
        return None
    return identity.names_of([actor.id]).get(actor.id)


@members_only
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show the shifts of the person who asks, in every schedule, for the next 90 days."""
    now, actor = clock.now(), actor_of(request)
    own = own_name(actor)
    names = {row.id: row for row in queries.schedule_rows()}
    found = queries.on_call_in(list(names), Interval(now, now + _MINE))
    shifts = sorted(
        (
            (entry, names[pk])
            for pk, entries in found.items()
            for entry in entries
            if own is not None and own in entry.people
        ),
        key=lambda shift: (shift[0].start, shift[1].name),
    )
    context = {
        "shifts": shifts,
        "until": now + _MINE,
        "feeds": [feed for feed in queries.feed_rows(actor) if feed.reader_id == actor.id],
        "schedules": list(names.values()),
    }
    return render(request, "oncall/mine.html", context)


@members_only
@require_safe
def schedule(request: HttpRequest, name: str) -> HttpResponse:
    """Show one schedule: who is on call now, the calendar, the same as a list, overrides."""
    now, row, actor = clock.now(), queries.schedule_row(name), actor_of(request)
    zones = _zones(request, row)
    zone = zone_shown(request, zones)
    key = request.GET.get("range", "")
    weeks = _WEEKS.get(key) or _WEEKS[_USUAL]
    monday = monday_of(request.GET.get("from", ""), zone, now)
    spans = calendar.week_spans(monday, weeks, zone)
    span = Interval(spans[0][1][0], spans[-1][1][1])
    final = queries.entries(name, span)
    layers = queries.layer_entries(name, span)
    called = calendar.names_in([final, *layers.values()])
    [standing] = queries.on_call(at=now, name=name)
    code = queries.document_of(name)
    context: dict[str, Any] = {
        "row": row,
        "standing": standing,
        "weeks": [
            calendar.week(
                first, one, final=final, layers=layers, called=called, zone=zone, now=now
            )
            for first, one in spans
        ],
        "entries": _with_holes(final, span),
        "zone_shown": zone,
        "zones": zones,
        "ranges": [("1w", _("Week")), ("2w", _("2 weeks")), ("4w", _("4 weeks")),
                   ("8w", _("8 weeks"))],
        "current": key if key in _WEEKS else _USUAL,
        "earlier": (monday - weeks * _WEEK).isoformat(),
        "later": (monday + weeks * _WEEK).isoformat(),
        "overrides": _overrides(row, actor, now),
        "code": yaml_documents.dump([code]),
        "may_edit": access.may(actor, Permission.EDIT, team_id=row.owner_id),
        "may_override": usecases.may_override(
            actor, team_id=row.owner_id, replaces=own_name(actor)
        ),
    }  # fmt: skip
    return render(request, "oncall/schedule.html", context)


def _zones(request: HttpRequest, row: ScheduleRow) -> list[Zone]:
    """Return zones to look in: one's own, the schedule's, UTC; any other by the address."""
    return zones_to_look_in(request, times.zone(row.time_zone))


def zones_to_look_in(request: HttpRequest, *more: Zone) -> list[Zone]:
    """Return one's own zone, ``more``, UTC, and the one that the address asks for."""
    asked = request.GET.get("zone", "")
    found = [zone_of(request), *more, times.UTC]
    if asked:
        found.append(times.zone(asked))
    return list({zone.name: zone for zone in found}.values())


def zone_shown(request: HttpRequest, zones: Sequence[Zone]) -> Zone:
    """Return that of ``zones`` that the address asks for, else the one of who looks."""
    asked = request.GET.get("zone", "")
    known = {zone.name: zone for zone in zones}
    return known.get(asked) or (times.zone(asked) if asked else zone_of(request))


def monday_of(asked: str, zone: Zone, now: dt.datetime) -> dt.date:
    """Return the Monday on or before the day that is asked for, or today."""
    day = wall_time.shown_at(now, zone.info).date()
    with contextlib.suppress(ValueError):
        wanted = dt.date.fromisoformat(asked)
        day = wanted if _FIRST_YEAR <= wanted.year <= _LAST_YEAR else day
    return day - dt.timedelta(days=day.weekday())


def _with_holes(final: Sequence[Entry], span: Interval) -> list[Entry]:
    """Return entries, with those in which nobody is on call between them."""
    at, found = span.start, []
    for entry in final:
        if at < entry.start:
            found.append(Entry(at, entry.start, (), ""))
        found.append(entry)
        at = entry.end
    if at < span.end:
        found.append(Entry(at, span.end, (), ""))
    return found


def _overrides(row: ScheduleRow, actor: Actor, now: dt.datetime) -> list[OverrideLine]:
    rows = queries.override_rows(row.name, since=now)
    ids = {int(one.created_by.partition(":")[2]) for one in rows if one.created_by[:5] == "user:"}
    names = identity.names_of(ids)
    return [
        OverrideLine(
            row=one,
            author=names.get(int(one.created_by[5:]), "") if one.created_by[:5] == "user:" else "",
            may_end=one.ended_at is None
            and usecases.may_end(actor, team_id=row.owner_id, author=one.created_by),
        )
        for one in rows
    ]
