"""The page of one's own account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from watchkeeper.identity import queries, usecases
from watchkeeper.identity.forms import AccountForm
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import ActorKind
from watchkeeper.kernel.errors import ForbiddenError
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of

_LONGEST_NUMBER = 19


@members_only
@require_http_methods(METHODS)
def account(request: HttpRequest) -> HttpResponse:
    """Show who one is here, and let one change what is one's own."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what="your account")
    row = queries.person_by_name(actor.label) if actor.kind is ActorKind.USER else None
    if row is None:
        raise ForbiddenError("Only people have an account")
    initial = {
        "display_name": row.display_name,
        "email": row.email,
        "time_zone": row.time_zone,
    }
    form = AccountForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():

        def save() -> bool:
            usecases.change_own(actor=actor, now=clock.now(), **form.cleaned_data)
            return True

        if saved(form, save):
            messages.success(request, _("Saved."))
            return redirect("identity:account")
    context = {
        "row": row,
        "form": form,
        "sessions": queries.sessions(row.name),
        "this_session": request.session.get("wk_session"),
    }
    return render(request, "identity/account.html", context, status=422 if form.errors else 200)


@members_only
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions, or all but this one."""
    actor, now = actor_of(request), clock.now()
    this = int(request.session.get("wk_session", 0))
    number = request.POST.get("session", "")
    if number.isdecimal() and len(number) < _LONGEST_NUMBER:
        usecases.end_session(actor=actor, name=actor.label, session_id=int(number), now=now)
        messages.success(request, _("That session has ended."))
    else:
        usecases.end_other_sessions(actor=actor, name=actor.label, now=now, keep=this)
        messages.success(request, _("You are signed in only here now."))
    return redirect("identity:account")
