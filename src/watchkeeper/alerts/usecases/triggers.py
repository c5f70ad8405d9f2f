"""What oncall is told to page for."""

from watchkeeper.alerts.domain.events import Urgency
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import escalations


def trigger(
    subject: Subject,
    *,
    policy: str,
    urgency: Urgency,
    title: str,
    service: str,
    base: str,
) -> escalations.Trigger:
    """Return what oncall is told to page for an alert; ``base`` begins our addresses."""
    return escalations.Trigger(
        subject=subject,
        policy=policy,
        urgency=urgency.value,
        title=title,
        service=service,
        url=f"{base}/alerts/{subject.id}",
    )
