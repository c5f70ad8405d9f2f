"""Who is paged for an alert, changed by hand: sooner."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.usecases import hands
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import steering


class NotFiringError(ConflictError):
    """Nobody is being paged for the alert."""

    code = "not_firing"


@transaction.atomic
def escalate(*, actor: Actor, alerts: Sequence[str], now: dt.datetime) -> dict[str, str]:
    """Let the next step of alerts' escalations be due at once, all or none.

    Args:
        actor: Who; needs the role responder in the team that owns the service, or anywhere where
            no team does.
        alerts: Their ids.
        now: The present.

    Returns:
        What is due at once, in words, by alert.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        NotFiringError: one was taken, is snoozed or is over.
        NotEscalatingError: nobody is being paged for one, or its policy is at its end.
    """
    rows = hands.alerts_of(actor, alerts)
    for row in rows:
        if row.state != AlertState.FIRING.value:
            raise NotFiringError(
                f"Alert {row.pk} is {row.state}: nobody is being paged for it; reassign it, or "
                "add somebody"
            )
    told = steering.hurry([subject_of(row) for row in rows], now=now)
    for row in rows:
        detail = f"{told[subject_of(row)]} is due at once"
        hands.tell(actor, [row], "escalated", now=now, detail=detail)
    return {str(row.pk): told[subject_of(row)] for row in rows}


def subject_of(row: Alert) -> Subject:
    """Return an alert as what oncall pages for."""
    return Subject("alert", str(row.pk))
