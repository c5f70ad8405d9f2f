"""What notifications asks of others: channels that carry a page, and whoever wrote the page."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.notifications.domain.outcomes import Result


@dataclass(frozen=True, slots=True)
class PagedAlert:
    """One alert that a page tells of.

    Attributes:
        id: Its id.
        key: Its dedup key.
        title: One line.
        service: Name of the service; may be empty.
        severity: In one word; may be empty.
        rank: Of the severity, 0 to 9; higher is worse.
    """

    id: str
    key: str
    title: str
    service: str
    severity: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """What a person or a room is told.

    Attributes:
        page_id: Id of the page, the same on each repeat; the idempotency key of every channel. A
            call that tells of several pages has an id of its own.
        may_repeat: Whether it may have been sent before.
        person: Whom it is for; empty: a room.
        step: Step of the escalation policy, from 0.
        urgency: ``high`` or ``low``.
        title: One line; of several alerts that of the gravest.
        url: Where to look and acknowledge.
        alerts: What burns, the oldest first; several where pages go in one call.
        is_test: Whether nothing burns and nothing is to be answered: a test of the contact, or a
            notice.
        act_url: Where the person may answer without signing in; empty: nowhere, and so for rooms.
            It opens a door, so it is made for each call and never stored.
        room: What people call the room that it is for; empty: it is for a person.
        code: Digits to be typed in, in a page that asks for them; empty: it does not.
        pages: Ids of all pages that the call is for, the oldest first; empty: only ``page_id``.
    """

    page_id: str
    may_repeat: bool
    person: str
    step: int
    urgency: str
    title: str
    url: str
    alerts: tuple[PagedAlert, ...] = ()
    is_test: bool = False
    act_url: str = ""
    pages: tuple[str, ...] = ()
    code: str = ""
    room: str = ""

    @property
    def link(self) -> str:
        """Where to look and answer, for a person."""
        return self.act_url or self.url


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes.

    Attributes:
        address: As the contact says.
        secret: What signs it; empty: nothing does.
        is_by_admin: Whether an admin set the address, which may then be internal.
    """

    address: str
    secret: str = ""
    is_by_admin: bool = False


class Channel(Protocol):
    """A way to reach people, named by dotted class in ``WATCHKEEPER_CHANNELS``.

    It is made without arguments, is called from many threads at once, and has no database.
    """

    def is_ready(self) -> bool:
        """Return whether all settings that it needs are there."""
        ...

    def provider(self, to: Recipient) -> str:
        """Return whose system is called, so that one that fails is left alone for a while."""
        ...

    def send(self, message: Message, to: Recipient) -> Result:
        """Call once, within 8 seconds, and say what came of it; never retry.

        An error that escapes counts as temporary.
        """
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A delivery to be made.

    Attributes:
        page_id: Id of the page.
        group: What deliveries that stand in for each other share: one person, one step.
        person: Name of the person; empty: a room is told.
        contact: Name of the contact, or key of the room; empty where there is none, with a reason
            to skip.
        due_at: When it is due.
        message: What is told.
        skipped: Why it is not sent; empty: it is.
    """

    page_id: str
    group: str
    person: str
    contact: str
    due_at: dt.datetime
    message: Message
    skipped: str = ""


class PageKeeper(Protocol):
    """Who wrote the pages, named by dotted class in ``WATCHKEEPER_PAGE_KEEPER``."""

    def unwanted(self, page_ids: Collection[str]) -> Mapping[str, str]:
        """Return why pages are no longer wanted, by id; those that are wanted are left out."""
        ...

    def others(self, page_ids: Collection[str], *, now: dt.datetime) -> Sequence[Planned]:
        """Return, and write down, the pages that stand in for those that failed.

        Each is for the same person by a contact not tried yet; left out where there is none.
        """
        ...
