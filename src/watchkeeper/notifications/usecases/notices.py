"""Notices sent: deliveries as those of pages, which nothing answers and nothing escalates."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.notifications import queries
from watchkeeper.notifications.domain import notices
from watchkeeper.notifications.domain.plan import Reach
from watchkeeper.notifications.ports import Message, Planned
from watchkeeper.notifications.usecases import deliveries


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is told.

    Attributes:
        key: What it is of, the same however often it is asked for; one key is sent once.
        person: Whom it is for.
        text: One line.
        url: Where more stands.
    """

    key: str
    person: str
    text: str
    url: str


def tell(wanted: Sequence[Notice], *, now: dt.datetime) -> int:
    """Send notices, in the caller's transaction; return how many deliveries that are.

    Who has no contact for notices gets none, and nobody is told in their place.

    Args:
        wanted: What, to whom.
        now: The present, at which they are due.
    """
    people = {notice.person for notice in wanted}
    specs, reaches = queries.notice_specs(people), queries.reaches(people)
    wired = queries.ready_channels()
    planned = [
        _planned(notice, contact, now=now)
        for notice in wanted
        for contact in notices.contacts_for(
            specs.get(notice.person, notices.USUAL),
            reaches.get(notice.person, Reach()),
            wired=wired,
        )
    ]
    deliveries.schedule(planned, now=now)
    return len(planned)


def _planned(notice: Notice, contact: str, *, now: dt.datetime) -> Planned:
    text = "\n".join((notice.key, notice.person, contact))
    page_id = f"notice-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    message = Message(
        page_id=page_id,
        may_repeat=False,
        person=notice.person,
        step=0,
        urgency="low",
        title=notice.text,
        url=notice.url,
        is_test=True,
    )
    return Planned(page_id, page_id, notice.person, contact, now, message)
