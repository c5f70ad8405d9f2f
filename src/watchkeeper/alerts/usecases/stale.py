"""Alerts whose sender is silent about them: closed by themselves where that is wanted."""

import datetime as dt

from django.db import transaction

from watchkeeper.alerts.domain.durations import read as read_duration
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert, AlertAct, Integration
from watchkeeper.alerts.usecases import deciding, groups, heartbeats, inhibiting

SETTING = "autoClose"
ACT = "closed by itself"
_STALE = (AlertState.FIRING.value, AlertState.ACKNOWLEDGED.value)
_CHUNK = 500


def close_stale(*, now: dt.datetime) -> int:
    """End alerts that their sender said nothing of for as long as its integration allows.

    A heartbeat is silent while its alert is open; that ends with a sign of life alone. One that is
    snoozed, or kept quiet by a silence, waits for the end of that. A sender that still
    sees the condition opens a new alert with its next trigger, of whatever episode.

    Returns:
        How many were ended.
    """
    closed = 0
    wanted = Integration.objects.filter(settings__has_key=SETTING).exclude(kind=heartbeats.KIND)
    for row in wanted.order_by("pk"):
        length = read_duration(row.settings[SETTING])
        if length is None:
            continue
        before = now - length
        while found := _close(row, before, f"nothing was heard of it for {length}", now=now):
            closed += found
    return closed


@transaction.atomic
def _close(row: Integration, before: dt.datetime, why: str, *, now: dt.datetime) -> int:
    """End some alerts of an integration; return how many."""
    stale = Alert.objects.filter(
        integration=row, state__in=_STALE, muted_until=None, last_event_at__lte=before
    )
    found = list(stale.order_by("pk").values_list("pk", "scope", "key")[:_CHUNK])
    # An event of the same key may be decided just now; afterwards the alert may not be stale.
    deciding.wait_in_line((scope, key) for _, scope, key in found)
    held = stale.filter(pk__in=[pk for pk, _, _ in found]).select_for_update()
    ended = list(held.order_by("pk").values_list("pk", "led_by"))
    ids = [pk for pk, _ in ended]
    if not ids:
        return 0
    Alert.objects.filter(pk__in=ids).update(
        state=AlertState.RESOLVED.value,
        resolved_at=now,
        resolved_by="system",
        pages_again_at=None,
        flapping_until=None,
    )
    AlertAct.objects.bulk_create(
        AlertAct(alert_id=pk, at=now, act=ACT, actor="system", detail=why) for pk in ids
    )
    inhibiting.ended(ids, now=now)
    groups.stop(ended, reason=why, now=now)
    return len(ids)
