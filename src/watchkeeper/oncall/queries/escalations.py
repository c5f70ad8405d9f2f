"""Reading policies, escalations and their pages; who can be paged at an instant."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db.models import Count
from django.utils.module_loading import import_string

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import InvalidError, NotFoundError
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries as notifications
from watchkeeper.notifications.domain.plan import Reach
from watchkeeper.oncall.domain import policies, rooms
from watchkeeper.oncall.domain.escalation import Company, EscalationState
from watchkeeper.oncall.domain.policies import TARGETS, Target
from watchkeeper.oncall.models import (
    Escalation,
    EscalationNote,
    EscalationPolicy,
    Page,
    StepTurn,
)
from watchkeeper.oncall.ports import PagedSubject
from watchkeeper.oncall.queries import schedules, standings
from watchkeeper.oncall.queries.schedules import ScheduleNotFoundError


class PolicyNotFoundError(NotFoundError):
    """There is no escalation policy of that name."""

    code = "escalation_policy_not_found"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is paged for.

    Attributes:
        kind: As in ``WATCHKEEPER_SUBJECTS``, as ``alert``.
        id: Which one.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """An escalation policy."""

    id: int
    name: str
    owner_id: int | None
    owner_name: str | None
    document: Mapping[str, Json]
    origin: str
    file: str
    is_taken_over: bool

    @property
    def is_in_file(self) -> bool:
        """Whether it is changed in its file and not here."""
        return self.origin == Origin.FILE.value


@dataclass(frozen=True, slots=True)
class StoryAttempt:
    """One call of a channel."""

    at: dt.datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class StoryPage:
    """One page with what became of it.

    What a room was told has neither person nor contact, and what people call the room.
    """

    page_id: str
    person: str
    contact: str
    step: int
    loop: int
    due_at: dt.datetime
    state: str
    reason: str
    attempts: tuple[StoryAttempt, ...]
    bundle: notifications.BundleRow | None = None
    room: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class StoryNote:
    """What was decided beside pages."""

    at: dt.datetime
    step: int
    loop: int
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """All that was done to wake somebody for a subject.

    Attributes:
        policy: Name of the policy; empty: none was chosen.
        state: ``open``, ``stopped``, ``exhausted``; empty: there was no escalation.
        reason: Why it stopped.
        next_at: When the next step is due; ``None``: never.
        nobody_notified: Whether it ended without anybody who could be paged.
        pages: In the order in which they were due.
        notes: Why others were not paged, in order.
    """

    policy: str = ""
    state: str = ""
    reason: str = ""
    next_at: dt.datetime | None = None
    nobody_notified: bool = False
    pages: tuple[StoryPage, ...] = ()
    notes: tuple[StoryNote, ...] = ()


@dataclass(frozen=True, slots=True)
class UnheardRow:
    """An escalation at its end that nobody answered."""

    subject: Subject
    title: str
    service: str
    ended_at: dt.datetime
    nobody_notified: bool


def policy_rows(name: str | None = None) -> list[PolicyRow]:
    """Return policies by name, all of them or the one of that ``name``."""
    found = EscalationPolicy.objects.select_related("owner").order_by("name")
    if name is not None:
        found = found.filter(name=name)
    return [
        PolicyRow(
            id=row.pk,
            name=row.name,
            owner_id=row.owner_id,
            owner_name=row.owner.name if row.owner is not None else None,
            document=row.document,
            origin=row.origin,
            file=row.file,
            is_taken_over=row.is_taken_over,
        )
        for row in found
    ]


def policy_row(name: str) -> PolicyRow:
    """Return one policy.

    Raises:
        PolicyNotFoundError: there is none of that name.
    """
    for row in policy_rows(name):
        return row
    raise PolicyNotFoundError(f"There is no escalation policy {name}")


def document_for(actor: Actor, row: PolicyRow) -> Mapping[str, Json]:
    """Return a policy as ``actor`` may see it: addresses of rooms only if they may change it."""
    if access.may(actor, Permission.EDIT, team_id=row.owner_id):
        return row.document
    return rooms.masked(row.document)


def policy_documents(names: Collection[str]) -> dict[str, Mapping[str, Json]]:
    """Return the documents of policies by name; unknown ones are left out."""
    rows = EscalationPolicy.objects.filter(name__in=names)
    return dict(rows.values_list("name", "document"))


def turns_of(policies_of: Collection[str]) -> dict[str, dict[int, int]]:
    """Return whose turn is next, by policy and step; steps that were never taken are left out."""
    found: dict[str, dict[int, int]] = {}
    rows = StepTurn.objects.filter(policy__in=policies_of).values_list("policy", "step", "place")
    for policy, step, place in rows:
        found.setdefault(policy, {})[step] = place
    return found


def unknown_targets(targets: Collection[Target]) -> set[Target]:
    """Return those of ``targets`` that lead nowhere: no such schedule, person or team."""
    names = {kind: {t.name for t in targets if t.kind == kind} for kind in TARGETS}
    known = {
        "schedule": {row.name for row in schedules.schedule_rows()},
        "person": set(identity.active_ids(names["person"])),
        "team": {row.name for row in identity.teams()},
    }
    return {target for target in targets if target.name not in known[target.kind]}


@dataclass(frozen=True, slots=True)
class TargetChoices:
    """What may be chosen of one kind: ``policy``, ``schedule``, ``team`` or ``person``."""

    kind: str
    names: tuple[str, ...]


def target_choices() -> list[TargetChoices]:
    """Return all that people may be paged by, by kind and name; kinds with none are left out."""
    found = {
        "schedule": [row.name for row in schedules.schedule_rows()],
        "person": [row.name for row in identity.people() if row.is_active],
        "team": [row.name for row in identity.teams()],
        "policy": [row.name for row in policy_rows()],
    }
    return [TargetChoices(kind, tuple(sorted(names))) for kind, names in found.items() if names]


def story(subject: Subject) -> Story:
    """Return all that was done to wake somebody for ``subject``."""
    row = Escalation.objects.filter(subject_kind=subject.kind, subject_id=subject.id).first()
    if row is None:
        return Story()
    pages = list(Page.objects.filter(escalation=row).order_by("due_at", "epoch", "loop", "step"))
    deliveries = notifications.deliveries([page.id for page in pages])
    notes = EscalationNote.objects.filter(escalation=row).order_by("pk")
    return Story(
        policy=row.policy,
        state=row.state,
        reason=row.reason,
        next_at=row.next_at,
        nobody_notified=row.nobody_notified,
        pages=tuple(_told(page, deliveries.get(page.id)) for page in pages),
        notes=tuple(StoryNote(n.at, n.step, n.loop, n.text) for n in notes),
    )


def _told(page: Page, delivery: notifications.DeliveryRow | None) -> StoryPage:
    attempts = delivery.attempts if delivery is not None else ()
    return StoryPage(
        page_id=page.id,
        person=page.person,
        contact=page.contact if page.person else "",
        step=page.step,
        loop=page.loop,
        due_at=page.due_at,
        state=delivery.state if delivery is not None else "",
        reason=delivery.reason if delivery is not None else "",
        attempts=tuple(StoryAttempt(a.at, a.outcome, a.detail) for a in attempts),
        bundle=delivery.bundle if delivery is not None else None,
        room=delivery.room if delivery is not None else "",
        channel=delivery.channel if delivery is not None else "",
    )


def ack_timeouts(subjects: Collection[Subject]) -> dict[Subject, dt.timedelta]:
    """Return how long who takes subjects has to resolve them, as their frozen policies say.

    Those that have for ever are left out.
    """
    found: dict[Subject, dt.timedelta] = {}
    for kind in {subject.kind for subject in subjects}:
        ids = [subject.id for subject in subjects if subject.kind == kind]
        rows = Escalation.objects.filter(subject_kind=kind, subject_id__in=ids)
        for each, document in rows.values_list("subject_id", "frozen"):
            length = policies.frozen(document).ack_timeout
            if length:
                found[Subject(kind, each)] = length
    return found


def paged(subjects: Collection[Subject]) -> set[Subject]:
    """Return those of ``subjects`` that somebody was ever paged for; a room is nobody."""
    found: set[Subject] = set()
    for kind in {subject.kind for subject in subjects}:
        ids = [subject.id for subject in subjects if subject.kind == kind]
        rows = Page.objects.filter(escalation__subject_kind=kind, escalation__subject_id__in=ids)
        rows = rows.exclude(person="")
        values = rows.values_list("escalation__subject_id", flat=True).distinct()
        found |= {Subject(kind, each) for each in values}
    return found


def unheard(kind: str | None = None, *, limit: int = 500) -> list[UnheardRow]:
    """Return escalations at their end that nobody answered, the newest first.

    Args:
        kind: Only for subjects of this kind, as ``alert``; ``None``: for any.
        limit: How many at most.
    """
    rows = Escalation.objects.filter(state=EscalationState.EXHAUSTED.value)
    if kind is not None:
        rows = rows.filter(subject_kind=kind)
    found = rows.order_by("-ended_at").values_list(
        "subject_kind", "subject_id", "title", "service", "ended_at", "started_at",
        "nobody_notified",
    )  # fmt: skip
    return [
        UnheardRow(Subject(kind, subject), title, service, ended_at or started_at, is_loud)
        for kind, subject, title, service, ended_at, started_at, is_loud in found[:limit]
    ]


def escalation_counts() -> dict[str, int]:
    """Return how many escalations are in each state."""
    found = Escalation.objects.values_list("state").annotate(Count("pk"))
    return {state.value: 0 for state in EscalationState} | dict(found)


def nobody_notified_count() -> int:
    """Return how many escalations ended without anybody who could be paged."""
    state = EscalationState.EXHAUSTED.value
    return Escalation.objects.filter(state=state, nobody_notified=True).count()


@dataclass(frozen=True, slots=True)
class Present:
    """Who stands behind targets at an instant, and how each of them is reached."""

    company: Company
    reaches: Mapping[str, Reach]


def company_at(targets: Iterable[Target], at: dt.datetime) -> Company:
    """Return who stands behind ``targets`` at an instant, and who of them can be called."""
    return present_at(targets, at).company


def present_at(targets: Iterable[Target], at: dt.datetime) -> Present:
    """Return who stands behind ``targets`` at an instant, and how all of them are reached."""
    wanted = frozenset(targets)
    teams = identity.members_of({t.name for t in wanted if t.kind == "team"})
    persons = identity.active_ids({t.name for t in wanted if t.kind == "person"})
    people: dict[Target, tuple[str, ...]] = {}
    for target in wanted:
        if target.kind == "schedule":
            people[target] = _on_call(target.name, at)
        elif target.kind == "team":
            people[target] = tuple(teams.get(target.name, ()))
        elif target.name in persons:
            people[target] = (target.name,)
    admins = identity.admins()
    named = {person for found in people.values() for person in found}
    wired = notifications.ready_channels()
    reaches = notifications.reaches(named | set(admins))
    reachable = frozenset(name for name, reach in reaches.items() if reach.is_usable(wired))
    company = Company(
        people,
        reachable,
        tuple(name for name in admins if name in reachable),
        identity.zones_by_name(named),
        wired,
    )
    return Present(company, reaches)


def _on_call(schedule: str, at: dt.datetime) -> tuple[str, ...]:
    try:
        return tuple(
            name for row in standings.on_call(at=at, name=schedule) for name in row.people
        )
    except (ScheduleNotFoundError, InvalidError):
        return ()


def subject_port(kind: str) -> PagedSubject | None:
    """Return who knows subjects of ``kind``; ``None`` where nobody is wired."""
    wired: Mapping[str, str] = getattr(settings, "WATCHKEEPER_SUBJECTS", {})
    return _made(wired[kind]) if kind in wired else None


@cache
def _made(dotted: str) -> PagedSubject:
    made: PagedSubject = import_string(dotted)()
    return made
