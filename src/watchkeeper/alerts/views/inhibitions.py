"""Making, changing and removing inhibitions; the page of what is quiet lists them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.domain.documents import InhibitionSpec
from watchkeeper.alerts.forms.quiet import InhibitionForm, inhibition_values
from watchkeeper.alerts.queries import directory, previews
from watchkeeper.alerts.usecases import rules
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import hands, yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of


def may_edit(actor: Actor) -> bool:
    """Return whether ``actor`` may change inhibitions, which rule the alerts of all."""
    return access.may(actor, Permission.EDIT, team_id=None)


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make an inhibition."""
    access.require(actor_of(request), Permission.EDIT, what="inhibitions")
    return _page(request, None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change an inhibition; one that a file keeps is only shown."""
    row = _changeable(request, name)
    spec = InhibitionSpec(row.name, row.source, row.target, row.equal)
    if row.is_in_file:
        context = {"row": row, "code": yaml_documents.dump([documents.write(spec)])}
        status = 409 if request.method == "POST" else 200
        return render(request, "alerts/inhibition_in_file.html", context, status=status)
    return _page(request, spec)


def _changeable(request: HttpRequest, name: str) -> directory.InhibitionRow:
    access.require(actor_of(request), Permission.EDIT, what=f"inhibition {name}")
    return directory.inhibition_row(name)


def _page(request: HttpRequest, stored: InhibitionSpec | None) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    act = asked.get("do", "save") if asked is not None else ""
    values: dict[str, Any] = dict(asked.items()) if asked is not None else {}
    if asked is None and stored is not None:
        values = inhibition_values(stored)
    if stored is not None:
        values["name"] = stored.name
    written = hands.state_of(documents.write(stored) if stored is not None else None)
    known = asked.get("known", "") if asked is not None else written
    is_judged = act in ("save", "preview")
    form = InhibitionForm(values) if is_judged else InhibitionForm(initial=values)
    spec = InhibitionForm(values).spec()
    if is_judged:
        form.tell(_faults(spec))
    if act == "save" and form.is_valid() and _saved(request, form, spec, known, clock.now()):
        messages.success(request, _("Saved. Alerts that open from now on are judged by it."))
        return redirect("alerts:silences")
    context: dict[str, Any] = {"spec": stored, "form": form, "known": known}
    context |= _would(spec) if values else {}
    status = 422 if form.errors else 200
    return render(request, "alerts/inhibition_edit.html", context, status=status)


def _faults(spec: InhibitionSpec) -> Sequence[Problem]:
    try:
        documents.check_inhibition(spec)
    except InvalidError as error:
        return error.problems
    return ()


def _saved(
    request: HttpRequest, form: InhibitionForm, spec: InhibitionSpec, known: str, now: dt.datetime
) -> bool:
    change = saved(
        form,
        lambda: rules.save_inhibition(
            actor=actor_of(request), spec=spec, origin=Origin.UI, now=now, known=known
        ),
    )
    return change is not None


def _would(spec: InhibitionSpec) -> dict[str, Any]:
    """Return what it would find now as ``would``, or as ``fault`` why nobody can tell yet."""
    named = replace(spec, name=spec.name or "new")
    for problem in _faults(named):
        return {"fault": problem.detail}
    return {"would": previews.preview_inhibition(documents.inhibition_of(named))}


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove an inhibition."""
    row = _changeable(request, name)
    if request.method == "POST":
        rules.remove_inhibition(
            actor=actor_of(request), name=name, now=clock.now(), origin=Origin.UI
        )
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("alerts:silences")
    context = {
        "row": row,
        "title": _("Remove the inhibition %(name)s") % {"name": name},
        "effect": _("What it keeps quiet and still fires pages now."),
        "back_url": reverse("alerts:silences"),
    }
    return render(request, "alerts/inhibition_remove.html", context)
