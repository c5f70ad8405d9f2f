"""Fields of documents, read as what they have to be."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from watchkeeper.changes.domain import documents as windows
from watchkeeper.kernel import wall_time
from watchkeeper.kernel.errors import InvalidError, Problem


def known(spec: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    """Return if a document has none but these fields.

    Raises:
        InvalidError: it is not so.
    """
    faults = [
        Problem(f"{name} is not a field of {what}", f"spec.{name}")
        for name in spec
        if name not in names
    ]
    if faults:
        raise InvalidError(faults[0].detail, faults)


def text(spec: Mapping[str, Any], name: str) -> str:
    """Return a text; one that is missing is empty.

    Raises:
        InvalidError: it is not so.
    """
    value = spec.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise fault(f"{name} is not text", f"spec.{name}")
    return value


def texts(spec: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts; one that is missing is empty.

    Raises:
        InvalidError: it is not so.
    """
    value = spec.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise fault(f"{name} is a list of texts", f"spec.{name}")
    return tuple(value)


def mappings(spec: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    """Return a list of mappings; one that is missing is empty.

    Raises:
        InvalidError: it is not so.
    """
    value = spec.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise fault(f"{name} is a list, as [{{days: [mon], from: '09:00'}}]", f"spec.{name}")
    return tuple(value)


def instant(spec: Mapping[str, Any], name: str, zone: str) -> dt.datetime:
    """Return an instant; where a time zone is given, a time without one is wall time in it.

    Raises:
        InvalidError: it is no time, or its zone is missing.
    """
    value = spec.get(name)
    message = f"{name} is a time with its zone, as 2026-02-03T09:00:00Z"
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise fault(message, f"spec.{name}") from error
    if not isinstance(value, dt.datetime) or (value.tzinfo is None and not zone):
        raise fault(message, f"spec.{name}")
    try:
        if value.tzinfo is None:
            return wall_time.instant_of(value, windows.zone_of(zone))
        return value.astimezone(dt.UTC)
    except OverflowError as error:
        raise fault(message, f"spec.{name}") from error


def fault(detail: str, path: str) -> InvalidError:
    """Return the error of one fault at its place."""
    return InvalidError(detail, [Problem(detail, path)])
