"""What the buttons of alerts do: on one alert's page, and on those chosen in the list."""

import datetime as dt
from collections.abc import Callable, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from watchkeeper.alerts.domain import page_verdicts
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts, notes, paging
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

Act = Callable[[HttpRequest, Actor, Sequence[str], dt.datetime], str]

SNOOZES = ("30m", "1h", "4h", "1d")
"""What buttons snooze for."""
_USUAL_SNOOZE = "1h"


def may_respond(actor: Actor) -> bool:
    """Return whether ``actor`` may do something about some alert."""
    places: list[int | None] = [None, *actor.team_roles]
    return any(access.may(actor, Permission.RESPOND, team_id=team) for team in places)


@members_only
@require_POST
def act_on_many(request: HttpRequest) -> HttpResponse:
    """Do something about the alerts that were chosen, all or none."""
    actor = actor_of(request)
    if not may_respond(actor):
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
    """Do something about one alert, and show it."""
    _act(request, actor_of(request), [alert])
    return redirect("alerts:detail", alert=alert)


def _act(request: HttpRequest, actor: Actor, chosen: Sequence[str]) -> None:
    """Do what was pressed, and say what that did."""
    act = _ACTS.get(request.POST.get("act", ""), _acknowledge)
    try:
        messages.success(request, act(request, actor, chosen, clock.now()))
    except (ConflictError, InvalidError) as error:
        messages.error(request, error.message)


def _acknowledge(
    request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime
) -> str:
    del request
    return _counted(acts.acknowledge(actor=actor, alerts=chosen, now=now), _("acknowledged"))


def _resolve(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    whole = request.POST.get("whole") == "group"
    count = acts.resolve(actor=actor, alerts=chosen, now=now, whole_groups=whole)
    return _counted(count, _("resolved"))


def _snooze(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    length = request.POST.get("for", "") or _USUAL_SNOOZE
    count = acts.snooze(actor=actor, alerts=chosen, length=length, now=now)
    return _counted(count, _("snoozed for {length}").format(length=length))


def _escalate(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    del request
    due = paging.escalate(actor=actor, alerts=chosen, now=now)
    if len(due) == 1:
        [words] = due.values()
        return _("Due at once: {what}").format(what=words)
    return _counted(len(due), _("escalated"))


def _reassign(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    to = _target(request)
    count = paging.reassign(actor=actor, alerts=chosen, to=to, now=now)
    return _counted(count, _("reassigned to {who}").format(who=" ".join(*to.items())))


def _add(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    called = paging.add(actor=actor, alerts=chosen, to=_target(request), now=now)
    people = sorted({person for found in called.values() for person in found})
    if not people:
        return _("They were added within the last minute already")
    return _("Paged too: {people}").format(people=", ".join(people))


def _target(request: HttpRequest) -> dict[str, str]:
    """Return whom a form names, as ``person:bob``."""
    kind, _colon, name = request.POST.get("to", "").partition(":")
    if not name:
        raise InvalidError(_("Choose a person, a schedule, a team or a policy"))
    return {kind: name}


def _merge(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    del request
    first = min(chosen, key=queries.number_of)
    if len(set(chosen)) < 2:
        raise InvalidError(_("Choose at least two alerts; the oldest stands for the others"))
    others = [each for each in chosen if each != first]
    count = acts.merge(actor=actor, alerts=others, into=first, now=now)
    return _counted(count, _("merged into alert {first}").format(first=first))


def _note(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    notes.note(actor=actor, alerts=chosen, text=request.POST.get("text", ""), now=now)
    return _("The note is written down")


def _judge(request: HttpRequest, actor: Actor, chosen: Sequence[str], now: dt.datetime) -> str:
    said = request.POST.get("verdict", "")
    is_worth_it = said == page_verdicts.PageVerdict.ACTIONABLE.value
    verdict = said if is_worth_it else page_verdicts.PageVerdict.NOT_ACTIONABLE.value
    why = "" if is_worth_it else said
    notes.judge(actor=actor, alerts=chosen, verdict=verdict, why=why, now=now)
    return _("Thank you; the verdict is kept with the page")


def _counted(count: int, done: str) -> str:
    things = _("alert") if count == 1 else _("alerts")
    return f"{count} {things} {done}"


_ACTS: dict[str, Act] = {
    "acknowledge": _acknowledge,
    "resolve": _resolve,
    "snooze": _snooze,
    "escalate": _escalate,
    "reassign": _reassign,
    "add": _add,
    "merge": _merge,
    "note": _note,
    "verdict": _judge,
}
