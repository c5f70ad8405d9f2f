"""Pages for standing in, and for taking a schedule out of its file."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.kernel import access, clock, wall_time
from watchkeeper.kernel.access import Permission
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.forms import OverrideForm
from watchkeeper.oncall.queries import ScheduleRow
from watchkeeper.oncall.views.schedules import own_name
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of
from watchkeeper.ui.domain.times import Zone

_HOUR = dt.timedelta(hours=1)


@members_only
@require_http_methods(METHODS)
def override(request: HttpRequest, name: str) -> HttpResponse:
    """Let somebody stand in."""
    row, actor, zone = queries.schedule_row(name), actor_of(request), zone_of(request)
    own = own_name(actor)
    if not usecases.may_override(actor, team_id=row.owner_id, replaces=own):
        access.require(actor, Permission.EDIT, what=f"schedule {name}", team_id=row.owner_id)
    asked = request.POST if request.method == "POST" else None
    may_all = access.may(actor, Permission.EDIT, team_id=row.owner_id)
    initial = _begun(request.GET.get("for", ""), row, own, zone)
    if not may_all:
        initial["replaces"] = own
    form = OverrideForm(asked, zone=zone, initial=initial)
    if form.is_valid():
        made = saved(
            form,
            lambda: usecases.add_override(actor=actor, wanted=form.wanted(name), now=clock.now()),
        )
        if made is not None:
            messages.success(request, _("Saved. The calendar and the pager follow at once."))
            return redirect("oncall:schedule", name=name)
    context = {"row": row, "form": form, "may_all": may_all}
    return render(request, "oncall/override.html", context, status=422 if form.errors else 200)


def _begun(asked: str, row: ScheduleRow, own: str | None, zone: Zone) -> dict[str, object]:
    """Return what the form begins with: the next hour, or the rest of the shift of now.

    Args:
        asked: ``me``: whoever looks takes the rest of it; ``other``: they hand theirs on.
        row: The schedule.
        own: Name of the person who looks.
        zone: In which times are typed.
    """
    now = clock.now()
    [standing] = queries.on_call(at=now, name=row.name)
    start = wall_time.shown_at(now, zone.info).replace(second=0, microsecond=0)
    begun: dict[str, object] = {"start": start, "end": start + _HOUR}
    if asked in ("me", "other") and standing.until is not None:
        begun["end"] = wall_time.shown_at(standing.until, zone.info)
    if asked == "me":
        begun["person"] = own
    if asked == "other":
        begun["replaces"] = own
    return begun


@members_only
@require_POST
def end(request: HttpRequest, name: str, override_id: int) -> HttpResponse:
    """Let an override hold no longer."""
    usecases.end_override(
        actor=actor_of(request), schedule=name, override_id=override_id, now=clock.now()
    )
    messages.success(request, _("Ended. It stays on record."))
    return redirect("oncall:schedule", name=name)


@members_only
@require_safe
def as_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give a schedule as a document."""
    del request
    text = yaml_documents.dump([queries.document_of(name)])
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="schedule.yaml"'
    return response


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a schedule."""
    row = queries.schedule_row(name)
    access.require(
        actor_of(request), Permission.EDIT, what=f"schedule {name}", team_id=row.owner_id
    )
    if request.method == "POST":
        usecases.remove_schedule(actor=actor_of(request), name=name, now=clock.now())
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("oncall:now")
    context = {
        "row": row,
        "title": _("Remove the schedule %(name)s") % {"name": name},
        "effect": _("Nobody is on call in it from now on. Who was on call stays on record."),
        "back_url": reverse("oncall:schedule", args=[name]),
    }
    return render(request, "oncall/remove.html", context)


@members_only
@require_POST
def take_over(request: HttpRequest, name: str) -> HttpResponse:
    """Let a schedule that came from a file be changed here."""
    usecases.take_over_schedule(actor=actor_of(request), name=name, now=clock.now())
    messages.success(request, _("Taken over. Files no longer rule it; take it out of them."))
    return redirect("oncall:schedule", name=name)
