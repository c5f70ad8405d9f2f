"""Coverage: whether an escalation policy finds somebody at every instant of a time to come.

What counts are its steps; the catch-all is what happens when they were in vain.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper.kernel.intervals import Interval
from watchkeeper.notifications.domain import day_hours
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.oncall.domain.policies import Policy, Target
from watchkeeper.oncall.domain.schedule import Entry


@dataclass(frozen=True, slots=True)
class Ahead:
    """Who stands behind targets in a stretch of time, and who of them can be called.

    Attributes:
        interval: The time that is looked at.
        entries: Who is on call in each schedule there is; holes have no entry.
        teams: Who is in each team there is.
        persons: Active people.
        reachable: Who has a verified contact by a channel that works here.
        zones: IANA names of the zones that people live in.
    """

    interval: Interval
    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    teams: Mapping[str, Sequence[str]] = field(default_factory=dict)
    persons: frozenset[str] = frozenset()
    reachable: frozenset[str] = frozenset()
    zones: Mapping[str, str] = field(default_factory=dict)

    def knows(self, target: Target) -> bool:
        """Return whether there is such a schedule, team or active person."""
        known = {"schedule": self.entries, "team": self.teams, "person": self.persons}
        return target.name in known[target.kind]

    def people(self, target: Target) -> frozenset[str]:
        """Return everybody who stands behind ``target`` at some time of it."""
        if target.kind == "schedule":
            entries = self.entries.get(target.name, ())
            return frozenset(name for entry in entries for name in entry.people)
        if target.kind == "team":
            return frozenset(self.teams.get(target.name, ()))
        return frozenset({target.name} & self.persons)

    def covered(self, target: Target, local: DayHours | None = None) -> list[Interval]:
        """Return when ``target`` leads to somebody who can be called.

        Args:
            target: Whom.
            local: Only people on whose wall it is these hours; ``None``: all.
        """
        if local is not None:
            return [
                Interval(*each)
                for stretch, name in self._stretches(target)
                for each in day_hours.within(
                    local,
                    stretch.start,
                    stretch.end,
                    day_hours.zone_of(self.zones.get(name, "UTC")),
                )
            ]
        if target.kind == "schedule":
            return [
                Interval(entry.start, entry.end)
                for entry in self.entries.get(target.name, ())
                if not self.reachable.isdisjoint(entry.people)
            ]
        return [] if self.reachable.isdisjoint(self.people(target)) else [self.interval]

    def _stretches(self, target: Target) -> Iterator[tuple[Interval, str]]:
        """Yield when each person who can be called stands behind ``target``."""
        if target.kind == "schedule":
            for entry in self.entries.get(target.name, ()):
                for name in self.reachable.intersection(entry.people):
                    yield Interval(entry.start, entry.end), name
            return
        for name in self.reachable & self.people(target):
            yield self.interval, name


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which no step of a policy finds anybody who can be called.

    Attributes:
        interval: From when to when.
        is_caught: Whether the catch-all finds somebody all that time.
    """

    interval: Interval
    is_caught: bool


def gaps(policy: Policy, ahead: Ahead) -> list[Gap]:
    """Return when nobody is found for high urgency by any step of ``policy``, in order."""
    steps = [step for step in policy.steps if step.is_for("high")]
    found = Interval.merged(
        each
        for step in steps
        for target in step.notify
        for each in ahead.covered(target, step.local)
    )
    caught = _covered(policy.catch_all, ahead)
    return [
        Gap(open_, is_caught=not open_.without(caught)) for open_ in ahead.interval.without(found)
    ]


def silent(policy: Policy, ahead: Ahead) -> list[str]:
    """Return who may be paged by ``policy`` and cannot be called, by name."""
    found = {name for target in policy.targets() for name in ahead.people(target)}
    return sorted(found - ahead.reachable)


def unknown(policy: Policy, ahead: Ahead) -> list[Target]:
    """Return the targets of ``policy`` that do not exist, by kind and name."""
    found = (target for target in policy.targets() if not ahead.knows(target))
    return sorted(found, key=lambda target: (target.kind, target.name))


def _covered(targets: Iterable[Target], ahead: Ahead) -> tuple[Interval, ...]:
    return Interval.merged(each for target in targets for each in ahead.covered(target))
