"""Reading deliveries, their attempts, and the calls that told of several pages."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import Count, OuterRef, Subquery

from watchkeeper.identity import queries as identity
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.notifications.domain import rooms
from watchkeeper.notifications.domain.contacts import CHANNELS
from watchkeeper.notifications.domain.outcomes import DeliveryState
from watchkeeper.notifications.models import Attempt, Delivery
from watchkeeper.plumbing import due_work
from watchkeeper.plumbing.conditions import Condition

_FRESH = dt.timedelta(minutes=15)
_OLDEST = dt.timedelta(days=2)
_MOST_GROUPS = 500
MOST_SHOWN = 20
"""Alerts that are named of a call that told of many."""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One call of a channel."""

    at: dt.datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class BundleRow:
    """One call that told of several pages.

    Attributes:
        id: Its id, the idempotency key of the call.
        pages: How many pages went in it.
        alerts: (Id, title) of the alerts, the oldest page first, at most :data:`MOST_SHOWN`.
    """

    id: str
    pages: int
    alerts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a page, in short.

    Attributes:
        state: Its state in one word.
        reason: Why, for people; may be empty.
        outcomes: Of each attempt, in order; ``None`` while it runs.
    """

    state: str
    reason: str
    outcomes: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery and its attempts, the oldest first.

    One to a room has neither person nor contact, and what people call the room.
    """

    page_id: str
    person: str
    contact: str
    channel: str
    title: str
    urgency: str
    url: str
    state: str
    reason: str
    due_at: dt.datetime
    is_test: bool
    attempts: tuple[AttemptRow, ...]
    bundle: "BundleRow | None" = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are wanted; what is empty or ``None`` lets all through.

    Attributes:
        person: Name of the person.
        channel: How it is called.
        state: Where the delivery is.
        since: Due at or after this instant.
        until: Due before this instant.
    """

    person: str = ""
    channel: str = ""
    state: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == Filter()


def delivery_rows(
    wanted: Filter, *, limit: int, before: int | None = None
) -> list[tuple[int, DeliveryRow]]:
    """Return (number, delivery), those that were planned last first.

    Args:
        wanted: Which.
        limit: How many at most.
        before: Only those with a smaller number; ``None``: from the newest on.

    Raises:
        InvalidError: the filter names a channel or a state that there is not.
    """
    _check(wanted)
    rows = Delivery.objects.order_by("-pk")
    if wanted.person:
        rows = rows.filter(user__name=wanted.person)
    if wanted.channel:
        rows = rows.filter(channel=wanted.channel)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.since is not None:
        rows = rows.filter(due_at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(due_at__lt=wanted.until)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("user")[:limit])
    return list(zip((row.pk for row in found), _shown(found), strict=True))


def _check(wanted: Filter) -> None:
    states = [state.value for state in DeliveryState]
    for name, value, known in (
        ("channel", wanted.channel, CHANNELS),
        ("state", wanted.state, states),
    ):
        if value and value not in known:
            message = f"{name} is one of {', '.join(known)}"
            raise InvalidError(message, [Problem(message, path=name)])


def deliveries(page_ids: Collection[str]) -> dict[str, DeliveryRow]:
    """Return deliveries with their attempts, by page; pages that are unknown are left out."""
    rows = Delivery.objects.filter(page_id__in=page_ids).select_related("user")
    return {row.page_id: row for row in _shown(list(rows))}


def fates(page_ids: Collection[str]) -> dict[str, Fate]:
    """Return in short what became of many pages; those that are unknown are left out."""
    rows: list[tuple[int, str, str, str]] = []
    told: dict[int, list[str | None]] = {}
    for part in due_work.portions(page_ids):
        rows += Delivery.objects.filter(page_id__in=part).values_list(
            "pk", "page_id", "state", "reason"
        )
        attempts = Attempt.objects.filter(delivery__page_id__in=part).order_by("at", "id")
        for delivery, outcome in attempts.values_list("delivery_id", "outcome"):
            told.setdefault(delivery, []).append(outcome)
    return {page: Fate(state, reason, tuple(told.get(pk, ()))) for pk, page, state, reason in rows}


def _shown(rows: Collection[Delivery]) -> Iterable[DeliveryRow]:
    """Return deliveries as they are shown, read by a fixed number of queries."""
    attempts = _attempts([row.pk for row in rows])
    shared = _bundles({row.bundle for row in rows if row.bundle})
    return [
        DeliveryRow(
            page_id=row.page_id,
            person=row.user.name if row.user else "",
            contact="" if rooms.is_key(row.contact) else row.contact,
            channel=row.channel,
            title=str(row.message.get("title", "")),
            urgency=str(row.message.get("urgency", "")),
            url=str(row.message.get("url", "")),
            state=row.state,
            reason=row.reason,
            due_at=row.due_at,
            is_test=row.is_test,
            attempts=tuple(attempts.get(row.pk, ())),
            bundle=shared.get(row.bundle),
            room=str(row.message.get("room", "")),
        )
        for row in rows
    ]


def _attempts(ids: Collection[int]) -> Mapping[int, list[AttemptRow]]:
    found: dict[int, list[AttemptRow]] = {}
    for each in Attempt.objects.filter(delivery__in=ids).order_by("at", "id"):
        row = AttemptRow(each.at, each.outcome, each.detail)
        found.setdefault(each.delivery_id, []).append(row)
    return found


def _bundles(ids: Collection[str]) -> dict[str, BundleRow]:
    """Return calls that told of several pages, by id."""
    sizes = Delivery.objects.filter(bundle__in=ids).values_list("bundle").annotate(Count("pk"))
    found: dict[str, BundleRow] = {}
    for bundle, pages in sizes:
        rows = Delivery.objects.filter(bundle=bundle).order_by("due_at", "pk")
        alerts: dict[str, str] = {}
        for message in rows.values_list("message", flat=True)[:MOST_SHOWN]:
            alerts |= {each["id"]: each["title"] for each in message.get("alerts", ())}
        found[bundle] = BundleRow(bundle, pages, tuple(alerts.items()))
    return found


def in_one_call_with(page_id: str) -> list[str]:
    """Return the other pages that went in one call with a page, the oldest first."""
    bundle = Delivery.objects.filter(page_id=page_id).values_list("bundle", flat=True).first()
    if not bundle:
        return []
    rows = Delivery.objects.filter(bundle=bundle).exclude(page_id=page_id)
    return list(rows.order_by("due_at", "pk").values_list("page_id", flat=True))


def delivery_owner(page_id: str) -> int | None:
    """Return the id of the person that a delivery is for; ``None`` if it is unknown."""
    return Delivery.objects.filter(page_id=page_id).values_list("user_id", flat=True).first()


@dataclass(frozen=True, slots=True)
class LastPage:
    """The newest page of somebody that a provider took; tests and notices are none.

    Attributes:
        person: Name of the person.
        page_id: Its id.
        at: When it was due.
    """

    person: str
    page_id: str
    at: dt.datetime


def last_pages(people: Collection[str]) -> list[LastPage]:
    """Return the newest page of each of ``people`` that arrived, by two queries.

    Who was never paged is left out.
    """
    ids = identity.active_ids(people)
    arrived = Delivery.objects.filter(
        user=OuterRef("pk"), state=DeliveryState.DELIVERED.value, is_test=False
    )
    newest = Subquery(arrived.order_by("-due_at").values("pk")[:1])
    persons = get_user_model().objects.filter(pk__in=ids.values())
    found = Delivery.objects.filter(pk__in=persons.annotate(newest=newest).values("newest"))
    names = {pk: name for name, pk in ids.items()}
    return [
        LastPage(names[pk], page_id, at)
        for pk, page_id, at in found.values_list("user_id", "page_id", "due_at")
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """How deliveries stand now.

    Attributes:
        waiting: How many wait for their time.
        sending: How many are on their way.
        failed: How many that were due within the last day failed.
    """

    waiting: int
    sending: int
    failed: int


def standing(*, now: dt.datetime) -> Standing:
    """Return how deliveries stand now; it looks only at those that are open or new."""
    rows = Delivery.objects.order_by()
    day = rows.filter(due_at__gte=now - dt.timedelta(days=1))
    return Standing(
        waiting=rows.filter(state=DeliveryState.SCHEDULED.value).count(),
        sending=rows.filter(state=DeliveryState.SENDING.value).count(),
        failed=day.filter(state=DeliveryState.FAILED.value).count(),
    )


def counts() -> dict[str, int]:
    """Return how many deliveries are in each state."""
    found = Delivery.objects.values_list("state").annotate(Count("pk"))
    return {state.value: 0 for state in DeliveryState} | dict(found)


def concerns(*, now: dt.datetime) -> list[Condition]:
    """Return that pages reached nobody in the last 15 minutes: every contact tried had failed.

    Tests do not count, nor do rooms, which are nobody. For the watchman; see
    ``plumbing.conditions``.
    """
    failed = Delivery.objects.filter(
        state=DeliveryState.FAILED.value,
        due_at__gt=now - _OLDEST,
        settled_at__gt=now - _FRESH,
        is_test=False,
    ).exclude(contact__startswith=rooms.PREFIX)
    groups = dict(failed.order_by("pk").values_list("group", "reason")[:_MOST_GROUPS])
    hopeful = (DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.DELIVERED)
    rows = Delivery.objects.filter(group__in=list(groups))
    saved = set(rows.filter(state__in=[s.value for s in hopeful]).values_list("group", flat=True))
    lost = {group: reason for group, reason in groups.items() if group not in saved}
    if not lost:
        return []
    detail = f"{len(lost)} people's pages reached none of their contacts in the last 15 minutes"
    return [Condition("unreached", f"{detail}, the last: {list(lost.values())[-1]}")]
