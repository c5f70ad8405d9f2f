"""Making and changing schedules as documents; what was typed is never lost."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from watchkeeper.kernel import access, clock, wall_time
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.kernel.intervals import Interval
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.domain import documents, resolver
from watchkeeper.oncall.forms import DocumentForm
from watchkeeper.oncall.views import calendar
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of

_EXAMPLE = """apiVersion: watchkeeper/v1
kind: Schedule
metadata:
  name: shop-primary
spec:
  title: Shop, primary
  timeZone: Europe/Berlin
  layers:
    - name: round the clock
      rotation:
        unit: week
        every: 1
        start: 2026-01-05T09:00:00
        members: [alice, bob]
"""
_WEEKS = 2


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a schedule from a document."""
    actor = actor_of(request)
    if not any(access.may(actor, Permission.EDIT, team_id=team) for team in actor.team_roles):
        access.require(actor, Permission.EDIT, what="schedules")
    return _page(request, name="", text=_EXAMPLE)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a schedule by its document, from now on."""
    row = queries.schedule_row(name)
    access.require(
        actor_of(request), Permission.EDIT, what=f"schedule {name}", team_id=row.owner_id
    )
    return _page(request, name=name, text=yaml_documents.dump([queries.document_of(name)]))


def _page(request: HttpRequest, *, name: str, text: str) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    form = DocumentForm(asked, initial={"document": text})
    context: dict[str, Any] = {"form": form, "name": name}
    document = _typed(form, name) if asked is not None and form.is_valid() else None
    if asked is not None and document is not None and "preview" in asked:
        context["weeks"] = _preview(request, document)
    elif document is not None and _saved(request, form, document):
        messages.success(request, _("Saved. It is in force from now on; what was, stays."))
        return redirect("oncall:schedule", name=document.name)
    return render(request, "oncall/edit.html", context, status=422 if form.errors else 200)


def _typed(form: DocumentForm, name: str) -> Document | None:
    """Return the document that was typed; what is wrong is said beside it."""
    try:
        found = yaml_documents.load(form.cleaned_data["document"])
    except InvalidError as error:
        _told(form, error.problems)
        return None
    if len(found) != 1:
        form.add_error("document", _("One document is wanted here, not %d.") % len(found))
        return None
    [document] = found
    if (document.api_version, document.kind) != (documents.API_VERSION, documents.KIND):
        wanted = f"apiVersion: {documents.API_VERSION}, kind: {documents.KIND}"
        form.add_error("document", _("A document of %s is wanted here.") % wanted)
        return None
    if name and document.name != name:
        detail = _("metadata.name has to stay %s; a new name is a new schedule.") % name
        form.add_error("document", detail)
        return None
    if not name and queries.schedule_rows(name=document.name):
        form.add_error("document", _("There is a schedule %s already.") % document.name)
        return None
    faults = documents.problems(document)
    _told(form, faults)
    return None if faults else document


def _told(form: DocumentForm, problems: Sequence[Problem]) -> None:
    for problem in problems:
        line = f"Line {problem.line}: " if problem.line else ""
        path = f"{problem.path}: " if problem.path else ""
        form.add_error("document", f"{line}{path}{problem.detail}")


def _preview(request: HttpRequest, document: Document) -> list[calendar.Week]:
    """Return two weeks from this one on, as the document would have them."""
    now, zone = clock.now(), zone_of(request)
    schedule = documents.read(document).schedule
    today = wall_time.shown_at(now, zone.info).date()
    monday = today - dt.timedelta(days=today.weekday())
    spans = calendar.week_spans(monday, _WEEKS, zone)
    span = Interval(spans[0][1][0], spans[-1][1][1])
    final, layers = resolver.resolve(schedule, span), resolver.by_layer(schedule, span)
    called = calendar.names_in([final, *layers.values()])
    return [
        calendar.week(first, one, final=final, layers=layers, called=called, zone=zone, now=now)
        for first, one in spans
    ]


def _saved(request: HttpRequest, form: DocumentForm, document: Document) -> bool:
    try:
        usecases.save_schedule(
            actor=actor_of(request), document=document, origin=Origin.UI, now=clock.now()
        )
    except InvalidError as error:
        _told(form, error.problems)
        return False
    except ConflictError as error:
        form.add_error(None, error.message)
        return False
    return True
