"""The JSON of people, teams and tokens."""

import datetime as dt

from ninja import Schema
from pydantic import Field


class PersonIn(Schema):
    """A new person."""

    name: str = Field(max_length=253)
    email: str = Field("", max_length=254)
    role: str = "viewer"
    team: str | None = None
    display_name: str = Field("", max_length=200)


class PersonChange(Schema):
    """What changes; what is left out stays."""

    role: str | None = None
    email: str | None = Field(None, max_length=254)
    is_active: bool | None = None


class PersonOut(Schema):
    """A person."""

    name: str
    display_name: str
    email: str
    role: str
    time_zone: str
    is_active: bool
    can_sign_in: bool
    has_second_factor: bool
    last_sign_in_at: dt.datetime | None = Field(description="Null before the first.")
    teams: dict[str, str]


class LinkOut(Schema):
    """A link that works once."""

    path: str


class TeamIn(Schema):
    """A team."""

    title: str = Field("", max_length=200)
    description: str = Field("", max_length=10_000)
    members: dict[str, str] | None = Field(
        None, description="Role by person; an empty role is the person's own. Left out: unchanged."
    )


class MemberOut(Schema):
    """A person in a team."""

    name: str
    display_name: str
    role: str


class TeamOut(Schema):
    """A team."""

    name: str
    title: str
    description: str
    origin: str
    is_taken_over: bool = Field(description="Came from a file once and is kept here now.")
    member_count: int


class TeamDetail(TeamOut):
    """A team with its people."""

    members: list[MemberOut]


class TokenIn(Schema):
    """A new token."""

    name: str = Field(max_length=253)
    role: str
    team: str | None = None
    expires: str = Field("90d", description="How long it lasts, as 90d or 12h; a year at most.")


class TokenMade(Schema):
    """A token, told once."""

    name: str
    token: str
    role: str
    team: str | None
    expires_at: dt.datetime


class TokenOut(Schema):
    """A token, without what opens."""

    name: str
    hint: str
    role: str
    team: str | None
    created_at: dt.datetime
    created_by: str | None = Field(description="Null: made on the host, or the person is gone.")
    expires_at: dt.datetime
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None
    limited_at: dt.datetime | None = Field(
        None, description="When it last came too often, within 30 days."
    )
    refused: int = Field(0, description="Requests refused then, at least.")


class MeOut(Schema):
    """Who asks."""

    kind: str
    label: str
    role: str
    teams: dict[str, str]


class SessionOut(Schema):
    """A browser that somebody is signed in with."""

    id: int
    created_at: dt.datetime
    seen_at: dt.datetime = Field(description="Last used, to the minute.")
    address: str
    browser: str
