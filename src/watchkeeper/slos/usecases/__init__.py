"""What may be done to SLOs."""

from watchkeeper.slos.usecases.definitions import (
    remove_object,
    remove_slo,
    save_object,
    save_slo,
    take_over,
)
from watchkeeper.slos.usecases.exclusions import (
    add_exclusion,
    add_exclusions,
    withdraw_exclusion,
)
from watchkeeper.slos.usecases.maintenance import follow as follow_maintenance
from watchkeeper.slos.usecases.owners import follow as follow_owners
from watchkeeper.slos.usecases.ticks import Ticker, forget_firings, tick

__all__ = [
    "Ticker",
    "add_exclusion",
    "add_exclusions",
    "follow_maintenance",
    "follow_owners",
    "forget_firings",
    "remove_object",
    "remove_slo",
    "save_object",
    "save_slo",
    "take_over",
    "tick",
    "withdraw_exclusion",
]
