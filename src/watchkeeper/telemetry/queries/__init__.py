"""Reads of telemetry: minutes, SLIs, sources and how they fare."""

from watchkeeper.telemetry.queries.directory import (
    SliAmbiguousError,
    SliNotFoundError,
    SliRow,
    VersionRow,
    resolve,
    sli_by_id,
    sli_by_name,
    slis,
    versions,
)
from watchkeeper.telemetry.queries.history import (
    DaySums,
    Head,
    day_sums,
    day_sums_of,
    first_minute,
    heads,
    last_minute,
    minutes,
    minutes_of,
)

__all__ = [
    "DaySums",
    "Head",
    "SliAmbiguousError",
    "SliNotFoundError",
    "SliRow",
    "VersionRow",
    "day_sums",
    "day_sums_of",
    "first_minute",
    "heads",
    "last_minute",
    "minutes",
    "minutes_of",
    "resolve",
    "sli_by_id",
    "sli_by_name",
    "slis",
    "versions",
]
