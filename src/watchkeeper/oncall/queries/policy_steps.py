"""The steps of a policy as a page shows them: when each is due, and whom it would find now."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.notifications.domain.day_hours import written
from watchkeeper.oncall.domain import escalation, policies
from watchkeeper.oncall.domain.escalation import Company
from watchkeeper.oncall.domain.policies import Policy, Step, Target
from watchkeeper.oncall.queries import escalations


@dataclass(frozen=True, slots=True)
class TargetShown:
    """A target, and who stands behind it now.

    Attributes:
        kind: ``schedule``, ``person`` or ``team``.
        name: Which one.
        people: Who is found by it now and can be called.
        silent: Who is found by it now and cannot be called.
    """

    kind: str
    name: str
    people: tuple[str, ...]
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoomShown:
    """A room that a step tells.

    Attributes:
        title: What people call it.
        channel: How it is told.
    """

    title: str
    channel: str


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step of a policy.

    Attributes:
        number: From 1; 0 for the catch-all.
        after: How long after the beginning of its round it is due, if all before it page
            somebody; of the catch-all, after the beginning of all.
        targets: Whom it pages.
        people: Who would be called by it now, each once.
        why: Why others would not be, in sentences.
        in_turn: Whether one of the targets is paged, each in turn; ``people`` are of the next.
        urgency: Of what urgency alone; empty: of any.
        local: Only people on whose wall it is these hours, as ``08:00 to 20:00``; empty: all.
        rooms: Which rooms it tells; they are nobody.
    """

    number: int
    after: dt.timedelta
    targets: tuple[TargetShown, ...]
    people: tuple[str, ...]
    why: tuple[str, ...]
    in_turn: bool = False
    urgency: str = ""
    local: str = ""
    rooms: tuple[RoomShown, ...] = ()

    @property
    def only_tells(self) -> bool:
        """Whether it was meant to page nobody."""
        return bool(self.rooms) and not self.targets


@dataclass(frozen=True, slots=True)
class PolicyShown:
    """A policy as a page shows it.

    Attributes:
        steps: In order.
        rounds: How often they are gone through.
        repeat_after: From the last step to the next round.
        catch_all: What comes when all was in vain.
        ack_timeout: How long who takes a subject has to resolve it; zero: for ever.
    """

    steps: tuple[StepShown, ...]
    rounds: int
    repeat_after: dt.timedelta
    catch_all: StepShown
    ack_timeout: dt.timedelta

    @property
    def finds_nobody(self) -> bool:
        """Whether no step would find anybody now."""
        return not any(step.people for step in self.steps)


def policy_shown(name: str, *, now: dt.datetime) -> PolicyShown:
    """Return the steps of a policy and whom each would find now.

    Raises:
        PolicyNotFoundError: there is none of that name.
    """
    return shown_of(policies.frozen(escalations.policy_row(name).document), now=now)


def shown_of(policy: Policy, *, now: dt.datetime) -> PolicyShown:
    """Return the same of a policy that need not be stored."""
    company = escalations.company_at(policy.targets(), now)
    turns = escalations.turns_of([policy.name]).get(policy.name, {})
    return _shown(policy, company, turns, now)


def policies_shown(*, now: dt.datetime) -> dict[str, PolicyShown]:
    """Return the same of all policies, by name, read by a fixed number of queries per target."""
    rows = {row.name: policies.frozen(row.document) for row in escalations.policy_rows()}
    targets = {target for policy in rows.values() for target in policy.targets()}
    company = escalations.company_at(targets, now)
    turns = escalations.turns_of(rows)
    return {
        name: _shown(policy, company, turns.get(name, {}), now) for name, policy in rows.items()
    }


def _shown(
    policy: Policy, company: Company, turns: Mapping[int, int], now: dt.datetime
) -> PolicyShown:
    steps: list[StepShown] = []
    after = dt.timedelta()
    for place, step in enumerate(policy.steps):
        after += step.after
        steps.append(_step(place + 1, after, step, company, turn=turns.get(place, 0), now=now))
    rounds = policy.repeat + 1
    end = rounds * (after + policy.repeat_after)
    last = Step(end, policy.catch_all, policy.catch_all_tells)
    return PolicyShown(
        steps=tuple(steps),
        rounds=rounds,
        repeat_after=policy.repeat_after,
        catch_all=_step(0, end, last, company, turn=0, now=now),
        ack_timeout=policy.ack_timeout,
    )


def _step(
    number: int, after: dt.timedelta, step: Step, company: Company, *, turn: int, now: dt.datetime
) -> StepShown:
    urgency = step.urgency or "high"
    people, why, _next = escalation.people_of(step, company, urgency=urgency, turn=turn, at=now)
    shown_else = {escalation.EMPTY_STEP, escalation.ONLY_TELLS}
    why = [text for text in why if text not in shown_else]
    return StepShown(
        number=number,
        after=after,
        targets=tuple(_target(target, company) for target in step.notify),
        people=tuple(people),
        why=tuple(dict.fromkeys(why)),
        in_turn=step.in_turn,
        urgency=step.urgency,
        local=f"{written(step.local.start)} to {written(step.local.end)}" if step.local else "",
        rooms=tuple(RoomShown(room.title, room.channel) for room in step.tells),
    )


def _target(target: Target, company: Company) -> TargetShown:
    named = tuple(dict.fromkeys(company.people.get(target, ())))
    return TargetShown(
        kind=target.kind,
        name=target.name,
        people=tuple(name for name in named if name in company.reachable),
        silent=tuple(name for name in named if name not in company.reachable),
    )
