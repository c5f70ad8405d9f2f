"""How long who took an alert has to resolve it before it is paged for again."""

import datetime as dt
from collections.abc import Mapping

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert
from watchkeeper.oncall.queries import escalations
from watchkeeper.oncall.queries.escalations import Subject


def begin(alerts: Mapping[int, Subject], *, now: dt.datetime) -> None:
    """Let the time run that policies give for alerts that were just taken.

    The caller holds the transaction in which they were.

    Args:
        alerts: By id what people were paged for: the alert, or the one that leads its group.
        now: The present.
    """
    lengths = escalations.ack_timeouts(list(set(alerts.values())))
    by_length: dict[dt.timedelta, list[int]] = {}
    for pk, subject in alerts.items():
        if subject in lengths:
            by_length.setdefault(lengths[subject], []).append(pk)
    for length, ids in by_length.items():
        taken = Alert.objects.filter(pk__in=ids, state=AlertState.ACKNOWLEDGED.value)
        taken.update(pages_again_at=now + length)
