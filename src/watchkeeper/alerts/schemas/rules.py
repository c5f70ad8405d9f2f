"""The JSON of routes, silences and what they would do."""

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

Name = Annotated[str, Field(min_length=1, max_length=253)]
Matchers = Annotated[list[Annotated[str, Field(max_length=2000)]], Field(max_length=50)]


class TimesIn(Schema):
    """A window of wall time."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        min_length=1, max_length=7, description="On which it begins; default: all.", default=[]
    )
    start: str = Field("00:00", alias="from", max_length=8)
    end: str = Field(
        "24:00", alias="to", max_length=8, description="Not after from: on the next day."
    )


class RouteIn(Schema):
    """A route."""

    order: int = Field(100, ge=-(2**31) + 1, le=2**31 - 1)
    match: Matchers = Field([], description="All must hold; none: everything matches.")
    policy: Name
    urgency: Literal["", "high", "low"] = Field("", description="Empty: severity decides.")
    group_by: list[Name] = Field(
        [], max_length=20, description="Labels or fields that alerts paged for as one share."
    )
    group_for: str = Field(
        "", max_length=20, description="How long after the newest another joins; empty: 5m."
    )
    times: list[TimesIn] = Field([], max_length=50, description="When it is on; none: always.")
    time_zone: str = Field("", max_length=100, description="By whose wall clocks.")


class RouteOut(Schema):
    """A route as it is."""

    name: str
    order: int
    match: list[str]
    policy: str
    urgency: str
    group_by: list[str]
    group_for: str
    times: list[dict[str, Any]] = Field(description="As {days, from, to}; none: always.")
    time_zone: str
    origin: str
    file: str


class SilenceIn(Schema):
    """A silence."""

    match: Matchers
    start: dt.datetime
    end: dt.datetime
    reason: str = Field(min_length=1, max_length=1000)
    recurrence: str = Field("", max_length=500, description="As FREQ=WEEKLY; empty: once.")
    time_zone: str = Field("", max_length=100, description="By whose wall clocks it recurs.")


class NewSilenceIn(SilenceIn):
    """A silence that is to be made."""

    name: Name


class SilenceOut(Schema):
    """A silence as it is."""

    name: str
    match: list[str]
    start: dt.datetime
    end: dt.datetime
    reason: str
    origin: str
    file: str
    state: str = Field(description="active, pending or expired.")
    holds: int = Field(description="How many open alerts it keeps quiet.")
    recurrence: str
    time_zone: str
    since: dt.datetime | None
    until: dt.datetime | None
    next_start: dt.datetime | None
    next_end: dt.datetime | None


class InhibitionIn(Schema):
    """An inhibition."""

    source: Matchers = Field(description="What has to be open; all must hold, at least one.")
    target: Matchers = Field(description="What is quiet meanwhile, likewise.")
    equal: list[Name] = Field([], max_length=20, description="Labels or fields that both share.")


class InhibitionOut(Schema):
    """An inhibition as it is."""

    name: str
    source: list[str]
    target: list[str]
    equal: list[str]
    origin: str
    file: str
    sources: int = Field(description="How many open alerts are sources of it.")
    holds: int = Field(description="How many open alerts it keeps quiet.")


class PreviewIn(Schema):
    """What is to be looked for: matchers, services, or both."""

    match: list[Annotated[str, Field(max_length=2000)]] = Field([], max_length=50)
    services: list[str] = Field([], max_length=200)


class SeenOut(Schema):
    """An alert that matches."""

    id: str
    title: str
    service: str
    severity: str
    opened_at: dt.datetime
    is_open: bool


class PreviewOut(Schema):
    """What matches: how many, and the newest of them."""

    open_count: int = Field(description="That are open now.")
    recent_count: int = Field(description="That opened in the last 30 days, open ones too.")
    open: list[SeenOut]
    recent: list[SeenOut]
    is_complete: bool = Field(description="False: only the newest 20,000 of each were read.")


class InhibitionPreviewOut(Schema):
    """What an inhibition finds among open alerts: how many, and the newest of them."""

    source_count: int
    target_count: int = Field(description="That would be quiet, had they opened after a source.")
    sources: list[SeenOut]
    targets: list[SeenOut]
    is_complete: bool = Field(description="False: only the newest 20,000 were read.")
