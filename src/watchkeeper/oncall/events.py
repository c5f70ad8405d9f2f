"""Facts that oncall publishes."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScheduleChanged:
    """A schedule was made, changed or removed, or an override of it was made or ended."""

    schedule_id: int
    at: dt.datetime
