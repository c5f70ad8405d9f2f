"""Driving the sender by hand, with the real database and real calls."""

import datetime as dt
import time
from collections.abc import Callable

from tests.notifications.provider import Provider
from watchkeeper.kernel import clock
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.ports import Message, PagedAlert, Planned
from watchkeeper.notifications.queries import DeliveryRow
from watchkeeper.notifications.tasks import Sender
from watchkeeper.plumbing.models import DueWork

ALERT = PagedAlert("17", "disk-full", "Disk full", "shop")


class Pager:
    """A sender and what it is given to send."""

    def __init__(self, phone: Provider) -> None:
        self.phone = phone
        self.sender = Sender()

    def plan(
        self,
        page_id: str,
        contact: str = "hook",
        *,
        late: float = 0,
        group: str = "",
        alert: PagedAlert = ALERT,
        is_test: bool = False,
    ) -> None:
        """Schedule a page for alice, ``late`` minutes from now."""
        now = clock.now()
        due = now + dt.timedelta(minutes=late)
        planned = self.planned(
            page_id, contact, group=group, alert=alert, now=due, is_test=is_test
        )
        usecases.schedule([planned], now=now)

    def planned(
        self,
        page_id: str,
        contact: str = "hook",
        *,
        group: str = "",
        alert: PagedAlert = ALERT,
        now: dt.datetime,
        is_test: bool = False,
    ) -> Planned:
        """Return a page for alice that is due ``now``."""
        message = Message(
            page_id=page_id,
            may_repeat=False,
            person="alice",
            step=0,
            urgency="high",
            title=alert.title,
            url="http://127.0.0.1:8321/alerts/17",
            alerts=(alert,),
            is_test=is_test,
        )
        return Planned(page_id, group or page_id, "alice", contact, now, message)

    def step(self) -> bool:
        return self.sender.step(clock.now())

    def until(self, condition: Callable[[], bool], *, seconds: float = 15) -> None:
        """Step until ``condition`` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            if not self.step():
                time.sleep(0.01)

    def row(self, page_id: str) -> DeliveryRow:
        return queries.deliveries([page_id])[page_id]

    def state(self, page_id: str) -> str:
        return self.row(page_id).state

    def outcomes(self, page_id: str) -> list[str]:
        return [attempt.outcome for attempt in self.row(page_id).attempts]

    def paths(self) -> list[str]:
        return [call["path"] for call in self.phone.calls()]

    def make_due(self, page_id: str) -> None:
        """Let what waits for its next attempt be due now."""
        DueWork.objects.filter(kind=usecases.KIND, key=page_id).update(due_ms=1)
