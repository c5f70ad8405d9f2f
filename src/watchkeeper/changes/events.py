"""Facts that changes publishes."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MaintenanceChanged:
    """A maintenance window was made, changed, ended early or removed."""

    at: dt.datetime
