"""What the engine runs."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """Work that comes round.

    A job may be stopped anywhere and begun again by another node, so each of its transactions
    stands alone, and what it does twice has the same result as once.

    Attributes:
        name: ``slice.verb``, unique.
        cadence_seconds: How often it is due; runs are aligned to whole multiples of it.
        run: What is done; takes the instant that the tick began. A failure is logged, shown and
            tried again at the next round; it never stops other jobs.
    """

    name: str
    cadence_seconds: float
    run: Callable[[dt.datetime], None]


@dataclass(frozen=True, slots=True)
class Loop:
    """Work that every engine does all the time, as long as it lives.

    Unlike a job, a loop runs in every engine at once: what it does it claims from due work.

    Attributes:
        name: ``slice.verb``, unique; ``wake.ring(name)`` cuts its waits short.
        step: Does a bounded piece and returns whether there may be more at once; takes the instant
            at which the step begins. A failure is logged and the step tried again; other loops
            and jobs go on.
        idle_seconds: How long it waits after a step that found nothing.
        finish: Ends what is in hand when the engine stops; ``None``: a step leaves nothing.
    """

    name: str
    step: Callable[[dt.datetime], bool]
    idle_seconds: float = 0.25
    finish: Callable[[], None] | None = None


_confirm: ContextVar[Callable[[], None] | None] = ContextVar("confirm", default=None)


def confirm_lease() -> None:
    """Let the current transaction count only if the job that runs it still holds its lease.

    For a job whose writes must not come from a node that was thought dead and came back. Called
    inside the transaction, before it ends; outside of a job it does nothing.

    Raises:
        LeaseLostError: another node runs the job now.
    """
    check = _confirm.get()
    if check is not None:
        check()


@contextmanager
def holding(check: Callable[[], None]) -> Iterator[None]:
    """Let :func:`confirm_lease` call ``check`` while the block runs; for the engine."""
    token = _confirm.set(check)
    try:
        yield
    finally:
        _confirm.reset(token)
