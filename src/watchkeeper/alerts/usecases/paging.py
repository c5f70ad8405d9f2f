"""Who is paged for an alert, changed by hand: sooner, somebody else, somebody more."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from watchkeeper.alerts.domain.lifecycle import AlertState
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.usecases import acts, hands, upkeep
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.oncall.domain import policies
from watchkeeper.oncall.queries import escalations as queries
from watchkeeper.oncall.usecases import steering

POLICY = "policy"


class NotFiringError(ConflictError):
    """Nobody is being paged for the alert."""

    code = "not_firing"


@transaction.atomic
def escalate(*, actor: Actor, alerts: Sequence[str], now: dt.datetime) -> dict[str, str]:
    """Let the next step of alerts' escalations be due at once, all or none.

    Args:
        actor: Who; needs the role responder in the team that owns the service, or anywhere where
            no team does.
        alerts: Their ids.
        now: The present.

    Returns:
        What is due at once, in words, by alert.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        NotFiringError: one was taken, is snoozed or is over.
        NotEscalatingError: nobody is being paged for one, or its policy is at its end.
    """
    rows = hands.alerts_of(actor, alerts)
    for row in rows:
        if row.state != AlertState.FIRING.value:
            raise NotFiringError(
                f"Alert {row.pk} is {row.state}: nobody is being paged for it; reassign it, or "
                "add somebody"
            )
    told = steering.hurry([hands.subject_of(row) for row in rows], now=now)
    due = {str(row.pk): told[hands.subject_of(row)] for row in rows}
    for row in rows:
        detail = f"{due[str(row.pk)]} is due at once"
        hands.tell(actor, [row], "escalated", now=now, detail=detail)
    return due


@transaction.atomic
def reassign(
    *, actor: Actor, alerts: Sequence[str], to: Mapping[str, str], now: dt.datetime
) -> int:
    """Page somebody else for alerts and their groups from now on, all or none.

    Their escalations stop. A policy begins with its first step; a person, a schedule or a team is
    paged at once in one step, and then the catch-all of the policy that the alert had. Who took or
    snoozed an alert gives it back: it fires until the next one takes it.

    Args:
        actor: Who; needs the role responder in the team that owns the service, or anywhere where
            no team does.
        alerts: Their ids.
        to: Whom, as ``{person: bob}``; a person, a schedule, a team or a policy.
        now: The present.

    Returns:
        How many alerts others are paged for now.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        AlreadyResolvedError: one has ended.
        InvalidError: there is no such policy, or nobody there who can be called.
    """
    named, others = acts.open_groups(actor, alerts)
    rows = [*named, *others]
    changes = {
        "state": AlertState.FIRING.value,
        "acknowledged_at": None,
        "acknowledged_by": "",
        "pages_again_at": None,
        "muted_until": None,
    }
    name = to.get(POLICY)
    if name is not None and len(to) == 1:
        if not queries.policy_documents([name]):
            message = f"there is no escalation policy {name}"
            raise InvalidError(message, [Problem(message, path=f"to.{POLICY}")])
        triggers = [replace(upkeep.trigger_of(row), policy=name) for row in rows]
        changes |= {"policy": name, "placed_because": f"reassigned by {hands.label(actor)}"}
    else:
        target = policies.target_of(to)
        steering.reachable(target, now=now)
        triggers = [replace(upkeep.trigger_of(row), to=(target,)) for row in rows]
    Alert.objects.filter(pk__in=[row.pk for row in rows]).update(**changes)
    words = _words(to)
    steering.lead_to(triggers, reason=f"reassigned to {words}", now=now)
    hands.tell(actor, named, "reassigned", now=now, detail=f"to {words}", logged={"to": [*to]})
    hands.tell_others(actor, others, "reassigned", now=now, detail=f"to {words}")
    return len(rows)


@transaction.atomic
def add(
    *, actor: Actor, alerts: Sequence[str], to: Mapping[str, str], now: dt.datetime
) -> dict[str, list[str]]:
    """Page somebody more for alerts, all or none; whatever else goes on does so on.

    They are called too for what another has taken, until it is resolved, snoozed or they
    acknowledge it themselves.

    Args:
        actor: Who; needs the role responder in the team that owns the service, or anywhere where
            no team does.
        alerts: Their ids.
        to: Whom, as ``{person: bob}``; a person, a schedule or a team.
        now: The present.

    Returns:
        Who is called, by alert; nobody who was added within the last minute.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        AlreadyResolvedError: one has ended.
        InvalidError: there is nobody there who can be called.
    """
    rows = acts.open_alerts(actor, alerts)
    people = steering.reachable(policies.target_of(to), now=now)
    called = steering.add([upkeep.trigger_of(row) for row in rows], people, now=now)
    told = {str(row.pk): called[hands.subject_of(row)] for row in rows}
    changed = [row for row in rows if told[str(row.pk)]]
    detail = f"{_words(to)} is paged beside"
    hands.tell(actor, changed, "responder added", now=now, detail=detail, logged={"to": [*to]})
    return told


def _words(to: Mapping[str, str]) -> str:
    return " ".join(part for pair in to.items() for part in pair)
