"""Stepping through an escalation policy: whom to page now, and when the next step is due.

Pure: the frozen policy, where the escalation stands, and who can be paged go in; pages, notes and
the next place come out. Times are planned ones, so that a late step makes no later step later.

A place is (round, step). After the last round comes the catch-all, then the end. A step that finds
nobody costs no time: what comes next is due at once. A round that finds nobody at all is not
repeated: the catch-all is next, at once.

Rooms are told and are nobody. A step that names only rooms was meant to page nobody: what comes
next in its round is due when the policy says, unless none of them can be told here. One that names
people too and finds none of them costs no time, though its rooms are told.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from watchkeeper.kernel.wall_time import shown_at
from watchkeeper.notifications.domain import day_hours
from watchkeeper.notifications.domain.rooms import CHANNELS, Room
from watchkeeper.oncall.domain.policies import Policy, Step, Target


class EscalationState(Enum):
    """Where an escalation is.

    ``OPEN`` has a step that is due some time; ``STOPPED`` was answered or resolved; ``EXHAUSTED``
    paged everybody in vain, or found nobody.
    """

    OPEN = "open"
    STOPPED = "stopped"
    EXHAUSTED = "exhausted"


NOBODY = "nobody could be paged: not by a step, not by the catch-all, and no admin has a contact"
CATCH_ALL_STEP = -1
ADDED_STEP = -1
"""The step of pages to people who were added by hand, beside the policy."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an escalation stands.

    Attributes:
        loop: Round, from 0.
        step: Step of the round, from 0; :data:`CATCH_ALL_STEP` for the catch-all.
        round_paged: Whether somebody was paged in this round already.
    """

    loop: int = 0
    step: int = 0
    round_paged: bool = False


@dataclass(frozen=True, slots=True)
class Company:
    """Who stands behind the targets of a policy at an instant.

    Attributes:
        people: Names of people for each target; a target that is missing has nobody.
        reachable: Who of them has a contact that works.
        admins: Reachable admins, for when there is nobody else.
        zones: IANA names of the zones that people live in.
        channels: By which rooms can be told here.
    """

    people: Mapping[Target, Sequence[str]] = field(default_factory=dict)
    reachable: frozenset[str] = frozenset()
    admins: Sequence[str] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    channels: frozenset[str] = frozenset(CHANNELS)


@dataclass(frozen=True, slots=True)
class PagePlan:
    """One person to page, at one place; the catch-all has the step after the last."""

    loop: int
    step: int
    person: str
    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """One room to tell, at one place; the catch-all has the step after the last."""

    loop: int
    step: int
    room: Room
    due_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What happened at a place, in a sentence for people."""

    loop: int
    step: int
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows.

    Attributes:
        pages: Whom to page now.
        notes: Why others are not paged.
        place: What is next; ``None``: the policy is at its end.
        next_at: When that is due; ``None`` at the end.
        nobody_notified: Whether the catch-all was reached and nobody could be paged by it.
        turn: The step that took one of its targets in turn, and whose turn is next there;
            ``None``: none did.
        told: Which rooms to tell now.
    """

    pages: tuple[PagePlan, ...]
    notes: tuple[Note, ...]
    place: Place | None
    next_at: dt.datetime | None
    nobody_notified: bool = False
    turn: tuple[int, int] | None = None
    told: tuple[RoomPlan, ...] = ()


def first_due(policy: Policy, begun_at: dt.datetime) -> dt.datetime:
    """Return when the first step is due."""
    return begun_at + (policy.steps[0].after if policy.steps else dt.timedelta())


def next_in_words(policy: Policy, place: Place) -> str:
    """Return what is next at ``place``, as ``step 2 of 3, round 1 of 2``."""
    if place.step == CATCH_ALL_STEP or place.step >= len(policy.steps):
        return "the catch-all, which is the last"
    told = f"step {place.step + 1} of {len(policy.steps)}"
    return f"{told}, round {place.loop + 1} of {policy.repeat + 1}" if policy.repeat else told


def decide(
    policy: Policy,
    place: Place,
    *,
    planned_at: dt.datetime,
    company: Company,
    urgency: str = "high",
    turns: Mapping[int, int] = MappingProxyType({}),
) -> Decision:
    """Return what follows from an escalation that is due at ``place``.

    Args:
        policy: As it was when the escalation began.
        place: Where it stands.
        planned_at: When this was due, however late it is now.
        company: Who can be paged now.
        urgency: ``high`` or ``low``.
        turns: Whose turn it is, by step, where one target is paged in turn.
    """
    notes: list[Note] = []
    told: list[RoomPlan] = []
    while place.step != CATCH_ALL_STEP:
        if place.step < len(policy.steps):
            step = policy.steps[place.step]
            paged, why, turn = people_of(
                step,
                company,
                urgency=urgency,
                turn=turns.get(place.step, 0),
                at=planned_at,
            )
            notes += [Note(place.loop, place.step, text) for text in why]
            told += _told(step.tells if step.is_for(urgency) else (), place, planned_at)
            if paged or _takes_its_time(policy, place, urgency, company):
                decision = _paged(policy, place, paged, notes, planned_at)
                following = (place.step, turn) if turn is not None else None
                return replace(decision, turn=following, told=tuple(told))
        place = _after_empty(policy, place)
    decision = _catch_all(policy, place, notes, planned_at=planned_at, company=company)
    told += _told(policy.catch_all_tells, replace(place, step=len(policy.steps)), planned_at)
    return replace(decision, told=tuple(told))


def _told(rooms: Sequence[Room], place: Place, planned_at: dt.datetime) -> list[RoomPlan]:
    return [RoomPlan(place.loop, place.step, room, planned_at) for room in rooms]


def _takes_its_time(policy: Policy, place: Place, urgency: str, company: Company) -> bool:
    """Return whether a step that pages nobody is not left at once.

    It names only rooms, one of them can be told, and its round goes on or has paged somebody.
    """
    step = policy.steps[place.step]
    if not step.only_tells or not step.is_for(urgency) or not _can_tell(step, company):
        return False
    return place.round_paged or place.step + 1 < len(policy.steps)


def _can_tell(step: Step, company: Company) -> bool:
    return any(room.channel in company.channels for room in step.tells)


EMPTY_STEP = "nobody to page: the next step is due at once"
ONLY_TELLS = "the step tells rooms only: it pages nobody"
CANNOT_TELL = "none of the step's rooms can be told here: the next step is due at once"


def people_of(
    step: Step, company: Company, *, urgency: str, turn: int, at: dt.datetime
) -> tuple[list[str], list[str], int | None]:
    """Return whom a step pages, why it does not page others, and whose turn is next.

    Args:
        step: The step.
        company: Who can be paged now.
        urgency: ``high`` or ``low``.
        turn: Place of the target whose turn it is, where one is paged in turn; it is passed on
            to the next that finds somebody.
        at: When the step is due, for people whom it pages at some hours only.

    Returns:
        Names, sentences, and the place of who is next; ``None``: no turn was taken.
    """
    if not step.is_for(urgency):
        return [], [f"the step is for {step.urgency} urgency only: it is left out"], None
    if step.only_tells:
        return [], [ONLY_TELLS if _can_tell(step, company) else CANNOT_TELL], None
    if not step.in_turn:
        people, why = _people_at(step, step.notify, company, at)
        return people, why if people else [*why, EMPTY_STEP], None
    said: list[str] = []
    for after in range(len(step.notify)):
        place = (turn + after) % len(step.notify)
        people, why = _people_at(step, step.notify[place : place + 1], company, at)
        said += why
        if people:
            return people, said, (place + 1) % len(step.notify)
    return [], [*said, EMPTY_STEP], None


def _people_at(
    step: Step, targets: Sequence[Target], company: Company, at: dt.datetime
) -> tuple[list[str], list[str]]:
    """Return whom targets lead to, without those on whose wall it is other hours."""
    people, why = people_behind(targets, company)
    if step.local is None:
        return people, why
    here = []
    for name in people:
        zone = day_hours.zone_of(company.zones.get(name, "UTC"))
        if day_hours.over_at(step.local, at, zone) is None:
            why.append(f"{name} is left out: it is {shown_at(at, zone):%H:%M} where they live")
        else:
            here.append(name)
    return here, why


def _paged(
    policy: Policy,
    place: Place,
    people: Sequence[str],
    notes: Sequence[Note],
    planned_at: dt.datetime,
) -> Decision:
    pages = tuple(PagePlan(place.loop, place.step, person, planned_at) for person in people)
    round_paged = place.round_paged or bool(people)
    following, wait = _following(policy, replace(place, round_paged=round_paged))
    return Decision(pages, tuple(notes), following, planned_at + wait)


def _following(policy: Policy, place: Place) -> tuple[Place, dt.timedelta]:
    """Return what comes after a step that was not left at once, and how long after."""
    if place.step + 1 < len(policy.steps):
        following = replace(place, step=place.step + 1)
        return following, policy.steps[place.step + 1].after
    if place.loop < policy.repeat:
        return Place(place.loop + 1, 0), policy.repeat_after + policy.steps[0].after
    return Place(place.loop, CATCH_ALL_STEP, round_paged=True), policy.repeat_after


def _after_empty(policy: Policy, place: Place) -> Place:
    """Return what comes at once after a step that found nobody."""
    if place.step + 1 < len(policy.steps):
        return Place(place.loop, place.step + 1, place.round_paged)
    if place.loop < policy.repeat and place.round_paged:
        return Place(place.loop + 1, 0)
    return Place(place.loop, CATCH_ALL_STEP, place.round_paged)


def _catch_all(
    policy: Policy,
    place: Place,
    notes: list[Note],
    *,
    planned_at: dt.datetime,
    company: Company,
) -> Decision:
    people, why = people_behind(policy.catch_all, company)
    notes += [Note(place.loop, place.step, text) for text in why]
    if not people and company.admins:
        people = list(dict.fromkeys(company.admins))
        text = "the catch-all has nobody to page: all admins are"
        notes.append(Note(place.loop, place.step, text))
    if not people:
        notes.append(Note(place.loop, place.step, NOBODY))
    step = len(policy.steps)
    pages = tuple(PagePlan(place.loop, step, person, planned_at) for person in people)
    return Decision(pages, tuple(notes), None, None, nobody_notified=not people)


def people_behind(targets: Sequence[Target], company: Company) -> tuple[list[str], list[str]]:
    """Return whom targets lead to and who can be called, each once, and why others are not."""
    found: dict[str, None] = {}
    why: list[str] = []
    for target in targets:
        named = company.people.get(target, ())
        if not named:
            why.append(_EMPTY[target.kind].format(name=target.name))
        for person in named:
            if person in company.reachable:
                found[person] = None
            elif person not in found:
                why.append(f"{person} has no verified contact that can be called")
    return list(found), list(dict.fromkeys(why))


_EMPTY = {
    "schedule": "nobody is on call in the schedule {name}",
    "person": "there is no active person {name}",
    "team": "the team {name} has no active people",
}
