"""Pages of maintenance windows."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.changes.domain import documents
from watchkeeper.changes.domain.documents import MaintenanceSpec
from watchkeeper.changes.forms import FIELDS, MaintenanceForm, maintenance_values
from watchkeeper.changes.queries import maintenance as queries
from watchkeeper.changes.queries.maintenance import ACTIVE, PENDING, MaintenanceRow
from watchkeeper.changes.usecases import maintenance as usecases
from watchkeeper.kernel import access, clock, wall_time
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import hands
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of

_HOUR = dt.timedelta(hours=1)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class WindowLine:
    """A window as a list shows it."""

    row: MaintenanceRow
    look: str
    words: str
    may_end: bool
    may_change: bool


@members_only
@require_safe
def windows(request: HttpRequest) -> HttpResponse:
    """Show what is in maintenance now, will be, and was."""
    actor, now = actor_of(request), clock.now()
    access.require(actor, Permission.READ, what="maintenance windows")
    lines = lines_of(queries.rows(now=now), actor=actor)
    active = sum(1 for line in lines if line.row.state == ACTIVE)
    context = {"lines": lines, "active": active, "may_add": may_add(actor)}
    return render(request, "changes/maintenance.html", context)


def lines_of(rows: Iterable[MaintenanceRow], *, actor: Actor) -> list[WindowLine]:
    """Return windows as lists show them: what is on, what comes next, what is over."""
    lines = [_line(row, actor) for row in rows]
    places = {ACTIVE: 0, PENDING: 1}
    return sorted(
        lines,
        key=lambda line: (
            places.get(line.row.state, 2),
            line.row.until or line.row.next_start or _LAST,
            line.row.name,
        ),
    )


def _line(row: MaintenanceRow, actor: Actor) -> WindowLine:
    looks = {ACTIVE: ("mute", _("In maintenance")), PENDING: ("due", _("Comes"))}
    look, words = looks.get(row.state, ("ok", _("Over")))
    return WindowLine(
        row,
        look,
        words,
        may_end=row.state == ACTIVE and usecases.may_save(actor, row.services, exclude=False),
        may_change=not row.is_in_file
        and usecases.may_save(actor, row.services, exclude=row.exclude),
    )


def may_add(actor: Actor) -> bool:
    """Return whether ``actor`` may put some service into maintenance."""
    places: list[int | None] = [None, *actor.team_roles]
    return any(access.may(actor, Permission.RESPOND, team_id=team) for team in places)


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Put services into maintenance."""
    actor, zone = actor_of(request), zone_of(request)
    if not may_add(actor):
        access.require(actor, Permission.RESPOND, what="maintenance windows")
    start = wall_time.shown_at(clock.now(), zone.info).replace(second=0, microsecond=0)
    service = request.GET.get("service", "")[:253]
    initial = {"start": start, "end": start + _HOUR, "services": service}
    return _page(request, initial, stored=None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a window, as to let it last longer; one that a file keeps is changed there."""
    row = queries.row(name, now=clock.now())
    _require(actor_of(request), row)
    if row.is_in_file:
        where = {"name": name, "file": row.file or _("a file")}
        messages.error(request, _("%(name)s is kept in %(file)s; change it there.") % where)
        return redirect("changes:maintenance")
    stored = row.spec()
    return _page(request, maintenance_values(stored), stored=stored)


def _require(actor: Actor, row: MaintenanceRow) -> None:
    if not usecases.may_save(actor, row.services, exclude=row.exclude):
        needed = Permission.EDIT if row.exclude else Permission.RESPOND
        access.require(actor, needed, what=f"maintenance window {row.name}")


def _page(
    request: HttpRequest, initial: Mapping[str, Any], *, stored: MaintenanceSpec | None
) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    known = hands.state_of(documents.write(stored) if stored is not None else None)
    form = MaintenanceForm(
        asked, zone=zone_of(request), stored=stored, initial={"known": known, **initial}
    )
    if form.is_valid() and _saved(request, form):
        messages.success(request, _("Saved. Alerts of these services page nobody meanwhile."))
        return redirect("changes:maintenance")
    context = {"form": form, "name": stored.name if stored is not None else ""}
    status = 422 if form.errors else 200
    return render(request, "changes/maintenance_edit.html", context, status=status)


def _saved(request: HttpRequest, form: MaintenanceForm) -> bool:
    actor, now = actor_of(request), clock.now()

    def act() -> bool:
        if form.stored is None:
            usecases.create(actor=actor, spec=form.spec(), now=now)
        else:
            known = form.cleaned_data["known"]
            usecases.save(actor=actor, spec=form.spec(), origin=Origin.UI, now=now, known=known)
        return True

    return bool(saved(form, act, field_of=lambda path: FIELDS.get(path, "")))


@members_only
@require_POST
def end(request: HttpRequest, name: str) -> HttpResponse:
    """End early what is on."""
    try:
        usecases.end(actor=actor_of(request), name=name, now=clock.now())
        messages.success(request, _("%(name)s has ended.") % {"name": name})
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("changes:maintenance")


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a window."""
    actor, now = actor_of(request), clock.now()
    row = queries.row(name, now=now)
    _require(actor, row)
    if request.method == "POST":
        usecases.remove(actor=actor, name=name, now=now)
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("changes:maintenance")
    context = {
        "row": row,
        "title": _("Remove the maintenance window %(name)s") % {"name": name},
        "effect": _("It comes no more. Alerts that it keeps quiet and that still fire page now."),
        "back_url": reverse("changes:maintenance"),
    }
    return render(request, "changes/remove_maintenance.html", context)
