"""Whether the product can do its work."""

from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from watchkeeper.plumbing import pulse


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of readiness.

    Attributes:
        name: What is looked at.
        is_good: Whether it holds.
        detail: What was found, in words.
    """

    name: str
    is_good: bool
    detail: str


def readiness() -> list[Check]:
    """Return every condition; the product is ready when all are good."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return [Check("database", is_good=False, detail=f"does not answer: {error}")]
    return [Check("database", is_good=True, detail="answers"), _schema(), _engine(), _lag()]


def _schema() -> Check:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    detail = f"{len(pending)} migrations are missing" if pending else "is current"
    return Check("schema", is_good=not pending, detail=detail)


def _engine() -> Check:
    age = pulse.last_beat_age_ms()
    if age is None:
        return Check("engine", is_good=False, detail="none has run yet")
    late = pulse.longest_overdue_ms()
    is_good = age <= pulse.STALL_MS and late <= pulse.STALL_MS
    detail = f"last beat {age / 1000:.1f} s ago, work waits {late / 1000:.1f} s"
    return Check("engine", is_good=is_good, detail=detail)


def _lag() -> Check:
    lags = pulse.lags()
    kind, late = max(lags.items(), key=lambda item: item[1], default=("", 0))
    detail = f"{kind} has waited for {late / 1000:.1f} s" if late else "no due work waits"
    return Check("lag", is_good=late <= pulse.STALL_MS, detail=detail)
