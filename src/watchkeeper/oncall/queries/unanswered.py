"""What the watchman is told of escalations."""

import datetime as dt

from watchkeeper.oncall.domain.escalation import EscalationState
from watchkeeper.oncall.models import Escalation
from watchkeeper.plumbing.conditions import Condition

_FRESH = dt.timedelta(minutes=15)


def concerns(*, now: dt.datetime) -> list[Condition]:
    """Return that escalations of the last 15 minutes ended with nobody left who could be paged.

    See ``plumbing.conditions``.
    """
    rows = Escalation.objects.filter(
        state=EscalationState.EXHAUSTED.value, nobody_notified=True, ended_at__gt=now - _FRESH
    )
    titles = list(rows.order_by("-ended_at").values_list("title", flat=True)[:100])
    if not titles:
        return []
    detail = f"{len(titles)} alerts of the last 15 minutes ended with nobody left to page"
    return [Condition("nobody", f"{detail}, the last: {titles[0]}")]
