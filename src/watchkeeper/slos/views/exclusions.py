"""Taking time out of the figures, and letting it count again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.forms import ExclusionForm
from watchkeeper.slos.usecases.exclusions import ExclusionNotFoundError, Wanted
from watchkeeper.ui.context import zone_of


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def exclude(request: HttpRequest, name: str) -> HttpResponse:
    """Take a stretch of time out of an SLO's figures, or out of its service's."""
    row = queries.slo_row(name)
    actor = actor_of(request)
    access.require(actor, Permission.EDIT, what=f"SLO {name}", team_id=row.owner_id)
    asked = request.POST if request.method == "POST" else None
    form = ExclusionForm(asked, zone=zone_of(request), service=row.service)
    if asked is not None and form.is_valid() and _added(request, form, name, row.service):
        return redirect("slos:detail", name=name)
    status = 422 if asked is not None else 200
    return render(request, "slos/exclude.html", {"row": row, "form": form}, status=status)


def _added(request: HttpRequest, form: ExclusionForm, name: str, service: str) -> bool:
    """Add the exclusion; where it is refused, say so beside the fields."""
    is_service = form.cleaned_data["scope"] == "service"
    wanted = Wanted(
        start=form.instant("start"),
        end=form.instant("end"),
        reason=form.cleaned_data["reason"],
        slo=None if is_service else name,
        service=service if is_service else None,
    )
    try:
        usecases.add_exclusion(actor=actor_of(request), wanted=wanted, now=clock.now())
    except InvalidError as error:
        for problem in error.problems:
            field = problem.path if problem.path in form.fields else None
            form.add_error(field, problem.detail)
        return False
    messages.success(request, "Left out. Figures follow within a minute; it can be withdrawn.")
    return True


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, name: str, exclusion_id: int) -> HttpResponse:
    """Let a stretch of time count again; it stays on record."""
    rows = queries.exclusion_rows(name=name)
    found = next((row for row in rows if row.id == exclusion_id), None)
    if found is None:
        raise ExclusionNotFoundError(f"There is no exclusion {exclusion_id}")
    row = queries.slo_row(name)
    actor = actor_of(request)
    access.require(actor, Permission.EDIT, what=f"SLO {name}", team_id=row.owner_id)
    if request.method == "POST":
        usecases.withdraw_exclusion(actor=actor, exclusion_id=exclusion_id, now=clock.now())
        messages.success(request, "Withdrawn. That time counts again within a minute.")
        return redirect("slos:detail", name=name)
    return render(request, "slos/withdraw.html", {"row": row, "exclusion": found})
