"""What the database of a drill holds, as plain rows for the checker."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from watchkeeper.alerts.queries import alerts
from watchkeeper.alerts.queries.verdicts import verdicts_of
from watchkeeper.oncall import queries as oncall
from watchkeeper.plumbing import pulse

_PORTION = 500
_UNDER_WAY = ("undecided", "escalation", "delivery")


def under_way() -> int:
    """Return how many posts, escalations and deliveries are not at their end."""
    return pulse.waiting(_UNDER_WAY)


def stored() -> Iterator[dict[str, Any]]:
    """Yield every alert and every page, an object each; ``row`` tells which it is.

    Instants are milliseconds since the epoch.
    """
    before: int | None = None
    while True:
        rows = alerts.alert_rows(alerts.Filter(), limit=_PORTION, before=before)
        yield from _of(rows)
        if len(rows) < _PORTION:
            return
        before = int(rows[-1].id)


def _of(rows: Sequence[alerts.AlertRow]) -> Iterator[dict[str, Any]]:
    verdicts = verdicts_of([row.id for row in rows])
    leads = {row.id: row.led_by or row.id for row in rows}
    fates = oncall.fates("alert", set(leads.values()))
    for row in rows:
        fate = fates.get(leads[row.id])
        yield {
            "row": "alert",
            "key": row.key,
            "state": row.state,
            "count": row.count,
            "verdicts": verdicts.get(row.id, []),
            "is_loud": fate is not None and fate.nobody_notified,
        }
        for page in fate.pages if fate is not None else ():
            told = page.delivery
            yield {
                "row": "page",
                "id": page.id,
                "key": row.key,
                "person": page.person,
                "due": _ms(page.due_at),
                "state": told.state if told is not None else "",
                "reason": told.reason if told is not None else "",
                "outcomes": list(told.outcomes) if told is not None else [],
            }


def _ms(instant: dt.datetime) -> int:
    return int(instant.timestamp() * 1000)
