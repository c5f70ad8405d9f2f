"""Commands: apply, export, validate."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.kernel import ids
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.manifests import usecases
from watchkeeper.plumbing import console, transport, yaml_documents
from watchkeeper.plumbing.kinds import Finding, Severity

SUFFIXES = {".yaml", ".yml", ".json"}
_MARKS = {"create": "+", "update": "~", "remove": "-", "unchanged": "="}

Paths = Annotated[
    list[str],
    typer.Option("-f", "--file", help="File or folder of documents; may be repeated; - is stdin."),
]


def apply(
    paths: Paths,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would change.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what left these paths since an earlier apply.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Make Watchkeeper be as the documents say: all of them, or none."""
    read = _read(paths)
    if prune and any(name == "-" and not text.strip() for name, text in read):
        raise InvalidError("Nothing came on standard input, so nothing is pruned")
    files = [{"name": name, "text": text} for name, text in read]
    body = {"files": files, "paths": paths, "plan": plan, "prune": prune}
    answer = transport.current().call("POST", "/api/v1/apply", json=body).json()
    if as_json:
        console.emit_json(answer)
        return
    for finding in answer["findings"]:
        console.warn(_line(finding))
    for change in answer["changes"]:
        typer.echo(f"{_MARKS[change['action']]} {change['kind']} {change['name']}")
        for field in change["fields"] if change["action"] == "update" else ():
            typer.echo(f"    {field['path']}: {_short(field['old'])} -> {_short(field['new'])}")
    typer.echo(_summary(answer))


def validate(
    paths: Paths,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what the specification does not name.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Judge documents; nothing is stored. Exit 1: a document is wrong; 2: it cannot be read."""
    documents: list[Document] = []
    findings: list[Finding] = []
    for name, text in _read(paths):
        try:
            documents += yaml_documents.load(text, file=name)
        except yaml_documents.WrongValueError as error:
            findings += [Finding(Severity.ERROR, problem) for problem in error.problems]
    findings += usecases.validate(documents, strict=strict)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if as_json:
        console.emit_json(
            [
                {
                    "severity": finding.severity.value,
                    "file": finding.problem.file,
                    "line": finding.problem.line,
                    "path": finding.problem.path,
                    "detail": finding.problem.detail,
                }
                for finding in findings
            ]
        )
    else:
        for finding in findings:
            word = "" if finding.severity is Severity.ERROR else "warning: "
            console.warn(f"{word}{finding.problem}")
        noun = "document" if len(documents) == 1 else "documents"
        typer.echo(f"{len(documents)} {noun}, {_count(len(errors), 'error')}")
    if errors:
        raise typer.Exit(1)


def export(
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder to write to; default: standard output."),
    ] = None,
) -> None:
    """Write every object as a document; secrets are left out."""
    documents = transport.current().call("GET", "/api/v1/export").json()["documents"]
    if output is None:
        typer.echo(yaml_documents.dump(documents), nl=False)
        return
    for document in documents:
        path = output / _file_of(document)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml_documents.dump([document]), encoding="utf-8")
        except OSError as error:
            raise InvalidError(f"{path} cannot be written: {error.strerror}") from error
    console.warn(f"{_count(len(documents), 'document')} written to {output}")


def _file_of(document: Mapping[str, Any]) -> Path:
    """Return where a document goes, below the folder of the export; a server may be hostile."""
    for part in (document["kind"], document["metadata"]["name"]):
        ids.check_name(part, what="A document")
    namespace = document["metadata"].get("namespace", "default")
    prefix = "" if namespace == "default" else f"{ids.check_name(namespace, what='A namespace')}."
    return Path(document["kind"].lower()) / f"{prefix}{document['metadata']['name']}.yaml"


def _read(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return (name, text) of every file that ``paths`` name, folders with all below them."""
    found: list[tuple[str, str]] = []
    problems: list[Problem] = []
    if not all(paths):  # "" would be the folder that one stands in
        raise InvalidError("-f names nothing; say a file, a folder, or - for standard input")
    for path in paths:
        try:
            found += [(name, _text(name)) for name in _names(path)]
        except (OSError, ValueError) as error:  # a NUL in the name is a ValueError as well
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            problems.append(Problem(f"cannot be read: {reason}", file=path))
    if problems:
        raise InvalidError("A file cannot be read", problems)
    return found


def _names(path: str) -> Iterator[str]:
    if path == "-" or not Path(path).is_dir():
        yield path
        return
    files: Iterable[Path] = (p for p in Path(path).rglob("*") if p.suffix in SUFFIXES)
    yield from sorted(str(p) for p in files if p.is_file())


def _text(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


def _line(finding: Mapping[str, Any]) -> str:
    problem = Problem(
        finding["detail"], path=finding["path"], file=finding["file"], line=finding["line"]
    )
    return f"{finding['severity']}: {problem}"


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _summary(answer: Mapping[str, Any]) -> str:
    counts = dict.fromkeys(_MARKS, 0)
    for change in answer["changes"]:
        counts[change["action"]] += 1
    verb = "would be " if answer["planned"] else ""
    return (
        f"{counts['create']} {verb}created, {counts['update']} {verb}changed, "
        f"{counts['remove']} {verb}removed, {counts['unchanged']} unchanged"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
