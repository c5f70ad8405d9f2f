"""What became of many events, in short: for those who check thousands."""

from collections.abc import Collection

from watchkeeper.alerts.models import InboundEvent
from watchkeeper.alerts.queries.alerts import number_of
from watchkeeper.plumbing import due_work


def verdicts_of(alerts: Collection[str]) -> dict[str, list[str]]:
    """Return the verdicts of the events of alerts in order, by id; who has none is left out."""
    found: dict[str, list[str]] = {}
    for part in due_work.portions([number_of(each) for each in alerts]):
        events = InboundEvent.objects.filter(alert__in=part).order_by("pk")
        for alert, verdict in events.values_list("alert_id", "verdict"):
            found.setdefault(str(alert), []).append(verdict)
    return found
