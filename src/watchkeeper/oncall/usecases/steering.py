"""What people do to escalations that are at work: hurry them.

Locks are taken in the order that ``escalations`` keeps.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.kernel.errors import ConflictError
from watchkeeper.oncall.domain import escalation, policies
from watchkeeper.oncall.domain.escalation import EscalationState, Place
from watchkeeper.oncall.models import Escalation
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.oncall.usecases import escalations
from watchkeeper.plumbing import due_work, wake
from watchkeeper.plumbing.due_work import Work


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
