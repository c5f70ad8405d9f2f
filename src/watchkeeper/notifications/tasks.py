"""The loop that calls channels: claims, marks, calls in threads, and notes what came of it."""

import datetime as dt
import queue
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from watchkeeper.kernel import clock
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain import breaker, plan
from watchkeeper.notifications.domain.breaker import Breaker
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.ports import Channel
from watchkeeper.notifications.usecases import Calling
from watchkeeper.plumbing import crash_points, due_work, redaction, wake
from watchkeeper.plumbing.jobs import Loop

IN_FLIGHT = 32
RENEW_SECONDS = 1.0
STALE_SECONDS = 0.8
FINISH_SECONDS = 10.0

logger = structlog.get_logger(__name__)


class Breakers:
    """What is known of providers, shared by the threads that call them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Breaker] = {}

    def asks(self, provider: str) -> bool:
        """Return whether a call may go out now."""
        with self._lock:
            state = self._known.get(provider, Breaker())
            may, self._known[provider] = breaker.asks(state, now=clock.monotonic())
            return may

    def ended(self, provider: str, *, is_good: bool) -> None:
        """Note how a call ended."""
        with self._lock:
            state = self._known.get(provider, Breaker())
            self._known[provider] = breaker.ended(state, is_good=is_good, now=clock.monotonic())


class Sender:
    """Sends due deliveries, up to 32 at once; the threads that call have no database."""

    def __init__(self, channels: Callable[[], Mapping[str, Channel]] = queries.channels) -> None:
        self._channels = channels
        self._owner = f"sender-{secrets.token_hex(4)}"
        self._pool: ThreadPoolExecutor | None = None
        self._flying: dict[tuple[int, int], Calling] = {}
        self._ended: queue.SimpleQueue[tuple[Calling, Result]] = queue.SimpleQueue()
        self._breakers = Breakers()
        self._renewed = 0.0

    def step(self, now: dt.datetime) -> bool:
        """Note what ended, hold on to what flies, let what is due go out.

        Returns:
            Whether there may be more to do at once.
        """
        noted = self._note(now)
        self._renew()
        free = IN_FLIGHT - len(self._flying)
        if free <= 0:
            return noted
        held = due_work.claim(
            kind=usecases.KIND, owner=self._owner, limit=free, max_attempts=due_work.FOREVER
        )
        if not held:
            return noted
        crash_points.reach("delivery.claimed")
        for calling in usecases.mark(held, now=now):
            self._fly(calling)
        return True

    def finish(self) -> None:
        """Wait for the calls in flight and note them; what is left is taken over by others."""
        end = clock.monotonic() + FINISH_SECONDS
        while self._flying and clock.monotonic() < end:
            self._renew()
            wake.wait(usecases.LOOP, seconds=0.2)
            self._note(clock.now())

    def _fly(self, calling: Calling) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="page")
        self._flying[_place(calling)] = calling
        self._pool.submit(self._call, calling)

    def _call(self, calling: Calling) -> None:
        """Make one call in a thread of the pool."""
        try:
            result = self._result(calling)
        except Exception as error:  # a channel's fault is a failed call, never a lost page
            logger.exception("channel failed", channel=calling.channel)
            told = redaction.cleaned(f"{type(error).__name__}: {error}")
            result = Result(Outcome.TEMPORARY, told)
        crash_points.reach("delivery.called")
        self._ended.put((calling, result))
        wake.ring_now(usecases.LOOP)

    def _result(self, calling: Calling) -> Result:
        channel = self._channels().get(calling.channel)
        if channel is None or not channel.is_ready():
            detail = plan.not_wired(calling.channel)
            return Result(Outcome.PERMANENT, detail, was_called=False)
        provider = f"{calling.channel} {channel.provider(calling.to)}"
        if not self._breakers.asks(provider):
            detail = "not called: the calls before it to the same provider failed in a row"
            return Result(Outcome.TEMPORARY, detail, was_called=False)
        if clock.monotonic() - calling.looked_at > STALE_SECONDS:
            # The process stood still: it may have been cancelled since it was looked at.
            detail = "not called: too late after the last look whether it is wanted"
            return Result(Outcome.TEMPORARY, detail, was_called=False)
        result = channel.send(calling.message, calling.to)
        is_good = result.outcome not in (Outcome.TEMPORARY, Outcome.UNKNOWN)
        self._breakers.ended(provider, is_good=is_good)
        return result

    def _note(self, now: dt.datetime) -> bool:
        """Write down all results that are there; false if there are none."""
        found: list[tuple[Calling, Result]] = []
        while not self._ended.empty():
            found.append(self._ended.get())
        if not found:
            return False
        try:
            usecases.record(found, now=now)
        except Exception:  # they are noted in the next step, unless their leases end before
            for each in found:
                self._ended.put(each)
            raise
        for calling, _ in found:
            self._flying.pop(_place(calling), None)
        return True

    def _renew(self) -> None:
        """Hold on to the calls in flight for another lease, each second."""
        if self._flying and clock.monotonic() - self._renewed >= RENEW_SECONDS:
            self._renewed = clock.monotonic()
            due_work.renew_many([calling.held for calling in self._flying.values()])


def _place(calling: Calling) -> tuple[int, int]:
    """Return what tells a call from another of the same page under another claim."""
    return calling.held.id, calling.held.fence


_SENDER = Sender()
LOOPS = (Loop(usecases.LOOP, _SENDER.step, idle_seconds=0.1, finish=_SENDER.finish),)
