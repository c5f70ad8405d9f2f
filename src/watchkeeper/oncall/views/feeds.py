"""Calendar feeds: the door that calendar programs come to, and making and ending one's own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from watchkeeper.kernel import clock
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.views.schedules import own_name
from watchkeeper.plumbing import limits, served_address
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

_READS_A_MINUTE = 30


@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """Give a calendar of shifts, read only, kept by nobody on the way."""
    del request
    now = clock.now()
    feed_id, text = queries.calendar_of(secret, now=now)
    limits.check(f"calendar:{feed_id}", limit=_READS_A_MINUTE, now=now)
    usecases.note_read(feed_id, now=now)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["Content-Disposition"] = 'attachment; filename="on-call.ics"'
    return response


@members_only
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make a feed of a schedule, or of one's own shifts; its address is told this once."""
    actor = actor_of(request)
    schedule = request.POST.get("schedule", "").strip() or None
    person = own_name(actor) if schedule is None else None
    made = usecases.make_feed(actor=actor, schedule=schedule, person=person, now=clock.now())
    path = reverse("oncall:calendar", args=[made.secret])
    shown = {"address": f"{served_address.base()}{path}", "of": schedule}
    response = render(request, "oncall/feed_made.html", shown)
    response["Cache-Control"] = "no-store"
    return response


@members_only
@require_POST
def revoke(request: HttpRequest, feed_id: int) -> HttpResponse:
    """Let a feed open nothing any more."""
    usecases.revoke_feed(actor=actor_of(request), feed_id=feed_id, now=clock.now())
    messages.success(request, _("The calendar is revoked: its address opens nothing any more."))
    return redirect("oncall:mine")
