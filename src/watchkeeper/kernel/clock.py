"""The only place that reads time.

Edges (requests, jobs, commands) call :func:`now` once and pass the value down; everything below
takes ``now`` as a required keyword. Tests replace the source by :func:`set_source`; a process that
shares its work with others lays :func:`set_base` on a clock that they share too.
"""

import datetime as dt
import time
from collections.abc import Callable

Source = Callable[[], dt.datetime]


def system() -> dt.datetime:
    """Return the present instant as this machine has it, whatever clock the process goes by."""
    return dt.datetime.now(dt.UTC)


_base: Source = system
_source: Source | None = None


def now() -> dt.datetime:
    """Return the present instant, aware, in UTC."""
    return (_source or _base)()


def monotonic() -> float:
    """Return seconds that never run backwards; for measuring lengths, never for dates."""
    return time.monotonic()


def set_source(source: Source | None) -> None:
    """Let ``source`` tell the time from now on; ``None`` returns to the base."""
    global _source  # noqa: PLW0603  one clock per process is the point of this module
    _source = source


def set_base(base: Source) -> None:
    """Let ``base`` tell the time wherever no source does; the system's clock at first."""
    global _base  # noqa: PLW0603  as above
    _base = base
