"""Pages of what could not be read: why, and a form to mend it and read it again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from watchkeeper.alerts.forms.senders import MendForm
from watchkeeper.alerts.ports import Stored
from watchkeeper.alerts.queries import alerts, quarantine
from watchkeeper.alerts.usecases import acts
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of

SHOWN = 50


@members_only
@require_safe
def quarantine_list(request: HttpRequest) -> HttpResponse:
    """Show what could not be read, the newest first."""
    access.require(actor_of(request), Permission.READ, what="quarantine")
    before = alerts.number_of(request.GET.get("before", ""))
    rows = quarantine.quarantine_rows(limit=SHOWN + 1, before=before if before > 0 else None)
    older = rows[SHOWN - 1].id if len(rows) > SHOWN else ""
    context = {"rows": rows[:SHOWN], "older": older, "is_first": before <= 0}
    return render(request, "alerts/quarantine.html", context)


@members_only
@require_http_methods(METHODS)
def came(request: HttpRequest, event: str) -> HttpResponse:
    """Show what came with an event, which may hold a key, and read it again if asked."""
    actor = actor_of(request)
    found = acts.what_came(actor=actor, event=event)
    row = found.row
    is_text, shown = _text(found.body)
    form = MendForm(request.POST if request.method == "POST" else None, initial={"body": shown})
    if form.is_bound and form.is_valid():
        body = form.cleaned_data["body"].replace("\r\n", "\n").encode("utf-8", "replace")
        stored = saved(
            form,
            lambda: acts.replay(actor=actor, event=event, now=clock.now(), body=body),
            field_of=lambda path: path or "body",
        )
        if stored is not None:
            return _done(request, stored)
    context = {"row": row, "form": form, "is_text": is_text, "is_gone": not row.integration}
    status = 422 if form.is_bound else 200
    return render(request, "alerts/came.html", context, status=status)


def _text(raw: bytes) -> tuple[bool, str]:
    try:
        return True, raw.decode()
    except UnicodeDecodeError:
        return False, raw.decode("utf-8", "replace")


def _done(request: HttpRequest, stored: Stored) -> HttpResponse:
    """Say what became of it, and lead to the alert it opened."""
    if not stored.events:
        messages.success(request, _("It is read; it says nothing that an alert comes of."))
        return redirect("alerts:quarantine")
    first = stored.events[0]
    words = {"verdict": first.verdict, "reason": first.reason}
    messages.success(request, _("It is read: %(verdict)s, %(reason)s.") % words)
    if first.alert:
        return redirect("alerts:detail", alert=first.alert)
    return redirect("alerts:quarantine")
