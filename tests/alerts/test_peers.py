"""Another Watchkeeper that is not well opens an alert here, by the way of every alert."""

import datetime as dt
import json
from typing import Any

import pytest

from tests.alerts import factories
from tests.conftest import NOON
from tests.factories import make_user
from tests.plumbing.servers import answering, tcp_server
from watchkeeper.alerts.models import Alert, InboundEvent, Peer
from watchkeeper.alerts.queries import peers as queries
from watchkeeper.alerts.usecases import peers

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(seconds=60)
DEAD = "http://127.0.0.1:1"


def look(url: str, *seconds: int) -> None:
    for second in seconds:
        peers.look_at(url, now=NOON + dt.timedelta(seconds=second), silence=MINUTE)


def test_a_dead_peer_opens_one_alert_and_its_return_resolves_it() -> None:
    make_user("alice", role="admin")
    look(DEAD, *range(0, 100, 10))

    [alert] = Alert.objects.all()
    assert alert.title == f"The Watchkeeper at {DEAD} is not well"
    assert (alert.state, alert.severity) == ("firing", "critical")
    assert factories.paged() == {str(alert.pk)}
    assert InboundEvent.objects.count() == 1

    with tcp_server(answering(b'{"ready": true}')) as server:
        assert queries.peers()[0][1].is_open
        Peer.objects.update(url=f"http://127.0.0.1:{server.port}")
        Alert.objects.update(key=f"peer/http://127.0.0.1:{server.port}")
        look(f"http://127.0.0.1:{server.port}", 110)

    assert list(factories.states().values()) == ["resolved"]


def test_a_peer_that_says_it_is_not_ready_tells_why() -> None:
    checks: dict[str, Any] = {
        "engine": {"ok": False, "detail": "last beat 40.0 s ago"},
        "database": {"ok": True, "detail": "answers"},
    }
    body = json.dumps({"ready": False, "checks": checks}).encode()
    with tcp_server(answering(body, head="503 Busy")) as server:
        look(f"http://127.0.0.1:{server.port}", 0)

    [(_, state)] = queries.peers()
    assert state.detail == "It answers 503: engine last beat 40.0 s ago"
    assert state.is_well is False


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[1]", b'{"checks": {"a": 1}}'])
def test_what_a_stranger_answers_is_no_fault_of_ours(body: bytes) -> None:
    with tcp_server(answering(body, head="404 None")) as server:
        look(f"http://127.0.0.1:{server.port}", 0)

    assert "It answers 404" in queries.peers()[0][1].detail


def test_a_peer_that_the_settings_no_longer_name_is_let_go() -> None:
    look(DEAD, *range(0, 100, 10))

    peers.forget_others((), now=NOON + dt.timedelta(minutes=5))

    assert queries.peers() == []
    assert list(factories.states().values()) == ["resolved"]
