"""What can go wrong, in the few categories that every door translates once.

    WatchkeeperError
      NotFoundError      what one may not read and what does not exist look the same
      ConflictError      true when asked, not true now; reload and try again
        StaleError       a condition of the request, as If-Match, does not hold any more
      InvalidError       the input is wrong; carries one Problem per fault
      ForbiddenError     may be read by the caller, may not be changed by them
      UnauthenticatedError  nobody is signed in, or the token is not valid
      LimitError         too much, too often; says when to come back
      DependencyError    somebody else's system failed; ``permanent`` says whether to retry
      UnavailableError   we cannot store or answer now; the sender must retry

A slice subclasses these where it raises them and gives each subclass a stable ``code``. The HTTP
status is chosen once, in ``plumbing/rest.py``; the exit code once, in ``cli``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in what was sent.

    Attributes:
        detail: A sentence for the person who sent it: what is wrong and what would be right.
        path: Where in the input, as ``spec.objectives[0].target``; empty for the whole.
        row: Row of a list or a table, counted from 0; ``None`` where there are no rows.
        file: Name of the file as the sender knows it; ``None`` where there is none.
        line: Line in the file, counted from 1; ``None`` where unknown.
    """

    detail: str
    path: str = ""
    row: int | None = None
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        head = f"{place}: " if place else ""
        inner = f"{self.path}: " if self.path else ""
        return f"{head}{inner}{self.detail}"


class WatchkeeperError(Exception):
    """Root of all errors that are told to a user.

    ``str(error)`` is one clear sentence: what happened, to which thing, and what to do.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(WatchkeeperError):
    """No such thing, or none that the caller may know of."""

    code = "not_found"


class ConflictError(WatchkeeperError):
    """The thing is not in the state that the request supposes."""

    code = "conflict"


class StaleError(ConflictError):
    """The request was made for another state of the thing than it has now."""

    code = "stale"


class InvalidError(WatchkeeperError):
    """The input is wrong; nothing was stored."""

    code = "invalid"

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = tuple(problems) or (Problem(message),)


class ForbiddenError(WatchkeeperError):
    """The caller may read this but not change it."""

    code = "forbidden"


class UnauthenticatedError(WatchkeeperError):
    """Nobody is signed in, or the token is unknown, expired or revoked."""

    code = "unauthenticated"


class LimitError(WatchkeeperError):
    """Too much or too often.

    Attributes:
        retry_after_seconds: When it is worth trying again; ``None`` if never with this size.
    """

    code = "limit"

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DependencyError(WatchkeeperError):
    """A system that is not ours refused, failed or did not answer in time.

    Attributes:
        permanent: ``True`` if the same call would fail again until somebody changes something.
    """

    code = "dependency"

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class UnavailableError(WatchkeeperError):
    """We cannot store or answer now; the same request may be sent again."""

    code = "unavailable"
