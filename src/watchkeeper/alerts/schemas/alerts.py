"""The JSON of alerts."""

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from watchkeeper.alerts.queries.context import Context

Name = Annotated[str, Field(min_length=1, max_length=253)]


class AlertsAsked(Schema):
    """Which alerts."""

    all: bool = Field(False, description="Also those that are over.")
    state: str = Field("", max_length=20)
    service: str = Field("", max_length=253)
    severity: str = Field("", max_length=20)
    integration: str = Field("", max_length=253)
    q: str = Field("", max_length=253, description="Part of the title or key.")


class AlertOut(Schema):
    """An alert."""

    id: str
    key: str
    integration: str
    service: str
    state: str = Field(description="firing, acknowledged, snoozed or resolved.")
    severity: str = Field(description="critical, error, warning or info.")
    urgency: str = Field(description="high or low.")
    opened_at: dt.datetime
    count: int = Field(description="How often it was told.")
    title: str
    description: str
    url: str
    runbook_url: str
    labels: dict[str, str]
    route: str
    policy: str
    started_at: dt.datetime | None
    last_event_at: dt.datetime
    acknowledged_at: dt.datetime | None
    acknowledged_by: str
    resolved_at: dt.datetime | None
    resolved_by: str
    muted_by: str = Field(
        description="Name of a silence, maintenance:NAME or inhibition:NAME; may be empty."
    )
    muted_until: dt.datetime | None = Field(
        description="Null: it is not kept quiet. Of an inhibition: when it is looked at again."
    )
    merged_into: str | None = Field(description="Id of the alert that stands for it.")
    flapping_until: dt.datetime | None = Field(
        description="When it is quiet if nothing changes; null: it does not flap."
    )
    is_over: bool = Field(description="Of one that flaps: its sender says that it is over.")
    inhibited_by: str | None = Field(description="Id of the alert whose end lets it page.")
    led_by: str | None = Field(
        description="Id of the first alert of its group, whose pages serve all of it."
    )
    pages_again_at: dt.datetime | None = Field(
        description="When it pages again unless it ended before; null: it does not."
    )


class AlertDetailOut(AlertOut):
    """An alert with what helps."""

    context: Context


class EventOut(Schema):
    """An event and what became of it."""

    id: str
    received_at: dt.datetime
    action: str
    key: str
    verdict: str
    reason: str
    rule: str
    alert: str | None


class ActOut(Schema):
    """What a person or a job did to an alert."""

    at: dt.datetime
    act: str
    actor: str
    detail: str
    by: str = Field(description="Name that goes with the actor.")


class PageVerdictOut(Schema):
    """Whether it was worth paging somebody."""

    verdict: str = Field(description="actionable or not_actionable.")
    why: str = Field(description="false_alarm, went_away, could_wait or known; else empty.")
    words: str
    actor: str
    by: str
    at: dt.datetime


class AttemptOut(Schema):
    """One call of a provider."""

    at: dt.datetime
    outcome: str
    detail: str


class BundledAlertOut(Schema):
    """An alert that a call told of."""

    id: str
    title: str


class BundleOut(Schema):
    """A call that told of several pages at once."""

    id: str = Field(description="The idempotency key of the call.")
    pages: int
    alerts: list[BundledAlertOut] = Field(description="The first 20, the oldest page first.")


class PageOut(Schema):
    """One page."""

    page_id: str
    person: str = Field(description="Empty: a room was told.")
    contact: str = Field(description="Empty: a room was told.")
    room: str = Field(description="What people call the room that was told; empty: a person was.")
    channel: str = Field(description="Of the contact or room; empty: it was not there.")
    step: int
    loop: int
    due_at: dt.datetime
    state: str
    reason: str
    attempts: list[AttemptOut]
    bundle: BundleOut | None = Field(description="The call that it shares; null: its own.")


class PagingNoteOut(Schema):
    """What was decided beside pages, as why somebody was not paged."""

    at: dt.datetime
    step: int
    loop: int
    text: str


class ChangedOut(Schema):
    """What changed in the hour before an alert."""

    id: str
    title: str
    kind: str
    service: str
    at: dt.datetime
    url: str
    author: str


class MemberOut(Schema):
    """An alert of a group."""

    id: str
    title: str
    service: str
    state: str
    severity: str
    opened_at: dt.datetime


class GroupOut(Schema):
    """Alerts that are paged for as one."""

    lead: str = Field(description="Id of the alert whose pages serve all of them.")
    route: str = Field(description="That groups.")
    values: dict[str, str] = Field(description="What they share.")
    joined_at: dt.datetime = Field(description="When the newest joined.")
    count: int
    open_count: int
    members: list[MemberOut] = Field(description="The first hundred, open ones first.")


class ExplainedOut(Schema):
    """All that happened to an alert, and why."""

    alert: AlertOut
    events: list[EventOut]
    acts: list[ActOut]
    route: str | None
    policy: str | None
    because: str
    group: GroupOut | None = Field(description="What is paged for with it; null: nothing is.")
    pages: list[PageOut]
    notes: list[PagingNoteOut]
    next_at: dt.datetime | None = Field(description="When the next step is due; null: never.")
    page_verdict: PageVerdictOut | None = Field(description="Null: nobody has said so yet.")
    changes: list[ChangedOut] = Field(
        description="In the hour before, of its service and what that cannot do without."
    )


class ActsIn(Schema):
    """Alerts that something is done about."""

    alerts: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=200)


class ResolveIn(ActsIn):
    """Alerts that are over."""

    whole_groups: bool = Field(False, description="All that is open in their groups too.")


class SnoozeIn(ActsIn):
    """Alerts that are quiet for a while; until or for, one of both."""

    until: dt.datetime | None = Field(None, description="With its zone.")
    length: str = Field("", alias="for", max_length=20, description="As 30m, 2h or 1d.")


class ToIn(ActsIn):
    """Alerts that somebody else or somebody more is paged for."""

    to: dict[Annotated[str, Field(max_length=20)], Name] = Field(
        min_length=1, max_length=1, description="As {person: bob}: a person, schedule or team."
    )


class ReassignIn(ToIn):
    """Alerts that somebody else is paged for; ``to`` may also name a policy."""


class MergeIn(ActsIn):
    """Alerts that another stands for."""

    into: str = Field(max_length=40, description="Id of that alert.")


class NoteIn(ActsIn):
    """A note beside alerts."""

    text: str = Field(min_length=1, max_length=1000)


class PageVerdictIn(ActsIn):
    """Whether it was worth paging somebody."""

    verdict: Literal["actionable", "not_actionable"]
    why: Literal["", "false_alarm", "went_away", "could_wait", "known"] = Field(
        "", description="Needed for what was not actionable."
    )
    words: str = Field("", max_length=1000)


class DoneOut(Schema):
    """How many alerts changed."""

    changed: int


class EscalatedOut(Schema):
    """What is due at once, by alert."""

    changed: int
    due: dict[str, str] = Field(description="As step 2 of 3, by id of the alert.")


class CalledOut(Schema):
    """Who is called, by alert."""

    changed: int
    called: dict[str, list[str]]


class IntegrationIn(Schema):
    """An integration."""

    kind: Name
    service: str = Field("", max_length=253, description="Where an event says none.")
    dedup_scope: str = Field("", max_length=253, description="Default: its name.")
    settings: dict[str, Any] = Field(
        {}, description="mapping, interval, autoClose, flapping, insufficientData."
    )


class NewIntegrationIn(IntegrationIn):
    """A new integration."""

    name: Name


class IntegrationOut(Schema):
    """An integration, without its key."""

    name: str
    kind: str
    service: str
    scope: str
    settings: dict[str, Any]
    origin: str
    file: str
    last_post_at: dt.datetime | None
    due_at: dt.datetime | None = Field(description="When silence becomes an alert; heartbeats.")
    verdicts: dict[str, int] = Field({}, description="Events of the last 24 hours, by verdict.")


class SnippetOut(Schema):
    """Something to paste at the sender."""

    label: str
    text: str


class OpenedOut(Schema):
    """An integration with the key that opens its door, for those who may change it."""

    name: str
    kind: str
    url: str
    key: str
    setup: list[SnippetOut] = Field(description="What to paste at the sender.")


class SendIn(Schema):
    """An event by hand."""

    title: str = Field(min_length=1, max_length=500)
    key: str = Field("", max_length=512)
    service: str = Field("", max_length=253)
    severity: str = Field("", max_length=100)
    status: Literal["firing", "acknowledged", "resolved"] = "firing"
    url: str = Field("", max_length=2000)
    description: str = Field("", max_length=10_000)
    labels: dict[str, str] = Field({}, max_length=200)


class ToldOut(Schema):
    """What became of an event."""

    id: str
    key: str
    verdict: str
    reason: str
    alert: str


class StoredOut(Schema):
    """What became of a post."""

    id: str
    events: list[ToldOut]


class CameOut(Schema):
    """An event with what came, for those who may have it read again."""

    id: str
    integration: str
    received_at: dt.datetime
    door: str
    content_type: str
    size: int
    verdict: str
    reason: str
    alert: str
    is_read_again: bool
    body: str = Field(description="As text; what is no UTF-8 is replaced.")
    body_base64: str


class ReplayIn(Schema):
    """What to read instead of what came."""

    body: str | None = Field(None, max_length=1_000_000, description="Null: what came.")


class DryRunIn(Schema):
    """A post to try out."""

    payload: Any = Field(description="What a sender would post: JSON, or a text that is.")
    integration: str = Field(
        "", max_length=253, description="Whose it would be; empty: JSON of anybody's."
    )
    at: dt.datetime | None = Field(None, description="When it would come; default: now.")
    content_type: str = Field("application/json", max_length=200)
    headers: dict[str, Annotated[str, Field(max_length=8_000)]] = Field({}, max_length=100)


class PlannedCallOut(Schema):
    """One call that would be made, if nobody answers before."""

    due_at: dt.datetime
    minutes: float = Field(description="After the event came.")
    loop: int
    step: int
    person: str = Field(description="Empty: a room would be told.")
    contact: str = Field(description="Empty: a room would be told.")
    room: str = Field(description="What people call that room; empty: a person would be called.")
    channel: str
    skipped: str = Field(description="Why it would be left out; empty: it would be made.")


class PagingOut(Schema):
    """Who would be paged, if nobody answers."""

    calls: list[PlannedCallOut]
    notes: list[str]
    nobody_notified: bool


class OutcomeOut(Schema):
    """What would become of one event."""

    action: str
    key: str
    title: str
    severity: str
    service: str
    verdict: str
    reason: str
    rule: str
    alert: str = Field(description="The alert that is open under its key now; empty: none.")
    route: str
    policy: str
    urgency: str = Field(description="Empty: nobody would be paged.")
    paging: PagingOut | None


class DryRunOut(Schema):
    """What would become of a post."""

    at: dt.datetime
    fault: str = Field(description="Why it could not be read; empty: it could.")
    outcomes: list[OutcomeOut]
