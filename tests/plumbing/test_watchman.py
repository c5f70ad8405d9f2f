"""What is wrong with the pager itself is seen by any node, told once, and told to be over."""

import datetime as dt
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError

from tests.conftest import NOON
from tests.plumbing.servers import answering, tcp_server
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.plumbing import (
    alarms,
    conditions,
    due_work,
    metrics,
    probes,
    pulse,
    second_path,
    tasks,
    watchman,
)
from watchkeeper.plumbing.alarms import GAP_MS, SETTLED_MS, Standing, Word
from watchkeeper.plumbing.conditions import Condition
from watchkeeper.plumbing.egress import mail
from watchkeeper.plumbing.engine import Engine
from watchkeeper.plumbing.jobs import Loop
from watchkeeper.plumbing.models import Alarm, DueWork, EngineNode

REMIND = 1_800_000
STALL = 15_000


def an_engine() -> Engine:
    """Let an engine with one loop beat."""
    engine = Engine((), (Loop("pager.loop", lambda now: False),))
    engine.run_once()
    return engine


def names() -> list[str]:
    return [each.name for each in conditions.found(stall_ms=STALL, now=clock.now())]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Word]]:
    """What admins were told."""
    found: list[tuple[str, Word]] = []

    def tell(name: str, detail: str, word: Word) -> bool:
        found.append((name, word))
        return True

    monkeypatch.setattr(second_path, "tell", tell)
    return found


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings that name ways out."""

    def set_to(**wanted: Any) -> None:
        changed = django_settings.WATCHKEEPER.model_copy(update=wanted)
        monkeypatch.setattr(django_settings, "WATCHKEEPER", changed)

    return set_to


@pytest.mark.parametrize(
    ("standing", "now_ms", "word"),
    [
        pytest.param(Standing(), 10, Word.BEGUN, id="new"),
        pytest.param(Standing(told_ms=5, is_told=True), 10, None, id="told"),
        pytest.param(Standing(told_ms=5, is_told=True), 5 + REMIND, Word.CONTINUES, id="goes on"),
        pytest.param(Standing(ended_ms=9, told_ms=5, is_told=True), 10, None, id="just ended"),
        pytest.param(
            Standing(ended_ms=9, told_ms=5, is_told=True), 9 + SETTLED_MS, Word.OVER, id="over"
        ),
        pytest.param(Standing(ended_ms=9, told_ms=5), 9 + SETTLED_MS, None, id="never told"),
        pytest.param(Standing(told_ms=5), 6, None, id="again, too soon"),
        pytest.param(Standing(told_ms=5), 5 + GAP_MS, Word.BEGUN, id="again"),
    ],
)
def test_each_episode_is_told_when_it_begins_goes_on_and_is_over(
    standing: Standing, now_ms: int, word: Word | None
) -> None:
    assert alarms.due_word(standing, now_ms=now_ms, remind_ms=REMIND) is word


@pytest.mark.django_db
def test_a_stall_is_told_once_however_many_nodes_look(told: list[tuple[str, Word]]) -> None:
    an_engine()
    EngineNode.objects.update(beat_ms=due_work.database_ms() - STALL - 1_000)

    for node in (watchman.Watchman(), watchman.Watchman(), watchman.Watchman()):
        node.look()

    assert told == [("engine", Word.BEGUN)]

    EngineNode.objects.update(beat_ms=due_work.database_ms())
    watchman.Watchman().look()
    Alarm.objects.update(ended_ms=due_work.database_ms() - SETTLED_MS)
    for node in (watchman.Watchman(), watchman.Watchman()):
        node.look()

    assert told[1:] == [("engine", Word.OVER)]


@pytest.mark.django_db
def test_what_nobody_took_is_told_again_by_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([False, True])
    monkeypatch.setattr(second_path, "tell", lambda *_: next(answers))

    for _ in range(3):  # a third telling would have no answer
        watchman.Watchman().look()

    assert Alarm.objects.get().is_told


@pytest.mark.django_db
def test_who_died_while_telling_is_stood_in_for_when_the_lease_ends() -> None:
    now = alarms.now_ms()
    alarms.note([Condition("engine", "silent")], now_ms=now)
    assert len(alarms.take(now_ms=now, remind_ms=REMIND)) == 1

    assert alarms.take(now_ms=now + alarms.LEASE_MS - 1, remind_ms=REMIND) == []
    [(row, word)] = alarms.take(now_ms=now + alarms.LEASE_MS, remind_ms=REMIND)

    assert (row.name, word) == ("engine", Word.BEGUN)


@pytest.mark.django_db
def test_what_comes_and_goes_within_a_minute_is_one_episode() -> None:
    now = alarms.now_ms()
    wrong = [Condition("lag delivery", "late")]
    for offset, found in ((0, wrong), (3_000, []), (6_000, wrong), (9_000, [])):
        alarms.note(found, now_ms=now + offset)
        for row, word in alarms.take(now_ms=now + offset, remind_ms=REMIND):
            assert (offset, word) == (0, Word.BEGUN)
            alarms.told(row, word, now_ms=now + offset, detail="late")

    assert Alarm.objects.get().since_ms == now


@pytest.mark.django_db
def test_late_work_of_every_kind_is_a_condition_and_a_metric() -> None:
    an_engine()
    now = due_work.database_ms()
    due_work.put(kind="escalation", key="1", due_ms=now - 20_000)
    due_work.put(kind="delivery", key="on time", due_ms=now + 20_000)
    due_work.put(kind="delivery", key="held", due_ms=now - 99_000)
    DueWork.objects.filter(key="held").update(lease_until_ms=now + 3_000)

    assert names() == ["lag escalation"]
    lags = pulse.lags()
    assert 20_000 <= lags["escalation"] < 25_000
    assert lags["delivery"] == 0
    assert 'watchkeeper_work_lag_seconds{kind="escalation"} 2' in metrics.exposition().decode()


@pytest.mark.django_db
def test_a_loop_that_stands_still_is_late_though_the_heart_beats() -> None:
    an_engine()
    probe = probes.Probe("pager.loop")
    probe.passes()
    assert names() == []
    assert DueWork.objects.get(kind=pulse.PROBE).due_ms > due_work.database_ms()

    DueWork.objects.filter(kind=pulse.PROBE).update(due_ms=due_work.database_ms() - 16_000)

    assert names() == ["lag probe"]


@pytest.mark.django_db
def test_probes_of_loops_that_no_living_engine_knows_do_not_count() -> None:
    an_engine()
    probes.put(["gone.loop"], now_ms=1)

    assert names() == []


@pytest.mark.django_db
def test_work_that_fails_again_and_again_and_what_was_given_up_are_told() -> None:
    an_engine()
    due_work.put(kind="escalation", key="7", due_ms=2**60)
    due_work.put(kind="errand", key="9", due_ms=2**60)
    DueWork.objects.filter(key="7").update(attempts=6, last_error="no luck")
    DueWork.objects.filter(key="9").update(quarantined=True, last_error="poison")

    found = {each.name: each.detail for each in conditions.found(stall_ms=STALL, now=NOON)}

    assert list(found) == ["quarantine", "failing"]
    assert "errand 9: poison" in found["quarantine"]
    assert "escalation 7: no luck" in found["failing"]


@pytest.mark.django_db
def test_one_engine_that_falls_silent_is_missed_unless_its_machine_has_a_newer_one() -> None:
    an_engine()
    old = due_work.database_ms() - STALL - 5_000
    EngineNode.objects.create(name="hostb-7-ab", started_ms=1, beat_ms=old, version="1")
    assert names() == ["node hostb-7-ab"]

    now = due_work.database_ms()
    EngineNode.objects.create(name="hostb-9-cd", started_ms=9, beat_ms=now, version="1")

    assert names() == []


@pytest.mark.django_db
def test_an_engine_that_ends_in_good_order_is_missed_by_nobody() -> None:
    engine = an_engine()
    an_engine()
    engine._leave()

    assert names() == []
    assert EngineNode.objects.count() == 1


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_told_without_it(
    told: list[tuple[str, Word]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> int:
        raise OperationalError("gone")

    seconds = [1_000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: seconds[0])
    node = watchman.Watchman()
    with monkeypatch.context() as gone:
        gone.setattr(alarms, "now_ms", lost)
        for seconds[0] in (1_000.0, 1_010.0, 1_016.0, 1_020.0):
            node.look()
    assert told == [("database", Word.BEGUN)]

    an_engine()
    node.look()
    node.look()

    assert told == [("database", Word.BEGUN), ("database", Word.OVER)]


@pytest.mark.django_db
def test_the_second_path_posts_json_that_chats_can_read(path: Any) -> None:
    with tcp_server(answering(b"ok")) as server:
        path(watch_url=f"http://127.0.0.1:{server.port}/hook", watch_email=None)
        assert second_path.tell("engine", "No engine has beaten for 20 s", Word.BEGUN)

    head, _, _ = server.received[0].partition(b"\r\n")
    assert head.startswith(b"POST /hook ")


def test_one_way_that_is_open_is_enough_and_none_is_the_log(
    path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(mail, "send", lambda message, server: sent.append(message))
    path(watch_url=None, watch_email=None)
    assert second_path.tell("engine", "silent", Word.BEGUN)

    path(
        watch_url="http://127.0.0.1:1/",
        watch_email="sre@example.org",
        smtp_url="smtp://127.0.0.1:25",
    )
    assert second_path.tell("engine", "silent", Word.BEGUN)
    assert sent[0]["To"] == "sre@example.org"
    assert "silent" in sent[0].get_content()

    path(watch_url="http://127.0.0.1:1/", watch_email=None)
    assert not second_path.tell("engine", "silent", Word.BEGUN)


@pytest.mark.django_db
def test_the_heartbeat_goes_out_only_while_nothing_is_wrong(path: Any) -> None:
    with tcp_server(answering(b"OK")) as server:
        path(heartbeat_url=f"http://127.0.0.1:{server.port}/ping")
        tasks.heartbeat(NOON)  # no engine ever ran
        assert server.received == []
        assert pulse.marked_ms(pulse.HEARTBEAT) is None

        an_engine()
        tasks.heartbeat(NOON)
        assert len(server.received) == 1
        assert pulse.marked_ms(pulse.HEARTBEAT) is not None

        due_work.put(kind="job", key="a", due_ms=2**60)
        DueWork.objects.filter(key="a").update(attempts=9, last_error="housekeeping")
        tasks.heartbeat(NOON)  # what is wrong, but keeps no page from going out
        assert len(server.received) == 2

        due_work.put(kind="delivery", key="late", due_ms=1)
        tasks.heartbeat(NOON + dt.timedelta(minutes=1))
        assert len(server.received) == 2


@pytest.mark.django_db
def test_a_heartbeat_that_is_refused_is_a_failed_job_and_no_mark(path: Any) -> None:
    an_engine()
    with tcp_server(answering(b"no", head="500 Oops")) as server:
        path(heartbeat_url=f"http://127.0.0.1:{server.port}/ping")
        with pytest.raises(DependencyError, match="answered 500"):
            tasks.heartbeat(NOON)

    assert pulse.marked_ms(pulse.HEARTBEAT) is None
