"""Integrations, routes, silences and inhibitions as documents: ``apiVersion: watchkeeper/v1``."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.alerts.domain import durations, fields, flapping, grouping, inhibition, matching
from watchkeeper.alerts.domain.events import Urgency
from watchkeeper.alerts.domain.grouping import Grouping
from watchkeeper.alerts.domain.inhibition import Inhibition
from watchkeeper.alerts.domain.routing import Times
from watchkeeper.changes.domain import documents as windows
from watchkeeper.changes.domain.occasions import Occasion
from watchkeeper.kernel import ids
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.oncall.domain import documents as schedules

API_VERSION = "watchkeeper/v1"
_LARGEST = 2**31 - 1
_LONGEST_SILENCE = dt.timedelta(days=366)
_OWN = ("kind", "service", "dedupScope", "key")
_SETTINGS = ("mapping", "interval", "insufficientData", "autoClose", flapping.SETTING)
_ROUTE = (
    "order", "match", "policy", "urgency", "groupBy", "groupFor", "times", "timeZone",
)  # fmt: skip
INSUFFICIENT = ("note", "trigger", "resolve")


@dataclass(frozen=True, slots=True)
class IntegrationSpec:
    """An integration as somebody wants it.

    Attributes:
        name: Its name.
        kind: What kind of sender.
        service: Name of the service its events are about where they do not say; may be empty.
        scope: Integrations of one scope share dedup keys; empty: its name.
        settings: What its kind wants to know, as ``mapping`` and ``interval``.
        key: ``${env:NAME}`` or ``${file:PATH}``; empty: one is made.
    """

    name: str
    kind: str
    service: str = ""
    scope: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """A route as somebody wants it; see ``domain.routing.Route``.

    Attributes:
        name: Its name.
        policy: Name of the escalation policy.
        order: The lowest that matches wins.
        match: All must hold; none: everything matches.
        urgency: ``high`` or ``low``; empty: the severity decides.
        group_by: Labels or fields whose values alerts of a group share; none: it does not group.
        group_for: How long after the newest alert of a group another joins; empty: 5m.
        times: When it is on, each as ``{days, from, to}``; none: always.
        time_zone: By whose wall clocks; empty where it is always on.
    """

    name: str
    policy: str
    order: int = 100
    match: tuple[str, ...] = ()
    urgency: str = ""
    group_by: tuple[str, ...] = ()
    group_for: str = ""
    times: tuple[Mapping[str, Any], ...] = ()
    time_zone: str = ""

    def on_at(self) -> Times | None:
        """Return when it is on; ``None``: always.

        Raises:
            InvalidError: with every fault and its place.
        """
        if not self.times:
            return None
        found = schedules.read_restrictions(list(self.times), path="spec.times")
        return Times(found, windows.zone_of(self.time_zone))

    def grouping(self) -> Grouping | None:
        """Return how it groups; ``None``: it does not."""
        if not self.group_by:
            return None
        return Grouping(self.group_by, durations.read(self.group_for) or grouping.USUAL)


@dataclass(frozen=True, slots=True)
class SilenceSpec:
    """A silence as somebody wants it; see ``domain.routing.Silence``.

    Attributes:
        name: Its name.
        match: All must hold; at least one.
        start: From when; of the first time if it comes again.
        end: Until when, likewise.
        reason: Why.
        recurrence: How it comes again, as ``FREQ=WEEKLY``; empty: it does not.
        time_zone: By whose wall clocks it comes again; empty: UTC.
    """

    name: str
    match: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    reason: str
    recurrence: str = ""
    time_zone: str = ""

    def occasion(self) -> Occasion:
        """Return when it holds.

        Raises:
            InvalidError: the zone is none, the rule is none, or it lasts too long to come again.
        """
        return windows.occasion(
            start=self.start.isoformat(),
            end=self.end.isoformat(),
            zone=self.time_zone or "UTC",
            rule=self.recurrence,
        )


@dataclass(frozen=True, slots=True)
class InhibitionSpec:
    """An inhibition as somebody wants it; see ``domain.inhibition.Inhibition``."""

    name: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    equal: tuple[str, ...] = ()


Spec = IntegrationSpec | RouteSpec | SilenceSpec | InhibitionSpec


def inhibition_of(spec: InhibitionSpec) -> Inhibition:
    """Return the rule that ``spec`` is.

    Raises:
        InvalidError: one of its matchers is none.
    """
    return Inhibition(
        spec.name,
        matching.parse_all(spec.source, path="spec.source"),
        matching.parse_all(spec.target, path="spec.target"),
        spec.equal,
    )


def check_integration(spec: IntegrationSpec, kinds: list[str]) -> None:
    """Return if ``spec`` can be.

    Raises:
        InvalidError: with every fault and its place.
    """
    ids.check_name(spec.name, what="An integration")
    faults = []
    if spec.kind not in kinds:
        wanted = ", ".join(kinds)
        faults.append(Problem(f"the kind is {spec.kind!r}, not one of {wanted}", "spec.kind"))
    for path, name in (("service", spec.service), ("dedupScope", spec.scope)):
        if name:
            faults += _name_faults(name, f"spec.{path}")
    faults += _settings_faults(spec.settings)
    if spec.kind == "heartbeat" and "autoClose" in spec.settings:
        message = "autoClose does not go with a heartbeat, whose silence is the alert"
        faults.append(Problem(message, "spec.autoClose"))
    _refuse(f"The integration {spec.name}", faults)


def _settings_faults(settings: Mapping[str, Any]) -> Iterator[Problem]:
    for name in settings:
        if name not in _SETTINGS:
            yield Problem(f"{name} is not a field of an Integration", f"spec.{name}")
    for name in ("interval", "autoClose"):
        length = settings.get(name)
        if length is not None and durations.read(length) is None:
            yield Problem(f"{name} is a length as 90s, 5m, 2h or 1d", f"spec.{name}")
    if settings.get("insufficientData", "note") not in INSUFFICIENT:
        yield Problem("insufficientData is note, trigger or resolve", "spec.insufficientData")
    yield from flapping.faults(settings.get(flapping.SETTING))
    rules = settings.get("mapping", {})
    if not isinstance(rules, Mapping) or not all(isinstance(v, str) for v in rules.values()):
        yield Problem("mapping has a place for each field, as title: alert.name", "spec.mapping")


def check_route(spec: RouteSpec) -> None:
    """Return if ``spec`` can be.

    Raises:
        InvalidError: with every fault and its place.
    """
    ids.check_name(spec.name, what="A route")
    faults = [*_match_faults(spec.match), *_name_faults(spec.policy, "spec.policy")]
    if abs(spec.order) > _LARGEST:
        faults.append(Problem("order is too large a number", "spec.order"))
    if spec.urgency and spec.urgency not in {each.value for each in Urgency}:
        faults.append(Problem("urgency is high or low", "spec.urgency"))
    faults += [*_group_faults(spec), *_times_faults(spec)]
    _refuse(f"The route {spec.name}", faults)


def _labels_faults(names: tuple[str, ...], field: str, most: int) -> Iterator[Problem]:
    for place, name in enumerate(names):
        try:
            matching.check_name(name)
        except InvalidError as error:
            yield Problem(error.message, f"spec.{field}[{place}]")
    if len(names) > most or len(set(names)) < len(names):
        yield Problem(f"{field} names at most {most}, each once", f"spec.{field}")


def _group_faults(spec: RouteSpec) -> Iterator[Problem]:
    yield from _labels_faults(spec.group_by, "groupBy", grouping.MOST)
    if spec.group_for and not spec.group_by:
        yield Problem("groupFor goes with groupBy, which is not there", "spec.groupFor")
    length = durations.read(spec.group_for)
    if spec.group_for and (length is None or length > grouping.LONGEST):
        yield Problem("groupFor is a length as 90s, 5m or 2h, at most 7d", "spec.groupFor")


def _times_faults(spec: RouteSpec) -> list[Problem]:
    if bool(spec.times) is not bool(spec.time_zone):
        message = "times and timeZone go together: by whose clocks, and when"
        return [Problem(message, "spec.timeZone" if spec.times else "spec.times")]
    try:
        spec.on_at()
    except InvalidError as error:
        return [Problem(each.detail, each.path or "spec.timeZone") for each in error.problems]
    return []


def check_silence(spec: SilenceSpec) -> None:
    """Return if ``spec`` can be.

    Raises:
        InvalidError: with every fault and its place.
    """
    ids.check_name(spec.name, what="A silence")
    faults = list(_match_faults(spec.match))
    if not spec.match:
        faults.append(Problem("a silence needs a matcher; it must not hide all", "spec.match"))
    if spec.end <= spec.start:
        faults.append(Problem("end is not after start", "spec.end"))
    elif spec.end - spec.start > _LONGEST_SILENCE:
        faults.append(Problem("a silence lasts a year at the most", "spec.end"))
    elif spec.recurrence or spec.time_zone:
        faults += _occasion_faults(spec)
    if not spec.reason.strip() or len(spec.reason) > 1_000:
        faults.append(Problem("a reason of 1 to 1000 characters is needed", "spec.reason"))
    _refuse(f"The silence {spec.name}", faults)


def check_inhibition(spec: InhibitionSpec) -> None:
    """Return if ``spec`` can be.

    Raises:
        InvalidError: with every fault and its place.
    """
    ids.check_name(spec.name, what="An inhibition")
    faults = []
    for side, match in (("source", spec.source), ("target", spec.target)):
        faults += _match_faults(match, f"spec.{side}")
        if not match:
            message = f"{side} needs a matcher; an inhibition must not hide all"
            faults.append(Problem(message, f"spec.{side}"))
    faults += _labels_faults(spec.equal, "equal", inhibition.MOST_EQUAL)
    _refuse(f"The inhibition {spec.name}", faults)


def _match_faults(match: tuple[str, ...], path: str = "spec.match") -> list[Problem]:
    try:
        matching.parse_all(match, path=path)
    except InvalidError as error:
        return list(error.problems)
    return []


def _occasion_faults(spec: SilenceSpec) -> Sequence[Problem]:
    try:
        spec.occasion()
    except InvalidError as error:
        return error.problems
    return ()


def _name_faults(name: str, path: str) -> list[Problem]:
    try:
        ids.check_name(name, what=path.removeprefix("spec."))
    except InvalidError as error:
        return [Problem(error.message, path)]
    return []


def _refuse(what: str, faults: list[Problem]) -> None:
    if faults:
        raise InvalidError(f"{what}: {faults[0].detail}", faults)


# ---- reading


def read(document: Document) -> Spec:
    """Return what a document wishes for.

    Raises:
        InvalidError: a field is not what it has to be; nothing of its meaning is judged here.
    """
    spec = document.data.get("spec")
    if not isinstance(spec, Mapping):
        raise InvalidError("spec is missing", [Problem("spec is missing", "spec")])
    return _READ[document.kind](document.name, spec)


def _integration(name: str, spec: Mapping[str, Any]) -> IntegrationSpec:
    fields.known(spec, (*_OWN, *_SETTINGS), "an Integration")
    return IntegrationSpec(
        name=name,
        kind=fields.text(spec, "kind"),
        service=fields.text(spec, "service"),
        scope=fields.text(spec, "dedupScope"),
        settings={field: spec[field] for field in _SETTINGS if spec.get(field) is not None},
        key=fields.text(spec, "key"),
    )


def _route(name: str, spec: Mapping[str, Any]) -> RouteSpec:
    fields.known(spec, _ROUTE, "a Route")
    order = spec.get("order", 100)
    if isinstance(order, bool) or not isinstance(order, int):
        raise fields.fault("order is a whole number", "spec.order")
    return RouteSpec(
        name=name,
        policy=fields.text(spec, "policy"),
        order=order,
        match=fields.texts(spec, "match"),
        urgency=fields.text(spec, "urgency"),
        group_by=fields.texts(spec, "groupBy"),
        group_for=fields.text(spec, "groupFor"),
        times=fields.mappings(spec, "times"),
        time_zone=fields.text(spec, "timeZone"),
    )


def _silence(name: str, spec: Mapping[str, Any]) -> SilenceSpec:
    fields.known(spec, ("match", "start", "end", "reason", "recurrence", "timeZone"), "a Silence")
    zone = fields.text(spec, "timeZone")
    return SilenceSpec(
        name=name,
        match=fields.texts(spec, "match"),
        start=fields.instant(spec, "start", zone),
        end=fields.instant(spec, "end", zone),
        reason=fields.text(spec, "reason"),
        recurrence=fields.text(spec, "recurrence"),
        time_zone=zone,
    )


def _inhibition(name: str, spec: Mapping[str, Any]) -> InhibitionSpec:
    fields.known(spec, ("source", "target", "equal"), "an Inhibition")
    return InhibitionSpec(
        name,
        fields.texts(spec, "source"),
        fields.texts(spec, "target"),
        fields.texts(spec, "equal"),
    )


_READ: dict[str, Callable[[str, Mapping[str, Any]], Spec]] = {
    "Integration": _integration,
    "Route": _route,
    "Silence": _silence,
    "Inhibition": _inhibition,
}
KINDS = tuple(_READ)


# ---- writing


def write(spec: Spec) -> dict[str, Any]:
    """Return ``spec`` as a document."""
    kind, body = _WRITE[type(spec)](spec)
    kept = {name: value for name, value in body.items() if value not in ("", None, {})}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": spec.name},
        "spec": kept,
    }


def _write_integration(spec: Any) -> tuple[str, dict[str, Any]]:
    body = {
        "kind": spec.kind,
        "service": spec.service,
        "dedupScope": spec.scope,
        **spec.settings,
        "key": spec.key,
    }
    return "Integration", body


def _write_route(spec: Any) -> tuple[str, dict[str, Any]]:
    body = {
        "order": spec.order,
        "match": list(spec.match),
        "policy": spec.policy,
        "urgency": spec.urgency,
        "groupBy": list(spec.group_by) or None,
        "groupFor": spec.group_for,
        "times": [dict(each) for each in spec.times] or None,
        "timeZone": spec.time_zone,
    }
    return "Route", body


def _write_silence(spec: Any) -> tuple[str, dict[str, Any]]:
    body = {
        "match": list(spec.match),
        "start": spec.start.isoformat().replace("+00:00", "Z"),
        "end": spec.end.isoformat().replace("+00:00", "Z"),
        "reason": spec.reason,
        "recurrence": spec.recurrence,
        "timeZone": spec.time_zone,
    }
    return "Silence", body


def _write_inhibition(spec: Any) -> tuple[str, dict[str, Any]]:
    body = {
        "source": list(spec.source),
        "target": list(spec.target),
        "equal": list(spec.equal) or None,
    }
    return "Inhibition", body


_WRITE: dict[type, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    IntegrationSpec: _write_integration,
    RouteSpec: _write_route,
    SilenceSpec: _write_silence,
    InhibitionSpec: _write_inhibition,
}
