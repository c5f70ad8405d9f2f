"""What is done with several SLOs at once: time taken out, documents saved."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.forms import SeveralExclusionsForm
from watchkeeper.slos.queries import SloRow
from watchkeeper.slos.usecases.exclusions import Wanted
from watchkeeper.slos.views import places
from watchkeeper.ui.context import zone_of

MOST = 500


def _selected(request: HttpRequest) -> list[SloRow]:
    """Return the SLOs that were ticked, each once, in order of their names.

    Raises:
        InvalidError: more than ``MOST`` were ticked.
        SloNotFoundError: one of them is gone.
    """
    asked = request.POST if request.method == "POST" else request.GET
    names = sorted(set(asked.getlist("slo")))
    if len(names) > MOST:
        raise InvalidError(f"At most {MOST} SLOs go at once; {len(names)} are selected")
    return queries.slo_rows_named(names)


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def exclude(request: HttpRequest) -> HttpResponse:
    """Take one stretch of time out of the figures of all selected SLOs, or of none."""
    places.require_some_edit(request)
    rows = _selected(request)
    if not rows:
        return _nothing_selected(request)
    actor = actor_of(request)
    for row in rows:
        access.require(actor, Permission.EDIT, what=f"SLO {row.name}", team_id=row.owner_id)
    asked = request.POST if request.method == "POST" else None
    form = SeveralExclusionsForm(asked, zone=zone_of(request))
    if asked is not None and form.is_valid() and _added(request, form, rows):
        return redirect("slos:list")
    status = 422 if asked is not None else 200
    return render(
        request, "slos/exclude_several.html", {"rows": rows, "form": form}, status=status
    )


def _added(request: HttpRequest, form: SeveralExclusionsForm, rows: Sequence[SloRow]) -> bool:
    """Add the exclusions; where they are refused, say so beside the fields."""
    start, end = form.instant("start"), form.instant("end")
    wanted = [Wanted(start, end, form.cleaned_data["reason"], slo=row.name) for row in rows]
    try:
        usecases.add_exclusions(actor=actor_of(request), wanted=wanted, now=clock.now())
    except InvalidError as error:
        for problem in error.problems:
            form.add_error(problem.path if problem.path in form.fields else None, problem.detail)
        return False
    words = f"Left out of {len(rows)} SLOs. Figures follow within a minute."
    messages.success(request, f"{words} Each can be withdrawn on its page.")
    return True


@members_only
@require_safe
def as_code(request: HttpRequest) -> HttpResponse:
    """Give the selected SLOs as OpenSLO documents in one file."""
    rows = _selected(request)
    if not rows:
        return _nothing_selected(request)
    versions = queries.versions_of([row.id for row in rows])
    text = yaml_documents.dump([versions[row.id][-1].document for row in rows])
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="slos.yaml"'
    return response


def _nothing_selected(request: HttpRequest) -> HttpResponse:
    messages.warning(request, "No SLO is selected. Tick those that are meant.")
    return redirect("slos:list")
