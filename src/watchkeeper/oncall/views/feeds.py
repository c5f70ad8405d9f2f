"""The door that calendar programs come to; whoever has the address may read."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from watchkeeper.kernel import clock
from watchkeeper.oncall import queries, usecases
from watchkeeper.plumbing import limits

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
