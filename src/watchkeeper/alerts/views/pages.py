"""Pages of alerts: the list, and one alert as a woken person sees it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries.alerts import AlertRow, Filter
from watchkeeper.alerts.usecases import acts
from watchkeeper.catalog import queries as catalog
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

SHOWN = 50
_LONGEST = 253
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Line:
    """An alert with the look of its state."""

    row: AlertRow
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of an alert's story."""

    at: dt.datetime
    what: str
    why: str


@members_only
@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    """Show alerts, the newest first; what is asked stands in the address."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what="alerts")
    given = {n: request.GET.get(n, "")[:_LONGEST] for n in ("state", "severity", "service", "q")}
    state = given["state"]
    states = () if state == _ALL else (state,) if state else queries.OPEN
    wanted = Filter(states, given["service"], given["severity"], text=given["q"])
    before = queries.number_of(request.GET.get("before", ""))
    rows = queries.alert_rows(wanted, limit=SHOWN + 1, before=before if before > 0 else None)
    counts = queries.counts()
    context = {
        "lines": [line(row) for row in rows[:SHOWN]],
        "older": rows[SHOWN - 1].id if len(rows) > SHOWN else "",
        "asked": given,
        "is_filtered": any(given.values()),
        "firing": counts.get(AlertState.FIRING.value, 0),
        "taken": counts.get(AlertState.ACKNOWLEDGED.value, 0),
        "states": [(each.value, each.value.capitalize()) for each in AlertState],
        "severities": [(each.value, each.value.capitalize()) for each in Severity],
        "may_respond": _may_respond(actor),
    }
    return render(request, "alerts/list.html", context)


def _may_respond(actor: Actor) -> bool:
    """Return whether ``actor`` may do something about some alert."""
    places: list[int | None] = [None, *actor.team_roles]
    return any(access.may(actor, Permission.RESPOND, team_id=team) for team in places)


def line(row: AlertRow) -> Line:
    """Return an alert with the look of its state."""
    if row.state == AlertState.RESOLVED.value:
        return Line(row, "ok", _("Resolved"))
    if row.state == AlertState.ACKNOWLEDGED.value:
        return Line(row, "due", _("Acknowledged"))
    if row.muted_until is not None:
        return Line(row, "mute", _("Silenced"))
    if row.state == AlertState.SNOOZED.value:
        return Line(row, "mute", _("Snoozed"))
    looks = {Severity.CRITICAL.value: "crit", Severity.ERROR.value: "burn"}
    return Line(row, looks.get(row.severity, "watch"), _("Firing"))


@members_only
@require_POST
def act_on_many(request: HttpRequest) -> HttpResponse:
    """Take or end the alerts that were chosen, all or none."""
    actor = actor_of(request)
    if not _may_respond(actor):
        access.require(actor, Permission.RESPOND, what="alerts")
    chosen = request.POST.getlist("alert")
    if not chosen:
        raise InvalidError(_("No alert was chosen; mark some in the list"))
    _act(request, actor, chosen)
    back = request.POST.get("back", "")
    is_ours = back == "/alerts" or back.startswith("/alerts?")  # nowhere but to the list
    return redirect(back if is_ours else "alerts:list")


@members_only
@require_POST
def act_on_one(request: HttpRequest, alert: str) -> HttpResponse:
    """Take or end one alert, and show it."""
    _act(request, actor_of(request), [alert])
    return redirect("alerts:detail", alert=alert)


def _act(request: HttpRequest, actor: Actor, chosen: Sequence[str]) -> None:
    """Do what was pressed, and say what that did."""
    now = clock.now()
    is_over = request.POST.get("act") == "resolve"
    try:
        if is_over:
            count = acts.resolve(actor=actor, alerts=chosen, now=now)
        else:
            count = acts.acknowledge(actor=actor, alerts=chosen, now=now)
    except ConflictError as error:
        messages.error(request, error.message)
        return
    done = _("resolved") if is_over else _("acknowledged")
    things = _("alert") if count == 1 else _("alerts")
    messages.success(request, f"{count} {things} {done}")


@members_only
@require_safe
def detail(request: HttpRequest, alert: str) -> HttpResponse:
    """Show what burns, since when, what to do, and all that happened, phone first."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what=f"alert {alert[:40]}")
    row = queries.alert_row(alert)
    service = catalog.service_by_name(row.service) if row.service else None
    owner = service.owner_id if service is not None else None
    may = _may_respond(actor)
    if owner is not None:
        may = access.may(actor, Permission.RESPOND, team_id=owner)
    told = queries.explained(alert)
    context = {
        "line": line(row),
        "row": row,
        "service": service,
        "runbook": row.runbook_url or (service.runbook_url if service is not None else ""),
        "labels": sorted(row.labels.items()),
        "story": _story(told),
        "pages": told["pages"],
        "because": told["because"],
        "may_act": may and row.is_open,
        "may_take": row.state in {AlertState.FIRING.value, AlertState.SNOOZED.value},
    }
    return render(request, "alerts/detail.html", context)


def _story(told: dict[str, list[queries.EventRow] | list[queries.ActRow]]) -> list[Moment]:
    """Return events and acts as one story, the oldest first."""
    moments = [
        Moment(event.received_at, f"{event.action.capitalize()}: {event.verdict}", event.reason)
        for event in told["events"]
        if isinstance(event, queries.EventRow)
    ]
    moments += [
        Moment(act.at, act.act.capitalize(), f"{act.actor} {act.detail}".strip())
        for act in told["acts"]
        if isinstance(act, queries.ActRow)
    ]
    return sorted(moments, key=lambda moment: moment.at)
