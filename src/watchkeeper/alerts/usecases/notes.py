"""What people write beside alerts: notes, and whether the page was worth it."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from watchkeeper.alerts.domain import page_verdicts
from watchkeeper.alerts.models import PageVerdictRow
from watchkeeper.alerts.usecases import hands
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.oncall.queries import escalations

LONGEST = 1_000


class NobodyPagedError(ConflictError):
    """Nobody was paged for the alert; there is no page that could have been worth it."""

    code = "nobody_paged"


@transaction.atomic
def note(*, actor: Actor, alerts: Sequence[str], text: str, now: dt.datetime) -> int:
    """Write a note into the story of alerts, open or not, all or none.

    Args:
        actor: Who; needs the role responder in the team that owns the service, or anywhere where
            no team does.
        alerts: Their ids.
        text: 1 to 1,000 characters, as they are.
        now: The present.

    Returns:
        How many alerts have it now.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        InvalidError: the note is empty or too long.
    """
    rows = hands.alerts_of(actor, alerts)
    written = _written(text, "text")
    if not written:
        raise InvalidError("A note says something", [Problem("is empty", path="text")])
    hands.tell(actor, rows, "noted", now=now, detail=written)
    return len(rows)


@transaction.atomic
def judge(
    *,
    actor: Actor,
    alerts: Sequence[str],
    verdict: str,
    now: dt.datetime,
    why: str = "",
    words: str = "",
) -> int:
    """Record whether it was worth paging somebody for alerts, all or none.

    An alert has one verdict, which holds for all of its pages; a later one takes its place, and
    the story keeps both.

    Args:
        actor: Who; needs what a note needs.
        alerts: Their ids.
        verdict: ``actionable`` or ``not_actionable``.
        why: Why it was not: a value of ``page_verdicts.Why``; empty for one that was.
        words: More, at most 1,000 characters; may be empty.
        now: The present.

    Returns:
        How many alerts have it now.

    Raises:
        AlertNotFoundError: there is none of one of the ids.
        ForbiddenError: the actor may not.
        InvalidError: the verdict cannot be so.
        NobodyPagedError: nobody was paged for one of them.
    """
    rows = hands.alerts_of(actor, alerts)
    given, reason = page_verdicts.read(verdict, why)
    more = _written(words, "words")
    subjects = [hands.subject_of(row) for row in rows]
    paged = escalations.paged(subjects)
    for subject in subjects:
        if subject not in paged:
            raise NobodyPagedError(f"Nobody was paged for alert {subject.id}; nothing to judge")
    for row in rows:
        PageVerdictRow.objects.update_or_create(
            alert=row,
            defaults={
                "verdict": given.value,
                "why": reason.value if reason is not None else "",
                "words": more,
                "actor": hands.label(actor),
                "at": now,
            },
        )
    told = page_verdicts.told(given, reason)
    detail = f"{told}; {more}" if more else told
    logged = {"verdict": given.value, "why": reason.value if reason is not None else ""}
    hands.tell(actor, rows, "page judged", now=now, detail=detail, logged=logged)
    return len(rows)


def _written(text: str, path: str) -> str:
    """Return what somebody wrote, without blanks around it.

    Raises:
        InvalidError: it is too long, or holds what no database takes.
    """
    written = text.strip()
    if len(written) > LONGEST:
        message = f"at most {LONGEST} characters, please"
        raise InvalidError(message, [Problem(message, path=path)])
    if "\0" in written:
        message = "a text holds no NUL character"
        raise InvalidError(message, [Problem(message, path=path)])
    return written
