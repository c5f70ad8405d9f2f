"""The list of changes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchkeeper.changes.domain.events import ChangeKind
from watchkeeper.changes.queries import events
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

MOST_SHOWN = 50


@members_only
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """Show what changed, the newest first."""
    access.require(actor_of(request), Permission.READ, what="changes")
    kinds = [kind.value for kind in ChangeKind]
    kind, service = request.GET.get("kind", ""), request.GET.get("service", "")[:253]
    wanted = events.Filter(service=service, kind=kind if kind in kinds else "")
    before = request.GET.get("before", "")
    place = events.row(before).place if before else None
    rows = events.rows(wanted, limit=MOST_SHOWN + 1, before=place)
    context = {
        "rows": rows[:MOST_SHOWN],
        "older": rows[MOST_SHOWN - 1].id if len(rows) > MOST_SHOWN else "",
        "kinds": [(each, each.capitalize()) for each in kinds],
        "asked": wanted,
        "is_filtered": bool(wanted.kind or wanted.service or before),
    }
    return render(request, "changes/changes.html", context)
