"""When a burn rule's firing begins and ends.

It begins at the first evaluation that holds: the short lookback already is the guard against a
blip, and the workbook asks for no further delay.

It ends when the rule was known to be clear (one lookback known not to be above its factor) at
three evaluations in a row, so that a rate on the edge makes one firing and not many. Three ticks
of 60 s are less than the shortest short lookback in use (5 min), so a firing ends late by less
than the rule itself takes to reset. An evaluation that is unknown changes nothing: silence of the
source is no all-clear, and it does not undo the calm before it.
"""

from dataclasses import dataclass
from enum import Enum

QUIET_TICKS = 3


class Step(Enum):
    """What an evaluation does to a firing."""

    NOTHING = "nothing"
    BEGIN = "begin"
    GO_ON = "go on"
    HOLD = "hold: unknown"
    CALM = "calm, not yet over"
    END = "end"


@dataclass(frozen=True, slots=True)
class Firing:
    """What is remembered between evaluations.

    Attributes:
        is_open: Whether a firing is open.
        quiet: Evaluations in a row, unknown ones skipped, that were clear while it is open.
    """

    is_open: bool = False
    quiet: int = 0


def step(before: Firing, *, holds: bool | None) -> tuple[Step, Firing]:
    """Return what an evaluation does, and what is to be remembered.

    Args:
        before: What was remembered.
        holds: Whether the rule holds now (``burn_rate.holds``); ``None`` where that is unknown.
    """
    if not before.is_open:
        return (Step.BEGIN, Firing(is_open=True)) if holds else (Step.NOTHING, before)
    if holds is None:
        return Step.HOLD, before
    if holds:
        return Step.GO_ON, Firing(is_open=True)
    quiet = before.quiet + 1
    if quiet >= QUIET_TICKS:
        return Step.END, Firing()
    return Step.CALM, Firing(is_open=True, quiet=quiet)
