"""JSON door of apply, validate and export."""

from collections.abc import Sequence

from django.http import HttpRequest
from ninja import Router

from watchkeeper.kernel import clock
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.manifests import usecases
from watchkeeper.manifests.schemas import (
    AppliedOut,
    ApplyIn,
    ChangeOut,
    ExportOut,
    FieldChangeOut,
    FileIn,
    FindingOut,
    ValidatedOut,
    ValidateIn,
)
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.kinds import Change, Finding
from watchkeeper.plumbing.rest import actor_of

router = Router(tags=["documents"])


@router.post("/apply", response=AppliedOut, summary="Apply documents, or show the plan")
def apply(request: HttpRequest, body: ApplyIn) -> AppliedOut:
    """Make the objects be as the documents say; all of them, or none."""
    applied = usecases.apply(
        usecases.Apply(
            documents=_documents(body.files),
            paths=body.paths,
            plan=body.plan,
            prune=body.prune,
        ),
        actor=actor_of(request),
        now=clock.now(),
    )
    return AppliedOut(
        planned=applied.planned,
        changes=[_change(change) for change in applied.changes],
        findings=[_finding(finding) for finding in applied.findings],
    )


@router.post("/validate", response=ValidatedOut, summary="Judge documents; nothing is stored")
def validate(request: HttpRequest, body: ValidateIn) -> ValidatedOut:
    """Return errors and warnings with file and line."""
    del request
    findings = usecases.validate(_documents(body.files), strict=body.strict)
    return ValidatedOut(findings=[_finding(finding) for finding in findings])


@router.get("/export", response=ExportOut, summary="Every object as a document")
def export(request: HttpRequest) -> ExportOut:
    """Return all documents, secrets left out."""
    return ExportOut(documents=[dict(d) for d in usecases.export(actor=actor_of(request))])


def _documents(files: Sequence[FileIn]) -> list[Document]:
    """Read all files, and name the faults of all of them at once."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for file in files:
        try:
            documents += yaml_documents.load(file.text, file=file.name)
        except InvalidError as error:
            problems += error.problems
    if problems:
        raise InvalidError("The documents cannot be read; nothing was applied", problems)
    return documents


def _change(change: Change) -> ChangeOut:
    return ChangeOut(
        kind=change.kind,
        name=change.name,
        action=change.action.value,
        fields=[FieldChangeOut(path=f.path, old=f.old, new=f.new) for f in change.fields],
    )


def _finding(finding: Finding) -> FindingOut:
    problem = finding.problem
    return FindingOut(
        severity=finding.severity.value,
        detail=problem.detail,
        path=problem.path,
        file=problem.file,
        line=problem.line,
    )
