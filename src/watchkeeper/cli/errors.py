"""What went wrong, in one line on standard error and one exit code."""

import sys

import structlog

from watchkeeper.kernel.errors import DependencyError, InvalidError, WatchkeeperError
from watchkeeper.kernel.ids import new_request_id
from watchkeeper.plumbing.transport import UnreachableError

USAGE = 2
UNREACHABLE = 3
INTERNAL = 70  # EX_SOFTWARE of sysexits.h

logger = structlog.get_logger(__name__)


def report(error: WatchkeeperError) -> int:
    """Print ``error``, one line for each fault, and return the exit code."""
    lines = [error.message]
    if isinstance(error, InvalidError):
        placed = [p for p in error.problems if p.file or p.path or p.row is not None]
        lines = [_row(p.row) + str(p) for p in placed] or lines
    for line in lines:
        say(line)
    unreachable = isinstance(error, UnreachableError) or (
        isinstance(error, DependencyError) and not error.permanent
    )
    return UNREACHABLE if unreachable else USAGE


def report_internal(error: Exception) -> int:
    """Say that the fault is ours, log it whole, and return the exit code."""
    reference = new_request_id()
    logger.error("command failed", reference=reference, exc_info=error)
    say(f"This is a fault of Watchkeeper ({type(error).__name__}); its log names it {reference}")
    return INTERNAL


def say(line: str) -> None:
    """Print one line on standard error."""
    sys.stderr.write("watchkeeper: " + " ".join(line.split()) + "\n")


def _row(row: int | None) -> str:
    return "" if row is None else f"row {row}: "
