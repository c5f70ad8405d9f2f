"""The looks of states: each has a colour, a shape and a word, so that colour is never alone."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Look:
    """How one state is shown.

    Attributes:
        key: Part of the class names and of the mark's id, as ``burn`` in ``wk-c-burn``.
        word: What it is called where the caller brings no word of its own.
        rank: Order of concern; 0 is shown first. What burns stands before what is exhausted and
            calm: there something can still be saved.
    """

    key: str
    word: str
    rank: int


LOOKS = {
    look.key: look
    for look in (
        Look("burn", "Burning", 0),
        Look("watch", "Burning slowly", 1),
        Look("crit", "Exhausted", 2),
        Look("nodata", "No data", 3),
        Look("few", "Too few events", 4),
        Look("mute", "Maintenance", 5),
        Look("ok", "OK", 6),
        Look("sample", "Sample data", 7),
        Look("done", "Done", 8),
        Look("due", "Due", 8),
        Look("deploy", "Deploy", 8),
    )
}
_STATUS = {
    "exhausted": "crit",
    "critical": "crit",
    "burning": "burn",
    "no_data": "nodata",
    "insufficient": "few",
    "maintenance": "mute",
    "excluded": "mute",
}
_SLOW = frozenset({"ticket", "message"})


def look(status: str | Enum, *, severity: str | None = None) -> Look:
    """Return the look of ``status``.

    Args:
        status: A look's key, or a status word as commands print it (``no_data``), or an enum
            whose value is one.
        severity: Of a burning status: ``ticket`` makes it slow; others do not matter.

    Returns:
        That look; a status that nobody knows looks like missing data, never like all is well.
    """
    value = str(status.value if isinstance(status, Enum) else status)
    key = _STATUS.get(value, value)
    if key == "burn" and severity in _SLOW:
        key = "watch"
    return LOOKS.get(key, LOOKS["nodata"])
