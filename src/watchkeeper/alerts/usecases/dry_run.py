"""What would become of a post: verdict, route, people, channels, minutes; nothing is written."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.alerts.domain.lifecycle import AlertState, Verdict
from watchkeeper.alerts.ports import Post
from watchkeeper.alerts.queries import integrations, keys, rules
from watchkeeper.alerts.queries.keys import Sender
from watchkeeper.alerts.usecases import doors, intake
from watchkeeper.alerts.usecases.deciding import Batch
from watchkeeper.alerts.usecases.holding import Incoming
from watchkeeper.alerts.usecases.intake import Arrival
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.oncall import queries as oncall
from watchkeeper.oncall.queries import Preview

MOST_EVENTS = 100
_FIRST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
_PAGES = {Verdict.OPENED, Verdict.DEDUPED, Verdict.GROUPED, Verdict.FLAPPING}
_ANYBODY = Sender(0, "", "generic", "", "", {})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of one event.

    Attributes:
        action: What it wants.
        key: Its dedup key.
        title: One line.
        severity: How bad it is.
        service: Name of the service it would count for; may be empty.
        verdict: In one word.
        reason: In a sentence.
        rule: As ``route:NAME`` or ``silence:NAME``; may be empty.
        alert: Id of the alert that is open under its key now; empty: none is.
        route: Name of the route; empty: none matched, or none was asked.
        policy: Name of the policy; empty: none.
        urgency: ``high`` or ``low``; empty: nobody would be paged.
        paging: Who would be paged, if nobody answers; ``None``: nobody would.
    """

    action: str
    key: str
    title: str
    severity: str
    service: str
    verdict: str
    reason: str
    rule: str
    alert: str
    route: str
    policy: str
    urgency: str
    paging: Preview | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of a post.

    Attributes:
        at: When it would come.
        fault: Why it could not be read; empty: it could.
        outcomes: Its events, in order; of one that cannot be read the alert that this opens.
    """

    at: dt.datetime
    fault: str
    outcomes: tuple[Outcome, ...]


def dry_run(
    *,
    actor: Actor,
    body: bytes,
    at: dt.datetime,
    integration: str = "",
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> DryRun:
    """Return what would become of a post that comes at ``at``; what is open now counts as open.

    Signatures are not asked for, as whoever tries something out may vouch for it.

    Args:
        actor: Who; needs to read.
        body: What would be posted.
        at: When.
        integration: Whose it would be; empty: JSON of anybody's, by none that there is.
        content_type: As its sender would say.
        headers: By name, as its sender would say.

    Raises:
        IntegrationNotFoundError: there is none of that name.
        InvalidError: the time is beyond what is known, or there are too many events.
    """
    access.require(actor, Permission.READ, what="a dry run")
    if not _FIRST <= at <= oncall.LAST - dt.timedelta(days=366):
        message = f"a time between {_FIRST:%Y} and {oncall.LAST:%Y} is needed"
        raise InvalidError(message, [Problem(message, "at")])
    sender = keys.sender(integrations.row_of(integration)) if integration else _ANYBODY
    door = doors.of_kind(sender.kind)
    if door is None:
        raise InvalidError(f"Nothing is posted to the integration {integration}")
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    post = Post("POST", "", body, at, content_type, headers=lower, is_vouched=True)
    arrival = Arrival(door, post, sender=sender)
    try:
        arrival.events = list(door.read(post, sender.settings))
    except InvalidError as error:
        arrival.fault = error.message
    if len(arrival.events) > MOST_EVENTS:
        raise InvalidError(f"A dry run takes {MOST_EVENTS} events, not {len(arrival.events)}")
    items = intake.items_of(arrival)
    Batch(items, rules.as_of(at), now=at).weigh()
    return DryRun(at, arrival.fault, tuple(_outcome(item, arrival.fault, at) for item in items))


def _outcome(item: Incoming, fault: str, at: dt.datetime) -> Outcome:
    held = item.alert
    start = held.start if held is not None and held.state is AlertState.FIRING else None
    pages = start if item.verdict in _PAGES and held and not held.is_paged_already else None
    paging = oncall.preview(pages.policy, pages.urgency.value, at=at) if pages else None
    row = held.row if held is not None else {}
    return Outcome(
        action=item.event.action.value,
        key=item.event.key,
        title=item.event.title,
        severity=item.event.severity.value,
        service=str(row.get("service_name") or item.event.service or item.sender.service),
        verdict=Verdict.QUARANTINED.value if fault else item.verdict.value,
        reason=fault or item.reason,
        rule=item.rule,
        alert=str(held.id) if held is not None and held.id is not None else "",
        route=str(row.get("route") or (start.route if start else "")),
        policy=str(row.get("policy") or (start.policy if start else "")),
        urgency=pages.urgency.value if pages else "",
        paging=paging,
    )
