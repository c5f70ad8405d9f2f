"""The page of deliveries: every page that was planned, and what became of it."""

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from watchkeeper.kernel import access, clock, lengths
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.notifications import queries
from watchkeeper.notifications.forms import CHANNEL_WORDS
from watchkeeper.notifications.queries import DeliveryRow, Filter
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of

_SHOWN = 50
_LOOKS = {
    "scheduled": ("due", gettext_lazy("Waits")),
    "sending": ("watch", gettext_lazy("On its way")),
    "delivered": ("ok", gettext_lazy("Delivered")),
    "failed": ("burn", gettext_lazy("Failed")),
    "cancelled": ("mute", gettext_lazy("Cancelled")),
    "skipped": ("mute", gettext_lazy("Skipped")),
}
_SPANS = (
    ("1h", gettext_lazy("Last hour")),
    ("1d", gettext_lazy("Last day")),
    ("7d", gettext_lazy("Last 7 days")),
    ("30d", gettext_lazy("Last 30 days")),
)


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery as the list shows it."""

    row: DeliveryRow
    look: str
    words: str
    channel: str


@members_only
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """Show deliveries and their attempts, those that were planned last first."""
    access.require(actor_of(request), Permission.READ, what="pages")
    asked = {
        name: request.GET.get(name, "")[:253] for name in ("person", "channel", "state", "last")
    }
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    now = clock.now()
    wanted = _filter(asked, now=now)
    fault, found = "", []
    try:
        found = queries.delivery_rows(wanted, limit=_SHOWN + 1, before=number)
    except InvalidError as error:
        fault = error.message
    context = {
        "lines": [_line(row) for _number, row in found[:_SHOWN]],
        "older": found[_SHOWN - 1][0] if len(found) > _SHOWN else None,
        "asked": asked,
        "channels": CHANNEL_WORDS.items(),
        "states": [(name, words) for name, (_look, words) in _LOOKS.items()],
        "spans": _SPANS,
        "is_filtered": not wanted.is_empty,
        "fault": fault,
        "standing": queries.standing(now=now),
    }
    return render(request, "notifications/deliveries.html", context, status=422 if fault else 200)


def _filter(asked: dict[str, str], *, now: dt.datetime) -> Filter:
    span = lengths.read(asked["last"]) if asked["last"] in dict(_SPANS) else None
    return Filter(
        person=asked["person"],
        channel=asked["channel"],
        state=asked["state"],
        since=now - span if span else None,
    )


def _line(row: DeliveryRow) -> DeliveryLine:
    look, words = _LOOKS[row.state]
    channel = str(CHANNEL_WORDS[row.channel]) if row.channel else _("no channel")
    return DeliveryLine(row, look, str(words), channel)
