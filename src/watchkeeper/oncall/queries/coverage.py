"""The coverage proof: what every escalation policy finds in the days to come."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from watchkeeper.identity import queries as identity
from watchkeeper.kernel.intervals import Interval
from watchkeeper.notifications import queries as notifications
from watchkeeper.oncall.domain import coverage, policies
from watchkeeper.oncall.domain.coverage import Ahead
from watchkeeper.oncall.domain.policies import Policy, Target
from watchkeeper.oncall.queries import escalations, schedules, standings

COVERAGE_DAYS = 90


@dataclass(frozen=True, slots=True)
class CoverageFinding:
    """What is wrong with the coverage of one policy.

    Attributes:
        policy: Its name.
        kind: ``gap``: nobody is found; ``unreachable``: somebody cannot be called; ``unknown``: a
            target does not exist.
        subject: The policy, the person, or the target as ``schedule shop-primary``.
        start: When a gap begins; ``None`` for what holds all the time.
        end: When it ends.
        detail: A sentence.
    """

    policy: str
    kind: str
    subject: str
    start: dt.datetime | None
    end: dt.datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class PolicyCoverage:
    """How well one policy is covered.

    Attributes:
        policy: Its name.
        share: Share of the minutes in which a step finds somebody who can be called, 0 to 1.
        hole: The first stretch in which none does; ``None``: there is none.
        others: What else it lacks, that holds all the time, as sentences.
    """

    policy: str
    share: float
    hole: CoverageFinding | None
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well all policies are covered in the days to come.

    Attributes:
        policies: How many there are.
        share: Share of their minutes in which a step finds somebody who can be called, 0 to 1;
            ``None``: there is no policy.
        findings: How many findings there are.
        lacking: The policies that lack something, the least covered first.
    """

    policies: int
    share: float | None
    findings: int
    lacking: tuple[PolicyCoverage, ...]


def coverage_of_all(*, now: dt.datetime, days: int = COVERAGE_DAYS) -> Coverage:
    """Return how well all policies are covered; see :func:`coverage_findings`."""
    policies = len(escalations.policy_rows())
    if not policies:
        return Coverage(0, None, 0, ())
    by_policy: dict[str, list[CoverageFinding]] = defaultdict(list)
    findings = coverage_findings(now=now, days=days)
    for each in findings:
        by_policy[each.policy].append(each)
    lacking = [_summed_up(name, own, dt.timedelta(days=days)) for name, own in by_policy.items()]
    missing = sum(1 - each.share for each in lacking)
    lacking.sort(key=lambda each: (each.share, each.policy))
    return Coverage(policies, 1 - missing / policies, len(findings), tuple(lacking))


def _summed_up(
    policy: str, findings: Sequence[CoverageFinding], length: dt.timedelta
) -> PolicyCoverage:
    holes = [each for each in findings if each.start is not None]
    open_ = sum((h.end - h.start for h in holes if h.start and h.end), dt.timedelta())
    others = tuple(each.detail for each in findings if each.start is None)
    return PolicyCoverage(policy, 1 - open_ / length, holes[0] if holes else None, others)


def coverage_findings(
    *, now: dt.datetime, days: int = COVERAGE_DAYS, only: str | None = None
) -> list[CoverageFinding]:
    """Return what every policy lacks from now on, by policy; empty: each minute is covered.

    A minute is covered where a step of the policy finds somebody with a verified contact by a
    channel that works here, as schedules, teams and people stand now.

    Args:
        now: The present.
        days: How far to look.
        only: Name of one policy; ``None``: all of them.
    """
    start = now.replace(second=0, microsecond=0)
    interval = Interval(start, start + dt.timedelta(days=days))
    frozen = [
        replace(policies.frozen(row.document), name=row.name)
        for row in escalations.policy_rows(only)
    ]
    ahead = _ahead({target for policy in frozen for target in policy.targets()}, interval)
    return [finding for policy in frozen for finding in _of(policy, ahead)]


def _ahead(targets: Collection[Target], interval: Interval) -> Ahead:
    """Return who stands behind ``targets``, read by a fixed number of queries."""
    named = {kind: {t.name for t in targets if t.kind == kind} for kind in policies.TARGETS}
    ids = {row.id: row.name for row in schedules.schedule_rows() if row.name in named["schedule"]}
    found = standings.on_call_in(list(ids), interval)
    entries = {name: found[pk] for pk, name in ids.items()}
    known_teams = {team.name for team in identity.teams()}
    members = identity.members_of(named["team"])
    teams = {name: members.get(name, ()) for name in named["team"] & known_teams}
    persons = frozenset(identity.active_ids(named["person"]))
    people = {person for shifts in entries.values() for entry in shifts for person in entry.people}
    people |= {person for own in teams.values() for person in own} | persons
    return Ahead(
        interval=interval,
        entries=entries,
        teams=teams,
        persons=persons,
        reachable=frozenset(notifications.reachable(people)),
        zones=identity.zones_by_name(people),
    )


def _of(policy: Policy, ahead: Ahead) -> Iterable[CoverageFinding]:
    name = policy.name
    for target in coverage.unknown(policy, ahead):
        subject = f"{target.kind} {target.name}"
        yield CoverageFinding(name, "unknown", subject, None, None, f"there is no {subject}")
    for person in coverage.silent(policy, ahead):
        detail = f"{person} has no verified contact by a channel that works here"
        yield CoverageFinding(name, "unreachable", person, None, None, detail)
    for gap in coverage.gaps(policy, ahead):
        who = "only the catch-all finds somebody" if gap.is_caught else "nobody is found"
        start, end = gap.interval.start, gap.interval.end
        yield CoverageFinding(name, "gap", name, start, end, f"no step finds anybody: {who}")
