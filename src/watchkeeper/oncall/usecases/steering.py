"""What people do to escalations by hand: hurry them, lead them elsewhere, add somebody.

Locks are taken in the order that ``escalations`` keeps.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db.models import F

from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.notifications import queries as reach
from watchkeeper.notifications import usecases as notifications
from watchkeeper.oncall.domain import escalation, policies
from watchkeeper.oncall.domain.escalation import ADDED_STEP, EscalationState, PagePlan, Place
from watchkeeper.oncall.domain.policies import Target
from watchkeeper.oncall.models import Escalation, Page
from watchkeeper.oncall.queries import escalations as queries
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import escalations, paging
from watchkeeper.oncall.usecases.escalations import Trigger
from watchkeeper.plumbing import due_work, wake
from watchkeeper.plumbing.due_work import Work

_SAME_CLICK = dt.timedelta(minutes=1)


class NotEscalatingError(ConflictError):
    """No escalation is at work for the subject."""

    code = "not_escalating"


def hurry(subjects: Sequence[Subject], *, now: dt.datetime) -> Mapping[Subject, str]:
    """Let the next step of escalations be due at once, in the caller's transaction.

    Later steps are counted from now. An engine that is about to take the step loses its claim, so
    that it is taken once.

    Args:
        subjects: Whose; all or none.
        now: The present.

    Returns:
        What is due at once for each, in words.

    Raises:
        NotEscalatingError: nobody is being paged for one, or its policy is at its end.
    """
    rows = _held(subjects)
    told: dict[Subject, str] = {}
    for subject in subjects:
        row = rows.get(subject)
        if row is None or row.state != EscalationState.OPEN.value:
            raise NotEscalatingError(_why_not(subject, row))
        place = Place(row.loop, row.step, row.round_paged)
        told[subject] = escalation.next_in_words(policies.frozen(row.frozen), place)
    pks = [row.pk for row in rows.values()]
    Escalation.objects.filter(pk__in=pks).update(next_at=now)
    due = int(now.timestamp() * 1000)
    due_work.put_many(escalations.KIND, [Work(str(pk), due) for pk in pks])
    wake.ring(escalations.LOOP)
    return told


def reachable(target: Target, *, now: dt.datetime, path: str = "to") -> list[str]:
    """Return whom a target leads to now.

    Args:
        target: A person, a schedule or a team.
        now: The present.
        path: Where it is written, for the error.

    Raises:
        InvalidError: it leads to nobody who can be called; the text says why.
    """
    company = queries.company_at([target], now)
    people, why = escalation.people_behind([target], company)
    if not people:
        message = f"nobody can be paged: {'; '.join(why)}"
        raise InvalidError(message, [Problem(message, path=path)])
    return people


def lead_to(triggers: Sequence[Trigger], *, reason: str, now: dt.datetime) -> None:
    """End escalations and begin those of ``triggers`` instead, in the caller's transaction.

    Args:
        triggers: What people are to be woken for from now on, and by whom.
        reason: Why the others end, for people.
        now: The present.
    """
    escalations.stop([trigger.subject for trigger in triggers], reason=reason, now=now)
    escalations.start_many(triggers, now=now)


def add(
    triggers: Sequence[Trigger], people: Sequence[str], *, now: dt.datetime
) -> Mapping[Subject, list[str]]:
    """Page people for subjects beside whatever else goes on, in the caller's transaction.

    It is heard of by who is paged even where the escalation was stopped already. Who was added
    within the last minute is not called once more.

    Args:
        triggers: For what.
        people: Names of people who can be called.
        now: The present.

    Returns:
        Who is called for each subject.
    """
    rows = _made_sure_of(triggers, now=now)
    pages = Page.objects.filter(escalation__in=rows, epoch=F("escalation__epoch"), step=ADDED_STEP)
    earlier: dict[int, list[Page]] = {}
    for page in pages:
        earlier.setdefault(page.escalation_id, []).append(page)
    planned: list[tuple[Escalation, list[PagePlan]]] = []
    for row in rows:
        known = earlier.get(row.pk, [])
        fresh = {page.person for page in known if page.created_at > now - _SAME_CLICK}
        loop = max((page.loop for page in known), default=-1) + 1
        plans = [PagePlan(loop, ADDED_STEP, name, now) for name in people if name not in fresh]
        planned.append((row, plans))
    paging.write_pages(planned, reach.reaches(people), now=now)
    return {
        Subject(row.subject_kind, row.subject_id): [each.person for each in plans]
        for row, plans in planned
    }


def join(subjects: Sequence[Subject], *, person: str, now: dt.datetime) -> set[Subject]:
    """Cancel what is still to come for one who was added, in the caller's transaction.

    Args:
        subjects: What the person has heard of.
        person: Their name.
        now: The present.

    Returns:
        The subjects that they were added to.
    """
    rows = {
        row.pk: Subject(row.subject_kind, row.subject_id) for row in escalations.rows_of(subjects)
    }
    pages = Page.objects.filter(
        escalation__in=rows, epoch=F("escalation__epoch"), step=ADDED_STEP, person=person
    )
    found = dict(pages.values_list("pk", "escalation_id"))
    notifications.cancel(list(found), reason=f"{person} is on it", now=now)
    return {rows[pk] for pk in found.values()}


def _made_sure_of(triggers: Sequence[Trigger], *, now: dt.datetime) -> list[Escalation]:
    """Return the escalations of subjects, locked; one that never was is made, as stopped."""
    subjects = {trigger.subject: trigger for trigger in triggers}
    known = {Subject(row.subject_kind, row.subject_id) for row in escalations.rows_of(subjects)}
    documents = queries.policy_documents({trigger.policy for trigger in triggers})
    made = []
    for subject, trigger in subjects.items():
        if subject not in known:
            row = escalations.begun(Escalation(), trigger, documents, now=now)
            row.state, row.reason = EscalationState.STOPPED.value, "it pages nobody by itself"
            row.next_at, row.ended_at = None, now
            made.append(row)
    Escalation.objects.bulk_create(made, ignore_conflicts=True)
    return escalations.for_update(row.pk for row in escalations.rows_of(subjects))


def _held(subjects: Sequence[Subject]) -> dict[Subject, Escalation]:
    """Return escalations that nobody steps before the transaction ends; their work is taken off.

    Whoever calls this puts the work back, or raises.
    """
    found = [row.pk for row in escalations.rows_of(subjects)]
    due_work.withdraw(escalations.KIND, [str(pk) for pk in found])
    rows = escalations.for_update(found)
    return {Subject(row.subject_kind, row.subject_id): row for row in rows}


def _why_not(subject: Subject, row: Escalation | None) -> str:
    what = f"{subject.kind} {subject.id}"
    if row is None:
        return f"Nobody is being paged for {what}; reassign it, or add somebody"
    if row.state == EscalationState.EXHAUSTED.value:
        return f"The policy of {what} is at its end, the catch-all was paged too; reassign it"
    return f"Nobody is being paged for {what}: {row.reason}; reassign it, or add somebody"
