"""The JSON of schedules and escalation policies."""

import datetime as dt
from typing import Any

from ninja import Schema
from pydantic import AliasChoices, Field

_OWNER = AliasChoices("owner_name", "owner")
_LAYER = "The layer that says so, or override; null: nobody is on call."


class ScheduleOut(Schema):
    """A schedule."""

    name: str
    title: str
    time_zone: str
    owner: str | None = Field(None, validation_alias=_OWNER)
    origin: str = Field(description="file, ui, api, discovered or sample.")
    file: str = Field(description="The file it came from; empty: none.")
    is_taken_over: bool
    version: int
    changed_at: dt.datetime = Field(description="When the newest version came into force.")


class ScheduleDetail(ScheduleOut):
    """A schedule with its document."""

    document: dict[str, Any]


class ScheduleSaved(Schema):
    """What a save did."""

    name: str
    action: str = Field(description="create, update or unchanged.")


class CoverageOut(Schema):
    """What the coverage of one escalation policy lacks."""

    policy: str
    kind: str = Field(description="gap, unreachable or unknown.")
    subject: str = Field(description="The policy, a person, or a target as schedule primary.")
    start: dt.datetime | None = Field(description="When a gap begins; null: all the time.")
    end: dt.datetime | None = Field(description="When it ends.")
    detail: str


class EntryOut(Schema):
    """A stretch of time in which the same people are on call, [start, end) in UTC."""

    start: dt.datetime
    end: dt.datetime
    people: list[str]
    layer: str


class OnCallOut(Schema):
    """Who is on call in one schedule."""

    schedule: str
    at: dt.datetime
    people: list[str] = Field(description="By name; empty: nobody.")
    layer: str | None = Field(description=_LAYER)
    until: dt.datetime | None = Field(
        description="When the answer changes; null: not within ten years."
    )


class OverrideIn(Schema):
    """An override. A time without a zone is wall time in the schedule's zone."""

    start: str = Field(max_length=40, description="First instant; one that is past means now.")
    end: str = Field(max_length=40, description="First instant after it.")
    person: str = Field(max_length=253, description="Who is on.")
    replaces: str | None = Field(
        None, max_length=253, description="Whose place they take; null: everybody's."
    )
    add: bool = Field(False, description="Whether they join those who are on.")


class OverrideOut(Schema):
    """An override made by hand."""

    id: int
    start: dt.datetime
    end: dt.datetime
    person: str
    replaces: str | None
    add: bool = Field(validation_alias=AliasChoices("joins", "add"))
    created_at: dt.datetime
    created_by: str = Field(description="Kind and id of who made it, as user:3.")
    ended_at: dt.datetime | None = Field(description="From when on it no longer holds.")
    ended_by: str


class FeedIn(Schema):
    """What a new calendar feed shows: one of both."""

    schedule: str | None = Field(None, max_length=253, description="All of one schedule.")
    person: str | None = Field(None, max_length=253, description="Shifts of one person.")


class FeedOut(Schema):
    """A calendar feed, without what opens it."""

    id: int
    hint: str = Field(description="First characters of its secret.")
    schedule: str | None
    person: str | None
    created_at: dt.datetime
    last_read_at: dt.datetime | None


class FeedMade(Schema):
    """A new calendar feed; the address is told this once."""

    id: int
    url: str


class PolicyIn(Schema):
    """An escalation policy, as its document has it."""

    spec: dict[str, Any] = Field(
        description="owner, repeat, repeatAfter, steps and catchAll, as in the YAML."
    )


class RoomOut(Schema):
    """A room that a policy tells: a webhook or a channel of a chat, and nobody behind it."""

    id: str
    title: str = Field(description="What people call it.")
    channel: str = Field(description="webhook, slack, teams or ntfy.")
    address: str = Field(description="Masked for who may not change the policy.")
    has_secret: bool = Field(description="Whether what is sent is signed.")
    is_wired: bool = Field(description="Whether its channel can send here.")
    failed_at: dt.datetime | None = Field(
        description="Since when it is refused for good; null: it is not."
    )
    failure: str


class RoomSecretMade(Schema):
    """A new secret; it is told this once."""

    secret: str


class PolicyOut(PolicyIn):
    """An escalation policy as it is."""

    name: str
    owner: str | None = Field(description="Name of the team.")
    origin: str = Field(description="file, ui, api or sample.")
    file: str = Field(description="The file it came from; empty: none.")
    is_taken_over: bool
