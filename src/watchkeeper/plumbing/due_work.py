"""Work that survives a crash: rows that are due, claimed under a lease, finished under a fence.

A claim raises the row's fence and sets a lease. Whoever was thought dead and comes back holds an
old fence, so that nothing it says about the row counts. The database's clock decides alone.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from watchkeeper.plumbing.models import DueWork

LEASE_MS = 3_000
MAX_ATTEMPTS = 5
_TABLE = DueWork._meta.db_table
_FIRST_BACK_OFF_MS = 1_000
_LONGEST_BACK_OFF_MS = 300_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece of work that is held.

    Attributes:
        id: Row id.
        kind: What sort of work.
        key: Which one of the sort.
        payload: What is to be known to do it.
        due_ms: When it was due.
        fence: Number of this claim; what is said about the row counts only with it.
        attempts: How often it was claimed since it last succeeded, this time included.
    """

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    due_ms: int
    fence: int
    attempts: int


def _clock_sql() -> str:
    if connection.vendor == "postgresql":
        return "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"


def database_ms() -> int:
    """Return the database's clock, in milliseconds since the epoch."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_clock_sql()}")
        (value,) = cursor.fetchone()
    return int(value)


def put(*, kind: str, key: str, due_ms: int, payload: dict[str, Any] | None = None) -> None:
    """Add a piece of work, in the caller's transaction; one that is there stays as it is."""
    DueWork.objects.get_or_create(
        kind=kind, key=key, defaults={"due_ms": due_ms, "payload": payload or {}}
    )


def claim(*, kind: str, owner: str, limit: int = 1, lease_ms: int = LEASE_MS) -> list[Claim]:
    """Take up to ``limit`` due pieces of ``kind`` that nobody holds, the longest due first."""
    now = _clock_sql()
    skip = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    sql = f"""
        UPDATE {_TABLE}
        SET fence = fence + 1, attempts = attempts + 1, owner = %s,
            lease_until_ms = {now} + %s
        WHERE id IN (
            SELECT id FROM {_TABLE}
            WHERE kind = %s AND NOT quarantined AND due_ms <= {now} AND lease_until_ms <= {now}
            ORDER BY due_ms, id LIMIT %s {skip}
        )
        RETURNING id, kind, key, payload, due_ms, fence, attempts
    """  # noqa: S608  only fixed texts are put in
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [owner, lease_ms, kind, limit])
        rows = cursor.fetchall()
    claims = [Claim(r[0], r[1], r[2], _payload(r[3]), r[4], r[5], r[6]) for r in rows]
    return sorted(claims, key=lambda held: (held.due_ms, held.id))


def _payload(value: Any) -> dict[str, Any]:
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)


def renew(held: Claim, *, lease_ms: int = LEASE_MS) -> bool:
    """Hold on for another lease; false if it was lost, and nothing done with it may count."""
    sql = f"UPDATE {_TABLE} SET lease_until_ms = {_clock_sql()} + %s WHERE id = %s AND fence = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [lease_ms, held.id, held.fence])
        return bool(cursor.rowcount)


def is_held(held: Claim) -> bool:
    """Return whether nobody else has claimed it since."""
    return DueWork.objects.filter(pk=held.id, fence=held.fence).exists()


def finish(held: Claim) -> bool:
    """Remove what is done; false if the claim was lost."""
    deleted, _ = DueWork.objects.filter(pk=held.id, fence=held.fence).delete()
    return bool(deleted)


def reschedule(held: Claim, *, due_ms: int) -> bool:
    """Let work that comes round be due again at ``due_ms``; false if the claim was lost."""
    changed = DueWork.objects.filter(pk=held.id, fence=held.fence).update(
        due_ms=due_ms, lease_until_ms=0, owner="", attempts=0, last_error="", quarantined=False
    )
    return bool(changed)


def fail(held: Claim, *, error: str, forever: bool = False) -> bool:
    """Give it back after a failure: later each time, in quarantine after the last.

    Args:
        held: The claim.
        error: What went wrong, for people.
        forever: Never put it in quarantine; for work that comes round.

    Returns:
        False if the claim was lost.
    """
    wait = min(_FIRST_BACK_OFF_MS * 2 ** (held.attempts - 1), _LONGEST_BACK_OFF_MS)
    changed = DueWork.objects.filter(pk=held.id, fence=held.fence).update(
        due_ms=database_ms() + wait,
        lease_until_ms=0,
        owner="",
        last_error=error[:2000],
        quarantined=not forever and held.attempts >= MAX_ATTEMPTS,
    )
    return bool(changed)
