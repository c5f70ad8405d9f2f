"""Facts that catalog publishes."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceSaved:
    """A service was made or changed."""

    service_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class ServiceRemoved:
    """A service is no more; the id is never used again."""

    service_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class JourneySaved:
    """A journey was made or changed."""

    journey_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class JourneyRemoved:
    """A journey is no more."""

    journey_id: int
    at: dt.datetime
