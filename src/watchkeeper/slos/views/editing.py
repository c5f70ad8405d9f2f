"""Making, changing and removing SLOs; what was typed is never lost."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.kinds import Action, Change
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.forms import DocumentForm, SimpleForm
from watchkeeper.slos.views import places, previews
from watchkeeper.telemetry import queries as telemetry

_EXAMPLE = """apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
  displayName: Checkout availability
spec:
  service: checkout
  description: Requests answered without error.
  indicator:
    metadata:
      name: checkout-requests
    spec:
      ratioMetric:
        counter: false
        good:
          metricSource:
            type: push
            spec: {}
        total:
          metricSource:
            type: push
            spec: {}
  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""
_METHODS = ["GET", "HEAD", "POST"]


@members_only
@require_http_methods(_METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Make an SLO from a document."""
    places.require_some_edit(request)
    return _document_page(request, name="", text=_EXAMPLE)


@members_only
@require_http_methods(_METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change an SLO by its document; one that files keep is shown to be taken over."""
    row = queries.slo_row(name)
    what = f"SLO {name}"
    access.require(actor_of(request), Permission.EDIT, what=what, team_id=row.owner_id)
    text = _text_of(row.id)
    if row.origin == Origin.FILE.value:
        context = {"row": row, "code": text, "versions_url": reverse("slos:detail", args=[name])}
        return render(request, "slos/kept_in_file.html", context)
    return _document_page(request, name=name, text=text)


def _text_of(slo_id: int) -> str:
    newest = queries.versions_of([slo_id])[slo_id][-1]
    return yaml_documents.dump([newest.document])


def _document_page(request: HttpRequest, *, name: str, text: str) -> HttpResponse:
    asked = request.POST if request.method == "POST" else None
    form = DocumentForm(asked, initial={"document": text})
    context: dict[str, object] = {"form": form, "name": name}
    if asked is None:
        return render(request, "slos/edit.html", context)
    document = _document(form, name) if form.is_valid() else None
    if document is not None and "preview" in asked:
        context["preview"] = _preview(form, document)
    elif document is not None:
        change = _saved(request, form, document)
        if change is not None:
            return _done(request, change)
    status = 422 if form.errors else 200
    return render(request, "slos/edit.html", context, status=status)


def _document(form: DocumentForm, name: str) -> Document | None:
    """Return the document that was typed; what is wrong is said beside it."""
    try:
        found = yaml_documents.load(form.cleaned_data["document"])
    except InvalidError as error:
        _told(form, error.problems)
        return None
    if len(found) != 1:
        form.add_error("document", f"One document is wanted here, not {len(found)}.")
        return None
    if found[0].kind != "SLO":
        form.add_error("document", f"kind is {found[0].kind or 'missing'}; SLO is wanted here.")
        return None
    if name and found[0].name != name:
        detail = f"metadata.name has to stay {name}; a new name is a new SLO."
        form.add_error("document", detail)
        return None
    return found[0]


def _told(form: DocumentForm, problems: Sequence[Problem]) -> None:
    for problem in problems:
        line = f"Line {problem.line}: " if problem.line else ""
        path = f"{problem.path}: " if problem.path else ""
        form.add_error("document", f"{line}{path}{problem.detail}")


def _preview(form: DocumentForm, document: Document) -> previews.Preview | None:
    try:
        return previews.preview(document, now=clock.now())
    except InvalidError as error:
        _told(form, error.problems)
        return None


def _saved(request: HttpRequest, form: DocumentForm, document: Document) -> Change | None:
    try:
        return usecases.save_slo(
            actor=actor_of(request), document=document, origin=Origin.UI, now=clock.now()
        )
    except InvalidError as error:
        _told(form, error.problems)
    except ConflictError as error:
        form.add_error(None, str(error))
    return None


def _done(request: HttpRequest, change: Change) -> HttpResponse:
    words = {
        Action.CREATE: "Made. Its figures follow within a minute.",
        Action.UPDATE: "Saved. The new version is in force from now; the past keeps the old one.",
        Action.UNCHANGED: "Nothing was changed: it says the same as before.",
    }
    messages.success(request, words.get(change.action, "Saved."))
    return redirect("slos:detail", name=change.name)


@members_only
@require_http_methods(_METHODS)
def new_simple(request: HttpRequest) -> HttpResponse:
    """Make an SLO from a few fields; the document is shown before it is saved."""
    places.require_some_edit(request)
    sources = [source.name for source in telemetry.sources() if source.kind == "prometheus"]
    asked = request.POST if request.method == "POST" else None
    form = SimpleForm(asked, sources=sources)
    if asked is None or not form.is_valid():
        status = 200 if asked is None else 422
        return render(request, "slos/new_simple.html", {"form": form}, status=status)
    text = yaml_documents.dump([form.document()])
    shown = DocumentForm(initial={"document": text})
    bound = DocumentForm({"document": text})
    bound.is_valid()
    document = _document(bound, "")
    preview = _preview(bound, document) if document is not None else None
    form_shown = bound if bound.errors else shown
    context = {"form": form_shown, "name": "", "preview": preview}
    return render(request, "slos/edit.html", context, status=422 if bound.errors else 200)


@members_only
@require_safe
def as_code(request: HttpRequest, name: str) -> HttpResponse:
    """Give an SLO as an OpenSLO document."""
    del request
    row = queries.slo_row(name)
    response = HttpResponse(_text_of(row.id), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.name}.yaml"'
    return response


@members_only
@require_POST
def take_over(request: HttpRequest, name: str) -> HttpResponse:
    """Let an SLO that came from a file be changed here."""
    usecases.take_over(actor=actor_of(request), name=name, now=clock.now())
    messages.success(request, "Taken over. It is changed here from now on, not by its file.")
    return redirect("slos:edit", name=name)


@members_only
@require_http_methods(_METHODS)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Remove an SLO after its name was typed; the minutes stay."""
    row = queries.slo_row(name)
    actor = actor_of(request)
    access.require(actor, Permission.EDIT, what=f"SLO {name}", team_id=row.owner_id)
    is_typed = request.POST.get("confirm", "").strip() == name
    if request.method == "POST" and is_typed:
        usecases.remove_slo(actor=actor, name=name, origin=Origin.UI, now=clock.now())
        messages.success(request, f"{name} is removed. The minutes of its SLIs stay.")
        return redirect("slos:list")
    context = {
        "row": row,
        "mistyped": request.method == "POST",
        "versions": len(queries.versions_of([row.id])[row.id]),
        "cancel_url": reverse("slos:detail", args=[name]),
    }
    return render(request, "slos/remove.html", context, status=422 if context["mistyped"] else 200)
