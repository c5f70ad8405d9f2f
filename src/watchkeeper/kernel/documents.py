"""Declarative documents (YAML of the Kubernetes shape) as plain values with their places.

The loader is ``plumbing/yaml_documents.py``; each slice's ``manifests.py`` reads the kinds it
owns from these values and never sees text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.kernel.errors import Problem

Json = Any  # what a JSON document may hold; it leaves the edge as a dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file.

    Attributes:
        data: The document as read: str, int, float, bool, None, dict with str keys, list.
        file: Name of the file as the sender knows it; empty for the body of a request.
        line: First line of the document, from 1.
        lines: Line of each path in it, as ``spec.objectives[0].target``.
    """

    data: Mapping[str, Json]
    file: str = ""
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        """``apiVersion``, or empty where it is missing or not text."""
        value = self.data.get("apiVersion")
        return value if isinstance(value, str) else ""

    @property
    def kind(self) -> str:
        """``kind``, or empty where it is missing or not text."""
        value = self.data.get("kind")
        return value if isinstance(value, str) else ""

    @property
    def name(self) -> str:
        """``metadata.name``, or empty where it is missing or not text."""
        metadata = self.data.get("metadata")
        value = metadata.get("name") if isinstance(metadata, Mapping) else None
        return value if isinstance(value, str) else ""

    def line_of(self, path: str) -> int:
        """Return the line of ``path`` or of the nearest known thing that holds it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            cut = max(path.rfind("."), path.rfind("["))
            path = path[:cut] if cut > 0 else ""
        return self.line

    def problem(self, detail: str, path: str = "") -> Problem:
        """Return a fault at ``path`` of this document, with its file and line."""
        return Problem(detail, path=path, file=self.file or None, line=self.line_of(path))

    def placed(self, problem: Problem) -> Problem:
        """Return ``problem``, raised without knowledge of files, with file and line added."""
        return Problem(
            problem.detail,
            path=problem.path,
            row=problem.row,
            file=problem.file or self.file or None,
            line=problem.line or self.line_of(problem.path),
        )
