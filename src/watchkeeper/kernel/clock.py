"""The only place that reads time.

Edges (requests, jobs, commands) call :func:`now` once and pass the value down; everything below
takes ``now`` as a required keyword. Tests replace the source by :func:`set_source`.
"""

import datetime as dt
import time
from collections.abc import Callable

Source = Callable[[], dt.datetime]


def _system() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


_source: Source = _system


def now() -> dt.datetime:
    """Return the present instant, aware, in UTC."""
    return _source()


def monotonic() -> float:
    """Return seconds that never run backwards; for measuring lengths, never for dates."""
    return time.monotonic()


def set_source(source: Source | None) -> None:
    """Let ``source`` tell the time from now on; ``None`` returns to the system's clock."""
    global _source  # noqa: PLW0603  one clock per process is the point of this module
    _source = source or _system
