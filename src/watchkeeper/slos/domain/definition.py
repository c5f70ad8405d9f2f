"""What an SLO promises: the form in which every door and every formula sees it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from watchkeeper.telemetry.domain.spec import SliSpec


class BudgetingMethod(Enum):
    """What the objective counts (OpenSLO v1, ``budgetingMethod``)."""

    OCCURRENCES = "Occurrences"
    TIMESLICES = "Timeslices"
    RATIO_TIMESLICES = "RatioTimeslices"


class NoData(Enum):
    """What a due minute without measurement means."""

    IGNORE = "ignore"
    GOOD = "good"
    BAD = "bad"
    HOLD = "hold"


class CalendarUnit(Enum):
    """The unit of a calendar window."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Severity(Enum):
    """Whom a burn rule tells: a page wakes a person, a ticket waits for the morning."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class RollingWindow:
    """The last ``length``, a whole number of minutes."""

    length: dt.timedelta


@dataclass(frozen=True, slots=True)
class CalendarWindow:
    """``count`` calendar units, one after the other from ``start``.

    Attributes:
        unit: The unit.
        count: How many units make one window, 1 or more.
        start: Wall-clock time at which a window begins; naive, meant in ``time_zone``.
        time_zone: IANA name.
    """

    unit: CalendarUnit
    time_zone: str
    start: dt.datetime
    count: int = 1


Window = RollingWindow | CalendarWindow


@dataclass(frozen=True, slots=True)
class Objective:
    """One target for one SLI.

    Attributes:
        target: Share of good, ``0 < target < 1``.
        sli: Name of the SLI that is judged.
        spec: How that SLI is measured.
        display_name: Words for people; may be empty.
        slice_target: A slice is good at this share or above; for Timeslices, else ``None``.
        slice_minutes: Length of a slice; 1 or more; for both slice methods, else ``None``.
    """

    target: Decimal
    sli: str
    spec: SliSpec
    display_name: str = ""
    slice_target: Decimal | None = None
    slice_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class BurnRule:
    """Fires while the budget burns faster than ``factor`` over both lookbacks.

    Attributes:
        name: As ``page-fast``; unique within the SLO.
        severity: Whom it tells.
        long: The long lookback, whole minutes.
        short: The short lookback, whole minutes; ends the firing soon after the errors end.
        factor: Multiple of the sustainable pace, 1 or more; strict: it fires above.
    """

    name: str
    severity: Severity
    long: dt.timedelta
    short: dt.timedelta
    factor: Decimal


@dataclass(frozen=True, slots=True)
class SloDefinition:
    """A whole SLO.

    Attributes:
        name: Its name on every door.
        service: Name of the service it speaks of.
        objectives: One or more.
        windows: One or more; every objective is judged over each.
        method: What is counted.
        burn_rules: ``None`` where no alert policy is given: the defaults of the window hold.
        no_data: What a due minute without measurement means.
        minimum_events: Below this many events in the window the SLO says "insufficient"; 0: never.
        expected_start: When measuring was to begin; ``None``: with the first measured minute.
        title: Words for people; may be empty.
        description: Longer words; may be empty.
    """

    name: str
    service: str
    objectives: tuple[Objective, ...]
    windows: tuple[Window, ...]
    method: BudgetingMethod
    burn_rules: tuple[BurnRule, ...] | None = None
    no_data: NoData = NoData.IGNORE
    minimum_events: int = 0
    expected_start: dt.datetime | None = None
    title: str = ""
    description: str = ""
