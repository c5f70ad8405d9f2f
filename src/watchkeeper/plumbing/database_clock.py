"""The clock that all nodes share: PostgreSQL's, whatever the clocks of their machines say.

What a web writes down when it takes an alert decides when an engine elsewhere pages for it. So a
process reads the database's clock, each few seconds anew, and counts on by its monotonic clock,
which nobody sets. On SQLite there is one machine, and its clock is the database's.
"""

import datetime as dt
from dataclasses import dataclass

import structlog
from django.db import connection

from watchkeeper.kernel import clock
from watchkeeper.plumbing import due_work, metrics

APART = dt.timedelta(seconds=2)
"""From how far on it is said that a machine's clock is not the database's."""

_LONGEST_SECONDS = 1.0
_ROUNDED_SECONDS = 0.001

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's clock as it was read once.

    Attributes:
        at: What it showed.
        monotonic: What this process's monotonic clock showed then.
        within_seconds: How far off that may be: half of how long the answer took.
    """

    at: dt.datetime
    monotonic: float
    within_seconds: float

    def now(self) -> dt.datetime:
        """Return what the database's clock shows now."""
        return self.at + dt.timedelta(seconds=clock.monotonic() - self.monotonic)


_reading: Reading | None = None
_was_apart = False


def follow() -> None:
    """Read the database's clock, and let this process go by it from now on."""
    read()
    if _reading is not None:
        clock.set_base(_present)


def read() -> None:
    """Read the database's clock anew; without an answer the last reading goes on."""
    global _reading  # noqa: PLW0603  one clock per process
    if connection.vendor != "postgresql":
        return
    before = clock.monotonic()
    shown = due_work.database_ms()
    after = clock.monotonic()
    fresh = Reading(
        at=dt.datetime.fromtimestamp(shown / 1000, tz=dt.UTC),
        monotonic=(before + after) / 2,
        within_seconds=(after - before) / 2 + _ROUNDED_SECONDS,
    )
    if _reading is None or not _is_as_good(_reading, fresh):
        _reading = fresh
    _tell(ahead=clock.system() - _reading.now())


def ahead() -> dt.timedelta | None:
    """Return how far this machine's clock is ahead of the database's; ``None``: it is the same."""
    return None if _reading is None else clock.system() - _reading.now()


def _is_as_good(old: Reading, fresh: Reading) -> bool:
    """Return whether a reading is to be kept, so that the clock does not jump for nothing."""
    if fresh.within_seconds > _LONGEST_SECONDS:
        return True
    off = abs((fresh.now() - old.now()).total_seconds())
    return off <= fresh.within_seconds


def _tell(*, ahead: dt.timedelta) -> None:
    """Say once that the clocks are apart, and once that they no longer are."""
    global _was_apart  # noqa: PLW0603  as above
    metrics.CLOCK_AHEAD.set(ahead.total_seconds())
    is_apart = abs(ahead) >= APART
    if is_apart != _was_apart:
        _was_apart = is_apart
        seconds = round(ahead.total_seconds(), 1)
        if is_apart:
            logger.warning("this machine's clock is not the database's", seconds_ahead=seconds)
        else:
            logger.info("this machine's clock is the database's again", seconds_ahead=seconds)


def _present() -> dt.datetime:
    return clock.system() if _reading is None else _reading.now()
