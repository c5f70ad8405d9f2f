"""Jobs of alerts."""

import datetime as dt

from django.conf import settings

from watchkeeper.alerts.domain.peers import LOOK_EVERY
from watchkeeper.alerts.usecases import (
    backlog,
    catching_up,
    floods,
    peers,
    quieting,
    stale,
    upkeep,
    waking,
)
from watchkeeper.plumbing.jobs import Job, Loop


def end_silences(now: dt.datetime) -> None:
    """Page for what still fires when a silence or maintenance ends."""
    upkeep.follow_maintenance(now=now)
    upkeep.end_silences(now=now)


def page_again(now: dt.datetime) -> None:
    """Page for what still fires though its time to be quiet is over."""
    waking.page_again(now=now)


def end_flapping(now: dt.datetime) -> None:
    """Let what flapped and is quiet by now be over, or an alert as any other."""
    quieting.end_flapping(now=now)


def miss_heartbeats(now: dt.datetime) -> None:
    """Tell who is not heard of any more."""
    upkeep.miss_heartbeats(now=now)


def watch_peers(now: dt.datetime) -> None:
    """Look at the other Watchkeepers that the settings name."""
    wanted = settings.WATCHKEEPER.peer_url
    silence = dt.timedelta(seconds=settings.WATCHKEEPER.peer_silence_seconds)
    for url in wanted:
        peers.look_at(url, now=now, silence=silence)
    peers.forget_others(wanted, now=now)


def tell_floods(now: dt.datetime) -> None:
    """Tell owners whose integrations send too much."""
    floods.look(now=now, limit=settings.WATCHKEEPER.integration_events_a_minute)


def close_stale(now: dt.datetime) -> None:
    """End what nothing was heard of for too long."""
    stale.close_stale(now=now)


def follow_firings(now: dt.datetime) -> None:
    """Turn burn rules that fire into alerts."""
    upkeep.follow_firings(now=now)


def forget_old(now: dt.datetime) -> None:
    """Let go of what came long ago."""
    days = settings.WATCHKEEPER.inbound_retention_days
    upkeep.forget_old(before=now - dt.timedelta(days=days), now=now)


def decide(now: dt.datetime) -> bool:
    """Decide posts that were accepted first; return whether there may be more."""
    del now
    return catching_up.decide_some()


JOBS = (
    Job("alerts.end_silences", 2, end_silences),
    Job("alerts.page_again", 2, page_again),
    Job("alerts.end_flapping", 5, end_flapping),
    Job("alerts.miss_heartbeats", 2, miss_heartbeats),
    Job("alerts.watch_peers", LOOK_EVERY.total_seconds(), watch_peers),
    Job("alerts.tell_floods", 30, tell_floods),
    Job("alerts.close_stale", 30, close_stale),
    Job("alerts.follow_firings", 5, follow_firings),
    Job("alerts.forget_old", 3_600, forget_old),
)
LOOPS = (Loop(backlog.LOOP, decide, idle_seconds=0.1),)
