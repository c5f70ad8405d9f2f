"""Adding to the log."""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from watchkeeper.audit import queries
from watchkeeper.audit.domain import chain
from watchkeeper.audit.models import AuditEntry, AuditHead
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.plumbing import locks


@dataclass(frozen=True, slots=True)
class Act:
    """What was done to one thing.

    Attributes:
        action: What was done, as ``slo.saved``.
        kind: Kind of the object.
        object_id: Its id.
        detail: Plain values that tell more; ids, never names of people, never secrets.
    """

    action: str
    kind: str
    object_id: int | str
    detail: Mapping[str, Json] = field(default_factory=dict)


def record(
    *,
    actor: Actor,
    action: str,
    kind: str,
    object_id: int | str,
    detail: Mapping[str, Json],
    now: dt.datetime,
) -> None:
    """Add one act, in the caller's transaction: no entry, no act.

    Args:
        actor: Who acted.
        action: What was done, as ``slo.saved``.
        kind: Kind of the object.
        object_id: Its id.
        detail: Plain values that tell more; ids, never names of people, never secrets.
        now: The present.
    """
    record_many(actor=actor, acts=[Act(action, kind, object_id, detail)], now=now)


@transaction.atomic
def record_many(*, actor: Actor, acts: Sequence[Act], now: dt.datetime) -> None:
    """Add what one actor did at one time, an entry each, in the caller's transaction.

    Args:
        actor: Who acted.
        acts: What was done, in order.
        now: The present.
    """
    if not acts:
        return
    locks.serialise("audit")
    head = AuditHead.objects.first() or AuditHead(last=chain.START, start=chain.START)
    secret = queries.key()
    entries = []
    for act in acts:
        entry = _entry(actor, act, number=head.count + 1, previous=head.last, now=now)
        entry.seal = chain.seal(
            key=secret,
            number=entry.number,
            content=queries.content_of(entry),
            previous=entry.previous,
        )
        head.count, head.last = entry.number, entry.seal
        entries.append(entry)
    AuditEntry.objects.bulk_create(entries, batch_size=500)
    head.seal = chain.head_seal(key=secret, count=head.count, last=head.last)
    head.save()


def _entry(actor: Actor, act: Act, *, number: int, previous: str, now: dt.datetime) -> AuditEntry:
    """Return the entry of an act, without its seal."""
    return AuditEntry(
        number=number,
        at=now,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        via=actor.via,
        action=act.action,
        object_kind=act.kind,
        object_id=str(act.object_id),
        detail=dict(act.detail),
        request_id=actor.request_id,
        address=actor.address,
        previous=previous,
    )


def copy_head() -> None:
    """Append the head to a file outside the database, durably."""
    head = AuditHead.objects.first()
    if head is None:
        return
    path = queries.head_file()
    with path.open("a") as file:
        file.write(f"{head.count} {head.last} {head.seal}\n")
        file.flush()
        os.fsync(file.fileno())


@transaction.atomic
def forget_before(moment: dt.datetime) -> int:
    """Remove the oldest entries, keeping the seal before the first that stays; return how many."""
    locks.serialise("audit")
    head = AuditHead.objects.first()
    newest = AuditEntry.objects.filter(at__lt=moment).order_by("-number").first()
    if head is None or newest is None:
        return 0
    head.first, head.start = newest.number + 1, newest.seal
    head.save()
    deleted, _ = AuditEntry.objects.filter(number__lte=newest.number).delete()
    return deleted
