"""What each side of a drill writes down by itself: the sender, the provider, the database.

All instants are milliseconds since the epoch on one machine's clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """One try of the sender.

    Attributes:
        key: Dedup key of the alert.
        at: When the request began.
        status: HTTP status of the answer; ``None`` where none came.
    """

    key: str
    at: int
    status: int | None

    @property
    def is_accepted(self) -> bool:
        """Whether the product promised to keep it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the provider.

    Attributes:
        page_id: Its ``Idempotency-Key``; empty where there was none.
        body_page_id: The ``page_id`` of its body.
        person: Who is called.
        keys: Dedup keys of the alerts it lists.
        may_repeat: Whether it is marked as a possible repeat.
        began: When it came in.
        ended: When it was answered, or given up.
        outcome: ``accepted``, ``refused`` (500), ``hung`` or ``reset``: what the provider did.
        pages: Ids of the pages that it says it is for; empty: only ``page_id``.
    """

    page_id: str
    body_page_id: str
    person: str
    keys: tuple[str, ...]
    may_repeat: bool
    began: int
    ended: int
    outcome: str
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page as the database holds it afterwards.

    Attributes:
        id: Its id.
        key: Dedup key of its alert.
        person: Who was to be called.
        due: When.
        state: ``scheduled``, ``sending``, ``delivered``, ``failed``, ``cancelled``, ``skipped``.
        reason: Why it ended as it did; empty where the state says all.
        outcomes: Outcome of each attempt, in order; ``None`` while it runs.
    """

    id: str
    key: str
    person: str
    due: int
    state: str
    reason: str
    outcomes: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as the database holds it afterwards.

    Attributes:
        key: Its dedup key.
        state: ``firing``, ``acknowledged``, ``snoozed`` or ``resolved``.
        count: Events that it stands for.
        verdicts: Verdict of each of its events; empty texts are events without one.
        ended_loudly: Whether its escalation ended with nobody told, and says so.
    """

    key: str
    state: str
    count: int
    verdicts: tuple[str, ...]
    ended_loudly: bool


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known of one drill.

    Attributes:
        sent: Every try of the sender.
        acknowledged: Key of an alert to when the answer to its acknowledgement came back.
        calls: Every call that reached the provider.
        alerts: Alerts in the database, by key.
        pages: Pages in the database.
        kills: When a process was killed.
        ended: When the database was read.
        bundle_ms: How long what follows a call is gathered; 0: it is not, and calls have no bound.
    """

    sent: Sequence[Sent]
    acknowledged: Mapping[str, int]
    calls: Sequence[Call]
    alerts: Mapping[str, StoredAlert]
    pages: Sequence[StoredPage]
    kills: Sequence[int]
    ended: int
    bundle_ms: int = 0
