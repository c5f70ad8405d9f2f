"""The engine: one loop over jobs, shared by any number of nodes through leases."""

import datetime as dt
import os
import platform
import secrets
import threading
from collections.abc import Iterable, Sequence

import structlog
from django.db import close_old_connections, connection
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from watchkeeper import __version__
from watchkeeper.kernel import clock
from watchkeeper.plumbing import due_work, metrics
from watchkeeper.plumbing.due_work import Claim
from watchkeeper.plumbing.jobs import Job
from watchkeeper.plumbing.models import DueWork, EngineNode

KIND = "job"
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 1.0
WORKERS = 3
STALL_MS = 15_000
_FORGET_MS = 86_400_000

logger = structlog.get_logger(__name__)


class Engine:
    """Runs jobs until told to stop; a job that fails is logged and tried again, others go on."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = {job.name: job for job in jobs}
        self.name = f"{platform.node()}-{os.getpid()}-{secrets.token_hex(4)}"

    def run(self, stop: threading.Event, *, workers: int = WORKERS) -> None:
        """Loop until ``stop`` is set; what is in hand is finished first.

        Args:
            stop: Set from outside to end it.
            workers: How many jobs may run at once, so that a long one delays no other.
        """
        threads = [
            threading.Thread(target=self._work, args=(stop,), name=f"worker-{n}", daemon=True)
            for n in range(workers)
        ]
        threads.append(threading.Thread(target=self._beat, args=(stop,), name="heartbeat"))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._register()
                self._loop(stop)
            except Exception:  # the outermost loop: a database that went away comes back
                logger.exception("a worker lost its footing and begins again")
                connection.close()
                stop.wait(1.0)
        connection.close()

    def run_once(self) -> int:
        """Run every job that is due now and return how many ran; for tests and commands."""
        self._register()
        ran = 0
        while self._step():
            ran += 1
        return ran

    def _register(self) -> None:
        now_ms = due_work.database_ms()
        for job in self._jobs.values():
            due_work.put(kind=KIND, key=job.name, due_ms=now_ms)
        EngineNode.objects.update_or_create(
            name=self.name,
            defaults={"started_ms": now_ms, "beat_ms": now_ms, "version": __version__},
        )
        EngineNode.objects.filter(beat_ms__lt=now_ms - _FORGET_MS).delete()

    def _loop(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if not self._step():
                stop.wait(POLL_SECONDS)

    def _step(self) -> bool:
        """Claim one due job and run it; false if none is due."""
        claims = due_work.claim(kind=KIND, owner=self.name)
        for held in claims:
            self._run(held)
        return bool(claims)

    def _run(self, held: Claim) -> None:
        job = self._jobs.get(held.key)
        if job is None:  # a job of an older or newer version; its own engine runs it
            due_work.reschedule(held, due_ms=due_work.database_ms() + 60_000)
            return
        done = threading.Event()
        keeper = threading.Thread(target=_keep, args=(held, done), name="lease", daemon=True)
        keeper.start()
        began = clock.monotonic()
        try:
            job.run(tick_now())
        except Exception as error:  # one job's fault must not stop the others
            logger.exception("job failed", job=job.name, attempts=held.attempts)
            metrics.JOB_RUNS.labels(job.name, "failed").inc()
            due_work.fail(held, error=f"{type(error).__name__}: {error}", forever=True)
        else:
            metrics.JOB_RUNS.labels(job.name, "done").inc()
            due_work.reschedule(held, due_ms=next_due(due_work.database_ms(), job))
        finally:
            metrics.JOB_SECONDS.labels(job.name).set(clock.monotonic() - began)
            done.set()
            keeper.join(timeout=5)

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(HEARTBEAT_SECONDS):
            try:
                close_old_connections()
                EngineNode.objects.filter(name=self.name).update(beat_ms=due_work.database_ms())
            except Exception:  # the loop tells of a lost database; the heart just misses a beat
                logger.warning("no heartbeat", exc_info=True)
        connection.close()


def next_due(now_ms: int, job: Job) -> int:
    """Return when ``job`` is due next: the next whole multiple of its cadence."""
    cadence = int(job.cadence_seconds * 1000)
    return (now_ms // cadence + 1) * cadence


def tick_now() -> dt.datetime:
    """Return the instant of a tick: the database's on PostgreSQL, where nodes must agree."""
    if connection.vendor == "postgresql":
        return dt.datetime.fromtimestamp(due_work.database_ms() / 1000, tz=dt.UTC)
    return clock.now()


def last_beat_age_ms() -> int | None:
    """Return how long ago the liveliest engine beat; ``None`` if none ever ran."""
    newest = EngineNode.objects.order_by("-beat_ms").values_list("beat_ms", flat=True).first()
    return None if newest is None else max(0, due_work.database_ms() - newest)


def failing_jobs() -> dict[str, str]:
    """Return the jobs whose last run failed, with what went wrong."""
    rows = DueWork.objects.filter(kind=KIND).exclude(last_error="")
    return dict(rows.values_list("key", "last_error"))


def _keep(held: Claim, done: threading.Event) -> None:
    """Renew the lease each second while the work is in hand."""
    while not done.wait(HEARTBEAT_SECONDS):
        try:
            if not due_work.renew(held):
                logger.warning("lease lost", kind=held.kind, key=held.key)
                break
        except Exception:  # the work goes on; its end is judged by the fence
            logger.warning("lease not renewed", key=held.key, exc_info=True)
    connection.close()


class _Engines(Collector):
    """Reads the heartbeat when asked, so that any web node can tell of the engines."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the age of the newest heartbeat; nothing where no engine ever ran."""
        age = last_beat_age_ms()
        if age is not None:
            yield GaugeMetricFamily(
                "watchkeeper_engine_last_beat_age_seconds",
                "Time since the liveliest engine beat.",
                value=age / 1000,
            )
        yield GaugeMetricFamily(
            "watchkeeper_jobs_failing", "Jobs whose last run failed.",
            value=len(failing_jobs()),
        )  # fmt: skip

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name nothing beforehand, so that registering asks no database."""
        return ()


metrics.REGISTRY.register(_Engines())
