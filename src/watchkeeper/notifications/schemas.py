"""The JSON of contacts, test pages and deliveries."""

import datetime as dt
from typing import Annotated

from ninja import Schema
from pydantic import Field

Name = Annotated[str, Field(min_length=1, max_length=253)]


class ContactIn(Schema):
    """A contact."""

    name: Name
    channel: str = Field(
        max_length=20, description="email, webhook, slack, teams, ntfy, sms, voice or apprise."
    )
    address: str = Field(min_length=1, max_length=2000, description="Where the person is reached.")
    verified: bool = Field(False, description="Taken from an admin only.")
    secret: str | None = Field(
        None, min_length=1, max_length=500, description="Signs a webhook; made where it is absent."
    )


class RuleModel(Schema):
    """A contact, and how long after the page is due it is called."""

    contact: Name
    after: str = Field("0m", max_length=10, description="Length, as 5m.")


class NoticesModel(Schema):
    """What a person is told beside pages."""

    start: bool = Field(True, description="That their shift begins.")
    end: bool = Field(False, description="That it is over.")
    changes: bool = Field(True, description="That somebody else changed their shifts.")
    before: str = Field("15m", max_length=10, description="How long before a shift begins.")
    contacts: list[Name] = Field(
        [], max_length=20, description="By which; empty: those that their low rules call first."
    )


class QuietModel(Schema):
    """From when to when low urgency waits, on the wall where the person lives."""

    start: str = Field(max_length=5, description="Wall time, as 22:00.")
    end: str = Field(max_length=5, description="Wall time; of the next day if not later.")


class PagingIn(Schema):
    """All contacts and rules of a person."""

    contacts: list[ContactIn] = Field(max_length=20)
    rules: dict[str, list[RuleModel]] = Field(
        {}, max_length=2, description="By urgency: high and low."
    )
    notices: NoticesModel | None = Field(None, description="Null: they stay as they are.")
    quiet_hours: QuietModel | None = Field(None, description="When low urgency waits.")


class ContactOut(Schema):
    """A contact as it is; the address is masked for all but the person and admins."""

    name: str
    channel: str
    address: str
    verified: bool
    has_secret: bool = Field(description="Whether what is sent is signed.")
    is_wired: bool = Field(description="Whether its channel can send here.")
    failed_at: dt.datetime | None = Field(description="Since when it is refused for good.")
    failure: str


class PagingOut(Schema):
    """How a person is paged."""

    person: str
    contacts: list[ContactOut]
    rules: dict[str, list[RuleModel]]
    notices: NoticesModel
    quiet_hours: QuietModel | None
    origin: str = Field(description="file, ui or api; empty: not set up yet.")
    file: str = Field(description="The file it came from; empty: none.")


class PagingSaved(PagingOut):
    """How a person is paged now, and secrets that were made, told this once."""

    secrets: dict[str, str] = Field(description="By contact.")


class CodeSentOut(Schema):
    """A code that is on its way."""

    page_id: str = Field(description="The page that carries it.")
    good_until: dt.datetime


class CodeIn(Schema):
    """What was typed."""

    code: str = Field(min_length=1, max_length=40, description="Six digits.")


class SecretMade(Schema):
    """A new secret, told this once."""

    secret: str


class TestPageIn(Schema):
    """Whom to page."""

    contact: Name | None = Field(None, description="One contact, verified or not; default: all.")


class TestPage(Schema):
    """One page that was scheduled."""

    page_id: str
    contact: str


class TestPagesOut(Schema):
    """The pages that were scheduled."""

    pages: list[TestPage]


class PagesAsked(Schema):
    """Which pages are wanted."""

    person: str = Field("", max_length=253, description="Only those for this person.")
    channel: str = Field("", max_length=20, description="Only those by this channel.")
    state: str = Field("", max_length=20, description="Only those in this state.")
    since: str = Field("", alias="from", max_length=40, description="Due from this instant on.")
    until: str = Field("", alias="to", max_length=40, description="Due before this instant.")


class BundledOut(Schema):
    """A call that told of several pages at once."""

    id: str = Field(description="The idempotency key of the call.")
    pages: int


class AttemptOut(Schema):
    """One call of a channel."""

    at: dt.datetime
    outcome: str = Field(description="accepted, delivered, temporary, permanent or unknown.")
    detail: str


class DeliveryOut(Schema):
    """A page on its way to one contact, or what a room is told."""

    page_id: str
    person: str = Field(description="Empty: they are gone, or a room is told.")
    contact: str
    room: str = Field(description="What people call the room that is told; empty: a person is.")
    channel: str = Field(description="Of the contact or room; empty: it was not there.")
    title: str
    urgency: str
    url: str = Field(description="What it is about.")
    state: str = Field(description="scheduled, sending, delivered, failed, cancelled or skipped.")
    reason: str
    due_at: dt.datetime
    is_test: bool
    attempts: list[AttemptOut]
    bundle: BundledOut | None = Field(description="The call that it shares; null: its own.")
