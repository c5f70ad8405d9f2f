"""Senders that must be heard of now and then: when one is not, that is an alert."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain.durations import read as read_duration
from watchkeeper.alerts.models import Heartbeat
from watchkeeper.alerts.queries.keys import Sender

KEY = "watchkeeper/heartbeat"
KIND = "heartbeat"
USUAL = dt.timedelta(minutes=5)


def interval_of(settings: Mapping[str, Any]) -> dt.timedelta:
    """Return how long a sender may be silent."""
    return read_duration(settings.get("interval")) or USUAL


def heard(senders: Sequence[Sender], *, now: dt.datetime) -> None:
    """Note that ``senders`` live, in the caller's transaction."""
    for sender in {sender.id: sender for sender in senders}.values():
        expect(sender.id, sender.settings, now=now)


def expect(integration_id: int, settings: Mapping[str, Any], *, now: dt.datetime) -> None:
    """Expect to hear of a sender within its interval from now."""
    due = now + interval_of(settings)
    Heartbeat.objects.update_or_create(
        integration_id=integration_id, defaults={"last_ping_at": now, "due_at": due}
    )
