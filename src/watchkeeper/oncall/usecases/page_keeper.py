"""Notifications' port PageKeeper: whether a page is still wanted, and who stands in for one."""

import datetime as dt
from collections.abc import Collection, Mapping

from django.db.models import F, Q

from watchkeeper.notifications import queries as reach
from watchkeeper.notifications.domain import plan
from watchkeeper.notifications.ports import Planned
from watchkeeper.oncall.domain.escalation import ADDED_STEP, EscalationState, PagePlan
from watchkeeper.oncall.models import Page
from watchkeeper.oncall.usecases import escalations


class PageKeeper:
    """Knows the pages of escalations."""

    def unwanted(self, page_ids: Collection[str]) -> Mapping[str, str]:
        """See ``PageKeeper`` of notifications."""
        stopped = Q(escalation__state=EscalationState.STOPPED.value) & ~Q(step=ADDED_STEP)
        older = ~Q(epoch=F("escalation__epoch"))
        rows = Page.objects.filter(Q(pk__in=page_ids) & (stopped | older))
        return {
            page: reason or "the escalation has ended"
            for page, reason in rows.values_list("pk", "escalation__reason")
        }

    def another(self, page_id: str, *, now: dt.datetime) -> Planned | None:
        """See ``PageKeeper`` of notifications."""
        page = Page.objects.select_related("escalation").filter(pk=page_id).first()
        if page is None or self.unwanted([page_id]):
            return None
        row = page.escalation
        same = Page.objects.filter(
            escalation=row, epoch=page.epoch, loop=page.loop, step=page.step, person=page.person
        )
        person = reach.reaches([page.person]).get(page.person, plan.Reach())
        tried = frozenset(same.values_list("contact", flat=True))
        contact = plan.spare(person, tried, wired=reach.ready_channels())
        if contact is None:
            return None
        call = plan.Call(escalations.STANDS_IN, contact, dt.timedelta())
        planned = PagePlan(page.loop, page.step, page.person, now)
        return escalations.add_page(row, planned, call, now=now)
