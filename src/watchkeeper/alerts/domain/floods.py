"""Senders that send far more than usual: their owners are told, and nothing is refused.

Source: reliability.md S28: over the limit an alert to the owner, none dropped silently; oncall.md
section 2: take the event, bundle the page, say so loudly.
"""

import datetime as dt

from watchkeeper.alerts.domain import events
from watchkeeper.alerts.domain.events import Action, Event, Severity

SPAN = dt.timedelta(minutes=1)
"""Over which events are counted."""
PREFIX = "flood/"
"""What the keys of such alerts begin with."""
_CALM = 2
"""How many times less than the limit ends it, so that it does not come and go."""


def key_of(name: str) -> str:
    """Return the dedup key of an integration's alert."""
    return f"{PREFIX}{name}"


def event_of(name: str, count: int, *, limit: int, service: str, is_told: bool) -> Event | None:
    """Return what the owners of an integration are told now; ``None``: nothing new.

    Args:
        name: Of the integration.
        count: Its events of the last :data:`SPAN`.
        limit: How many are usual at most; 0: any number is.
        service: That it is for; empty: none.
        is_told: Whether they were told and it is not over.
    """
    key = key_of(name)
    if is_told:
        is_over = limit == 0 or count * _CALM < limit
        return events.make(Action.RESOLVE, key) if is_over else None
    if limit == 0 or count <= limit:
        return None
    return events.make(
        Action.TRIGGER,
        key,
        title=f"The integration {name} sends {count} events a minute",
        severity=Severity.WARNING.value,
        description=f"More than {limit} a minute. All are taken and decided, pages for one person "
        "go together; look whether its sender groups, or whether it repeats itself.",
        service=service,
        labels={"alertname": "WatchkeeperIntegrationFlood", "integration": name},
    )
