"""Notifications' port PageKeeper: whether a page is still wanted, and who stands in for one."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import F, Q

from watchkeeper.notifications import queries as reach
from watchkeeper.notifications.domain import plan
from watchkeeper.notifications.ports import Planned
from watchkeeper.oncall.domain.escalation import ADDED_STEP, EscalationState, PagePlan
from watchkeeper.oncall.models import Escalation, Page
from watchkeeper.oncall.usecases import paging


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

    def others(self, page_ids: Collection[str], *, now: dt.datetime) -> Sequence[Planned]:
        """See ``PageKeeper`` of notifications."""
        unwanted = self.unwanted(page_ids)
        pages = list(
            Page.objects.select_related("escalation").filter(pk__in=set(page_ids) - set(unwanted))
        )
        tried = _tried(pages)
        people = reach.reaches({page.person for page in pages})
        wired = reach.ready_channels()
        wanted: list[tuple[Escalation, PagePlan, plan.Call]] = []
        for page in pages:
            person = people.get(page.person, plan.Reach())
            contact = plan.spare(person, frozenset(tried[_place(page)]), wired=wired)
            if contact is not None:
                tried[_place(page)].add(contact)
                call = plan.Call(paging.STANDS_IN, contact, dt.timedelta())
                planned = PagePlan(page.loop, page.step, page.person, now)
                wanted.append((page.escalation, planned, call))
        return paging.add_pages(wanted, now=now)


def _place(page: Page) -> tuple[int, int, int, int, str]:
    """Return what pages share that stand in for each other."""
    return page.escalation_id, page.epoch, page.loop, page.step, page.person


def _tried(pages: Sequence[Page]) -> dict[tuple[int, int, int, int, str], set[str]]:
    """Return the contacts that were tried at each place of ``pages``."""
    found: dict[tuple[int, int, int, int, str], set[str]] = defaultdict(set)
    of_these = Page.objects.filter(escalation__in={page.escalation_id for page in pages})
    for page in of_these.filter(person__in={page.person for page in pages}):
        found[_place(page)].add(page.contact)
    return found
