"""What a sender says of one condition, in our words, whatever it spoke."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

OWN = "watchkeeper"
"""Kind, name and scope of the integration on whose account the product's own alerts stand."""

LONGEST_KEY = 512
LONGEST_TITLE = 500
LONGEST_TEXT = 10_000
LONGEST_URL = 2_000
LONGEST_LABEL = 1_000
MOST_LABELS = 200
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Action(Enum):
    """What the sender wants."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    NOTE = "note"
    PING = "ping"


class Severity(Enum):
    """How bad the sender says it is; the words of PagerDuty's events, which most senders use."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Higher is worse, from 0."""
        return _RANKS[self]


class Urgency(Enum):
    """Whether a person is woken for it."""

    HIGH = "high"
    LOW = "low"


_RANKS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2, Severity.CRITICAL: 3}
_WORDS = {
    Severity.CRITICAL: "critical crit fatal emergency emerg page p1 sev1 1 disaster high blocker",
    Severity.ERROR: "error err major p2 sev2 2 alerting average",
    Severity.WARNING: "warning warn minor p3 sev3 3 ticket medium moderate",
    Severity.INFO: "info information informational notice none debug ok low p4 p5 sev4 sev5 4 5",
}
_SEVERITIES = {word: severity for severity, words in _WORDS.items() for word in words.split()}


def severity_of(word: str, *, default: Severity = Severity.ERROR) -> Severity:
    """Return the severity that a sender's ``word`` means; ``default`` for a word nobody knows."""
    return _SEVERITIES.get(word.strip().lower(), default)


def urgency_of(severity: Severity) -> Urgency:
    """Return the urgency where no route says one: errors wake people, warnings do not."""
    return Urgency.HIGH if severity.rank >= Severity.ERROR.rank else Urgency.LOW


def bounded_key(key: str) -> str:
    """Return ``key``, or one as good that is short enough to be stored."""
    if len(key) <= LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    return f"{key[: LONGEST_KEY - len(digest) - 1]}#{digest}"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a sender posted.

    Attributes:
        action: What it wants.
        key: What makes two of them speak of one condition, within the integration's scope.
        title: One line for people.
        severity: How bad it is.
        severity_word: The sender's own word for it; empty: it said none.
        service: Name of the service it speaks of; empty: the integration's.
        started_at: When the condition began, as the sender says; ``None``: it does not say.
        episode: What tells one occurrence under the key from the next: a start time or an id;
            empty: the sender does not tell them apart.
        url: Where the sender shows it; empty: nowhere.
        runbook_url: What to do; empty: it does not say.
        description: Longer words; may be empty.
        labels: The sender's pairs, for matchers and for people.
        message: What names this one message, however often it is delivered; empty: its sender
            names none.
    """

    action: Action
    key: str
    title: str = ""
    severity: Severity = Severity.ERROR
    severity_word: str = ""
    service: str = ""
    started_at: dt.datetime | None = None
    episode: str = ""
    url: str = ""
    runbook_url: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)
    message: str = ""


def make(  # noqa: PLR0913  every field of an event, bounded in one place
    action: Action,
    key: str,
    *,
    title: str = "",
    severity: str = "",
    service: str = "",
    started_at: dt.datetime | None = None,
    episode: str | None = None,
    url: str = "",
    runbook_url: str = "",
    description: str = "",
    labels: Mapping[str, str] = _NO_LABELS,
) -> Event:
    """Return an event whose texts are short enough to be stored.

    Args:
        action: What the sender wants.
        key: The dedup key.
        title: One line for people; the key where it is empty.
        severity: The sender's word.
        service: Name of the service.
        started_at: When it began; it tells the episode unless ``episode`` does.
        episode: What tells the occurrence; ``None``: the start.
        url: Where the sender shows it.
        runbook_url: What to do.
        description: Longer words.
        labels: The sender's pairs.
    """
    if episode is None:
        episode = "" if started_at is None else started_at.astimezone(dt.UTC).isoformat()
    one_line = " ".join((title or key).split())
    return Event(
        action=action,
        key=bounded_key(key),
        title=one_line[:LONGEST_TITLE],
        severity=severity_of(severity),
        severity_word=severity[:100],
        service=service[:253],
        started_at=started_at,
        episode=episode[:200],
        url=_web(url),
        runbook_url=_web(runbook_url),
        description=description[:LONGEST_TEXT],
        labels={
            name[:LONGEST_LABEL]: value[:LONGEST_LABEL]
            for name, value in list(labels.items())[:MOST_LABELS]
        },
    )


def _web(url: str) -> str:
    """Return ``url`` if it is one that a person may follow; else nothing."""
    return url[:LONGEST_URL] if url.startswith(("http://", "https://")) else ""
