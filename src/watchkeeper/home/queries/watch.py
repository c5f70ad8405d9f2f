"""How the pager itself does: engines, how late work is, who would tell, what is wrong."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from watchkeeper.alerts.queries import peers
from watchkeeper.plumbing import alarms, pulse, second_path
from watchkeeper.plumbing.alarms import Told

_WORDS = {
    "delivery": "pages to send",
    "errand": "errands",
    "undecided": "posts to be decided",
    "escalation": "escalations",
    pulse.JOB: "jobs",
    pulse.PROBE: "probes of the loops",
}


@dataclass(frozen=True, slots=True)
class Lag:
    """How long due work of a sort waits.

    Attributes:
        what: Which sort, in words.
        waits: How long the oldest has waited; zero: none waits.
        is_late: Whether that is a stall.
    """

    what: str
    waits: dt.timedelta
    is_late: bool


@dataclass(frozen=True, slots=True)
class NodeLine:
    """One engine.

    Attributes:
        name: Its name.
        version: What it runs.
        beat_at: When it last told that it lives.
        is_alive: Whether that is of late.
    """

    name: str
    version: str
    beat_at: dt.datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class PeerLine:
    """Another Watchkeeper.

    Attributes:
        url: Where it is.
        is_well: Whether the last look found it well; ``None``: never looked at.
        looked_at: When that was; ``None``: never.
        detail: What is wrong; empty: nothing.
    """

    url: str
    is_well: bool | None
    looked_at: dt.datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class Watch:
    """All of it.

    Attributes:
        nodes: Engines of the last day that did not end in good order, newest first.
        lags: By sort of work, the longest wait first.
        ways: Settings of the second path that are set.
        has_heartbeat: Whether a heartbeat goes out.
        heartbeat_at: When the last was taken outside; ``None``: never.
        peers: Other Watchkeepers that this one looks at.
        open_alarms: What is wrong now.
        past_alarms: What was wrong within a week, and told.
    """

    nodes: Sequence[NodeLine]
    lags: Sequence[Lag]
    ways: Sequence[str]
    has_heartbeat: bool
    heartbeat_at: dt.datetime | None
    peers: Sequence[PeerLine]
    open_alarms: Sequence[Told]
    past_alarms: Sequence[Told]


def watch(*, now: dt.datetime) -> Watch:
    """Return how the pager itself does."""
    heartbeat_ms = pulse.marked_ms(pulse.HEARTBEAT)
    told = alarms.known()
    return Watch(
        nodes=[
            NodeLine(
                node.name,
                node.version,
                now - dt.timedelta(milliseconds=node.beat_age_ms),
                node.is_alive,
            )
            for node in pulse.nodes()
        ],
        lags=_lags(),
        ways=list(second_path.ways()),
        has_heartbeat=bool(settings.WATCHKEEPER.heartbeat_url),
        heartbeat_at=_instant(heartbeat_ms),
        peers=_peers(),
        open_alarms=[each for each in told if each.ended is None],
        past_alarms=[each for each in told if each.ended is not None and each.told is not None],
    )


def _lags() -> list[Lag]:
    found = [
        Lag(_WORDS.get(kind, kind), dt.timedelta(milliseconds=ms), ms > pulse.STALL_MS)
        for kind, ms in pulse.lags().items()
    ]
    return sorted(found, key=lambda lag: (-lag.waits, lag.what))


def _peers() -> list[PeerLine]:
    known = dict(peers.peers())
    lines = []
    for url in settings.WATCHKEEPER.peer_url:
        state = known.get(url)
        if state is None:
            lines.append(PeerLine(url, None, None, ""))
        else:
            lines.append(PeerLine(url, state.is_well, state.looked_at, state.detail))
    return lines


def _instant(value_ms: int | None) -> dt.datetime | None:
    return None if value_ms is None else dt.datetime.fromtimestamp(value_ms / 1000, tz=dt.UTC)
