"""Shapes of telemetry's JSON; every field is listed, nothing is taken over unseen."""

import datetime as dt

from ninja import Schema
from pydantic import Field

TIME = "Start of the minute, RFC 3339 in UTC."


class MinuteOut(Schema):
    """One measured minute."""

    time: str = Field(description=TIME)
    good: float = Field(description="Good events.")
    total: float = Field(description="All valid events.")


class MinutesOut(Schema):
    """Measured minutes in order; what was not measured is left out."""

    minutes: list[MinuteOut]
    next: str | None = Field(
        None, description="Value of `from` for the minutes after these; null at the end."
    )


class StoredOut(Schema):
    """What became of the rows."""

    accepted: int = Field(description="All rows.")
    changed: int = Field(description="Rows that replaced another value.")
    unchanged: int = Field(description="Rows that were already there.")


class VersionOut(Schema):
    """One way of measuring an SLI."""

    since: str | None = Field(description="From when it holds; null: since the beginning.")
    kind: str
    source: str | None = None
    good: str | None = None
    bad: str | None = None
    total: str | None = None
    value: str | None = None
    counter: bool
    op: str | None = None
    bound: str | None = Field(None, description="What the value is compared with; a decimal.")
    raw_type: str | None = None


class SliOut(Schema):
    """An SLI as its newest version measures it."""

    name: str
    owner_team_id: int | None
    version: VersionOut
    revision: int
    first_minute: str | None = Field(description="First measured minute.")
    last_minute: str | None = Field(description="Last measured minute.")


class FindingOut(Schema):
    """Something odd about an SLI."""

    code: str
    detail: str
    count: int
    first_at: dt.datetime
    last_at: dt.datetime


class SliDetailOut(SliOut):
    """An SLI with its past and what is odd about it."""

    versions: list[VersionOut]
    findings: list[FindingOut]


class ConnectionIn(Schema):
    """How to reach a source; what is left out of a source takes its usual value."""

    url: str | None = Field(None, description="Base address, as http://prometheus:9090.")
    username: str | None = None
    tenant: str | None = Field(None, description="Sent as X-Scope-OrgID.")
    ca_file: str | None = Field(None, description="PEM file that signs the server's certificate.")
    timeout_seconds: float | None = None
    concurrency: int | None = None
    requests_per_second: float | None = None


class SourceIn(ConnectionIn):
    """A source as it is to be. Secrets are write-only: left out they stay, empty they go."""

    kind: str = "prometheus"
    bearer_token: str | None = Field(None, description="Write-only; ${env:NAME}, ${file:PATH}.")
    password: str | None = Field(None, description="Write-only; ${env:NAME}, ${file:PATH}.")
    headers: dict[str, str] | None = Field(None, description="Values are write-only.")


class NewSourceIn(SourceIn):
    """A source to be added."""

    name: str


class LoadOut(Schema):
    """What the requests of 24 hours cost a source."""

    requests: int
    failures: int = Field(description="Requests not answered, or with an error.")
    mean_seconds: float = Field(description="How long a request took on average.")
    slowest_seconds: float = Field(description="How long the slowest took.")


class SourceOut(ConnectionIn):
    """A source and how it fares."""

    name: str
    kind: str
    secrets: list[str] = Field(description="Names of the secrets that are set.")
    origin: str
    is_sample: bool
    is_taken_over: bool
    sli_count: int
    last_ok_at: dt.datetime | None
    last_error: str
    last_error_at: dt.datetime | None
    silent_since_at: dt.datetime | None = Field(description="Null while it answers.")
    last_minute: str | None = Field(description="Newest minute that it told.")
    lag_seconds: float | None = Field(description="Age of the end of that minute.")
    coverage: float | None = Field(description="Measured share of the last day's due minutes.")
    coverage_counted_at: dt.datetime | None = Field(
        description="When coverage was counted; null: it is being counted."
    )
    backfill_minutes: int = Field(description="Minutes of history still to be asked for.")
    backfill_share: float | None = Field(
        description="Share of the wanted history that was asked for; null: nothing is left."
    )
    load: LoadOut | None = Field(
        description="What asking it cost in the last 24 hours; null: it was not asked."
    )


class CheckedOut(Schema):
    """What a source says it is."""

    about: str
