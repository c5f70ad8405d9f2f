"""Posts that pile up are accepted first and decided a moment later, each once and in order."""

import json
import threading
from typing import Any

import pytest
from django.db import DataError

from tests.alerts.factories import (
    make_integration,
    make_on_call,
    paged,
    post,
    send,
    settle,
    states,
    verdicts,
)
from tests.conftest import FakeClock
from tests.factories import HOST
from watchkeeper.alerts.models import Alert, InboundEvent, InboundRequest
from watchkeeper.alerts.ports import Post
from watchkeeper.alerts.usecases import backlog, catching_up, doors, intake, integrations, upkeep
from watchkeeper.alerts.usecases.batching import Batcher
from watchkeeper.alerts.usecases.deciding import Batch
from watchkeeper.alerts.usecases.intake import Arrival
from watchkeeper.kernel import clock
from watchkeeper.plumbing import due_work
from watchkeeper.plumbing.models import DueWork

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    del db
    settle()
    monkeypatch.setattr(backlog, "LINE", backlog.Line())
    return fake_clock


def pile(*bodies: Any, key: str, kind: str = "generic") -> list[Any]:
    """Store posts as in a storm, and return what their senders are told."""
    path = f"/in/{kind}/{key}"
    found = doors.find("POST", path)
    assert found is not None
    arrivals = [
        Arrival(
            found,
            Post(
                "POST",
                path,
                each if isinstance(each, bytes) else json.dumps(each).encode(),
                clock.now(),
            ),
        )
        for each in bodies
    ]
    intake.store(arrivals, now=clock.now(), is_pressed=True)
    return [arrival.answer for arrival in arrivals]


def catch_up() -> None:
    while catching_up.decide_some():
        pass


def in_line() -> int:
    return DueWork.objects.filter(kind=backlog.KIND).count()


def test_in_a_storm_a_post_is_accepted_first_and_decided_later() -> None:
    key = make_integration(service="shop")
    make_on_call("alice")

    [told] = pile([{"key": "a", "title": "A"}, {"key": "b", "title": "B"}], key=key)

    assert (told.status, told.body["status"], told.body["is_decided"]) == (202, "accepted", False)
    assert told.body["events"] == []
    assert InboundRequest.objects.get().pk == int(told.body["id"])
    assert (in_line(), Alert.objects.count()) == (1, 0)

    catch_up()

    assert states() == {"A": "firing", "B": "firing"}
    assert verdicts() == ["opened", "opened"]
    assert set(InboundEvent.objects.values_list("request_id", flat=True)) == {int(told.body["id"])}
    assert len(paged()) == 2
    assert in_line() == 0


def test_an_end_does_not_overtake_its_beginning() -> None:
    key = make_integration()
    pile({"key": "a", "title": "A"}, key=key)

    # Nothing piles up any more, yet this one stands in line behind the first.
    answer = post(f"/in/generic/{key}", {"key": "a", "status": "resolved"})

    assert answer.json()["is_decided"] is False
    catch_up()
    assert verdicts() == ["opened", "resolved"]
    assert states() == {"A": "resolved"}
    assert send(key, key="b", title="B")["verdict"] == "opened"  # at once again


def test_who_has_nothing_in_line_is_decided_at_once() -> None:
    busy, calm = make_integration(name="busy"), make_integration(name="calm")
    pile({"title": "A"}, key=busy)

    assert send(calm, title="B")["verdict"] == "opened"
    assert states() == {"B": "firing"}


def test_doors_that_tell_what_they_read_and_heartbeats_never_wait() -> None:
    vendor, beat = make_integration("pagerduty"), make_integration("heartbeat")
    body = {
        "routing_key": vendor,
        "event_action": "trigger",
        "payload": {"summary": "S", "source": "s", "severity": "error"},
    }
    for path, what in (("/v2/enqueue", body), (f"/in/heartbeat/{beat}", {})):
        found = doors.find("POST", path)
        assert found is not None
        arrival = Arrival(found, Post("POST", path, json.dumps(what).encode(), clock.now()))
        intake.store([arrival], now=clock.now(), is_pressed=True)
        assert arrival.stored is not None
        assert arrival.stored.is_decided

    assert in_line() == 0
    assert states() == {"S": "firing"}


def test_what_cannot_be_read_goes_to_quarantine_once_it_is_its_turn() -> None:
    key = make_integration()
    pile(b"no JSON", {"title": "A"}, key=key)
    catch_up()

    assert verdicts() == ["quarantined", "opened"]
    assert states()["generic sent what cannot be read"] == "firing"


def test_a_full_line_is_refused_and_nothing_of_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_integration()
    monkeypatch.setattr(backlog, "MOST_POSTS", 2)
    answers = [pile({"title": str(n)}, key=key)[0] for n in range(3)]

    assert [answer.status for answer in answers] == [202, 202, 503]
    assert answers[2].headers["Retry-After"]
    assert InboundRequest.objects.count() == 2


def test_an_integration_that_is_removed_meanwhile_loses_nothing() -> None:
    key = make_integration(service="shop")
    make_on_call("alice")
    pile({"key": "a", "title": "A"}, key=key)
    integrations.remove_integration(actor=HOST, name="generic", now=clock.now())
    catch_up()

    row = Alert.objects.get()
    assert (row.title, row.integration_id, row.service_name) == ("A", None, "shop")
    assert paged() == {str(row.pk)}


def test_one_that_cannot_be_decided_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_integration()
    whole = Batch.run

    def run(batch: Batch) -> None:
        if any(item.event.title == "bad" for item in batch._incoming):
            raise DataError("no room for it")
        whole(batch)

    monkeypatch.setattr(Batch, "run", run)
    pile({"title": "A"}, {"title": "bad"}, {"title": "B"}, key=key)
    catch_up()

    # As at once: what no database can keep is kept raw, and its sender's owner is told.
    assert verdicts() == ["opened", "quarantined", "opened"]
    assert in_line() == 0


def test_what_fails_for_now_stays_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_integration()
    pile({"title": "A"}, key=key)
    with monkeypatch.context() as patch:
        patch.setattr(Batch, "run", lambda batch: 1 / 0)
        catch_up()
    row = DueWork.objects.get(kind=backlog.KIND)
    assert (row.last_error, row.quarantined, row.lease_until_ms) == (
        "it could not be decided; see the log",
        False,
        0,
    )

    DueWork.objects.update(due_ms=1)
    catch_up()

    assert states() == {"A": "firing"}


def test_a_claim_that_was_lost_decides_nothing() -> None:
    key = make_integration()
    pile({"title": "A"}, key=key)
    stale = due_work.claim_in_line(kind=backlog.KIND, owner="frozen", limit=9)
    DueWork.objects.update(lease_until_ms=1)
    catch_up()

    catching_up._decide(stale)

    assert verdicts() == ["opened"]
    assert [row.count for row in Alert.objects.all()] == [1]


def test_only_one_at_a_time_holds_posts_in_line() -> None:
    key = make_integration()
    pile({"title": "A"}, {"title": "B"}, key=key)
    first = due_work.claim_in_line(kind=backlog.KIND, owner="one", limit=1)

    assert len(first) == 1
    assert due_work.claim_in_line(kind=backlog.KIND, owner="two", limit=1) == []
    due_work.finish(first[0])
    assert len(due_work.claim_in_line(kind=backlog.KIND, owner="two", limit=1)) == 1


def test_what_is_not_decided_is_never_forgotten() -> None:
    key = make_integration()
    pile({"title": "A"}, key=key)
    later = clock.now()

    assert upkeep.forget_old(before=later.replace(year=later.year + 1), now=later) == 0
    catch_up()
    assert states() == {"A": "firing"}


def test_posts_pile_up_when_many_bytes_wait_for_long() -> None:
    assert _decided(waits=0.2, size=3_000) == {False}
    assert _decided(waits=0.0, size=3_000) == {True}  # none waits
    assert _decided(waits=0.2, size=10) == {True}  # small ones are soon done


def _decided(*, waits: float, size: int) -> set[bool]:
    """Let thirty posts wait and be stored; return whether they were decided at once."""
    key = make_integration(name=f"of-{waits}-{size}")
    path = f"/in/generic/{key}"
    found = doors.find("POST", path)
    assert found is not None
    batcher = Batcher()
    batcher._thread = threading.main_thread()  # that stores nothing
    bodies = [json.dumps({"title": f"T{n}", "x": "x" * size}).encode() for n in range(30)]
    futures = [
        batcher.submit(Arrival(found, Post("POST", path, body, clock.now()))) for body in bodies
    ]
    for waiting in batcher._queue:
        waiting.since -= waits
    batcher._store(batcher._take())
    return {future.result(timeout=5).body["is_decided"] for future in futures}
