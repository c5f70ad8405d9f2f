"""Pages of alerts: the list, and one alert as a woken person sees it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.domain.page_verdicts import WORDS, PageVerdict
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.queries import context as enrichment
from watchkeeper.alerts.queries.alerts import AlertRow, Filter
from watchkeeper.alerts.views import acting
from watchkeeper.catalog import queries as catalog
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.oncall.queries import escalations as oncall
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

SHOWN = 50
_TAKEN_FROM = {AlertState.FIRING.value, AlertState.SNOOZED.value}
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
    context = {
        "lines": [line(row) for row in rows[:SHOWN]],
        "older": rows[SHOWN - 1].id if len(rows) > SHOWN else "",
        "asked": given,
        "is_filtered": any(given.values()),
        "counts": queries.counts(),
        "states": [(each.value, each.value.capitalize()) for each in AlertState],
        "severities": [(each.value, each.value.capitalize()) for each in Severity],
        "may_respond": acting.may_respond(actor),
        "page_keys": _keys() if acting.may_respond(actor) else [],
    }
    return render(request, "alerts/list.html", context)


def _keys() -> list[tuple[str, str]]:
    """Return the keys of the list, with what they do."""
    return [
        ("A", _("acknowledge what is selected, or the row")),
        ("R", _("resolve it")),
        ("S", _("snooze it for an hour")),
        ("E", _("page the next for it")),
        ("M", _("merge what is selected into the oldest of it")),
    ]


def line(row: AlertRow) -> Line:
    """Return an alert with the look of its state."""
    look, words = queries.look_of(row)
    return Line(row, look, words)


@members_only
@require_safe
def detail(request: HttpRequest, alert: str) -> HttpResponse:
    """Show what burns, since when, what to do, and all that happened, phone first."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what=f"alert {alert[:40]}")
    row = queries.alert_row(alert)
    service = catalog.service_by_name(row.service) if row.service else None
    owner = service.owner_id if service is not None else None
    may = acting.may_respond(actor)
    if owner is not None:
        may = access.may(actor, Permission.RESPOND, team_id=owner)
    told = queries.explained(alert)
    helps = enrichment.context_of(row, actor=actor, now=clock.now())
    context = {
        "line": line(row),
        "row": row,
        "service": service,
        "context": helps,
        "runbook": helps.runbook_url,
        "labels": sorted(row.labels.items()),
        "story": _story(told),
        "pages": [page for page in told["pages"] if page["person"]],
        "changes": helps.changes,
        "because": told["because"],
        "group": told["group"],
        "judged": told["page_verdict"],
        "verdicts": _verdicts(),
        "may_write": may,
        "may_escalate": told["next_at"] is not None,
        "targets": oncall.target_choices() if may and row.is_open else [],
        "snoozes": acting.SNOOZES,
        "may_act": may and row.is_open,
        "may_lead": may and _leads(told),
        "may_take": _may_take(told) or _is_called(told, actor),
    }
    return render(request, "alerts/detail.html", context)


def _leads(told: dict[str, Any]) -> bool:
    """Return whether the alert is over and still stands for its group, which is not."""
    row, group = told["alert"], told["group"]
    leads: bool = not row.is_open and group is not None and group.lead == row.id
    return leads and group.open_count > 0


def _may_take(told: dict[str, Any]) -> bool:
    """Return whether the alert, or one of its group, can be taken."""
    group = told["group"]
    others = [each.state for each in group.members] if group is not None else []
    return not _TAKEN_FROM.isdisjoint([told["alert"].state, *others])


def _is_called(told: dict[str, Any], actor: Actor) -> bool:
    """Return whether ``actor`` was added to what another took, and is still to be called."""
    is_person = actor.kind is ActorKind.USER
    waiting = [page for page in told["pages"] if page["state"] in {"scheduled", "sending"}]
    return is_person and any(page["person"] == actor.label for page in waiting)


def _told(page: dict[str, Any]) -> str:
    """Return what became of a page, or of telling a room, in words."""
    if page["room"]:
        return _("Room {room} ({channel}): {state}").format(**page)
    return _("Page to {person} ({contact}): {state}").format(**page)


def _verdicts() -> list[tuple[str, str]]:
    """Return what the one-click verdicts send, with the words on their buttons."""
    return [
        (PageVerdict.ACTIONABLE.value, _("Worth it")),
        *((why.value, words.capitalize()) for why, words in WORDS.items()),
    ]


def _story(told: dict[str, Any]) -> list[Moment]:
    """Return events, acts and pages as one story, the oldest first."""
    moments = [
        Moment(event.received_at, f"{event.action.capitalize()}: {event.verdict}", event.reason)
        for event in told["events"]
    ]
    moments += [Moment(note.at, _("Paging"), note.text) for note in told["notes"]]
    moments += [
        Moment(
            page["due_at"],
            _told(page),
            page["reason"],
        )
        for page in told["pages"]
    ]
    moments += [
        Moment(act.at, f"{act.act.capitalize()} by {act.by}", act.detail) for act in told["acts"]
    ]
    return sorted(moments, key=lambda moment: moment.at)
