"""Work that survives a crash: rows that are due, claimed under a lease, finished under a fence.

A claim raises the row's fence and sets a lease. Whoever was thought dead and comes back holds an
old fence, so that nothing it says about the row counts. The database's clock decides alone.

A row whose lease ran out may have killed its process. It is claimed with ever fewer others, at
last alone, so that its neighbours are not blamed with it, and in quarantine after some such ends.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError

from watchkeeper.kernel.errors import ConflictError
from watchkeeper.plumbing import crash_points, fairness, metrics, writing
from watchkeeper.plumbing.models import DueWork

LEASE_MS = 3_000
LONGEST_LEASE_MS = 120_000
MAX_ATTEMPTS = 5
FOREVER = 2**31 - 1
_TABLE = DueWork._meta.db_table
_FIRST_BACK_OFF_MS = 1_000
_LONGEST_BACK_OFF_MS = 300_000
_CRASH_BACK_OFF_MS = 5_000
_PORTION = 500
Key = TypeVar("Key", int, str)
_ENDED = "the process ended while it worked on this"


class LeaseLostError(ConflictError):
    """Somebody else holds the work now; what was done with the old claim must not count."""

    code = "lease_lost"


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


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work to be put.

    Attributes:
        key: Which one of its sort.
        due_ms: When it is due.
        payload: What is to be known.
        lane: Whose it is, so that a storm of one holds up no other; empty: nobody's.
    """

    key: str
    due_ms: int
    payload: Mapping[str, Any] = field(default_factory=dict)
    lane: str = ""


def _clock_sql() -> str:
    if connection.vendor == "postgresql":
        return "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    return "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"


def _present_sql() -> str:
    """Return the same as a statement sees it at its start, so that an index can be asked by it."""
    return _clock_sql().replace("clock_timestamp", "statement_timestamp")


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


def put_many(kind: str, work: Iterable[Work]) -> None:
    """Add pieces of work, in the caller's transaction; those that are there stay as they are."""
    rows = [
        {
            "kind": kind,
            "key": each.key,
            "payload": json.dumps(dict(each.payload)) if each.payload else "{}",
            "due_ms": each.due_ms,
            "behind_ms": fairness.behind_ms(kind, each.lane, each.due_ms),
            "lease_until_ms": 0,
            "owner": "",
            "fence": 0,
            "attempts": 0,
            "quarantined": False,
            "last_error": "",
        }
        for each in work
    ]
    writing.insert(DueWork, rows, if_absent=True)


def withdraw(kind: str, keys: Collection[str]) -> int:
    """Remove work whoever holds it, in the caller's transaction; return how much there was.

    Who holds it learns so from ``finish`` or ``confirm``: nothing they say about it counts.
    """
    gone = 0
    for part in portions(keys):
        rows = DueWork.objects.select_for_update().filter(kind=kind, key__in=part)
        found = list(rows.order_by("pk").values_list("pk", flat=True))
        gone += DueWork.objects.filter(pk__in=found).delete()[0]
    return gone


def claim(
    *,
    kind: str,
    owner: str,
    limit: int = 1,
    lease_ms: int = LEASE_MS,
    keys: Collection[str] = (),
    max_attempts: int = MAX_ATTEMPTS,
) -> list[Claim]:
    """Take up to ``limit`` due pieces of ``kind`` that nobody holds, the longest due first.

    Of what many wait for, each lane has its turn; see ``fairness``.

    Args:
        kind: What sort of work.
        owner: Who takes it, for people.
        limit: How many at most.
        lease_ms: How long they are held unless renewed; at most two minutes.
        keys: Which of the sort the caller can do; empty for any.
        max_attempts: After how many ends of the process a piece goes in quarantine; ``FOREVER``
            for work that comes round, which waits longer each time instead.
    """
    if not 0 < lease_ms <= LONGEST_LEASE_MS:
        raise ValueError(f"a lease lasts up to {LONGEST_LEASE_MS} ms, not {lease_ms}")
    due, values = _due_sql(kind, keys=keys, max_attempts=max_attempts)
    with connection.cursor() as cursor:  # reads only: most questions find nothing due
        cursor.execute(
            f"SELECT lease_until_ms > 0, attempts FROM {_TABLE} WHERE {due}"  # noqa: S608  fixed texts
            " ORDER BY due_ms LIMIT 1",
            values,
        )
        first = cursor.fetchone()
    if first is None:
        return []
    is_suspect, ends = bool(first[0]), int(first[1])
    which = f"lease_until_ms > 0 AND attempts <= {ends}" if is_suspect else "lease_until_ms = 0"
    claims = _take(
        f"{due} AND {which}",
        values,
        limit=max(1, limit // 4**ends) if is_suspect else limit,
        settings=[max_attempts, _ENDED, owner, lease_ms],
    )
    if claims:
        outcome = "taken over" if is_suspect else "claimed"
        metrics.LEASES.labels(kind, outcome).inc(len(claims))
        crash_points.reach("due_work.claimed")
    return claims


def claim_in_line(*, kind: str, owner: str, limit: int, lease_ms: int = LEASE_MS) -> list[Claim]:
    """Claim work that has to be done in order: nothing while somebody else holds some of ``kind``.

    Args:
        kind: What sort of work.
        owner: Who takes it, for people.
        limit: How many at most.
        lease_ms: How long they are held unless renewed; at most two minutes.
    """
    if not DueWork.objects.filter(kind=kind).exists():  # reads only: most often there is none
        return []
    with transaction.atomic():
        if not _is_first_in_line(kind):
            return []
        return claim(kind=kind, owner=owner, limit=limit, lease_ms=lease_ms, max_attempts=FOREVER)


def _is_first_in_line(kind: str) -> bool:
    """Return whether nobody holds work of ``kind``, nor comes to before the transaction ends."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # SQLite has one writer, who is us
            cursor.execute("SELECT pg_try_advisory_xact_lock(74002, hashtext(%s))", [kind])
            if not cursor.fetchone()[0]:
                return False
        cursor.execute(
            f"SELECT 1 FROM {_TABLE} WHERE kind = %s AND lease_until_ms > {_clock_sql()} LIMIT 1",  # noqa: S608  fixed texts
            [kind],
        )
        return cursor.fetchone() is None


def _due_sql(
    kind: str, *, keys: Collection[str], max_attempts: int
) -> tuple[str, list[str | int]]:
    """Return the condition of rows that may be claimed, and its values.

    A lease that ends later than any may was given before the clock stepped back.
    """
    now = _present_sql()
    wait = f"CASE WHEN attempts > 60 THEN {_LONGEST_BACK_OFF_MS} ELSE (attempts - 1) * %s END"
    sql = (
        f"kind = %s AND NOT quarantined AND due_ms <= {now} AND (lease_until_ms = 0"
        f" OR lease_until_ms + {wait} <= {now} OR lease_until_ms > {now} + {LONGEST_LEASE_MS})"
    )
    values: list[str | int] = [kind, _CRASH_BACK_OFF_MS if max_attempts == FOREVER else 0]
    if keys:
        sql += f" AND key IN ({', '.join(['%s'] * len(keys))})"
        values += sorted(keys)
    return sql, values


def _take(
    condition: str, values: list[str | int], *, limit: int, settings: list[Any]
) -> list[Claim]:
    in_turn = "(due_ms + behind_ms)"  # as the index has it
    chosen = (
        f"SELECT id FROM {_TABLE} WHERE {condition}"  # noqa: S608  fixed texts
        f" AND {in_turn} <= {_present_sql()} + {fairness.FARTHEST_MS}"
        f" ORDER BY {in_turn}, id LIMIT %s"
    )
    if connection.vendor == "postgresql":  # an array is made once; IN could be asked again
        chosen = f"= ANY(ARRAY({chosen} FOR UPDATE SKIP LOCKED))"
    else:
        chosen = f"IN ({chosen})"
    sql = f"""
        UPDATE {_TABLE}
        SET quarantined = (lease_until_ms > 0 AND attempts >= %s),
            last_error = CASE WHEN lease_until_ms > 0 THEN %s ELSE last_error END,
            fence = fence + 1, attempts = attempts + 1, owner = %s,
            lease_until_ms = {_clock_sql()} + %s
        WHERE id {chosen}
        RETURNING id, kind, key, payload, due_ms, fence, attempts, quarantined
    """  # noqa: S608  fixed texts
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [*settings, *values, limit])
        rows = cursor.fetchall()
    claims = [Claim(r[0], r[1], r[2], _payload(r[3]), *r[4:7]) for r in rows if not r[7]]
    return sorted(claims, key=lambda held: (held.due_ms, held.id))


def _payload(value: Any) -> dict[str, Any]:
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)


def renew(held: Claim, *, lease_ms: int = LEASE_MS) -> bool:
    """Hold on for another lease; false if it was lost, and nothing done with it may count."""
    sql = f"UPDATE {_TABLE} SET lease_until_ms = {_clock_sql()} + %s WHERE id = %s AND fence = %s"  # noqa: S608  fixed texts
    with connection.cursor() as cursor:
        cursor.execute(sql, [lease_ms, held.id, held.fence])
        is_held = bool(cursor.rowcount)
    if not is_held:
        metrics.LEASES.labels(held.kind, "lost").inc()
    return is_held


def confirm(held: Claim) -> None:
    """Make the caller's transaction count only while the claim is held: nobody takes it before.

    Raises:
        LeaseLostError: somebody else took it.
        TransactionManagementError: there is no transaction that the check could protect.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("confirm() protects a transaction: open one")
    rows = DueWork.objects.select_for_update().filter(pk=held.id, fence=held.fence)
    if not list(rows.values_list("pk")):
        raise LeaseLostError(f"{held.kind} {held.key} is held by another")


def finish(held: Claim) -> bool:
    """Remove what is done; false if the claim was lost."""
    crash_points.reach("due_work.finishing")
    deleted, _ = DueWork.objects.filter(pk=held.id, fence=held.fence).delete()
    crash_points.reach("due_work.finished")
    return bool(deleted)


def confirm_many(held: Collection[Claim]) -> list[Claim]:
    """Return those that are still held; nobody takes them before the caller's transaction ends.

    Raises:
        TransactionManagementError: there is no transaction that the check could protect.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("confirm_many() protects a transaction: open one")
    fences: dict[int, int] = {}
    for part in portions([each.id for each in held]):
        rows = DueWork.objects.select_for_update().filter(pk__in=part).order_by("pk")
        fences.update(rows.values_list("pk", "fence"))
    return [each for each in held if fences.get(each.id) == each.fence]


def finish_many(held: Collection[Claim]) -> None:
    """Remove what is done, of work that :func:`confirm_many` confirmed in this transaction."""
    for part in portions([each.id for each in held]):
        DueWork.objects.filter(pk__in=part).delete()


def renew_many(held: Collection[Claim], *, lease_ms: int = LEASE_MS) -> set[int]:
    """Hold on to many for another lease; return the ids of those that were lost."""
    if not held:
        return set()
    pairs = " OR ".join(["(id = %s AND fence = %s)"] * len(held))
    sql = f"UPDATE {_TABLE} SET lease_until_ms = {_clock_sql()} + %s WHERE {pairs} RETURNING id"  # noqa: S608  fixed texts
    values = [lease_ms, *(part for each in held for part in (each.id, each.fence))]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        kept = {row[0] for row in cursor.fetchall()}
    lost = {each.id for each in held} - kept
    for each in held:
        if each.id in lost:
            metrics.LEASES.labels(each.kind, "lost").inc()
    return lost


def portions(keys: Collection[Key]) -> Iterator[list[Key]]:
    """Yield ``keys`` in portions that every database takes as parameters, in one order."""
    ordered = sorted(keys)
    for begin in range(0, len(ordered), _PORTION):
        yield ordered[begin : begin + _PORTION]


def reschedule(held: Claim, *, due_ms: int) -> bool:
    """Let work that comes round be due again at ``due_ms``; false if the claim was lost."""
    crash_points.reach("due_work.finishing")
    changed = DueWork.objects.filter(pk=held.id, fence=held.fence).update(
        due_ms=due_ms, lease_until_ms=0, owner="", attempts=0, last_error="", quarantined=False
    )
    crash_points.reach("due_work.finished")
    return bool(changed)


def reschedule_many(held: Iterable[tuple[Claim, int]]) -> None:
    """Let work be due again, each at its own ``due_ms``; what was lost stays as it is."""
    rows = [(due_ms, each.id, each.fence) for each, due_ms in held]
    if not rows:
        return
    sql = (
        f"UPDATE {_TABLE} SET due_ms = %s, lease_until_ms = 0, owner = '', attempts = 0,"  # noqa: S608  fixed texts
        " last_error = '', quarantined = false WHERE id = %s AND fence = %s"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def fail(held: Claim, *, error: str, forever: bool = False) -> bool:
    """Give it back after a failure: later each time, in quarantine after the last.

    Args:
        held: The claim.
        error: What went wrong, for people.
        forever: Never put it in quarantine; for work that comes round.

    Returns:
        False if the claim was lost.
    """
    wait = min(_FIRST_BACK_OFF_MS * 2 ** min(held.attempts - 1, 20), _LONGEST_BACK_OFF_MS)
    changed = DueWork.objects.filter(pk=held.id, fence=held.fence).update(
        due_ms=database_ms() + wait,
        lease_until_ms=0,
        owner="",
        last_error=error[:2000],
        quarantined=not forever and held.attempts >= MAX_ATTEMPTS,
    )
    return bool(changed)


def pull_in(*, kind: str, key: str, latest_ms: int) -> bool:
    """Let work that nobody holds be due at ``latest_ms`` at the latest; return if it was later."""
    late = DueWork.objects.filter(kind=kind, key=key, due_ms__gt=latest_ms, lease_until_ms=0)
    return bool(late.update(due_ms=latest_ms))


def pull_in_many(kind: str, keys: Collection[str], *, latest_ms: int) -> None:
    """Let work that nobody holds be due at ``latest_ms`` at the latest."""
    for part in portions(keys):
        late = DueWork.objects.filter(
            kind=kind, key__in=part, due_ms__gt=latest_ms, lease_until_ms=0
        )
        late.update(due_ms=latest_ms)


def absorb(kind: str, keys: Collection[str]) -> set[str]:
    """Remove work that nobody holds, in the caller's transaction; return what was removed.

    It waits for nobody: work that another transaction looks at is left to it.
    """
    gone: set[str] = set()
    for part in portions(keys):
        found = _free(kind, part)
        DueWork.objects.filter(pk__in=list(found)).delete()
        gone |= set(found.values())
    return gone


def put_off(kind: str, keys: Collection[str], *, due_ms: int) -> set[str]:
    """Let work that nobody holds be due at ``due_ms``, in the caller's transaction.

    It waits for nobody, as :func:`absorb`.

    Returns:
        The keys of what was put off.
    """
    moved: set[str] = set()
    for part in portions(keys):
        found = _free(kind, part)
        DueWork.objects.filter(pk__in=list(found)).update(due_ms=due_ms)
        moved |= set(found.values())
    return moved


def _free(kind: str, keys: Sequence[str]) -> dict[int, str]:
    """Return id and key of work that nobody holds or looks at, locked."""
    rows = DueWork.objects.filter(
        kind=kind, key__in=keys, lease_until_ms=0, quarantined=False
    ).select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    return dict(rows.values_list("pk", "key"))


def rename(held: Claim, key: str) -> Claim:
    """Let work that :func:`confirm_many` confirmed stand for another key; return its claim."""
    DueWork.objects.filter(pk=held.id, fence=held.fence).update(key=key)
    return replace(held, key=key)


def count(kind: str) -> int:
    """Return how much work of ``kind`` there is, of whatever state."""
    return DueWork.objects.filter(kind=kind).count()


def is_any_between(kind: str, first: str, before: str) -> bool:
    """Return whether there is work of ``kind`` with a key from ``first`` up to ``before``."""
    return DueWork.objects.filter(kind=kind, key__gte=first, key__lt=before).exists()


def oldest_key(kind: str) -> str | None:
    """Return the key of the work of ``kind`` that was put first; ``None``: there is none."""
    return DueWork.objects.filter(kind=kind).order_by("pk").values_list("key", flat=True).first()


def release(*, kind: str, key: str, now_ms: int) -> bool:
    """Let work out of quarantine, to be tried as if for the first time; false if it is not in."""
    rows = DueWork.objects.filter(kind=kind, key=key, quarantined=True)
    return bool(
        rows.update(
            quarantined=False, attempts=0, lease_until_ms=0, due_ms=now_ms, fence=F("fence") + 1
        )
    )


def quarantined() -> list[tuple[str, str, str]]:
    """Return (kind, key, last error) of all work that was given up, for people to look at."""
    rows = DueWork.objects.filter(quarantined=True).order_by("kind", "key")
    return list(rows.values_list("kind", "key", "last_error"))
