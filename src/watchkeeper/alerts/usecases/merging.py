"""Alerts that stand for others: merged into one, where their later events count."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from watchkeeper.alerts.domain.events import Severity
from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert
from watchkeeper.plumbing import writing

_ALERTS = Alert._meta.db_table


@dataclass(frozen=True, slots=True)
class Target:
    """An open alert that those of a key were merged into.

    Attributes:
        key: The key that was merged.
        id: Id of the open alert.
        place: Its scope and key.
        state: Where it stands.
        severity: The worst that was said.
        episode: The newest.
        started_at: When that began; ``None``: unknown.
        lead: Id of the alert that leads its group; ``None``: it is in none.
    """

    key: str
    id: int
    place: tuple[str, str]
    state: AlertState
    severity: Severity
    episode: str
    started_at: dt.datetime | None
    lead: int | None


def targets(scope: str, keys: Sequence[str]) -> Iterator[Target]:
    """Yield what is open that alerts of keys were merged into, held against others.

    The caller holds the transaction.

    Args:
        scope: The dedup scope.
        keys: Keys that have no open alert of their own.
    """
    if not keys:
        return
    marks = ", ".join(["%s"] * len(keys))
    sql = (
        "SELECT source.key, target.id, target.scope, target.key, target.state, target.severity, "  # noqa: S608  fixed texts
        f"target.episode, target.started_at, target.led_by_id FROM {_ALERTS} source "
        f"JOIN {_ALERTS} target ON target.id = source.merged_into_id "
        "WHERE source.merged_into_id IS NOT NULL AND NOT (target.state = 'resolved') "
        f"AND source.scope = %s AND source.key IN ({marks}) ORDER BY target.id, source.id"
    )
    if connection.vendor == "postgresql":
        sql += " FOR NO KEY UPDATE OF target"
    for key, pk, *place, state, severity, episode, started, lead in writing.select(
        sql, [scope, *keys]
    ):
        yield Target(
            key,
            pk,
            (place[0], place[1]),
            AlertState(state),
            Severity(severity),
            episode,
            writing.moment(started),
            lead,
        )
