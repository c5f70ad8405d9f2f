"""What the engine runs."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """Work that comes round.

    Attributes:
        name: ``slice.verb``, unique.
        cadence_seconds: How often it is due; runs are aligned to whole multiples of it.
        run: What is done; takes the instant that the tick began. A failure is logged, shown and
            tried again at the next round; it never stops other jobs.
    """

    name: str
    cadence_seconds: float
    run: Callable[[dt.datetime], None]
