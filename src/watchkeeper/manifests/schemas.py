"""The JSON of apply, validate and export."""

from typing import Any

from ninja import Schema
from pydantic import Field


class FileIn(Schema):
    """One file as the sender has it."""

    name: str = Field("", max_length=1024, description="Its path, as messages are to name it.")
    text: str = Field(description="Its whole text: YAML or JSON, one or several documents.")


class ApplyIn(Schema):
    """Files to apply."""

    files: list[FileIn] = Field(max_length=5000)
    paths: list[str] = Field(
        default=[], max_length=1000, description="What was named on the command line; for prune."
    )
    plan: bool = Field(False, description="Show what would change and write nothing.")
    prune: bool = Field(False, description="Remove what left these paths since an earlier apply.")


class ValidateIn(Schema):
    """Files to judge."""

    files: list[FileIn] = Field(max_length=5000)
    strict: bool = Field(False, description="Refuse what the specification does not name.")


class FieldChangeOut(Schema):
    """One field before and after."""

    path: str
    old: Any
    new: Any


class ChangeOut(Schema):
    """What happened, or would happen, to one object."""

    kind: str
    name: str
    action: str
    fields: list[FieldChangeOut]


class FindingOut(Schema):
    """One remark about a document."""

    severity: str
    detail: str
    path: str
    file: str | None
    line: int | None


class AppliedOut(Schema):
    """The answer to an apply."""

    planned: bool
    changes: list[ChangeOut]
    findings: list[FindingOut]


class ValidatedOut(Schema):
    """The answer to a validate."""

    findings: list[FindingOut]


class ExportOut(Schema):
    """Every object as a document."""

    documents: list[dict[str, Any]]
