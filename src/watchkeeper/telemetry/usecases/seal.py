"""Moving closed hours from the journal into sealed blocks.

Each batch is one transaction that writes the blocks and deletes the journal's rows: a process
killed at any point leaves either both or neither. Nothing that a reader sees changes.
"""

import datetime as dt

from django.db import transaction

from watchkeeper.telemetry.domain import ledger
from watchkeeper.telemetry.queries import history, tables
from watchkeeper.telemetry.usecases import store

BATCH = 200
"""SLI versions sealed in one transaction: a fraction of a second."""


def seal_some(*, after: int, now: dt.datetime, batch: int = BATCH) -> int | None:
    """Seal the hours closed for two hours of the next versions; return where to go on.

    Args:
        after: Id of the last version done; 0 to begin.
        now: The present.
        batch: Most versions to seal.

    Returns:
        The id to pass as ``after`` next; ``None`` when nothing is left.

    Raises:
        ConflictError: a block was written by somebody else meanwhile; nothing was sealed.
    """
    before = ledger.sealed_before(int(now.timestamp()) // 60)
    due = tables.select(
        "SELECT v.id FROM telemetry_sliversion v WHERE v.id > %s AND EXISTS ("
        "SELECT 1 FROM telemetry_minute m WHERE m.version_id = v.id AND m.minute < %s) "
        "ORDER BY v.id LIMIT %s",
        [after, before, batch],
    )
    versions = [version for (version,) in due]
    if not versions:
        return None
    _seal(versions, before=before)
    return versions[-1] if len(versions) == batch else None


@transaction.atomic
def _seal(versions: list[int], *, before: int) -> None:
    store.lock(versions)
    rows = history.journal_rows(versions, start=0, end=before)
    store.fold_into_blocks(rows)
    ids, parameters = tables.table("ids", {"id": versions})
    tables.execute(
        "DELETE FROM telemetry_minute WHERE minute < %s "  # noqa: S608  no text from outside
        f"AND version_id IN (SELECT ids.id FROM {ids})",
        [before, *parameters],
    )
