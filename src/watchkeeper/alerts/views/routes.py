"""Pages of routes: where alerts go, and what would become of a post."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.forms.senders import DryRunForm
from watchkeeper.alerts.queries import directory, integrations
from watchkeeper.alerts.usecases import dry_run
from watchkeeper.alerts.usecases.dry_run import DryRun
from watchkeeper.alerts.views.route_editing import may_edit
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import InvalidError, NotFoundError, Problem
from watchkeeper.oncall import queries as oncall
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.ui.context import zone_of

_LONGEST_GIVEN = 4_000
"""Of a post that an address fills in."""


@members_only
@require_safe
def route_list(request: HttpRequest) -> HttpResponse:
    """Show routes in the order in which they are asked."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what="routes")
    specs = [documents.write(spec) for spec in directory.route_specs()]
    context = {
        "rows": directory.route_rows(),
        "code": yaml_documents.dump(specs) if specs else "",
        "policies": {row.name for row in oncall.policy_rows()},
        "may_edit": may_edit(actor),
    }
    return render(request, "alerts/routes.html", context)


@members_only
@require_http_methods(METHODS)
def try_out(request: HttpRequest) -> HttpResponse:
    """Tell what would become of a post; nothing is written, nobody is paged."""
    access.require(actor_of(request), Permission.READ, what="a dry run")
    names = [row.name for row in integrations.integration_rows()]
    asked = request.POST if request.method == "POST" else None
    chosen = {
        "integration": request.GET.get("integration", ""),
        "payload": request.GET.get("payload", "")[:_LONGEST_GIVEN],
    }
    form = DryRunForm(asked, integrations=names, initial=chosen)
    found: DryRun | None = None
    if form.is_bound and form.is_valid():
        found = saved(form, lambda: _tried(request, form), field_of=lambda path: path)
    status = 422 if form.is_bound and found is None else 200
    return render(request, "alerts/dry_run.html", {"form": form, "found": found}, status=status)


def _tried(request: HttpRequest, form: DryRunForm) -> DryRun:
    asked = form.cleaned_data
    try:
        return dry_run.dry_run(
            actor=actor_of(request),
            body=asked["payload"].encode("utf-8", "replace"),
            at=_moment(request, asked["at"].strip()),
            integration=asked["integration"],
        )
    except NotFoundError as error:  # it went since the page was made
        raise InvalidError(error.message, [Problem(error.message, "integration")]) from error


def _moment(request: HttpRequest, text: str) -> dt.datetime:
    """Return the instant that was typed; one without a zone is in that of who typed it."""
    if not text:
        return clock.now()
    message = _("a time as 2026-03-02T03:00, with or without a zone")
    try:
        found = dt.datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone_of(request).info)
        return found.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidError(message, [Problem(message, "at")]) from error
