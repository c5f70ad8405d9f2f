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
    SloStatus.BURNING: 0,
    SloStatus.EXHAUSTED: 2,
    SloStatus.NO_DATA: 3,
    SloStatus.INSUFFICIENT: 4,
    SloStatus.OK: 5,
}
_SLOWLY = 1


def words(status: SloStatus, severity: Severity | None = None) -> str:
    """Return the status for people; a burn that only writes tickets is slow."""
    if status is SloStatus.BURNING and severity is Severity.TICKET:
        return "Burning slowly"
    return _WORDS[status]


def urgency(status: SloStatus, severity: Severity | None = None) -> int:
    """Return the place in a list, the one that needs a human now first."""
    if status is SloStatus.BURNING and severity is Severity.TICKET:
        return _SLOWLY
    return _URGENCY[status]
