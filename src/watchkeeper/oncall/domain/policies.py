"""Escalation policies as documents: ``apiVersion: watchkeeper/v1, kind: EscalationPolicy``."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from watchkeeper.kernel import ids, lengths
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.notifications.domain import day_hours
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.domain.rooms import Room
from watchkeeper.oncall.domain import rooms

API_VERSION = "watchkeeper/v1"
KIND = "EscalationPolicy"
TARGETS = ("schedule", "person", "team")
REPEAT_AFTER = dt.timedelta(minutes=5)
MOST_STEPS = 50
MOST_TARGETS = 50
MOST_ROUNDS = 100
LONGEST_WAIT = dt.timedelta(days=7)
_FIELDS = ("owner", "repeat", "repeatAfter", "steps", "catchAll", "ackTimeout")
_STEP_FIELDS = ("after", "notify", "roundRobin", "when")
_WHEN_FIELDS = ("urgency", "localTime")
_HOURS_FIELDS = ("from", "to")
URGENCIES = ("high", "low")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step pages: who is on call in a schedule, a person, everybody in a team.

    Attributes:
        kind: One of :data:`TARGETS`.
        name: Which one.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to page, ``after`` the step before it.

    Attributes:
        after: How long after the step before it.
        notify: Whom.
        tells: Which rooms it tells beside them, each time; they answer nothing.
        in_turn: Whether only one of them is paged, each in turn from one time to the next.
        urgency: Of what urgency alone; empty: of any.
        local: Whom it pages: only people on whose wall it is these hours; ``None``: all.
    """

    after: dt.timedelta
    notify: tuple[Target, ...]
    tells: tuple[Room, ...] = ()
    in_turn: bool = False
    urgency: str = ""
    local: DayHours | None = None

    @property
    def only_tells(self) -> bool:
        """Whether it was meant to page nobody: it names rooms and nobody else."""
        return bool(self.tells) and not self.notify

    def is_for(self, urgency: str) -> bool:
        """Return whether it pages for something of ``urgency``."""
        return self.urgency in ("", urgency)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is paged, one after the other, until somebody answers.

    Attributes:
        name: Its name; empty: the one that stands in where there is none.
        steps: In order.
        repeat: How many further rounds there are.
        repeat_after: From the last step to the next round, and from the last round to the
            catch-all.
        catch_all: Whom to page when all rounds were in vain.
        catch_all_tells: Which rooms to tell then.
        owner: Team that owns it; ``None``: nobody.
        ack_timeout: How long who took a subject has to resolve it before it is paged for again;
            zero: for ever.
    """

    name: str = ""
    steps: tuple[Step, ...] = ()
    repeat: int = 0
    repeat_after: dt.timedelta = REPEAT_AFTER
    catch_all: tuple[Target, ...] = ()
    catch_all_tells: tuple[Room, ...] = ()
    owner: str | None = None
    ack_timeout: dt.timedelta = dt.timedelta()

    def takes_turns(self) -> bool:
        """Return whether a step of it pages one of its targets in turn."""
        return any(step.in_turn for step in self.steps)

    def targets(self) -> frozenset[Target]:
        """Return everybody that it could ever page; rooms are nobody."""
        named = [target for step in self.steps for target in step.notify]
        return frozenset([*named, *self.catch_all])

    def rooms(self) -> tuple[Room, ...]:
        """Return every room that it could ever tell, in the order of its steps."""
        told = [room for step in self.steps for room in step.tells]
        return tuple(dict.fromkeys([*told, *self.catch_all_tells]))


def problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one EscalationPolicy."""
    for problem in faults(document.data):
        yield document.problem(problem.detail, problem.path)


def faults(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with a policy, with paths from its root."""
    metadata = data.get("metadata")
    try:
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        ids.check_name(name, what="An escalation policy")
    except InvalidError as error:
        yield Problem(error.message, path="metadata.name")
    spec = data.get("spec")
    if not isinstance(spec, Mapping):
        yield Problem("spec is missing", path="spec")
        return
    yield from _unknown(spec, _FIELDS, "spec")
    yield from _outer(spec)
    steps = spec.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        yield Problem(f"steps is a list of 1 to {MOST_STEPS}", path="spec.steps")
        steps = []
    for place, step in enumerate(steps):
        yield from _step(step, f"spec.steps[{place}]")
    for place, target in enumerate(_listed(spec.get("catchAll"))):
        yield from _told(target, f"spec.catchAll[{place}]")


def _outer(spec: Mapping[str, Any]) -> Iterator[Problem]:
    repeat = spec.get("repeat", 0)
    if isinstance(repeat, bool) or not isinstance(repeat, int) or not 0 <= repeat <= MOST_ROUNDS:
        yield Problem(f"repeat is a number from 0 to {MOST_ROUNDS}", path="spec.repeat")
    owner = spec.get("owner")
    if owner is not None and (not isinstance(owner, str) or not owner):
        yield Problem("owner is the name of a team", path="spec.owner")
    if _wait(spec.get("repeatAfter", "5m")) is None:
        yield Problem("repeatAfter is a length of at most 7d, as 5m", path="spec.repeatAfter")
    if _wait(spec.get("ackTimeout", "0m")) is None:
        message = "ackTimeout is a length of at most 7d, as 30m, or 0m for never"
        yield Problem(message, path="spec.ackTimeout")


def _step(step: Any, path: str) -> Iterator[Problem]:
    if not isinstance(step, Mapping):
        yield Problem("a step has after and notify", path=path)
        return
    yield from _unknown(step, _STEP_FIELDS, path)
    if _wait(step.get("after", "0m")) is None:
        yield Problem("after is a length of at most 7d, as 5m", path=f"{path}.after")
    if not isinstance(step.get("roundRobin", False), bool):
        yield Problem("roundRobin is true or false", path=f"{path}.roundRobin")
    yield from _when(step.get("when"), f"{path}.when")
    notify = step.get("notify")
    if not isinstance(notify, list) or not 1 <= len(notify) <= MOST_TARGETS:
        yield Problem(f"notify is a list of 1 to {MOST_TARGETS}", path=f"{path}.notify")
        return
    for place, target in enumerate(notify):
        yield from _told(target, f"{path}.notify[{place}]")


def _when(when: Any, path: str) -> Iterator[Problem]:
    if when is None:
        return
    if not isinstance(when, Mapping):
        yield Problem("when says urgency or localTime, as {urgency: high}", path=path)
        return
    yield from _unknown(when, _WHEN_FIELDS, path)
    if when.get("urgency", "high") not in URGENCIES:
        yield Problem("urgency is high or low", path=f"{path}.urgency")
    if "localTime" in when:
        yield from _hours(when["localTime"], f"{path}.localTime")


def _hours(given: Any, path: str) -> Iterator[Problem]:
    if not isinstance(given, Mapping):
        yield Problem('localTime is from and to, as {from: "08:00", to: "20:00"}', path=path)
        return
    yield from _unknown(given, _HOURS_FIELDS, path)
    for name in _HOURS_FIELDS:
        if day_hours.time_of(given.get(name)) is None:
            yield Problem(f'{name} is a wall time, as "08:00"', path=f"{path}.{name}")
    if given.get("from") == given.get("to"):
        yield Problem("they end at another time than they begin", path=f"{path}.to")


def _told(target: Any, path: str) -> Iterator[Problem]:
    """Yield what is wrong with a target of a step, which may be a room."""
    if rooms.is_room(target):
        yield from rooms.faults(target, path)
    else:
        yield from _target(target, path, known=(*TARGETS, *rooms.KINDS))


def _target(target: Any, path: str, *, known: Sequence[str] = TARGETS) -> Iterator[Problem]:
    if not isinstance(target, Mapping) or len(target) != 1 or next(iter(target)) not in TARGETS:
        message = f"a target names one of {', '.join(known)}, as {{schedule: shop-primary}}"
        yield Problem(message, path=path)
        return
    [(kind, name)] = target.items()
    try:
        ids.check_name(name, what=f"A {kind}")
    except InvalidError as error:
        yield Problem(error.message, path=f"{path}.{kind}")


def _unknown(data: Mapping[str, Any], known: Sequence[str], path: str) -> Iterator[Problem]:
    for name in data:
        if name not in known:
            yield Problem(f"{name} is not a field here: {', '.join(known)}", path=f"{path}.{name}")


def _wait(text: object) -> dt.timedelta | None:
    length = lengths.read(text)
    return length if length is not None and length <= LONGEST_WAIT else None


def _listed(value: Any) -> list[Any]:
    """Return the targets of a catch-all, which may be one or a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def read(data: Mapping[str, Any]) -> Policy:
    """Return the policy that a document describes.

    Raises:
        InvalidError: it describes none.
    """
    found = list(faults(data))
    if found:
        raise InvalidError(f"The escalation policy cannot be so: {found[0].detail}", found)
    spec = data["spec"]
    return Policy(
        name=data["metadata"]["name"],
        steps=tuple(
            Step(
                lengths.read(step.get("after", "0m")) or dt.timedelta(),
                _targets(step["notify"]),
                _rooms(step["notify"]),
                in_turn=step.get("roundRobin", False),
                urgency=(step.get("when") or {}).get("urgency", ""),
                local=_local((step.get("when") or {}).get("localTime")),
            )
            for step in spec["steps"]
        ),
        repeat=spec.get("repeat", 0),
        repeat_after=lengths.read(spec.get("repeatAfter", "5m")) or dt.timedelta(),
        catch_all=_targets(_listed(spec.get("catchAll"))),
        catch_all_tells=_rooms(_listed(spec.get("catchAll"))),
        owner=spec.get("owner"),
        ack_timeout=lengths.read(spec.get("ackTimeout", "0m")) or dt.timedelta(),
    )


def _local(given: Mapping[str, str] | None) -> DayHours | None:
    start = day_hours.time_of((given or {}).get("from"))
    end = day_hours.time_of((given or {}).get("to"))
    return DayHours(start, end) if start is not None and end is not None else None


def _targets(listed: Sequence[Mapping[str, str]]) -> tuple[Target, ...]:
    pairs = [pair for target in listed if not rooms.is_room(target) for pair in target.items()]
    return tuple(dict.fromkeys(Target(kind, name) for kind, name in pairs))


def _rooms(listed: Sequence[Mapping[str, Any]]) -> tuple[Room, ...]:
    """Return the rooms among targets, each address once."""
    found = [rooms.spec_of(target).room for target in listed if rooms.is_room(target)]
    return tuple({(room.channel, room.address): room for room in found}.values())


def in_one_step(targets: Sequence[Target], behind: Mapping[str, Json]) -> dict[str, Json]:
    """Return a policy that pages ``targets`` at once, and then the catch-all of another.

    Args:
        targets: Whom.
        behind: The policy whose place it takes; its catch-all stays, and how long it waits.
    """
    spec = behind.get("spec")
    kept = ("owner", "repeatAfter", "catchAll", "ackTimeout")
    stays = {name: spec[name] for name in kept if name in spec} if isinstance(spec, dict) else {}
    notify: list[Json] = [{target.kind: target.name} for target in targets]
    steps: list[Json] = [{"notify": notify}]
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": "by-hand"},
        "spec": {**stays, "steps": steps},
    }


def target_of(written: Mapping[str, str], *, path: str = "to") -> Target:
    """Return the target that is written as in a step, ``{person: bob}``.

    Raises:
        InvalidError: it is none.
    """
    found = list(_target(written, path))
    if found:
        raise InvalidError(f"This names nobody: {found[0].detail}", found)
    [(kind, name)] = written.items()
    return Target(kind, name)


def frozen(data: Mapping[str, Any]) -> Policy:
    """Return a policy that was frozen into an escalation; one that cannot be read has no steps.

    Without steps the catch-all is due at once, and without a catch-all the admins are: what is
    broken pages somebody.
    """
    return _read_once(json.dumps(data, sort_keys=True))


@lru_cache(maxsize=1_000)
def _read_once(text: str) -> Policy:
    """Return the policy in ``text``: in a storm hundreds a second follow the same."""
    try:
        return read(json.loads(text))
    except InvalidError:
        return Policy()
