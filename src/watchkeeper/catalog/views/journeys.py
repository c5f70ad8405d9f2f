"""Pages of journeys."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain.findings import FindingKind
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.forms import JourneyForm, initial_of
from watchkeeper.catalog.queries import JourneyRow, ServiceRow
from watchkeeper.catalog.views import shared
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.domain.states import look


@dataclass(frozen=True, slots=True)
class Step:
    """One service of a journey; ``row`` is ``None`` where nobody described it yet."""

    name: str
    row: ServiceRow | None
    status: str | None

    @property
    def words(self) -> str:
        """How its state is called."""
        return look(self.status).word if self.status else ""


@dataclass(frozen=True, slots=True)
class Path:
    """A journey as it is shown."""

    row: JourneyRow
    owner: str
    steps: tuple[Step, ...]
    has_no_slo: bool


@members_only
@require_safe
def journey_list(request: HttpRequest) -> HttpResponse:
    """Show journeys with their services."""
    context = {
        "paths": _paths(queries.journeys()),
        "may_edit": shared.edits_somewhere(request),
    }
    return render(request, "catalog/journeys.html", context)


def _paths(rows: list[JourneyRow]) -> list[Path]:
    services: Mapping[str, ServiceRow] = {row.name: row for row in queries.services()}
    watching, words = queries.watch(), shared.team_words()
    states = watching.states(list(services)) if watching is not None else {}
    bare = {
        finding.subject
        for finding in queries.findings()
        if finding.kind is FindingKind.JOURNEY_WITHOUT_SLO
    }
    return [
        Path(
            row=row,
            owner=words.get(row.owner_name or "", row.owner_name or ""),
            steps=tuple(Step(n, services.get(n), states.get(n)) for n in row.services),
            has_no_slo=row.name in bare,
        )
        for row in rows
    ]


@members_only
@require_safe
def journey(request: HttpRequest, name: str) -> HttpResponse:
    """Show a journey."""
    row = _found(name)
    [path] = _paths([row])
    context = {
        "path": path,
        "row": row,
        "has_states": queries.watch() is not None,
        "code": yaml_documents.dump([queries.journey_document(name) or {}]),
        "may_edit": access.may(actor_of(request), Permission.EDIT, team_id=row.owner_id),
    }
    return render(request, "catalog/journey.html", context)


def _found(name: str) -> JourneyRow:
    row = queries.journey_by_name(name)
    if row is None:
        raise usecases.JourneyNotFoundError(f"There is no journey {name}")
    return row


@members_only
@require_safe
def as_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give a journey as a document."""
    del request
    _found(name)
    return shared.yaml_file(queries.journey_document(name) or {}, "journey.yaml")


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make a journey."""
    shared.require_some_edit(request, "journeys")
    return _form_page(request, None)


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a journey; one that a file keeps is shown to be taken over."""
    row = _found(name)
    what = f"journey {name}"
    access.require(actor_of(request), Permission.EDIT, what=what, team_id=row.owner_id)
    if row.is_in_file:
        context = {
            "name": name,
            "file": row.file,
            "back_url": reverse("catalog:journey", args=[name]),
            "take_over_url": reverse("catalog:take_over_journey", args=[name]),
        }
        return render(request, "catalog/kept_in_file.html", context)
    return _form_page(request, row)


def _form_page(request: HttpRequest, row: JourneyRow | None) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    initial = {}
    if row is not None:
        initial = initial_of(JourneySpec(row.name, row.title, row.owner_name, row.services))
    form = JourneyForm(asked, teams=shared.teams(), is_new=row is None, initial=initial)
    if form.is_valid():
        spec = form.spec(row.name if row is not None else "")
        if row is None and queries.journey_by_name(spec.name) is not None:
            form.add_error("name", _("There is a journey of that name already."))
        elif saved(
            form,
            lambda: usecases.save_journey(
                actor=actor_of(request), spec=spec, origin=Origin.UI, now=clock.now()
            ),
            field_of=shared.field_of,
        ):
            messages.success(request, _("Saved."))
            return redirect("catalog:journey", name=spec.name)
    context = {"form": form, "row": row}
    return render(
        request, "catalog/journey_form.html", context, status=422 if form.errors else 200
    )


@members_only
@require_POST
def take_over(request: HttpRequest, name: str) -> HttpResponse:
    """Let a journey that came from a file be changed here."""
    usecases.take_over_journey(actor=actor_of(request), name=name, now=clock.now())
    messages.success(request, _("Taken over. Files no longer rule it; take it out of them."))
    return redirect("catalog:edit_journey", name=name)


@members_only
@require_http_methods(METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then remove a journey."""
    row = _found(name)
    what = f"journey {name}"
    access.require(actor_of(request), Permission.EDIT, what=what, team_id=row.owner_id)
    if request.method == "POST":
        usecases.remove_journey(actor=actor_of(request), name=name, now=clock.now())
        messages.success(request, _("%(name)s is removed.") % {"name": name})
        return redirect("catalog:journeys")
    context = {
        "name": name,
        "title": _("Remove the journey %(name)s") % {"name": name},
        "effect": _("Its services and their SLOs stay."),
        "back_url": reverse("catalog:journey", args=[name]),
        "trail": [(_("Journeys"), reverse("catalog:journeys"))],
    }
    return render(request, "catalog/remove.html", context)
