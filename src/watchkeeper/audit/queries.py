"""Reading the log, and whether it is whole."""

import datetime as dt
import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from watchkeeper.audit.domain import chain
from watchkeeper.audit.models import AuditEntry, AuditHead
from watchkeeper.kernel import access
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.plumbing.keys import Keyring

HEAD_FILE = "audit-head.txt"


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One act, as it is shown."""

    number: int
    at: dt.datetime
    actor_kind: str
    actor_id: int | None
    via: str
    action: str
    object_kind: str
    object_id: str
    detail: Mapping[str, Any]
    request_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the log is whole.

    Attributes:
        count: How many entries there are.
        broken: Where it does not hold; ``None`` if it is whole.
    """

    count: int
    broken: chain.Break | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; ``None`` leaves a field open."""

    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    actor_kind: str | None = None
    actor_id: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


Names = Callable[[Collection[int]], Mapping[int, str]]
"""Tells what people are called, by id; the log itself keeps no names."""

_names: list[Names] = []


def register_names(names: Names) -> None:
    """Let ``names`` tell what people are called; the slice that knows people calls this once."""
    _names[:] = [names]


def names_of(rows: Iterable[EntryRow]) -> Mapping[int, str]:
    """Return what the people who acted are called, by id; those who are gone are left out."""
    ids = {
        row.actor_id
        for row in rows
        if row.actor_kind == ActorKind.USER.value and row.actor_id is not None
    }
    return _names[0](ids) if _names and ids else {}


def words_in_use(*, actor: Actor) -> tuple[Sequence[str], Sequence[str]]:
    """Return the actions and the kinds of thing that the log speaks of, in order.

    Raises:
        NotFoundError: the actor may not know of the log.
    """
    access.require(actor, access.Permission.READ_AUDIT, what="audit log")
    pairs = AuditEntry.objects.order_by().values_list("action", "object_kind").distinct()
    found = list(pairs)
    return sorted({action for action, _ in found}), sorted({kind for _, kind in found})


def entries(
    *, actor: Actor, wanted: Filter, before: int | None = None, limit: int = 50
) -> list[EntryRow]:
    """Return entries, the newest first.

    Args:
        actor: Who asks; an auditor or an admin.
        wanted: Which ones.
        before: Only those with a smaller number; ``None`` begins at the newest.
        limit: How many at the most.

    Raises:
        NotFoundError: the actor may not know of the log.
    """
    access.require(actor, access.Permission.READ_AUDIT, what="audit log")
    found = AuditEntry.objects.order_by("-number")
    fields = {
        "action": wanted.action,
        "object_kind": wanted.object_kind,
        "object_id": wanted.object_id,
        "actor_kind": wanted.actor_kind,
        "actor_id": wanted.actor_id,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    found = found.filter(**{name: value for name, value in fields.items() if value is not None})
    if before is not None:
        found = found.filter(number__lt=before)
    return [_row(entry) for entry in found[:limit]]


def entry(number: int, *, actor: Actor) -> EntryRow | None:
    """Return one entry; ``None`` if there is none of that number.

    Raises:
        NotFoundError: the actor may not know of the log.
    """
    access.require(actor, access.Permission.READ_AUDIT, what="audit log")
    found = AuditEntry.objects.filter(number=number).first()
    return _row(found) if found is not None else None


def count() -> int:
    """Return how many entries are kept, by one quick query."""
    head = AuditHead.objects.first()
    return head.count - head.first + 1 if head is not None else 0


def _row(found: AuditEntry) -> EntryRow:
    return EntryRow(
        number=found.number,
        at=found.at,
        actor_kind=found.actor_kind,
        actor_id=found.actor_id,
        via=found.via,
        action=found.action,
        object_kind=found.object_kind,
        object_id=found.object_id,
        detail=found.detail,
        request_id=found.request_id,
        address=found.address,
    )


def key() -> bytes:
    """Return the key that seals the log."""
    return Keyring.load(Path(settings.WATCHKEEPER_KEY_FILE)).derive("audit")


def content_of(entry: AuditEntry) -> dict[str, Any]:
    """Return what a seal covers."""
    return {
        "at": entry.at.astimezone(dt.UTC).isoformat(),
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "via": entry.via,
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "detail": entry.detail,
        "request_id": entry.request_id,
        "address": entry.address,
    }


def verify() -> Verdict:
    """Check the whole log, its head, and the copy of the head outside the database."""
    secret = key()
    head = AuditHead.objects.first()
    if head is None:
        left = AuditEntry.objects.count()
        broken = chain.Break(1, "the head is missing") if left or _copy() else None
        return Verdict(left, broken)
    wanted = chain.head_seal(key=secret, count=head.count, last=head.last)
    if not hmac.compare_digest(wanted, head.seal):
        return Verdict(head.count, chain.Break(head.count, "the head was changed"))
    broken = chain.verify(
        _links(), key=secret, count=head.count, last=head.last, first=head.first, start=head.start
    )
    return Verdict(head.count, broken or _compare_with_copy(head, secret))


def _links() -> Iterator[chain.Link]:
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=2000):
        yield chain.Link(entry.number, content_of(entry), entry.previous, entry.seal)


def head_file() -> Path:
    """Return where the copy of the head is kept."""
    return Path(settings.WATCHKEEPER.data) / HEAD_FILE


def _copy() -> tuple[int, str, str] | None:
    """Return the newest line of the copy: count, last seal, its own seal."""
    path = head_file()
    lines = path.read_text().splitlines() if path.exists() else []
    parts = lines[-1].split() if lines else []
    return (int(parts[0]), parts[1], parts[2]) if len(parts) == 3 else None


def _compare_with_copy(head: AuditHead, secret: bytes) -> chain.Break | None:
    """Tell whether the log was wound back to before what the copy has seen."""
    copy = _copy()
    if copy is None:
        return None
    count, last, seal = copy
    if not hmac.compare_digest(chain.head_seal(key=secret, count=count, last=last), seal):
        return chain.Break(count, f"the copy of the head in {HEAD_FILE} was changed")
    if count > head.count:
        return chain.Break(head.count + 1, f"{count - head.count} entries are cut off at the end")
    entry = AuditEntry.objects.filter(number=count).first()
    if entry is not None and entry.seal != last:
        return chain.Break(count, f"entry {count} is not the one that was there before")
    return None
