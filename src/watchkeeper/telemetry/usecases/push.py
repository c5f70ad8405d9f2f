"""Minutes that people and their programs send."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.telemetry import queries
from watchkeeper.telemetry.domain import push
from watchkeeper.telemetry.domain.push import Pushed
from watchkeeper.telemetry.queries import SliRow
from watchkeeper.telemetry.usecases import store
from watchkeeper.telemetry.usecases.store import StoreResult


def push_minutes(*, actor: Actor, name: str, rows: object, now: dt.datetime) -> StoreResult:
    """Store the minutes of one request, all or none.

    Args:
        actor: Who sends; needs the role editor in the team that owns the SLI.
        name: Name of an SLI, or of an SLO with one SLI.
        rows: List of ``{"time", "good", "total"}``, at most 10,000.
        now: The present; also when the values were observed.

    Raises:
        SliNotFoundError: nothing has that name.
        SliAmbiguousError: an SLO with several SLIs has it.
        ForbiddenError: the actor may not.
        InvalidError: a row is wrong; one problem for each, with its row from 0.
    """
    sli = _writable(actor, name)
    pushed = push.parse_rows(rows, newest=push.newest_minute(now))
    return _store(sli, pushed, actor=actor, door="push", now=now)


def push_csv(*, actor: Actor, name: str, lines: Iterable[bytes], now: dt.datetime) -> StoreResult:
    """Store the minutes of a CSV file of any length, all or none; see :func:`push_minutes`.

    Args:
        actor: Who sends.
        name: Name of an SLI, or of an SLO with one SLI.
        lines: The file, line by line.
        now: The present.
    """
    sli = _writable(actor, name)
    pushed = push.parse_csv(lines, newest=push.newest_minute(now))
    return _store(sli, pushed, actor=actor, door="file", now=now)


def _writable(actor: Actor, name: str) -> SliRow:
    access.require(actor, Permission.READ, what=f"SLI {name}")
    sli = queries.resolve(name)
    access.require(actor, Permission.EDIT, what=f"SLI {sli.name}", team_id=sli.owner_team_id)
    return sli


@transaction.atomic
def _store(
    sli: SliRow, pushed: Pushed, *, actor: Actor, door: str, now: dt.datetime
) -> StoreResult:
    stored = store.store_columns(
        sli_id=sli.id,
        columns=(pushed.minute, pushed.good, pushed.total),
        origin=f"{door}:{actor.kind.value}:{actor.id if actor.id is not None else actor.label}",
        observed_at=now,
        now=now,
    )
    # Last, as the log lets one writer at a time through until its transaction ends.
    audit.record(
        actor=actor,
        action="minutes.pushed",
        kind="sli",
        object_id=sli.id,
        detail={"door": door, "accepted": stored.accepted, "changed": stored.changed},
        now=now,
    )
    return stored
