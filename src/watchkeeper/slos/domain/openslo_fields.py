"""Reads the fields of one OpenSLO document and notes every fault, not only the first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import Problem

_DURATION = re.compile(r"(\d{1,6})([mhdwMQY])\Z")


@dataclass(slots=True)
class Notes:
    """What is wrong with one document, and what is odd about it.

    Attributes:
        document: The document, for its places.
        strict: Whether what the specification does not name is a fault.
        faults: Faults that refuse the document.
        remarks: Remarks that do not.
    """

    document: Document
    strict: bool
    faults: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)

    def fault(self, detail: str, path: str) -> None:
        """Note a fault."""
        self.faults.append(self.document.problem(detail, path))

    def remark(self, detail: str, path: str) -> None:
        """Note a remark."""
        self.remarks.append(self.document.problem(detail, path))

    def deviation(self, detail: str, path: str) -> None:
        """Note what the specification does not allow: a fault if strict, else a remark."""
        (self.fault if self.strict else self.remark)(detail, path)


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration as OpenSLO writes it, as ``28d``: a count and a unit of ``m h d w M Q Y``."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one mapping in a document.

    Attributes:
        data: The mapping.
        path: Where it stands, as ``spec.objectives[0]``.
        notes: Where faults go.
    """

    data: Mapping[str, Any]
    path: str
    notes: Notes

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) is not None

    def only(self, *names: str) -> None:
        """Note every field that is not one of ``names``."""
        for name in self.data:
            if name not in names:
                self.notes.deviation(f"{name} is not a field of OpenSLO v1 here", self.at(name))

    def text(self, name: str, *, required: bool = False) -> str:
        """Return a text, empty where it is absent."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.notes.fault(f"{name} is missing", self.at(name))
            return ""
        if not isinstance(value, str):
            self.notes.fault(f"{name} is {_kind(value)}, not text", self.at(name))
            return ""
        return value

    def flag(self, name: str) -> bool | None:
        """Return true or false, ``None`` where it is absent."""
        value = self.data.get(name)
        if value is not None and not isinstance(value, bool):
            self.notes.fault(f"{name} is {_kind(value)}, not true or false", self.at(name))
            return None
        return value

    def number(self, name: str, *, required: bool = False) -> Decimal | None:
        """Return a number as it was written, ``None`` where it is absent."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.notes.fault(f"{name} is missing", self.at(name))
            return None
        try:
            found = None if isinstance(value, bool) else Decimal(str(value))
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite():
            self.notes.fault(f"{name} is {_kind(value)}, not a number", self.at(name))
            return None
        if isinstance(value, str):
            self.notes.deviation(f"{name} is text, not a number", self.at(name))
        return found

    def duration(self, name: str, *, required: bool = False) -> Duration | None:
        """Return a duration, ``None`` where it is absent."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.notes.fault(f"{name} is missing, as 30d", self.at(name))
            return None
        match = _DURATION.match(value) if isinstance(value, str) else None
        if match is None or int(match[1]) == 0:
            self.notes.fault(
                f"{name} is {value!r}, not a duration: a count and one of m h d w M Q Y, as 28d",
                self.at(name),
            )
            return None
        return Duration(int(match[1]), match[2])

    def fields(self, name: str, *, required: bool = False) -> "Fields | None":
        """Return a mapping's fields, ``None`` where it is absent."""
        value = self.data.get(name)
        if value is None:
            if required:
                self.notes.fault(f"{name} is missing", self.at(name))
            return None
        if not isinstance(value, Mapping):
            self.notes.fault(f"{name} is {_kind(value)}, not a mapping", self.at(name))
            return None
        return Fields(value, self.at(name), self.notes)

    def items(self, name: str) -> Sequence[tuple[str, Any]]:
        """Return (path, value) of a list's items; none where it is absent."""
        value = self.data.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.notes.fault(f"{name} is {_kind(value)}, not a list", self.at(name))
            return ()
        return [(f"{self.at(name)}[{place}]", item) for place, item in enumerate(value)]

    def each(self, name: str) -> "Iterator[Fields]":
        """Yield the fields of each mapping in a list."""
        for path, item in self.items(name):
            if isinstance(item, Mapping):
                yield Fields(item, path, self.notes)
            else:
                self.notes.fault(f"this is {_kind(item)}, not a mapping", path)


def _kind(value: object) -> str:
    """Return what a value is, in words for a person."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return "a list" if isinstance(value, list) else "a mapping"
