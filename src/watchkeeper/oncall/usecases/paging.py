"""Pages of escalations: written down with their deliveries, in the caller's transaction."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

from watchkeeper.notifications import queries as reach
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain import plan, rooms
from watchkeeper.notifications.ports import Message, PagedAlert, Planned
from watchkeeper.oncall.domain.escalation import PagePlan, RoomPlan
from watchkeeper.oncall.domain.rooms import holder_of
from watchkeeper.oncall.models import Escalation, EscalationNote, Page
from watchkeeper.oncall.queries import escalations as queries
from watchkeeper.oncall.queries.escalations import Subject
from watchkeeper.plumbing import writing

STANDS_IN = -1


def write_pages(
    planned_for: Sequence[tuple[Escalation, Sequence[PagePlan]]],
    reaches: Mapping[str, plan.Reach],
    *,
    now: dt.datetime,
) -> None:
    """Write down pages of escalations with their deliveries; those that are there stay.

    Args:
        planned_for: Escalations and whom they page.
        reaches: How those people are reached.
        now: The present.
    """
    wired = reach.ready_channels()
    alerts = _described([row for row, _ in planned_for])
    pages: list[Page] = []
    planned: list[Planned] = []
    waits: dict[tuple[int, str], EscalationNote] = {}
    for row, plans in planned_for:
        for each in plans:
            person = reaches.get(each.person, plan.Reach())
            for call in plan.calls(person, row.urgency, wired=wired):
                page = _page(row, each, call, now=now)
                page.due_at = plan.due_at(person, row.urgency, page.due_at)
                if page.due_at > each.due_at + call.after:
                    waits[row.pk, each.person] = _waits(row, each, now=now)
                pages.append(page)
                message = _message(row, page, alerts.get(_subject(row)))
                planned.append(_planned(page, message, skipped=call.skipped))
    writing.add(pages)
    notifications.schedule(planned, now=now)
    EscalationNote.objects.bulk_create(waits.values())


def tell_rooms(
    told_for: Sequence[tuple[Escalation, Sequence[RoomPlan]]], *, now: dt.datetime
) -> None:
    """Write down what rooms are told, as pages of nobody; what is there stays."""
    told_for = [(row, plans) for row, plans in told_for if plans]
    if not told_for:
        return
    wired = reach.ready_channels()
    alerts = _described([row for row, _ in told_for])
    pages: list[Page] = []
    planned: list[Planned] = []
    for row, plans in told_for:
        for each in plans:
            nobody = PagePlan(each.loop, each.step, "", each.due_at)
            key = rooms.key_of(holder_of(row.policy), each.room)
            page = _page(row, nobody, plan.Call(0, key, dt.timedelta()), now=now)
            message = _message(row, page, alerts.get(_subject(row)), room=each.room.title)
            skipped = "" if each.room.channel in wired else plan.NOT_WIRED
            pages.append(page)
            planned.append(_planned(page, message, skipped=skipped))
    writing.add(pages)
    notifications.schedule(planned, now=now)


def _waits(row: Escalation, each: PagePlan, *, now: dt.datetime) -> EscalationNote:
    """Return a note that says why a page of low urgency is not due at once."""
    text = f"{each.person} has quiet hours: low urgency waits until they are over"
    return EscalationNote(
        escalation=row, epoch=row.epoch, loop=each.loop, step=each.step, at=now, text=text
    )


def add_pages(
    wanted: Sequence[tuple[Escalation, PagePlan, plan.Call]], *, now: dt.datetime
) -> list[Planned]:
    """Write down more pages of escalations and return their deliveries, to be scheduled."""
    pages = [_page(row, each, call, now=now) for row, each, call in wanted]
    writing.add(pages)
    alerts = _described([row for row, _, _ in wanted])
    return [
        _planned(page, _message(row, page, alerts.get(_subject(row))))
        for (row, _, _), page in zip(wanted, pages, strict=True)
    ]


def _page(row: Escalation, each: PagePlan, call: plan.Call, *, now: dt.datetime) -> Page:
    return Page(
        id=page_id(row, each.loop, each.step, each.person, call.rule, call.contact),
        escalation=row,
        epoch=row.epoch,
        loop=each.loop,
        step=each.step,
        person=each.person,
        rule=call.rule,
        contact=call.contact,
        due_at=each.due_at + call.after,
        created_at=now,
    )


def page_id(row: Escalation, loop: int, step: int, person: str, rule: int, contact: str) -> str:
    """Return the id of a page: the same for the same decision, so that none is made twice."""
    parts = (row.subject_kind, row.subject_id, row.epoch, loop, step, person, rule, contact)
    text = "\n".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _planned(page: Page, message: Message, *, skipped: str = "") -> Planned:
    whose = page.person or page.contact  # a room stands in for no other
    return Planned(
        page_id=page.id,
        group=f"{page.escalation_id}.{page.epoch}.{page.loop}.{page.step}.{whose}"[:200],
        person=page.person,
        contact=page.contact,
        due_at=page.due_at,
        message=message,
        skipped=skipped,
    )


def _message(row: Escalation, page: Page, alert: PagedAlert | None, *, room: str = "") -> Message:
    shown = alert or PagedAlert(row.subject_id, "", row.title, row.service)
    return Message(
        page_id=page.id,
        may_repeat=False,
        person=page.person,
        step=page.step,
        urgency=row.urgency,
        title=row.title,
        url=row.url,
        alerts=(shown,),
        room=room,
    )


def _described(rows: Sequence[Escalation]) -> dict[Subject, PagedAlert]:
    """Return what is known of subjects now; those that nobody knows are left out."""
    found: dict[Subject, PagedAlert] = {}
    for kind in {row.subject_kind for row in rows}:
        port = queries.subject_port(kind)
        if port is None:
            continue
        ids = [row.subject_id for row in rows if row.subject_kind == kind]
        for each in port.describe(ids).values():
            found[Subject(kind, each.id)] = PagedAlert(
                each.id, each.key, each.title, each.service, each.severity, each.rank
            )
    return found


def _subject(row: Escalation) -> Subject:
    return Subject(row.subject_kind, row.subject_id)
