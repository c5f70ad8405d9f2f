"""The engine: jobs that come round and loops that never rest, shared by any number of nodes."""

import datetime as dt
import os
import platform
import secrets
import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from django.db import close_old_connections, connection

from watchkeeper import __version__
from watchkeeper.kernel import clock
from watchkeeper.plumbing import due_work, jobs, metrics, probes, pulse, redaction, wake
from watchkeeper.plumbing.due_work import Claim
from watchkeeper.plumbing.jobs import Job, Loop
from watchkeeper.plumbing.models import EngineNode

KIND = pulse.JOB
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 1.0
TIDY_BEATS = 10
WORKERS = 3
_FORGET_MS = 86_400_000
_LONGEST_BACK_OFF_MS = 300_000

logger = structlog.get_logger(__name__)


class Engine:
    """Runs jobs and loops until told to stop; what fails is tried again, others go on."""

    def __init__(self, work: Sequence[Job], loops: Sequence[Loop] = ()) -> None:
        self._jobs = {job.name: job for job in work}
        self._loops = tuple(loops)
        if len(self._jobs) != len(work):
            raise ValueError("two jobs have one name")
        if len({loop.name for loop in loops}) != len(loops):
            raise ValueError("two loops have one name")
        self.name = f"{platform.node()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"

    def run(self, stop: threading.Event, *, workers: int = WORKERS) -> None:
        """Loop until ``stop`` is set; what is in hand is finished first.

        Args:
            stop: Set from outside to end it.
            workers: How many jobs may run at once, so that a long one delays no other.
        """
        threads = [
            threading.Thread(target=self._insist, args=(stop, self._work), name=f"worker-{n}")
            for n in range(workers)
        ]
        threads.append(
            threading.Thread(target=self._insist, args=(stop, self._beat), name="heartbeat")
        )
        threads += [
            threading.Thread(target=self._turn, args=(stop, loop), name=loop.name)
            for loop in self._loops
        ]
        for thread in threads:
            thread.daemon = True
            thread.start()
        for thread in threads:
            thread.join()
        self._leave()
        connection.close()

    def run_once(self) -> int:
        """Run every job that is due now and return how many ran; for tests and commands."""
        self._announce()
        ran = 0
        while self._step():
            ran += 1
        return ran

    def _insist(self, stop: threading.Event, loop: Callable[[threading.Event], None]) -> None:
        """Run ``loop`` until ``stop`` is set, again and again: a lost database comes back."""
        while not stop.is_set():
            try:
                loop(stop)
            except Exception:  # the outermost loop
                logger.exception("the engine lost its footing and begins again")
                connection.close()
                stop.wait(1.0)
        connection.close()

    def _work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if not self._step():
                stop.wait(POLL_SECONDS)
            _mend_connection()

    def _turn(self, stop: threading.Event, loop: Loop) -> None:
        """Step through one loop until ``stop`` is set, then end what it has in hand."""
        self._insist(stop, partial(_steps, loop))
        if loop.finish is not None:
            try:
                loop.finish()
            except Exception:  # what it had in hand is taken over when its leases end
                logger.exception("loop did not finish", loop=loop.name)
            connection.close()

    def _beat(self, stop: threading.Event) -> None:
        """Tell each second that this engine lives, and put its jobs right now and then."""
        beats = 0
        while not stop.is_set():
            if beats % TIDY_BEATS == 0:
                self._announce()
            beats += 1
            EngineNode.objects.filter(name=self.name).update(beat_ms=due_work.database_ms())
            _mend_connection()
            stop.wait(HEARTBEAT_SECONDS)

    def _announce(self) -> None:
        """Make sure that this engine and its jobs are known, and forget engines long gone."""
        now_ms = due_work.database_ms()
        for job in self._jobs.values():
            due_work.put(kind=KIND, key=job.name, due_ms=now_ms)
            latest = next_due(now_ms, job) + _LONGEST_BACK_OFF_MS
            due_work.pull_in(kind=KIND, key=job.name, latest_ms=latest)
        names = [loop.name for loop in self._loops]
        probes.put(names, now_ms=now_ms)
        knows = {"beat_ms": now_ms, "jobs": sorted(self._jobs), "loops": sorted(names)}
        EngineNode.objects.update_or_create(
            name=self.name,
            defaults=knows,
            create_defaults={"started_ms": now_ms, "version": __version__, **knows},
        )
        EngineNode.objects.filter(beat_ms__lt=now_ms - _FORGET_MS).delete()

    def _leave(self) -> None:
        """Be missed by nobody: who ends in good order is not looked for."""
        try:
            EngineNode.objects.filter(name=self.name).delete()
        except Exception:  # it is forgotten in a day, and missed until then
            logger.exception("the engine could not take its leave")

    def _step(self) -> bool:
        """Claim one due job and run it; false if none is due."""
        claims = due_work.claim(
            kind=KIND, owner=self.name, keys=self._jobs, max_attempts=due_work.FOREVER
        )
        for held in claims:
            self._run(held)
        return bool(claims)

    def _run(self, held: Claim) -> None:
        job = self._jobs[held.key]
        done = threading.Event()
        keeper = threading.Thread(target=_keep, args=(held, done), name="lease", daemon=True)
        keeper.start()
        began = clock.monotonic()
        try:
            with jobs.holding(partial(due_work.confirm, held)):
                job.run(tick_now())
        except Exception as error:  # one job's fault must not stop the others
            logger.exception("job failed", job=job.name, attempts=held.attempts)
            metrics.JOB_RUNS.labels(job.name, "failed").inc()
            told = redaction.cleaned(f"{type(error).__name__}: {error}")
            is_held = due_work.fail(held, error=told, forever=True)
        else:
            metrics.JOB_RUNS.labels(job.name, "done").inc()
            due_ms = next_due(due_work.database_ms(), job)
            is_held = due_work.reschedule(held, due_ms=due_ms)
        finally:
            metrics.JOB_SECONDS.labels(job.name).set(clock.monotonic() - began)
            done.set()
            keeper.join(timeout=5)
        if not is_held:
            logger.warning("job was taken over", job=job.name)


def _steps(loop: Loop, stop: threading.Event) -> None:
    """Step until ``stop`` is set, resting where there is nothing to do."""
    probe = probes.Probe(loop.name)
    while not stop.is_set():
        try:
            may_have_more = loop.step(tick_now())
            probe.passes()
        except Exception:
            metrics.LOOP_FAILURES.labels(loop.name).inc()
            raise
        if not may_have_more:
            wake.wait(loop.name, seconds=loop.idle_seconds)
        _mend_connection()


def _mend_connection() -> None:
    """Let go of a connection that failed, so that the next question opens a new one."""
    if connection.errors_occurred:
        close_old_connections()


def next_due(now_ms: int, job: Job) -> int:
    """Return when ``job`` is due next: the next whole multiple of its cadence."""
    cadence = max(1, int(job.cadence_seconds * 1000))
    return (now_ms // cadence + 1) * cadence


def tick_now() -> dt.datetime:
    """Return the instant of a tick: the database's on PostgreSQL, where nodes must agree."""
    if connection.vendor == "postgresql":
        return dt.datetime.fromtimestamp(due_work.database_ms() / 1000, tz=dt.UTC)
    return clock.now()


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
