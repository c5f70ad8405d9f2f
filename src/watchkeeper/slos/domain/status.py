"""The state of an SLO, in the words that every door uses."""

from enum import Enum

from watchkeeper.slos.domain.definition import Severity


class SloStatus(Enum):
    """What is true of one objective over one window; the first that holds, in this order."""

    NO_DATA = "no_data"
    INSUFFICIENT = "insufficient"
    EXHAUSTED = "exhausted"
    BURNING = "burning"
    OK = "ok"


_WORDS = {
    SloStatus.NO_DATA: "No data",
    SloStatus.INSUFFICIENT: "Too few events",
    SloStatus.EXHAUSTED: "Exhausted",
    SloStatus.BURNING: "Burning",
    SloStatus.OK: "OK",
}
_URGENCY = {
    (SloStatus.EXHAUSTED, Severity.PAGE): 0,
    (SloStatus.BURNING, Severity.PAGE): 1,
    (SloStatus.BURNING, None): 1,
    (SloStatus.BURNING, Severity.TICKET): 2,
    (SloStatus.EXHAUSTED, Severity.TICKET): 3,
    (SloStatus.EXHAUSTED, None): 3,
}
_CALM = {SloStatus.NO_DATA: 4, SloStatus.INSUFFICIENT: 5, SloStatus.OK: 6}


def words(status: SloStatus, severity: Severity | None = None, *, unknown_rules: int = 0) -> str:
    """Return the status for people.

    A burn that only writes tickets is slow; nothing is simply OK while a rule could be burning.

    Args:
        status: What is true of it.
        severity: The gravest severity that burns; ``None`` where none does.
        unknown_rules: Number of burn rules of which it is unknown whether they burn.
    """
    if status is SloStatus.BURNING and severity is Severity.TICKET:
        return "Burning slowly"
    if status is SloStatus.OK and unknown_rules:
        return "OK, burn unknown"
    return _WORDS[status]


def urgency(status: SloStatus, severity: Severity | None = None) -> int:
    """Return the place in a list, worst first: the one that needs a person now is 0.

    What is gone and still burns at a page's pace stands first; what burns now stands before what
    is long exhausted and calm, for only there something can still be saved.

    Args:
        status: What is true of it.
        severity: The gravest severity that burns; ``None`` where none does.
    """
    return _URGENCY[status, severity] if status not in _CALM else _CALM[status]
