"""Facts that catalog publishes."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceSaved:
    """A service was made or changed."""

    service_id: int
    at: dt.datetime
