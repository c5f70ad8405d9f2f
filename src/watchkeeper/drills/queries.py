"""What the database of a drill holds, as plain rows for the checker."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from watchkeeper.alerts.queries import alerts

_PORTION = 500


def stored() -> Iterator[dict[str, Any]]:
    """Yield every alert and every page, an object each; ``row`` tells which it is.

    Instants are milliseconds since the epoch.
    """
    before: int | None = None
    while True:
        rows = alerts.alert_rows(alerts.Filter(), limit=_PORTION, before=before)
        for row in rows:
            yield from _of(row)
        if len(rows) < _PORTION:
            return
        before = int(rows[-1].id)


def _of(row: alerts.AlertRow) -> Iterator[dict[str, Any]]:
    story = alerts.story(row.id)
    yield {
        "row": "alert",
        "key": row.key,
        "state": row.state,
        "count": row.count,
        "verdicts": [event.verdict for event in alerts.event_rows(row.id)],
        "is_loud": story.nobody_notified,
        "is_escalating": story.state == "open",
    }
    for page in story.pages:
        yield {
            "row": "page",
            "id": page.page_id,
            "key": row.key,
            "person": page.person,
            "due": _ms(page.due_at),
            "state": page.state,
            "reason": page.reason,
            "outcomes": [attempt.outcome for attempt in page.attempts],
        }


def _ms(instant: dt.datetime) -> int:
    return int(instant.timestamp() * 1000)
