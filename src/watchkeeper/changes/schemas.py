"""What the JSON door of changes takes and gives."""

import datetime as dt
from typing import Annotated, Literal

from ninja import Field, Schema


class MaintenanceIn(Schema):
    """A maintenance window as somebody wants it."""

    services: list[str] = Field(max_length=200)
    start: str = Field(max_length=40, description="Wall time in time_zone, or with a zone.")
    end: str = Field(max_length=40, description="Wall time in time_zone, or with a zone.")
    time_zone: str = Field("UTC", max_length=100)
    recurrence: str = Field("", max_length=500, description="As FREQ=WEEKLY;BYDAY=SA.")
    exclude: bool = Field(False, description="Its minutes do not count for SLOs.")
    reason: str = Field("", max_length=1000)


class NewMaintenanceIn(MaintenanceIn):
    """A maintenance window that is to be made."""

    name: str = Field(max_length=253)


class MaintenanceOut(Schema):
    """A maintenance window, and when it is on."""

    name: str
    services: list[str]
    time_zone: str
    start: str
    end: str
    recurrence: str
    exclude: bool
    reason: str
    origin: str
    file: str
    state: str = Field(description="active, pending or expired")
    since: dt.datetime | None
    until: dt.datetime | None
    next_start: dt.datetime | None
    next_end: dt.datetime | None


class OccurrenceOut(Schema):
    """One time that something is on."""

    start: dt.datetime
    end: dt.datetime


class ChangeIn(Schema):
    """A change that somebody tells."""

    title: str = Field(min_length=1, max_length=1024)
    id: str = Field("", max_length=512, description="What makes two of them one.")
    service: str = Field("", max_length=253)
    kind: Literal["deploy", "flag", "config"] = "deploy"
    at: str = Field("", max_length=60, description="When it took place; empty: now.")
    url: str = Field("", max_length=2000)
    author: str = Field("", max_length=253)
    labels: dict[str, str] = Field({}, max_length=200)


class ChangesAsked(Schema):
    """Which changes are wanted."""

    service: Annotated[str, Field(max_length=253)] = ""
    kind: Literal["", "deploy", "flag", "config"] = ""
    since: Annotated[str, Field(alias="from", max_length=60)] = ""
    until: Annotated[str, Field(alias="to", max_length=60)] = ""


class ChangeOut(Schema):
    """A change."""

    id: str
    key: str = Field(description="The sender's id of it.")
    source: str = Field(description="Name of the integration; empty: by hand.")
    title: str
    kind: str
    service: str
    at: dt.datetime
    url: str
    author: str
    labels: dict[str, str]
    received_at: dt.datetime
