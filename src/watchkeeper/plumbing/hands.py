"""In whose hands a row is: a file's, until somebody takes it over, or people's."""

import hashlib
import json
from collections.abc import Mapping
from typing import Protocol

from watchkeeper.kernel import differences
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError, StaleError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import FieldChange


class KeptInFilesError(ConflictError):
    """It came from a file; it is changed there, or taken over first."""

    code = "kept_in_files"


class TakenOverError(ConflictError):
    """It was taken over from its file, and a file speaks of it again."""

    code = "taken_over"


class Kept(Protocol):
    """A row that a file may rule.

    Attributes:
        origin: Value of an ``Origin``.
        file: The file that it came from; empty: none.
        is_taken_over: Whether a file ruled it once and does no longer.
    """

    origin: str
    file: str
    is_taken_over: bool


def set_origin(row: Kept, origin: Origin, file: str) -> None:
    """Note where something comes from; the sample stays one however it is changed by hand."""
    if origin is Origin.FILE:
        row.file, row.origin = file[-1000:], origin.value
    elif row.origin != Origin.SAMPLE.value:
        row.origin = origin.value


def check_hands(row: Kept, origin: Origin, what: str, *, is_bare: bool = False) -> None:
    """Return if ``origin`` may change ``row``.

    Args:
        row: The row as it is.
        origin: Where the wish comes from.
        what: The row in words, as ``journey buy``.
        is_bare: Whether nobody described it yet, so that anybody may.

    Raises:
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
        TakenOverError: it was taken over and this comes from a file.
        ConflictError: the sample would take the place of what is no sample.
    """
    if origin is Origin.SAMPLE and row.origin != Origin.SAMPLE.value and not is_bare:
        raise ConflictError(f"There is a {what} already, and it is no sample")
    if origin is Origin.FILE:
        if row.is_taken_over:
            raise TakenOverError(
                f"The {what} was taken over from its file; remove it from the file, "
                "or remove it here to let the file make it anew"
            )
        return
    if row.origin == Origin.FILE.value and not is_bare:
        where = row.file or "a file"
        raise KeptInFilesError(f"The {what} is kept in {where}; change it there, or take it over")


def is_settled(row: Kept, origin: Origin) -> bool:
    """Return whether a wish from ``origin`` for what is so already needs nothing at all.

    A file that wants what was made by hand adopts it; one that wants what was taken over from it
    as it is may have it so.
    """
    if origin is Origin.FILE:
        return row.origin == Origin.FILE.value or row.is_taken_over
    return row.origin != Origin.FILE.value


def take_over(row: Kept) -> bool:
    """Take something out of its file; return whether it was in one. The caller saves the row."""
    if row.origin != Origin.FILE.value:
        return False
    row.origin, row.is_taken_over = Origin.UI.value, True
    return True


def fields_of(old: Mapping[str, Json], new: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    """Return what is different between two documents, path by path."""
    return tuple(FieldChange(*found) for found in differences.differences(old, new))


def state_of(document: Mapping[str, Json] | None) -> str:
    """Return what tells one state of a document from another; empty: there is none."""
    if document is None:
        return ""
    text = json.dumps(document, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def check_known(known: str | None, document: Mapping[str, Json] | None, what: str) -> None:
    """Return if a change was made for the document as it stands now.

    Args:
        known: What :func:`state_of` gave to who made the change; empty: they make it anew;
            ``None``: they did not ask.
        document: As it stands; ``None``: there is none.
        what: It in words, as ``route critical``.

    Raises:
        StaleError: it was changed, made or removed meanwhile.
    """
    if known is None or known == state_of(document):
        return
    if not known:
        raise StaleError(f"The {what} is there already; choose another name, or change that one")
    happened = "was removed" if document is None else "was changed by somebody else"
    raise StaleError(
        f"The {what} {happened} since this page was loaded; nothing was saved. "
        "Load the page again and make the change there"
    )
