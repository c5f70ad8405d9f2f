"""JSON door of alerts and integrations."""

import base64
import json

from django.http import HttpRequest
from ninja import Query, Router, Status

from watchkeeper.alerts.api.moments import sure
from watchkeeper.alerts.domain.documents import IntegrationSpec
from watchkeeper.alerts.queries import alerts, context, integrations
from watchkeeper.alerts.queries.alerts import Filter
from watchkeeper.alerts.queries.integrations import IntegrationRow
from watchkeeper.alerts.schemas.alerts import (
    ActsIn,
    AlertDetailOut,
    AlertOut,
    AlertsAsked,
    CalledOut,
    CameOut,
    DoneOut,
    DryRunIn,
    DryRunOut,
    EscalatedOut,
    EventOut,
    ExplainedOut,
    IntegrationIn,
    IntegrationOut,
    MergeIn,
    NewIntegrationIn,
    NoteIn,
    OpenedOut,
    PageVerdictIn,
    ReassignIn,
    ReplayIn,
    ResolveIn,
    SendIn,
    SnippetOut,
    SnoozeIn,
    StoredOut,
    ToIn,
)
from watchkeeper.alerts.usecases import acts, doors, dry_run, notes, paging
from watchkeeper.alerts.usecases import integrations as senders
from watchkeeper.alerts.usecases.integrations import Opened
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["alerts"])


@router.get("/alerts", response=Page[AlertOut], summary="Alerts, the newest first")
def list_alerts(
    request: HttpRequest,
    asked: Query[AlertsAsked],
    limit: int = rest.DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[AlertOut]:
    """Return alerts that are open; ``all`` takes in those that are over."""
    access.require(actor_of(request), Permission.READ, what="alerts")
    rest.check_limit(limit)
    states = (asked.state,) if asked.state else () if asked.all else alerts.OPEN
    before = rest.decode_cursor(cursor, of=int) if cursor else None
    wanted = Filter(states, asked.service, asked.severity, asked.integration, asked.q)
    rows = alerts.alert_rows(wanted, limit=limit + 1, before=before)
    items = [AlertOut.model_validate(row, from_attributes=True) for row in rows[:limit]]
    following = rest.encode_cursor(int(rows[limit - 1].id)) if len(rows) > limit else None
    return Page[AlertOut](items=items, next=following)


@router.post("/alerts/acknowledge", response=DoneOut, summary="Take alerts")
def acknowledge_alerts(request: HttpRequest, body: ActsIn) -> DoneOut:
    """Take alerts, all or none; their escalations stop. 409 if one is resolved."""
    changed = acts.acknowledge(actor=actor_of(request), alerts=body.alerts, now=clock.now())
    return DoneOut(changed=changed)


@router.post("/alerts/resolve", response=DoneOut, summary="End alerts")
def resolve_alerts(request: HttpRequest, body: ResolveIn) -> DoneOut:
    """End alerts, all or none; their escalations stop."""
    changed = acts.resolve(
        actor=actor_of(request),
        alerts=body.alerts,
        now=clock.now(),
        whole_groups=body.whole_groups,
    )
    return DoneOut(changed=changed)


@router.post("/alerts/snooze", response=DoneOut, summary="Let alerts be quiet for a while")
def snooze_alerts(request: HttpRequest, body: SnoozeIn) -> DoneOut:
    """Stop paging until a time or for a length; what still fires then pages again."""
    changed = acts.snooze(
        actor=actor_of(request),
        alerts=body.alerts,
        until=None if body.until is None else sure(body.until, "until"),
        length=body.length,
        now=clock.now(),
    )
    return DoneOut(changed=changed)


@router.post("/alerts/escalate", response=EscalatedOut, summary="Page the next now")
def escalate_alerts(request: HttpRequest, body: ActsIn) -> EscalatedOut:
    """Let the next step be due at once, all or none. 409 if nobody is being paged for one."""
    due = paging.escalate(actor=actor_of(request), alerts=body.alerts, now=clock.now())
    return EscalatedOut(changed=len(due), due=due)


@router.post("/alerts/reassign", response=DoneOut, summary="Page somebody else instead")
def reassign_alerts(request: HttpRequest, body: ReassignIn) -> DoneOut:
    """Stop the escalations and begin ones for a person, a schedule, a team or a policy."""
    changed = paging.reassign(
        actor=actor_of(request), alerts=body.alerts, to=body.to, now=clock.now()
    )
    return DoneOut(changed=changed)


@router.post("/alerts/add", response=CalledOut, summary="Page somebody more")
def add_responder(request: HttpRequest, body: ToIn) -> CalledOut:
    """Page a person, a schedule or a team beside; the escalations go on."""
    called = paging.add(actor=actor_of(request), alerts=body.alerts, to=body.to, now=clock.now())
    return CalledOut(changed=sum(map(bool, called.values())), called=called)


@router.post("/alerts/merge", response=DoneOut, summary="Let one alert stand for others")
def merge_alerts(request: HttpRequest, body: MergeIn) -> DoneOut:
    """End alerts; what comes of them counts at another while that is open."""
    changed = acts.merge(
        actor=actor_of(request), alerts=body.alerts, into=body.into, now=clock.now()
    )
    return DoneOut(changed=changed)


@router.post("/alerts/note", response=DoneOut, summary="Write a note")
def note_alerts(request: HttpRequest, body: NoteIn) -> DoneOut:
    """Write a note into the story of alerts, open or not, all or none."""
    changed = notes.note(
        actor=actor_of(request), alerts=body.alerts, text=body.text, now=clock.now()
    )
    return DoneOut(changed=changed)


@router.post("/alerts/verdict", response=DoneOut, summary="Say whether the page was worth it")
def judge_alerts(request: HttpRequest, body: PageVerdictIn) -> DoneOut:
    """Say whether it was worth paging; a later word takes its place. 409 if nobody was paged."""
    changed = notes.judge(
        actor=actor_of(request),
        alerts=body.alerts,
        verdict=body.verdict,
        why=body.why,
        words=body.words,
        now=clock.now(),
    )
    return DoneOut(changed=changed)


@router.post("/alerts/dry-run", response=DryRunOut, summary="What would become of a post")
def try_out(request: HttpRequest, body: DryRunIn) -> DryRunOut:
    """Return verdict, route, people, channels and minutes; nothing is written, nobody is paged."""
    is_text = isinstance(body.payload, str)
    raw = body.payload if is_text else json.dumps(body.payload)
    found = dry_run.dry_run(
        actor=actor_of(request),
        body=raw.encode("utf-8", "surrogatepass"),
        at=clock.now() if body.at is None else sure(body.at, "at"),
        integration=body.integration,
        content_type=body.content_type,
        headers=body.headers,
    )
    return DryRunOut.model_validate(found, from_attributes=True)


@router.get("/alerts/{alert}", response=AlertDetailOut, summary="One alert")
def get_alert(request: HttpRequest, alert: str) -> AlertDetailOut:
    """Return an alert with its service, budgets, recent changes, and the same alert before."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what=f"alert {alert[:40]}")
    row = alerts.alert_row(alert)
    told = AlertOut.model_validate(row, from_attributes=True).model_dump()
    return AlertDetailOut(**told, context=context.context_of(row, actor=actor, now=clock.now()))


@router.get("/alerts/{alert}/explain", response=ExplainedOut, summary="Why who was paged")
def explain_alert(request: HttpRequest, alert: str) -> ExplainedOut:
    """Return every event, decision and page of an alert, with its reason."""
    access.require(actor_of(request), Permission.READ, what=f"alert {alert[:40]}")
    return ExplainedOut.model_validate(alerts.explained(alert), from_attributes=True)


@router.get("/quarantine", response=list[EventOut], summary="What could not be read")
def list_quarantine(request: HttpRequest) -> list[EventOut]:
    """Return the newest 200 posts that could not be read."""
    access.require(actor_of(request), Permission.READ, what="quarantine")
    found = alerts.quarantined()
    return [EventOut.model_validate(row, from_attributes=True) for row in found]


@router.get("/events/{event}", response=CameOut, summary="What came with an event")
def get_event(request: HttpRequest, event: str) -> CameOut:
    """Return an event with what came; for editors, as that may hold the sender's key."""
    found = acts.what_came(actor=actor_of(request), event=event)
    shown = {name: getattr(found.row, name) for name in CameOut.model_fields if name[:4] != "body"}
    packed = base64.b64encode(found.body).decode()
    return CameOut(**shown, body=found.body.decode("utf-8", "replace"), body_base64=packed)


@router.post("/events/{event}/replay", response=StoredOut, summary="Read it again")
def replay_event(request: HttpRequest, event: str, body: ReplayIn) -> StoredOut:
    """Read again what came with an event, as it was or mended."""
    mended = None if body.body is None else body.body.encode()
    stored = acts.replay(actor=actor_of(request), event=event, now=clock.now(), body=mended)
    return StoredOut.model_validate(stored, from_attributes=True)


# ---- integrations


@router.get("/integrations", response=Page[IntegrationOut], summary="All integrations")
def list_integrations(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[IntegrationOut]:
    """Return integrations, by name, without their keys."""
    access.require(actor_of(request), Permission.READ, what="integrations")
    rows, following = rest.page(
        integrations.integration_rows(), key=lambda row: row.name, limit=limit, cursor=cursor
    )
    told = integrations.verdicts_since(clock.now() - integrations.LATELY)
    items = [_shown(row, told.get(row.name, {})) for row in rows]
    return Page[IntegrationOut](items=items, next=following)


@router.post("/integrations", response={201: OpenedOut}, summary="Make an integration")
def create_integration(request: HttpRequest, body: NewIntegrationIn) -> Status[OpenedOut]:
    """Make an integration with a key of its own."""
    made = senders.create_integration(
        actor=actor_of(request), spec=_integration(body.name, body), now=clock.now()
    )
    return Status(201, _opened(made))


@router.get("/integrations/{name}", response=IntegrationOut, summary="One integration")
def get_integration(request: HttpRequest, name: str) -> IntegrationOut:
    """Return an integration, without its key."""
    access.require(actor_of(request), Permission.READ, what=f"integration {name}")
    return _found(name)


@router.put("/integrations/{name}", response=IntegrationOut, summary="Change an integration")
def put_integration(request: HttpRequest, name: str, body: IntegrationIn) -> IntegrationOut:
    """Make the integration be as the body says; its key stays."""
    access.require(actor_of(request), Permission.READ, what=f"integration {name}")
    senders.save_integration(
        actor=actor_of(request),
        spec=_integration(name, body),
        origin=Origin.API,
        now=clock.now(),
    )
    return _found(name)


@router.delete("/integrations/{name}", response={204: None}, summary="Remove an integration")
def delete_integration(request: HttpRequest, name: str) -> Status[None]:
    """Remove an integration; what came by it stays."""
    access.require(actor_of(request), Permission.READ, what=f"integration {name}")
    senders.remove_integration(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.get("/integrations/{name}/key", response=OpenedOut, summary="Its address and key")
def get_key(request: HttpRequest, name: str) -> OpenedOut:
    """Return where a sender posts to and with which key, for those who may change it."""
    access.require(actor_of(request), Permission.READ, what=f"integration {name}")
    return _opened(senders.reveal(actor=actor_of(request), name=name, now=clock.now()))


@router.post("/integrations/{name}/rotate", response=OpenedOut, summary="Make a new key")
def rotate_key(request: HttpRequest, name: str) -> OpenedOut:
    """Make a new key; the one before it is good for a day longer."""
    access.require(actor_of(request), Permission.READ, what=f"integration {name}")
    return _opened(senders.rotate_key(actor=actor_of(request), name=name, now=clock.now()))


@router.post("/integrations/{name}/events", response={202: StoredOut}, summary="Send an event")
def send_event(request: HttpRequest, name: str, body: SendIn) -> Status[StoredOut]:
    """Take in an event by hand, as if the sender had posted it."""
    access.require(actor_of(request), Permission.READ, what=f"integration {name}")
    stored = acts.send(
        actor=actor_of(request),
        integration=name,
        event=body.model_dump(),
        now=clock.now(),
        body=request.body,
    )
    return Status(202, StoredOut.model_validate(stored, from_attributes=True))


def _found(name: str) -> IntegrationOut:
    row = integrations.integration_row(name)
    told = integrations.verdicts_since(clock.now() - integrations.LATELY, name=name)
    return _shown(row, told.get(name, {}))


def _shown(row: IntegrationRow, verdicts: dict[str, int]) -> IntegrationOut:
    shown = IntegrationOut.model_validate(row, from_attributes=True)
    return shown.model_copy(update={"verdicts": verdicts})


def _integration(name: str, body: IntegrationIn) -> IntegrationSpec:
    return IntegrationSpec(name, body.kind, body.service, body.dedup_scope, body.settings)


def _opened(made: Opened) -> OpenedOut:
    url = doors.address_of(made.kind, made.key)
    taught = doors.snippets_of(made.kind, address=url, key=made.key)
    setup = [SnippetOut(label=each.label, text=each.text) for each in taught]
    return OpenedOut(name=made.name, kind=made.kind, url=url, key=made.key, setup=setup)
