"""Other Watchkeepers that this one watches: looked at, and an alert when one is not well."""

import datetime as dt
import json

from django.db import transaction

from watchkeeper.alerts.domain import events as domain
from watchkeeper.alerts.domain import peers
from watchkeeper.alerts.domain.events import Action, Event, Severity
from watchkeeper.alerts.domain.peers import PeerState
from watchkeeper.alerts.models import Peer
from watchkeeper.alerts.queries import peers as queries
from watchkeeper.alerts.usecases import intake, own
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.plumbing import egress, jobs
from watchkeeper.plumbing.egress import Trust

TIMEOUT_SECONDS = 5.0
_READY = 200


def look_at(url: str, *, now: dt.datetime, silence: dt.timedelta) -> PeerState:
    """Look at a peer, and open or resolve its alert, in one transaction after the look.

    Args:
        url: Where it is, as the settings say.
        now: The present, at which the look begins.
        silence: How long it may be unwell before an alert opens.
    """
    problem = _problem(url)
    with transaction.atomic():
        jobs.confirm_lease()
        row, _ = Peer.objects.select_for_update().get_or_create(url=url)
        before = queries.state_of(row)
        after = peers.after_look(before, problem, now=now, silence=silence)
        row.looked_at, row.good_at = after.looked_at, after.good_at
        row.bad_since, row.detail, row.is_open = after.bad_since, after.detail, after.is_open
        row.save()
        if after.is_open is not before.is_open:
            event = _event(url, before, after)
            body = json.dumps({"peer": url, "problem": problem}).encode()
            intake.tell(own.integration(now=now), [event], body=body, now=now)
    return after


def forget_others(urls: tuple[str, ...], *, now: dt.datetime) -> None:
    """Let go of peers that the settings no longer name; their alerts are resolved."""
    for row in Peer.objects.exclude(url__in=urls):
        with transaction.atomic():
            gone = Peer.objects.filter(pk=row.pk).delete()[0]
            if gone and row.is_open:
                event = _event(row.url, queries.state_of(row), PeerState())
                intake.tell(own.integration(now=now), [event], body=b"{}", now=now)


def _problem(url: str) -> str:
    """Return why a peer is not well; empty: it is."""
    address = f"{url.rstrip('/')}/readyz"
    try:
        answer = egress.request(
            "GET", address, trust=Trust.ADMIN, timeout_seconds=TIMEOUT_SECONDS, max_bytes=65_536
        )
    except DependencyError as error:
        return error.message
    if answer.status == _READY:
        return ""
    return f"It answers {answer.status}: {_told(answer)}"[:1000]


def _told(answer: egress.Response) -> str:
    """Return what a peer says is wrong with it, or the beginning of what it said."""
    try:
        checks = answer.json()["checks"]
        wrong = [f"{name} {each['detail']}" for name, each in checks.items() if not each["ok"]]
    except (DependencyError, KeyError, TypeError, AttributeError):
        return "" if not answer.text else " ".join(answer.text.split())[:200]
    return ", ".join(map(str, wrong))


def _event(url: str, before: PeerState, after: PeerState) -> Event:
    key = f"peer/{url}"
    if not after.is_open:
        return domain.make(Action.RESOLVE, key, started_at=before.bad_since)
    seen = "never before" if after.good_at is None else f"last at {after.good_at:%FT%TZ}"
    return domain.make(
        Action.TRIGGER,
        key,
        title=f"The Watchkeeper at {url} is not well",
        severity=Severity.CRITICAL.value,
        started_at=after.bad_since,
        description=f"{after.detail}. It was well {seen}; whom it should wake, nobody wakes now.",
        labels={"alertname": "WatchkeeperPeerDown", "peer": url},
        url=url,
    )
