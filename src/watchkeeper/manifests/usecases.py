"""Apply, plan, validate and export documents of every kind."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from watchkeeper.alerts import manifests as alerts_manifests
from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import manifests as catalog_manifests
from watchkeeper.changes import manifests as changes_manifests
from watchkeeper.kernel import access
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, NotFoundError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests.domain import routing
from watchkeeper.manifests.models import AppliedObject
from watchkeeper.notifications import manifests as notifications_manifests
from watchkeeper.oncall import manifests as oncall_manifests
from watchkeeper.plumbing.kinds import (
    Action,
    Change,
    DiscreetHandler,
    Finding,
    KindHandler,
    RemarkingHandler,
    Severity,
)
from watchkeeper.slos import manifests as slos_manifests

HANDLERS: tuple[KindHandler, ...] = tuple(
    sorted(
        (
            *catalog_manifests.HANDLERS,
            *changes_manifests.HANDLERS,
            *notifications_manifests.HANDLERS,
            *oncall_manifests.HANDLERS,
            *slos_manifests.HANDLERS,
            *alerts_manifests.HANDLERS,
        ),
        key=lambda handler: handler.order,
    )
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did, or would do.

    Attributes:
        changes: One for each object, unchanged ones too, in the order they were applied.
        findings: Warnings about the documents; none of them stopped the apply.
        planned: Whether nothing was written.
    """

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    planned: bool


@dataclass(frozen=True, slots=True)
class Apply:
    """What is asked of an apply.

    Attributes:
        documents: All documents of the given paths.
        paths: The files and folders that were named; the reach of ``prune``.
        plan: Show what would change and write nothing.
        prune: Remove what an earlier apply of the same paths made and the files no longer hold.
        origin: Provenance written on new objects.
    """

    documents: Sequence[Document]
    paths: Sequence[str] = ()
    plan: bool = False
    prune: bool = False
    origin: Origin = Origin.FILE


def handler_of(document: Document) -> KindHandler | None:
    """Return who owns the kind of ``document``; ``None`` where nobody does."""
    for handler in HANDLERS:
        if any(routing.claims(claim, document) for claim in handler.kinds):
            return handler
    return None


def validate(documents: Sequence[Document], *, strict: bool) -> list[Finding]:
    """Judge ``documents`` without a database.

    Args:
        documents: All of them, so that references among them can be followed.
        strict: Refuse what the specification does not name; else such fields are only warnings.

    Returns:
        Errors and warnings with file and line, in the order of the documents.
    """
    shape = routing.shape_problems(documents, is_known=lambda d: handler_of(d) is not None)
    findings = [Finding(Severity.ERROR, problem) for problem in shape]
    for handler in HANDLERS:
        own = [document for document in documents if handler_of(document) is handler]
        if own:
            findings += handler.validate(own, strict=strict)
    order = {file: place for place, file in enumerate(dict.fromkeys(d.file for d in documents))}
    return sorted(
        findings,
        key=lambda f: (order.get(f.problem.file or "", 0), f.problem.line or 0),
    )


def apply(request: Apply, *, actor: Actor, now: dt.datetime) -> Applied:
    """Make the objects be as the documents say; all of them, or none.

    A plan runs the same code and rolls back, so it tells exactly what an apply would do.

    Raises:
        UnauthenticatedError: nobody is signed in.
        ForbiddenError: the actor may not change one of the objects.
        InvalidError: a document is wrong; every fault is named with its file and line.
        ConflictError: an object was taken over and is no longer kept in files.
    """
    access.require(actor, access.Permission.READ, what="the documents")
    findings = validate(request.documents, strict=False)
    errors = [f.problem for f in findings if f.severity is Severity.ERROR]
    if errors:
        raise InvalidError(f"{_count(errors)} in the documents; nothing was applied", errors)
    with transaction.atomic():
        changes = _apply_all(request, actor=actor, now=now)
        if request.prune:
            changes += _prune(request, actor=actor, now=now)
        findings += _remarks(request.documents)
        _record(changes, actor=actor, now=now)
        if request.plan:
            transaction.set_rollback(True)
    return Applied(tuple(changes), tuple(findings), planned=request.plan)


def _apply_all(request: Apply, *, actor: Actor, now: dt.datetime) -> list[Change]:
    changes: list[Change] = []
    problems: list[Problem] = []
    for handler in HANDLERS:
        own = [document for document in request.documents if handler_of(document) is handler]
        if not own:
            continue
        try:
            with transaction.atomic():
                changes += handler.apply(own, actor=actor, origin=request.origin, now=now)
        except InvalidError as error:
            problems += error.problems
            break  # what comes later hangs on this and would only repeat the fault
    if problems:
        raise InvalidError(f"{_count(problems)} in the documents; nothing was applied", problems)
    for document in request.documents if request.origin is Origin.FILE else ():
        AppliedObject.objects.update_or_create(
            kind=document.kind,
            name=routing.object_name(document),
            defaults={
                "api_version": document.api_version,
                "file": document.file,
                "applied_at": now,
            },
        )
    return changes


def _remarks(documents: Sequence[Document]) -> list[Finding]:
    """Return what only the database can tell of documents that are applied."""
    found: list[Finding] = []
    for handler in HANDLERS:
        own = [document for document in documents if handler_of(document) is handler]
        if own and isinstance(handler, RemarkingHandler):
            found += handler.remarks(own)
    return found


def _prune(request: Apply, *, actor: Actor, now: dt.datetime) -> list[Change]:
    """Remove, dependents first, what earlier applies of these paths made and no longer hold."""
    kept = {(d.kind, routing.object_name(d)) for d in request.documents}
    gone = [
        row
        for row in AppliedObject.objects.order_by("kind", "name")
        if (row.kind, row.name) not in kept and routing.under(row.file, request.paths)
    ]
    changes: list[Change] = []
    for handler in reversed(HANDLERS):
        for claim in reversed(handler.kinds):
            for row in gone:
                document = Document({"apiVersion": row.api_version, "kind": row.kind})
                if routing.claims(claim, document):
                    changes += _let_go(row, handler, actor=actor, now=now)
    return changes


def _let_go(
    row: AppliedObject, handler: KindHandler, *, actor: Actor, now: dt.datetime
) -> list[Change]:
    """Remove one object that left the files; nothing happens to one that is gone already."""
    kind, name = row.kind, row.name
    row.delete()
    try:
        with transaction.atomic():
            return [handler.remove(kind, name, actor=actor, now=now)]
    except NotFoundError:
        return []


def _record(changes: Sequence[Change], *, actor: Actor, now: dt.datetime) -> None:
    counts = {
        action.value: sum(1 for change in changes if change.action is action) for action in Action
    }
    if sum(counts.values()) > counts[Action.UNCHANGED.value]:
        audit.record(
            actor=actor,
            action="manifests.applied",
            kind="apply",
            object_id="",
            detail=counts,
            now=now,
        )


def _count(problems: Sequence[Problem]) -> str:
    return "1 fault" if len(problems) == 1 else f"{len(problems)} faults"


def export(*, actor: Actor) -> list[Mapping[str, Json]]:
    """Return every object as a document, secrets left out, in an order that never varies.

    Documents that hold people's data are told to admins only; what only those may see who may
    change an object is told to them.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    access.require(actor, access.Permission.READ, what="the documents")
    sees_all = access.may(actor, access.Permission.ADMINISTER)
    return [
        document
        for handler in HANDLERS
        if sees_all or not getattr(handler, "is_private", False)
        for document in (
            handler.export_for(actor) if isinstance(handler, DiscreetHandler) else handler.export()
        )
    ]
