"""Lines of the lists on an SLO's page: firings, exclusions, versions, days."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.identity import queries as identity
from watchkeeper.slos.domain.findings import Finding, FindingKind
from watchkeeper.slos.domain.timeline import Day
from watchkeeper.slos.queries import ExclusionRow, FiringRow, Version
from watchkeeper.slos.usecases.definitions import differences
from watchkeeper.slos.views import figures, sentences
from watchkeeper.ui.domain import numbers, states, times

_FEW = 5
_WORST_DAYS = 5
_FINDINGS = {
    FindingKind.ALERT_CONDITION: ("done", "Not followed"),
    FindingKind.RULE_LEFT_OUT: ("done", "Left out"),
    FindingKind.NO_RULES: ("nodata", "No rule"),
    FindingKind.RATE_UNKNOWN: ("nodata", "Unknown"),
    FindingKind.LOW_TRAFFIC: ("few", "Few events"),
}
"""The mark and the word of each kind of finding."""


@dataclass(frozen=True, slots=True)
class Spent:
    """A part of what was spent: one day, or all others together."""

    label: str
    url: str
    error_minutes: int
    bad: float
    share: float


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version with what it changed."""

    number: int
    valid_from: dt.datetime
    author: str
    changes: Sequence[tuple[str, str, str]]
    more: int


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One thing to know of the burn rules."""

    mark: str
    word: str
    detail: str


def finding_lines(found: Sequence[Finding]) -> list[FindingLine]:
    """Return what is to be known of burn rules, ready to be written."""
    return [FindingLine(*_FINDINGS[finding.kind], finding.detail) for finding in found]


def authors_of(
    versions: Sequence[Version], exclusions: Sequence[ExclusionRow]
) -> Mapping[str, str]:
    """Return the names behind authors, as they are called now."""
    wanted = {v.author for v in versions} | {e.author for e in exclusions}
    found = {"system": "the host", "system:maintenance": "a maintenance window"}
    if any(author.startswith("user:") for author in wanted):
        for person in identity.people():
            found[f"user:{person.id}"] = person.display_name or person.name
    if any(author.startswith("token:") for author in wanted):
        for token in identity.token_rows():
            found[f"token:{token.id}"] = f"token {token.name}"
    return found


def version_lines(versions: Sequence[Version], authors: Mapping[str, str]) -> list[VersionLine]:
    """Return the versions, the newest first, each with what it changed."""
    found = []
    before: Mapping[str, Any] | None = None
    for version in versions:
        changed = differences(before, version.document) if before is not None else ()
        pairs = [(c.path, _shown(c.old), _shown(c.new)) for c in changed]
        found.append(
            VersionLine(
                version.number,
                version.valid_from,
                authors.get(version.author, version.author),
                pairs[:_FEW],
                len(pairs[_FEW:]),
            )
        )
        before = version.document
    return found[::-1]


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)


def spent_lines(days: Sequence[Day], url: str, zone: times.Zone) -> list[Spent]:
    """Return the worst days and all others together; the parts add up to what is spent."""
    bad = [day for day in days if day.spent]
    worst = sorted(bad, key=lambda day: -(day.spent or 0))[:_WORST_DAYS]
    rest = [day for day in days if day not in worst]
    found = [
        Spent(
            label=times.day(day.start, zone=zone),
            url=figures.span(url, day.start, day.end),
            error_minutes=day.error_minutes,
            bad=float(day.total - day.good),
            share=float(day.spent or 0),
        )
        for day in sorted(worst, key=lambda day: day.start)
    ]
    if worst and rest:
        found.append(
            Spent(
                label="",
                url="",
                error_minutes=sum(day.error_minutes for day in rest),
                bad=float(sum(day.total - day.good for day in rest)),
                share=float(sum(day.spent or 0 for day in rest)),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class FiringLine:
    """A firing with its words."""

    started_at: dt.datetime
    ended_at: dt.datetime | None
    look: str
    label: str
    why: str
    lasted: str


def firing_lines(rows: Sequence[FiringRow]) -> list[FiringLine]:
    """Return firings in words, in their order."""
    return [
        FiringLine(
            started_at=row.started_at,
            ended_at=row.ended_at,
            look=states.look("burning", severity=row.severity).key,
            label=sentences.rule_words(row.severity, float(row.reason.get("factor", 0))),
            why=why_words(row),
            lasted=times.duration(row.ended_at - row.started_at) if row.ended_at else "",
        )
        for row in rows
    ]


def why_words(row: FiringRow) -> str:
    """Return why a rule fired: rate, lookback and what was spent."""
    reason = row.reason
    words = f"{numbers.burn(reason.get('long_rate'))} over {reason.get('long', '')}"
    spent = reason.get("budget_spent")
    return words if spent is None else f"{words} · spent {numbers.share(spent)} of the budget"


@dataclass(frozen=True, slots=True)
class ExclusionLine:
    """An exclusion with its length and author in words."""

    id: int
    start: dt.datetime
    length: str
    service: str | None
    reason: str
    author: str
    withdrawn_at: dt.datetime | None


def exclusion_lines(
    rows: Sequence[ExclusionRow], authors: Mapping[str, str]
) -> list[ExclusionLine]:
    """Return exclusions in words, in their order."""
    return [
        ExclusionLine(
            id=row.id,
            start=row.start,
            length=times.duration(row.end - row.start),
            service=row.service,
            reason=row.reason,
            author=authors.get(row.author, row.author),
            withdrawn_at=row.withdrawn_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day of the proof, plain numbers."""

    label: str
    good: float
    total: float
    spent: float | None
    measured: int
    due: int
    excluded: int


def day_lines(days: Sequence[Day], zone: times.Zone) -> list[DayLine]:
    """Return the days, the newest first."""
    return [
        DayLine(
            label=times.day(day.start, zone=zone),
            good=float(day.good),
            total=float(day.total),
            spent=None if day.spent is None else float(day.spent),
            measured=day.measured,
            due=day.due,
            excluded=day.excluded,
        )
        for day in reversed(days)
    ]
