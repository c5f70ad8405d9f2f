"""When another Watchkeeper counts as dead, judged by our own looks at it."""

import datetime as dt
from dataclasses import dataclass, replace

LOOK_EVERY = dt.timedelta(seconds=10)
_BLIND = 3 * LOOK_EVERY


@dataclass(frozen=True, slots=True)
class PeerState:
    """What is known of a peer.

    Attributes:
        looked_at: When it was last looked at; ``None``: never.
        good_at: When it was last well; ``None``: never.
        bad_since: Since when every look found it unwell; ``None``: it is well, or not known.
        detail: What the last look found; empty: it is well.
        is_open: Whether an alert was opened for it.
    """

    looked_at: dt.datetime | None = None
    good_at: dt.datetime | None = None
    bad_since: dt.datetime | None = None
    detail: str = ""
    is_open: bool = False

    @property
    def is_well(self) -> bool | None:
        """Whether the last look found it well; ``None`` before the first."""
        return None if self.looked_at is None else self.bad_since is None


def after_look(
    state: PeerState, problem: str, *, now: dt.datetime, silence: dt.timedelta
) -> PeerState:
    """Return what is known of a peer after a look at it.

    Silence counts only while we looked ourselves: who was down, or stood still, does not know what
    the peer did meanwhile, and begins to count anew.

    Args:
        state: What was known before.
        problem: What the look found; empty: it is well.
        now: When the look began.
        silence: How long it may be unwell before an alert opens.

    Returns:
        The new state; an alert is to be opened, or resolved, where ``is_open`` changed.
    """
    if not problem:
        return PeerState(looked_at=now, good_at=now)
    was_blind = state.looked_at is None or now - state.looked_at > max(_BLIND, silence)
    since = now if state.bad_since is None or was_blind else state.bad_since
    return replace(
        state,
        looked_at=now,
        bad_since=since,
        detail=problem,
        is_open=state.is_open or now - since >= silence,
    )
