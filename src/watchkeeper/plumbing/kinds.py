"""What a slice offers so that its objects can be kept as documents.

Each slice lists its handlers in ``manifests.py`` as ``HANDLERS``; the slice ``manifests`` runs
them, in order, inside one transaction.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import Problem
from watchkeeper.kernel.origins import Origin


class Action(Enum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an object before and after; ``None`` where it was or becomes absent."""

    path: str
    old: Json
    new: Json


@dataclass(frozen=True, slots=True)
class Change:
    """What happens, or would happen, to one object."""

    kind: str
    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()


class Severity(Enum):
    """Whether a finding refuses the document."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about a document."""

    severity: Severity
    problem: Problem


class KindHandler(Protocol):
    """Reads and writes the documents of some kinds.

    Attributes:
        kinds: Pairs of (beginning of ``apiVersion``, ``kind``); what others refer to stands first,
            so that it is removed last.
        order: Lower is applied first and removed last.

    A handler whose documents hold people's data has ``is_private = True`` too: they are exported
    for admins only.
    """

    kinds: Sequence[tuple[str, str]]
    order: int

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """Judge ``documents``, all of the set that are of these kinds, without a database."""
        ...

    def apply(
        self,
        documents: Sequence[Document],
        *,
        actor: Actor,
        now: dt.datetime,
        origin: Origin = Origin.FILE,
    ) -> list[Change]:
        """Make the objects be as the documents say, inside the caller's transaction.

        Raises:
            InvalidError: with the file and line of every fault.
            ForbiddenError: the actor may not change one of them.
            ConflictError: one of them was taken over and is no longer kept in files.
        """
        ...

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """Remove one object that left the files; what was taken over from them stays.

        Raises:
            NotFoundError: there is no such object any more.
            ConflictError: something that stays refers to it.
            ForbiddenError: the actor may not.
        """
        ...

    def export(self) -> list[Mapping[str, Json]]:
        """Return the objects as documents, secrets left out, ordered by kind and name."""
        ...


@runtime_checkable
class DiscreetHandler(Protocol):
    """A handler some of whose documents say more to who may change the object."""

    def export_for(self, actor: Actor) -> list[Mapping[str, Json]]:
        """Return what :meth:`KindHandler.export` does, as ``actor`` may see it."""
        ...


@runtime_checkable
class RemarkingHandler(Protocol):
    """A handler that knows warnings for which it needs the database; none of them refuses."""

    def remarks(self, documents: Sequence[Document]) -> list[Finding]:
        """Judge ``documents`` right after they were applied, in the same transaction."""
        ...
