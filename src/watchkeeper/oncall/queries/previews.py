"""Who would be paged by a policy, worked out and nothing written."""

import datetime as dt
from dataclasses import dataclass, replace

from watchkeeper.notifications import queries as notifications
from watchkeeper.notifications.domain import plan
from watchkeeper.oncall.domain import escalation, policies
from watchkeeper.oncall.domain.escalation import Decision, Place, RoomPlan
from watchkeeper.oncall.domain.policies import Policy
from watchkeeper.oncall.queries import escalations

MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call that would be made, if nobody answers before.

    Attributes:
        due_at: When.
        after: How long after the beginning.
        loop: Round, from 0.
        step: Step of the round, from 0; the catch-all has the step after the last.
        person: Who would be called; empty: a room would be told.
        contact: By which of their contacts.
        channel: How.
        skipped: Why it would be left out; empty: it would be made.
        room: What people call the room that would be told; empty: a person would be called.
    """

    due_at: dt.datetime
    after: dt.timedelta
    loop: int
    step: int
    person: str
    contact: str
    channel: str
    skipped: str
    room: str = ""

    @property
    def minutes(self) -> float:
        """How long after the beginning."""
        return self.after / dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """All that a policy would do until its end.

    Attributes:
        calls: In the order in which they would be made.
        notes: Why others would not be called, in order.
        nobody_notified: Whether it would end without anybody who could be paged.
        is_complete: Whether all steps were looked at.
    """

    calls: tuple[PlannedCall, ...]
    notes: tuple[str, ...]
    nobody_notified: bool
    is_complete: bool = True


def preview(policy: str, urgency: str, *, at: dt.datetime) -> Preview:
    """Return what the policy of that name would do about something that begins at ``at``.

    Who is on call is asked for each step's own time; contacts and people are those of now.

    Args:
        policy: Name of the policy; of an empty or unknown one the admins are paged.
        urgency: ``high`` or ``low``.
        at: When it begins.
    """
    document = escalations.policy_documents([policy]).get(policy)
    found = preview_of(policies.frozen(document or {}), urgency, at=at, name=policy)
    return found if document else replace(found, notes=(_without(policy), *found.notes))


def preview_of(
    frozen: Policy, urgency: str, *, at: dt.datetime, name: str = "", most: int = MOST_STEPS
) -> Preview:
    """Return what a policy would do that need not be stored; see :func:`preview`.

    Args:
        frozen: The policy.
        urgency: ``high`` or ``low``.
        at: When it begins.
        name: Of the stored policy whose turns it goes on with; empty: of none.
        most: How many steps of all rounds are looked at.
    """
    notes: list[str] = []
    wired = notifications.ready_channels()
    turns = escalations.turns_of([name]).get(name, {})
    calls: list[PlannedCall] = []
    place: Place | None = Place()
    due: dt.datetime | None = escalation.first_due(frozen, at)
    nobody, is_complete = False, True
    for _ in range(most):
        if place is None or due is None:
            break
        company = escalations.company_at(frozen.targets(), due)
        decision = escalation.decide(
            frozen, place, planned_at=due, company=company, urgency=urgency, turns=turns
        )
        turns |= [decision.turn] if decision.turn else []
        calls += _calls(decision, urgency, begun_at=at, wired=wired)
        calls += [_telling(each, begun_at=at, wired=wired) for each in decision.told]
        notes += [note.text for note in decision.notes]
        place, due, nobody = decision.place, decision.next_at, decision.nobody_notified
    else:
        is_complete = False
        notes.append(f"and so on: only the first {most} steps are shown")
    calls.sort(key=lambda call: (call.due_at, call.loop, call.step))
    return Preview(tuple(calls), tuple(dict.fromkeys(notes)), nobody, is_complete)


def _without(policy: str) -> str:
    name = f"there is no escalation policy {policy}" if policy else "no policy was chosen"
    return f"{name}: all admins are paged"


def _telling(each: RoomPlan, *, begun_at: dt.datetime, wired: frozenset[str]) -> PlannedCall:
    return PlannedCall(
        due_at=each.due_at,
        after=each.due_at - begun_at,
        loop=each.loop,
        step=each.step,
        person="",
        contact="",
        channel=each.room.channel,
        skipped="" if each.room.channel in wired else plan.NOT_WIRED,
        room=each.room.title,
    )


def _calls(
    decision: Decision, urgency: str, *, begun_at: dt.datetime, wired: frozenset[str]
) -> list[PlannedCall]:
    reaches = notifications.reaches({page.person for page in decision.pages})
    found = []
    for page in decision.pages:
        reach = reaches.get(page.person, plan.Reach())
        channels = {contact.name: contact.channel for contact in reach.contacts}
        for call in plan.calls(reach, urgency, wired=wired):
            due = plan.due_at(reach, urgency, page.due_at + call.after)
            found.append(
                PlannedCall(
                    due_at=due,
                    after=due - begun_at,
                    loop=page.loop,
                    step=page.step,
                    person=page.person,
                    contact=call.contact,
                    channel=channels[call.contact],
                    skipped=call.skipped,
                )
            )
    return found
