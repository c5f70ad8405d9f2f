"""Whether the product can do its work."""

from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from watchkeeper.plumbing import engine


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
    return [Check("database", is_good=True, detail="answers"), _schema(), _engine()]


def _schema() -> Check:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    detail = f"{len(pending)} migrations are missing" if pending else "is current"
    return Check("schema", is_good=not pending, detail=detail)


def _engine() -> Check:
    age = engine.last_beat_age_ms()
    if age is None:
        return Check("engine", is_good=False, detail="none has run yet")
    late = engine.longest_overdue_ms()
    is_good = age <= engine.STALL_MS and late <= engine.STALL_MS
    detail = f"last beat {age / 1000:.1f} s ago, work waits {late / 1000:.1f} s"
    return Check("engine", is_good=is_good, detail=detail)
