"""The page that removes the sample organisation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from watchkeeper.integrations.sample import queries, usecases
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of


@require_http_methods(["GET", "POST"])
@members_only
def clean(request: HttpRequest) -> HttpResponse:
    """Say what would go, and remove it when that is confirmed."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what="the sample organisation")
    if request.method == "POST":
        usecases.remove(actor=actor, now=clock.now())
        messages.success(request, _("The sample organisation is gone. This is yours now."))
        return redirect("/")
    return render(request, "sample/clean.html", {"is_loaded": queries.is_loaded()})
