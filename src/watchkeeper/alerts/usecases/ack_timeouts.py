"""How long who took an alert has to resolve it before it is paged for again."""

import datetime as dt
from collections.abc import Collection

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert
from watchkeeper.oncall.queries import escalations
from watchkeeper.oncall.queries.escalations import Subject


def begin(alerts: Collection[int], *, now: dt.datetime) -> None:
    """Let the time run that policies give for alerts that were just taken.

    The caller holds the transaction in which they were.

    Args:
        alerts: Their ids.
        now: The present.
    """
    subjects = [Subject("alert", str(pk)) for pk in alerts]
    by_length: dict[dt.timedelta, list[int]] = {}
    for subject, length in escalations.ack_timeouts(subjects).items():
        by_length.setdefault(length, []).append(int(subject.id))
    for length, ids in by_length.items():
        taken = Alert.objects.filter(pk__in=ids, state=AlertState.ACKNOWLEDGED.value)
        taken.update(pages_again_at=now + length)
