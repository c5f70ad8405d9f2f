"""What home reads: whether the product can work, and what an overview tells."""

from watchkeeper.home.queries.on_call import Duties, DutyLine
from watchkeeper.home.queries.overview import Gauge, JourneyLine, Overview, Tier, overview
from watchkeeper.home.queries.readiness import Check, readiness
from watchkeeper.home.queries.search import Hit, find
from watchkeeper.home.queries.since import Change
from watchkeeper.home.queries.watch import Watch, watch

__all__ = [
    "Change",
    "Check",
    "Duties",
    "DutyLine",
    "Gauge",
    "Hit",
    "JourneyLine",
    "Overview",
    "Tier",
    "Watch",
    "find",
    "overview",
    "readiness",
    "watch",
]
