"""What a person says afterwards of having been paged: whether it was worth it, and if not, why."""

from enum import Enum

from watchkeeper.kernel.errors import InvalidError, Problem


class PageVerdict(Enum):
    """Whether somebody had to be paged."""

    ACTIONABLE = "actionable"
    NOT_ACTIONABLE = "not_actionable"


class Why(Enum):
    """Why nobody had to be paged; one of them stands for one click."""

    FALSE_ALARM = "false_alarm"
    WENT_AWAY = "went_away"
    COULD_WAIT = "could_wait"
    KNOWN = "known"


WORDS = {
    Why.FALSE_ALARM: "nothing was wrong",
    Why.WENT_AWAY: "it went away by itself",
    Why.COULD_WAIT: "it could have waited",
    Why.KNOWN: "it was known already",
}


def read(verdict: str, why: str) -> tuple[PageVerdict, Why | None]:
    """Return the verdict that two words give.

    Args:
        verdict: ``actionable`` or ``not_actionable``.
        why: Why it was not; empty for one that was.

    Raises:
        InvalidError: one of the words is none of ours, or they do not go together.
    """
    verdicts = {each.value: each for each in PageVerdict}
    reasons = {each.value: each for each in Why}
    if verdict not in verdicts:
        raise _invalid(f"a verdict is one of {', '.join(verdicts)}", "verdict")
    if verdicts[verdict] is PageVerdict.ACTIONABLE:
        if why:
            raise _invalid("what was actionable needs no why", "why")
        return PageVerdict.ACTIONABLE, None
    if why not in reasons:
        raise _invalid(f"say why it was not actionable: {', '.join(reasons)}", "why")
    return PageVerdict.NOT_ACTIONABLE, reasons[why]


def told(verdict: PageVerdict, why: Why | None) -> str:
    """Return a verdict in words, as ``not actionable: it could have waited``."""
    words = verdict.value.replace("_", " ")
    return words if why is None else f"{words}: {WORDS[why]}"


def _invalid(message: str, path: str) -> InvalidError:
    return InvalidError(message, [Problem(message, path=path)])
