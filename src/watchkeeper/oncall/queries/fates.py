"""What became of many escalations, in short: for those who check thousands."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from watchkeeper.notifications import queries as notifications
from watchkeeper.oncall.models import Escalation, Page
from watchkeeper.plumbing import due_work


@dataclass(frozen=True, slots=True)
class PageFate:
    """What became of a page; ``delivery`` is ``None`` where there is none."""

    id: str
    person: str
    due_at: dt.datetime
    delivery: notifications.Fate | None


@dataclass(frozen=True, slots=True)
class EscalationFate:
    """What became of an escalation: its state, whether it told nobody, and its pages."""

    state: str
    nobody_notified: bool
    pages: tuple[PageFate, ...]


def fates(subject_kind: str, subject_ids: Collection[str]) -> dict[str, EscalationFate]:
    """Return what became of escalations, by the id of their subject; unknown ones are left out.

    Args:
        subject_kind: As ``alert``.
        subject_ids: Which ones.
    """
    found = []
    for part in due_work.portions(subject_ids):
        rows = Escalation.objects.filter(subject_kind=subject_kind, subject_id__in=part)
        found += list(rows.values_list("pk", "subject_id", "state", "nobody_notified"))
    pages: dict[int, list[tuple[str, str, dt.datetime]]] = {}
    for few in due_work.portions([row[0] for row in found]):
        of_them = Page.objects.filter(escalation__in=few).order_by("due_at", "id")
        for escalation, page, person, due_at in of_them.values_list(
            "escalation_id", "id", "person", "due_at"
        ):
            pages.setdefault(escalation, []).append((page, person, due_at))
    told = notifications.fates([page[0] for some in pages.values() for page in some])
    return {
        subject: EscalationFate(
            state, is_loud, tuple(PageFate(*page, told.get(page[0])) for page in pages.get(pk, ()))
        )
        for pk, subject, state, is_loud in found
    }
