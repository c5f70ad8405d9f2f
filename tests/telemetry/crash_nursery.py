"""A process to be killed: raises children that die by SIGKILL at every statement of a write.

Run as ``python -m tests.telemetry.crash_nursery points OPERATION`` it prints, as JSON, the state
after each death and at the end; as ``… work FIRST`` it stores and seals for ever, printing each
minute once its transaction is committed, until somebody kills it; ``… read FIRST LAST`` prints
what is stored. ``… crowd`` lets four processes write and seal the same minutes at once and prints
what went wrong.
"""

import datetime as dt
import json
import multiprocessing
import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    command, *words = sys.argv[1:]
    if command == "points":
        sys.stdout.write(json.dumps(_points(words[0])))
    elif command == "work":
        _work(int(words[0]))
    elif command == "crowd":
        sys.stdout.write(json.dumps(_crowd()))
    else:
        sys.stdout.write(json.dumps(_read(int(words[0]), int(words[1]))))


def _minute() -> int:
    return int(NOW.timestamp()) // 60


def _slis(count: int) -> list[int]:
    from tests.telemetry.factories import make_sli

    return [make_sli(now=NOW, name=f"sli-{place}") for place in range(count)]


def _store(
    sli_id: int,
    start: int,
    length: int,
    good: int,
    now: dt.datetime,
    observed_at: dt.datetime | None = None,
) -> None:
    from watchkeeper.telemetry import usecases
    from watchkeeper.telemetry.usecases import MinuteValue

    usecases.store_minutes(
        sli_id=sli_id,
        minutes=[MinuteValue(start + place, good, 9000) for place in range(length)],
        origin="test",
        observed_at=observed_at or now,
        now=now,
    )


def _state() -> dict[str, Any]:
    """Return all that a reader can see, and where it is kept."""
    from watchkeeper.telemetry import queries
    from watchkeeper.telemetry.models import Block, Minute, Restatement, Sli

    ids = list(Sli.objects.order_by("id").values_list("id", flat=True))
    day = _minute() // 1440
    sums = queries.day_sums_of(ids, start_day=day - 1, end_day=day + 1)
    series = queries.minutes_of(ids, start=_minute() - 1440, end=_minute())
    return {
        "sums": [
            [sums[each].good.tolist(), sums[each].total.tolist(), sums[each].covered.tolist()]
            for each in ids
        ],
        "decoded": [[int(series[e].good.sum()), int(series[e].covered.sum())] for e in ids],
        "journal": Minute.objects.count(),
        "sealed": sum(Block.objects.values_list("covered", flat=True)),
        "restated": Restatement.objects.count(),
    }


def _prepare_seal() -> Callable[[], None]:
    from watchkeeper.telemetry import usecases

    for sli_id in _slis(3):
        for start in range(_minute() - 900, _minute(), 30):
            _store(sli_id, start, 30, start % 7 * 1000, NOW)

    def operation() -> None:
        usecases.seal_some(after=0, now=NOW)

    return operation


def _prepare_store() -> Callable[[], None]:
    """One write that touches block, journal, restatements and the SLI."""
    sli_id = _slis(1)[0]
    _store(sli_id, _minute() - 800, 780, 1000, NOW)

    def operation() -> None:
        _store(sli_id, _minute() - 850, 850, 2000, LATER)

    return operation


def _points(operation: str) -> dict[str, Any]:
    act = {"seal": _prepare_seal, "store": _prepare_store}[operation]()
    before, point = _state(), 0
    deaths: list[dict[str, Any]] = []
    while True:
        _leave_database()
        child = os.fork()
        if child == 0:
            _die_at(point)
            act()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                raise RuntimeError(f"the child failed with {status}")
            return {"before": before, "deaths": deaths, "after": _state()}
        deaths.append(_state())
        point += 1


def _die_at(point: int) -> None:
    """Let this process be killed before its statement number ``point``, commits counted too."""
    from django.db import connection

    count = 0

    def step() -> None:
        nonlocal count
        if count == point:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    def on_statement(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        step()
        return execute(sql, params, many, context)

    commit = connection._commit  # type: ignore[attr-defined]

    def on_commit() -> None:
        step()
        commit()

    connection.ensure_connection()
    connection.execute_wrappers.append(on_statement)
    connection._commit = on_commit  # type: ignore[attr-defined]


def _work(first: int) -> None:
    from tests.telemetry.factories import make_sli
    from watchkeeper.telemetry import usecases

    minute = first
    while True:
        now = dt.datetime.fromtimestamp((minute + 2) * 60, dt.UTC)
        sli_id = make_sli(now=NOW)
        _store(sli_id, minute, 1, minute % 7 * 1000, now)
        os.write(1, b"%d\n" % minute)
        if minute % 20 == 0:
            usecases.seal_some(after=0, now=now)
        minute += 1


def _crowd() -> list[str]:
    """Return what went wrong while four processes wrote and sealed the same minutes."""
    from watchkeeper.telemetry import queries

    slis = _slis(3)
    _leave_database()
    told: multiprocessing.Queue[Any] = multiprocessing.Queue()
    crowd = [multiprocessing.Process(target=_jostle, args=(n, slis, told)) for n in range(4)]
    for each in crowd:
        each.start()
    logs = [told.get(timeout=60) for _ in crowd]
    for each in crowd:
        each.join()
    newest: dict[tuple[int, int], tuple[int, int]] = {}
    for sli_id, start, length, second, good in (line for log, _ in logs for line in log):
        for minute in range(start, start + length):
            newest[sli_id, minute] = max(newest.get((sli_id, minute), (-1, 0)), (second, good))
    wrong = [error for _, errors in logs for error in errors]
    stored = queries.minutes_of(slis, start=_minute() - 1500, end=_minute() + 100)
    for (sli_id, minute), (_, good) in newest.items():
        series = stored[sli_id]
        if int(series.good[minute - series.start]) != good:
            wrong.append(f"SLI {sli_id}, minute {minute}")
    if sum(int(series.covered.sum()) for series in stored.values()) != len(newest):
        wrong.append("more or fewer minutes than were told")
    return wrong


def _jostle(number: int, slis: list[int], told: Any) -> None:
    """Write and seal at random; no two processes observe in the same second."""
    from watchkeeper.telemetry import usecases

    dice, log, errors = random.Random(number), [], []
    for _ in range(100):
        try:
            if dice.random() < 0.2:
                usecases.seal_some(after=0, now=NOW, batch=dice.choice([1, 2]))
                continue
            second, good = dice.randrange(1_000_000) * 4 + number, dice.randrange(9) * 1000
            sli_id, length = dice.choice(slis), dice.choice([1, 2, 70])
            start = _minute() - dice.randrange(70, 1500)
            _store(sli_id, start, length, good, NOW, NOW + dt.timedelta(seconds=second))
            log.append((sli_id, start, length, second, good))
        except Exception as error:  # noqa: BLE001  what went wrong is what is asked
            errors.append(repr(error))
    told.put((log, errors))


def _leave_database() -> None:
    """Let go of connections, which a child must not share."""
    from django.db import connection

    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()


def _read(first: int, last: int) -> list[int]:
    from tests.telemetry.factories import make_sli
    from watchkeeper.telemetry import queries

    series = queries.minutes(make_sli(now=NOW), start=first, end=last + 1)
    return [int(value) if held else -1 for value, held in
            zip(series.good, series.covered, strict=True)]  # fmt: skip


if __name__ == "__main__":
    main()
