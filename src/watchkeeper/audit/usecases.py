"""Adding to the log."""

import datetime as dt
import os
from collections.abc import Mapping

from django.db import transaction

from watchkeeper.audit import queries
from watchkeeper.audit.domain import chain
from watchkeeper.audit.models import AuditEntry, AuditHead
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.plumbing import locks


@transaction.atomic
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
    locks.serialise("audit")
    head = AuditHead.objects.first() or AuditHead(last=chain.START, start=chain.START)
    entry = AuditEntry(
        number=head.count + 1,
        at=now,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        via=actor.via,
        action=action,
        object_kind=kind,
        object_id=str(object_id),
        detail=dict(detail),
        request_id=actor.request_id,
        address=actor.address,
        previous=head.last,
    )
    secret = queries.key()
    entry.seal = chain.seal(
        key=secret,
        number=entry.number,
        content=queries.content_of(entry),
        previous=entry.previous,
    )
    entry.save(force_insert=True)
    head.count, head.last = entry.number, entry.seal
    head.seal = chain.head_seal(key=secret, count=head.count, last=head.last)
    head.save()


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
