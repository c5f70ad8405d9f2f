"""Facts that slos publishes."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SloSaved:
    """An SLO was made or changed."""

    slo_id: int
    version: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class FiringStarted:
    """A burn rule began to fire."""

    firing_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class FiringEnded:
    """A burn rule stopped firing."""

    firing_id: int
    at: dt.datetime
