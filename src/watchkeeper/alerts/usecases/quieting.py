"""Alerts that flapped and are quiet by now: over where their sender says so, else as any other."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertAct
from watchkeeper.alerts.queries import alerts
from watchkeeper.alerts.usecases import deciding, groups, inhibiting, upkeep
from watchkeeper.oncall.usecases import escalations

ACT = "flapping ended"
_CHUNK = 500
_FIELDS = ("state", "resolved_at", "resolved_by", "flapping_until", "pages_again_at")


def end_flapping(*, now: dt.datetime) -> int:
    """End the flapping of alerts in which nothing changed for long enough; return of how many.

    What is over ends, as of now. What fires on is paged for again if its escalation came to its
    end without anybody who took it; one that goes on does so on.

    Args:
        now: The present.
    """
    ended = 0
    while found := alerts.past("flapping_until", now=now, limit=_CHUNK):
        ended += _end(found, now=now)
    return ended


@transaction.atomic
def _end(ids: Sequence[int], *, now: dt.datetime) -> int:
    due = Alert.objects.filter(pk__in=ids, flapping_until__lte=now)
    found = list(due.order_by("pk").values_list("pk", "scope", "key"))
    # An event of the same key may be decided just now; afterwards it may not be quiet.
    deciding.wait_in_line((scope, key) for _, scope, key in found)
    rows = list(due.filter(pk__in=[pk for pk, _, _ in found]).select_for_update().order_by("pk"))
    open_ones = [row for row in rows if row.state != AlertState.RESOLVED.value]
    over = [row for row in open_ones if row.is_over]
    on = [row for row in open_ones if not row.is_over]
    for row in rows:
        row.flapping_until = None
    for row in over:
        row.state, row.resolved_at, row.resolved_by = AlertState.RESOLVED.value, now, "sender"
        row.pages_again_at = None
    Alert.objects.bulk_update(rows, _FIELDS)
    acts = [(over, "its sender said that it is over"), (on, "it fires on")]
    AlertAct.objects.bulk_create(
        AlertAct(alert=row, at=now, act=ACT, actor="system", detail=f"nothing changed; {detail}")
        for some, detail in acts
        for row in some
    )
    inhibiting.ended([row.pk for row in over], now=now)
    groups.stop([(row.pk, row.led_by_id) for row in over], reason="over, and quiet", now=now)
    paged = [
        upkeep.trigger_of(row)
        for row in on
        if row.state == AlertState.FIRING.value and row.muted_until is None
    ]
    if paged:
        escalations.start_many(paged, now=now)
    return len(rows)
