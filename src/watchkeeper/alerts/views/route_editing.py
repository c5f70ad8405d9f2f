"""Making, changing, moving and removing routes; what was filled in is never lost."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.forms.routes import RouteForms, route_values, route_windows, typed_windows
from watchkeeper.alerts.queries import directory, route_previews
from watchkeeper.alerts.usecases import rules
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries as oncall
from watchkeeper.plumbing import hands, yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of

_JUDGED = ("save", "preview")
_FIELDS = ("name", "order", "match", "policy", "urgency", "group_by", "group_for", "time_zone")
_LONGEST_POST = 4_000


def may_edit(actor: Actor) -> bool:
    """Return whether ``actor`` may change routes, which rule the alerts of all."""
    return access.may(actor, Permission.EDIT, team_id=None)


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a route."""
    access.require(actor_of(request), Permission.EDIT, what="routes")
    return _page(request, None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a route; one that a file keeps is only shown."""
    row = _changeable(request, name)
    spec = directory.route_spec_of(name)
    if row.is_in_file:
        context = {"row": row, "code": yaml_documents.dump([documents.write(spec)])}
        status = 409 if request.method == "POST" else 200
        return render(request, "alerts/route_in_file.html", context, status=status)
    return _page(request, spec)


def _changeable(request: HttpRequest, name: str) -> directory.RouteRow:
    access.require(actor_of(request), Permission.EDIT, what=f"route {name}")
    return directory.route_row(name)


def _page(request: HttpRequest, spec: RouteSpec | None) -> HttpResponse:
    now, names = clock.now(), [row.name for row in oncall.policy_rows()]
    asked = request.POST if request.method == "POST" else None
    if asked is None:
        shown = spec or RouteSpec("", request.GET.get("policy", "")[:253])
        values, windows, act = route_values(shown), route_windows(shown), ""
        known = hands.state_of(documents.write(spec) if spec is not None else None)
    else:
        act, known = asked.get("do", "save"), asked.get("known", "")
        values = {name: asked.get(name, "").strip() for name in _FIELDS}
        windows = typed_windows(asked, act)
    if spec is not None:
        values["name"] = spec.name
    if windows and not values["time_zone"] and act not in _JUDGED:
        values["time_zone"] = zone_of(request).info.key
    form = RouteForms(values, windows, policies=names, is_typed=act in _JUDGED)
    if act in _JUDGED:
        form.tell(_faults(form.spec()))
    if act == "save" and not form.errors and _saved(request, form, known, now):
        messages.success(request, _("Saved. Alerts that open from now on follow it."))
        return redirect("alerts:routes")
    context: dict[str, Any] = {
        "spec": spec,
        "form": form,
        "known": known,
        "is_typed": asked is not None,
        "policies": names,
    }
    context |= _would(form, now)
    status = 422 if form.errors else 200
    return render(request, "alerts/route_edit.html", context, status=status)


def _faults(spec: RouteSpec) -> Sequence[Problem]:
    try:
        documents.check_route(spec)
    except InvalidError as error:
        return error.problems
    return ()


def _saved(request: HttpRequest, form: RouteForms, known: str, now: dt.datetime) -> bool:
    change = saved(
        form.outer,
        lambda: rules.save_route(
            actor=actor_of(request), spec=form.spec(), origin=Origin.UI, now=now, known=known
        ),
    )
    return change is not None


def _would(form: RouteForms, now: dt.datetime) -> dict[str, Any]:
    """Return what it would have done as ``would``, or as ``fault`` why nobody can tell yet."""
    spec = form.spec()
    named = replace(spec, name=spec.name or "new", policy=spec.policy or "any")
    for problem in _faults(named):
        return {"fault": problem.detail}
    found = route_previews.preview_route(named, now=now)
    post = json.dumps(found.post, indent=2, ensure_ascii=False)
    query = urlencode({"payload": post}) if len(post) <= _LONGEST_POST else ""
    return {"would": found, "try_url": f"{reverse('alerts:dry_run')}?{query}"}


@members_only
@require_POST
def move(request: HttpRequest, name: str) -> HttpResponse:
    """Let a route be asked before the one before it, or after the next."""
    is_up = request.POST.get("to") != "down"
    try:
        rules.move_route(actor=actor_of(request), name=name, is_up=is_up, now=clock.now())
    except (ConflictError, InvalidError) as error:
        messages.error(request, error.message)
    return redirect("alerts:routes")


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a route."""
    row = _changeable(request, name)
    if request.method == "POST":
        rules.remove_route(actor=actor_of(request), name=name, now=clock.now(), origin=Origin.UI)
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("alerts:routes")
    context = {
        "row": row,
        "title": _("Remove the route %(name)s") % {"name": name},
        "effect": _(
            "Alerts that open from now on go by the next route that matches, else by what their "
            "service or its owner names. Those that are open stay where they went."
        ),
        "back_url": reverse("alerts:routes"),
    }
    return render(request, "alerts/route_remove.html", context)
