"""What happened of late: burns, definitions, deploys and the like, pages."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.alerts.queries import recent
from watchkeeper.alerts.queries.recent import PagedAlert
from watchkeeper.changes.queries import events
from watchkeeper.changes.queries.events import ChangeRow
from watchkeeper.slos import queries as slos
from watchkeeper.slos.queries import DefinitionChange, FiringRow

_MOST = 14
_SKEW = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened; one of firing, definition, event and alert tells what.

    Attributes:
        at: When.
        firing: The firing that began or ended.
        has_ended: Whether it ended.
        definition: The definition that came into force.
        others: How many more did in the same minute by the same hand.
        event: What was deployed, switched or set.
        alert: The alert that somebody was paged for.
    """

    at: dt.datetime
    firing: FiringRow | None = None
    has_ended: bool = False
    definition: DefinitionChange | None = None
    others: int = 0
    event: ChangeRow | None = None
    alert: PagedAlert | None = None


def changes_since(since: dt.datetime, *, now: dt.datetime) -> list[Change]:
    """Return the newest of what happened since an instant, the newest first.

    What a sender dates into the future has not happened yet.
    """
    found = []
    for row in slos.firing_rows():
        if row.started_at >= since:
            found.append(Change(row.started_at, firing=row))
        if row.ended_at is not None and row.ended_at >= since:
            found.append(Change(row.ended_at, firing=row, has_ended=True))
    found += _definitions(slos.changes_since(since, limit=2000))
    wanted = events.Filter(since=since, until=now + _SKEW)
    found += [Change(event.at, event=event) for event in events.rows(wanted, limit=_MOST)]
    paged = recent.paged_since(since, limit=_MOST)
    found += [Change(alert.row.opened_at, alert=alert) for alert in paged]
    return sorted(found, key=lambda change: change.at, reverse=True)[:_MOST]


def _definitions(changes: Sequence[DefinitionChange]) -> list[Change]:
    """Return the changes; those of one minute and one hand, as from one file, are one."""
    found: dict[tuple[object, ...], list[DefinitionChange]] = {}
    for change in changes:
        minute = change.at.replace(second=0, microsecond=0)
        found.setdefault((minute, change.author, change.number == 1), []).append(change)
    return [
        Change(same[0].at, definition=same[0], others=len(same) - 1) for same in found.values()
    ]
