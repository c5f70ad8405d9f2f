"""Escalations: begun, stepped, stopped; all that must not be lost is in one transaction.

Locks are taken in one order everywhere: the due work of escalations, the escalations, the due work
of deliveries, the deliveries.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from watchkeeper.kernel.documents import Json
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain.plan import Reach
from watchkeeper.oncall.domain import escalation, policies
from watchkeeper.oncall.domain.escalation import Company, Decision, EscalationState, Place
from watchkeeper.oncall.domain.policies import Policy, Target
from watchkeeper.oncall.models import Escalation, EscalationNote, Page
from watchkeeper.oncall.queries import escalations as queries
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import paging, turns
from watchkeeper.plumbing import crash_points, due_work, metrics, wake, writing
from watchkeeper.plumbing.due_work import Claim, Work

KIND = "escalation"
LOOP = "oncall.escalate"
MOST_AT_ONCE = 100
_FIELDS = [field for field in Escalation._meta.concrete_fields if not field.primary_key]
_MOVED = ["state", "loop", "step", "round_paged", "next_at", "ended_at", "nobody_notified"]

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What somebody is to be woken for.

    Attributes:
        subject: What.
        policy: Name of the policy; empty or unknown: every admin who can be paged.
        urgency: ``high`` or ``low``.
        title: One line.
        service: Name of the service; may be empty.
        url: Where to look and acknowledge.
        to: Whom to page in one step instead of the policy's steps; its catch-all stays.
    """

    subject: Subject
    policy: str
    urgency: str
    title: str
    service: str
    url: str
    to: tuple[Target, ...] = ()


def start_many(triggers: Sequence[Trigger], *, now: dt.datetime) -> None:
    """Begin to page for subjects, in the caller's transaction.

    The policy is frozen as it is now. An escalation that is open stays as it is; one that was
    stopped or exhausted begins anew.

    Args:
        triggers: What people are to be woken for; of two for one subject the first counts.
        now: The present, from which all delays are counted.
    """
    wanted: dict[Subject, Trigger] = {}
    for trigger in triggers:
        wanted.setdefault(trigger.subject, trigger)
    documents = queries.policy_documents({trigger.policy for trigger in wanted.values()})
    known = {_subject(row): row for row in rows_of(wanted)}
    fresh = [trigger for subject, trigger in wanted.items() if subject not in known]
    due = _begin(fresh, documents, now=now)
    if len(due) < len(fresh):  # others began some of them in this moment
        known |= {_subject(row): row for row in rows_of(each.subject for each in fresh)}
        due = []
    ended = [row.pk for row in known.values() if row.state != EscalationState.OPEN.value]
    for row in for_update(ended):
        if row.state != EscalationState.OPEN.value:
            row.epoch += 1
            begun(row, wanted[_subject(row)], documents, now=now).save()
            known[_subject(row)] = row
    due += [
        Work(str(row.pk), _ms(row.next_at), lane=row.service)
        for row in known.values()
        if row.next_at
    ]
    due_work.put_many(KIND, due)
    wake.ring(LOOP)


def _begin(
    triggers: Sequence[Trigger], documents: Mapping[str, Mapping[str, Json]], *, now: dt.datetime
) -> list[Work]:
    """Begin what never was begun; return what is due of it, less where somebody else was first.

    A storm opens hundreds in one transaction: a policy is read and written out once for all.
    """
    rows: list[dict[str, Any]] = []
    alike: dict[tuple[str, tuple[Target, ...]], dict[str, Any]] = {}
    for trigger in triggers:
        key = (trigger.policy, trigger.to)
        if key not in alike:
            row = begun(Escalation(), trigger, documents, now=now)
            alike[key] = {field.attname: getattr(row, field.attname) for field in _FIELDS}
            alike[key]["frozen"] = json.dumps(row.frozen)
        rows.append(alike[key] | _of_one(trigger))
    ids = writing.insert(Escalation, rows, if_absent=True)
    return [
        Work(str(pk), _ms(row["next_at"]), lane=row["service"])
        for pk, row in zip(ids, rows, strict=False)
    ]


def _of_one(trigger: Trigger) -> dict[str, str]:
    """Return the columns in which escalations that begin by one policy differ."""
    return {
        "subject_kind": trigger.subject.kind,
        "subject_id": trigger.subject.id,
        "urgency": trigger.urgency,
        "title": trigger.title,
        "service": trigger.service,
        "url": trigger.url[:2000],
    }


def begun(
    row: Escalation,
    trigger: Trigger,
    documents: Mapping[str, Mapping[str, Json]],
    *,
    now: dt.datetime,
) -> Escalation:
    """Let ``row`` stand before its first step."""
    document = documents.get(trigger.policy)
    if trigger.to:
        document = policies.in_one_step(trigger.to, document or {})
    policy = policies.frozen(document or {})
    for name, value in _of_one(trigger).items():
        setattr(row, name, value)
    row.state, row.reason = EscalationState.OPEN.value, ""
    row.policy = trigger.policy
    row.frozen = dict(document or {})
    row.loop, row.step, row.round_paged = 0, 0, False
    row.started_at, row.next_at = now, escalation.first_due(policy, now)
    row.ended_at, row.nobody_notified = None, False
    return row


def stop(subjects: Sequence[Subject], *, reason: str, now: dt.datetime) -> None:
    """End paging for subjects, in the caller's transaction: from its commit on nobody is called.

    Args:
        subjects: Which; those without an escalation are left out.
        reason: Why, for people, as ``acknowledged by bob``.
        now: The present.
    """
    rows = {row.pk: row.state for row in rows_of(subjects)}
    stopped = [pk for pk, state in rows.items() if state == EscalationState.STOPPED.value]
    added = Page.objects.filter(escalation__in=stopped, epoch=F("escalation__epoch"))
    found = sorted(set(rows) - set(stopped) | set(added.values_list("escalation_id", flat=True)))
    if not found:
        return
    due_work.withdraw(KIND, [str(pk) for pk in found])
    epochs = {row.pk: row.epoch for row in for_update(found)}
    Escalation.objects.filter(pk__in=found).update(
        state=EscalationState.STOPPED.value,
        reason=reason,
        epoch=F("epoch") + 1,
        next_at=None,
        ended_at=now,
    )
    pages = Page.objects.filter(escalation__in=found).values_list("id", "escalation_id", "epoch")
    current = [page for page, pk, epoch in pages if epochs.get(pk) == epoch]
    notifications.cancel(current, reason=reason, now=now)


def step(held: Sequence[Claim], *, now: dt.datetime) -> None:
    """Step escalations that are due: pages, deliveries and the next step in one transaction.

    Args:
        held: Their claims; what is no longer held, or no longer open, changes nothing.
        now: The present.
    """
    with transaction.atomic():
        kept = {int(each.key): each for each in due_work.confirm_many(held)}
        rows = for_update(kept)
        found = [row for row in rows if row.state == EscalationState.OPEN.value]
        due = [row for row in found if row.next_at is not None and row.next_at <= now]
        frozen = {row.pk: policies.frozen(row.frozen) for row in due}
        present = queries.present_at(
            {target for policy in frozen.values() for target in policy.targets()}, now
        )
        stepped = _decided(due, frozen, present.company)
        _write(stepped, present.reaches, now=now)
        ended = {row.pk for row, decision in stepped if decision.place is None}
        due_work.reschedule_many(
            (kept[row.pk], _ms(row.next_at or now)) for row in found if row.pk not in ended
        )
        gone = set(kept) - {row.pk for row in found}
        due_work.finish_many([kept[pk] for pk in gone | ended])
    crash_points.reach("escalation.stepped")


def _decided(
    rows: Sequence[Escalation], frozen: Mapping[int, Policy], company: Company
) -> list[tuple[Escalation, Decision]]:
    """Return what follows for each escalation that is due."""
    taken = turns.Turns({row.policy for row in rows if frozen[row.pk].takes_turns()})
    decided = []
    for row in rows:
        decision = escalation.decide(
            frozen[row.pk],
            Place(row.loop, row.step, row.round_paged),
            planned_at=row.next_at or row.started_at,
            company=company,
            urgency=row.urgency,
            turns=taken.of(row.policy),
        )
        taken.note(row.policy, decision.turn)
        decided.append((row, decision))
    taken.save()
    return decided


def _write(
    stepped: Sequence[tuple[Escalation, Decision]],
    reaches: Mapping[str, Reach],
    *,
    now: dt.datetime,
) -> None:
    """Write pages with their deliveries, notes, and where each escalation stands."""
    planned = [(row, decision.pages) for row, decision in stepped]
    paging.write_pages(planned, reaches, now=now)
    paging.tell_rooms([(row, decision.told) for row, decision in stepped], now=now)
    for row, decision in stepped:
        _move(row, decision, now=now)
    EscalationNote.objects.bulk_create(
        EscalationNote(
            escalation=row, epoch=row.epoch, loop=n.loop, step=n.step, at=now, text=n.text
        )
        for row, decision in stepped
        for n in (*_without_policy(row), *decision.notes)
    )
    writing.move([row for row, _ in stepped], _MOVED)


def _without_policy(row: Escalation) -> list[escalation.Note]:
    """Return a note that says so, where an escalation has no policy to follow."""
    if row.frozen:
        return []
    name = f"there is no escalation policy {row.policy}" if row.policy else "no policy was chosen"
    return [escalation.Note(0, 0, f"{name}: all admins are paged")]


def _move(row: Escalation, decision: Decision, *, now: dt.datetime) -> None:
    """Let ``row`` stand where the decision puts it; the end is said loudly."""
    row.next_at = decision.next_at
    if decision.place is not None:
        row.loop, row.step = decision.place.loop, decision.place.step
        row.round_paged = decision.place.round_paged
        return
    row.state, row.ended_at = EscalationState.EXHAUSTED.value, now
    row.nobody_notified = decision.nobody_notified
    metrics.ESCALATIONS_EXHAUSTED.labels(str(decision.nobody_notified).lower()).inc()
    if decision.nobody_notified:
        logger.error(
            "nobody could be paged",
            subject=f"{row.subject_kind} {row.subject_id}",
            title=row.title,
        )


def rows_of(subjects: Iterable[Subject]) -> list[Escalation]:
    """Return the escalations of subjects."""
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.kind, []).append(subject.id)
    return [
        row
        for kind, ids in by_kind.items()
        for part in due_work.portions(ids)
        for row in Escalation.objects.filter(pk__in=_ids_of(kind, part))
    ]


def _ids_of(kind: str, subjects: Sequence[str]) -> list[int]:
    table = Escalation._meta.db_table
    where, values = writing.one_by_one(
        table, "subject_id", subjects, where="subject_kind = %s", given=[kind]
    )
    return [pk for (pk,) in writing.select(f"SELECT id FROM {table} WHERE {where}", values)]  # noqa: S608  fixed texts


def for_update(ids: Iterable[int]) -> list[Escalation]:
    """Return escalations that nobody else changes before the transaction ends.

    Their pages may be added to meanwhile: the sender does so with locks on deliveries in hand.
    """
    rows = Escalation.objects.select_for_update(no_key=True).filter(pk__in=list(ids))
    return list(rows.order_by("pk"))


def _subject(row: Escalation) -> Subject:
    return Subject(row.subject_kind, row.subject_id)


def _ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
