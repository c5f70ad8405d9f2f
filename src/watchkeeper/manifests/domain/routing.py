"""Which handler a document goes to, and what is wrong with a set before any handler looks."""

import os.path
from collections.abc import Callable, Iterable, Sequence

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import Problem

Claim = tuple[str, str]
"""(Beginning of ``apiVersion``, ``kind``)."""


def claims(claim: Claim, document: Document) -> bool:
    """Return whether ``claim`` covers ``document``."""
    prefix, kind = claim
    return document.kind == kind and document.api_version.startswith(prefix)


def shape_problems(
    documents: Iterable[Document], *, is_known: Callable[[Document], bool]
) -> list[Problem]:
    """Return what is wrong with the outer shape of ``documents``.

    Every document needs ``apiVersion``, ``kind`` and ``metadata.name``; the kind must be one that
    Watchkeeper knows; no two documents may be the same object.
    """
    problems: list[Problem] = []
    seen: dict[tuple[str, str], Document] = {}
    for document in documents:
        problem = _shape_problem(document, is_known)
        if problem is not None:
            problems.append(problem)
            continue
        key = (document.kind, object_name(document))
        if key in seen:
            first = seen[key]
            where = f"{first.file or 'the same text'} line {first.line}"
            problems.append(
                document.problem(
                    f"{document.kind} {document.name} stands here a second time; "
                    f"the first is in {where}",
                    "metadata.name",
                )
            )
        seen.setdefault(key, document)
    return problems


def _shape_problem(document: Document, is_known: Callable[[Document], bool]) -> Problem | None:
    for path, value in (
        ("apiVersion", document.api_version),
        ("kind", document.kind),
        ("metadata.name", document.name),
    ):
        if not value:
            return document.problem(f"the document needs {path}, as text", path)
    if not is_known(document):
        return document.problem(
            f"{document.api_version} {document.kind} is not a kind that Watchkeeper knows", "kind"
        )
    return None


def object_name(document: Document) -> str:
    """Return the name an object has here: other namespaces than ``default`` come before it."""
    metadata = document.data.get("metadata", {})
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    if isinstance(namespace, str) and namespace and namespace.lower() != "default":
        return f"{namespace.lower()}.{document.name}"
    return document.name


def under(file: str, paths: Sequence[str]) -> bool:
    """Return whether ``file`` is one of ``paths`` or lies in one; no file lies nowhere."""
    if not file:
        return False
    normal = os.path.normpath(file)
    for path in paths:
        root = os.path.normpath(path)
        if normal == root or root == "." or normal.startswith(root.rstrip("/") + "/"):
            return not (root == "." and normal.startswith("/"))
    return False
