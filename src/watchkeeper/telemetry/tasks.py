"""Telemetry's jobs: ask sources, fetch history, seal closed hours, forget old minutes.

Each run is short; what is left is done by the next. A source that fails is noted and does not
hold up the others.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

import structlog
from django.conf import settings

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import ConflictError, WatchkeeperError
from watchkeeper.plumbing.jobs import Job
from watchkeeper.telemetry.usecases import collect, coverage, load, retention, seal

logger = structlog.get_logger(__name__)

_AT_ONCE = 8
_RUN_SECONDS = 2.0


def fetch_minutes(now: dt.datetime) -> None:
    """Ask every source for its newest minutes, and again for those ten minutes old."""
    rounds = []
    for source_id in collect.sources_to_ask():
        with _noted(source_id, now):
            due = collect.next_round(source_id, now=now)
            if due is not None:
                rounds.append(due)
    if not rounds:
        return
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(rounds))) as pool:
        asked = {pool.submit(each.fetch): each for each in rounds}
        for answer in as_completed(asked):
            due = asked[answer]
            with _noted(due.source_id, now), _load_kept(due, now):
                collect.finish_round(due, answer.result(), now=now)


def fetch_history(now: dt.datetime) -> None:
    """Ask sources for history, newest day first, for about two seconds."""
    goes_on = _budget()
    for source_id in collect.sources_with_history(now=now):
        with _noted(source_id, now):
            while goes_on():
                chunk = collect.next_history(source_id, now=now)
                if chunk is None:
                    break
                with _load_kept(chunk, now):
                    oldest, answer = chunk.fetch()
                collect.finish_history(chunk, oldest, answer, now=now)


def count_coverage(now: dt.datetime) -> None:
    """Count how much of the last day each source measured, for about two seconds."""
    goes_on = _budget()
    while goes_on():
        if not coverage.count_some(now=now):
            return


def seal_minutes(now: dt.datetime) -> None:
    """Move closed hours into sealed blocks, for about two seconds."""
    goes_on, after = _budget(), 0
    while goes_on():
        try:
            done = seal.seal_some(after=after, now=now)
        except ConflictError as error:
            logger.info("sealing is put off", why=error.message)
            return
        if done is None:
            return
        after = done


def forget_minutes(now: dt.datetime) -> None:
    """Delete minutes older than the retention."""
    retention.forget_before(days=settings.WATCHKEEPER.minutes_retention_days, now=now)


def _budget() -> Callable[[], bool]:
    """Return what says whether a run may go on; the first step always may."""
    end: list[float] = []

    def goes_on() -> bool:
        moment = clock.monotonic()
        end.append(moment + _RUN_SECONDS)
        return moment < end[0]

    return goes_on


@contextmanager
def _load_kept(asked: collect.Round | collect.Chunk, now: dt.datetime) -> Iterator[None]:
    """Keep what asking cost the source, whether it answered or not."""
    try:
        yield
    finally:
        load.keep(asked.source_id, asked.meter.taken(), now=now)


@contextmanager
def _noted(source_id: int, now: dt.datetime) -> Iterator[None]:
    """Note a failure with its source instead of letting it hold up the others."""
    try:
        yield
    except WatchkeeperError as error:
        logger.info("source failed", source=source_id, why=error.message)
        collect.fail(source_id, error.message, now=now)
    except Exception:  # an adapter's fault must not stop the other sources
        logger.exception("source failed", source=source_id)
        collect.fail(source_id, "A fault of Watchkeeper; see the engine's log", now=now)


JOBS = (
    Job(name="telemetry.fetch_minutes", cadence_seconds=10, run=fetch_minutes),
    Job(name="telemetry.fetch_history", cadence_seconds=3, run=fetch_history),
    Job(name="telemetry.count_coverage", cadence_seconds=15, run=count_coverage),
    Job(name="telemetry.seal_minutes", cadence_seconds=60, run=seal_minutes),
    Job(name="telemetry.forget_minutes", cadence_seconds=3600, run=forget_minutes),
)
