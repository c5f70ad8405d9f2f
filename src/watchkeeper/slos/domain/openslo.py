"""OpenSLO v1 documents, all seven kinds, to definitions; and what is wrong with them.

Documents are kept as they came, so that load, save, load gives the same; only what Watchkeeper
acts on is read. Source: OpenSLO v1 specification (SLO, SLI, Service, DataSource, AlertPolicy,
AlertCondition, AlertNotificationTarget).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from watchkeeper.kernel import ids, instants
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.slos.domain import burn_rules, openslo_alerts, openslo_windows, windows
from watchkeeper.slos.domain.definition import (
    BudgetingMethod,
    NoData,
    Objective,
    SloDefinition,
)
from watchkeeper.slos.domain.openslo_fields import Fields, Notes
from watchkeeper.slos.domain.openslo_sli import (
    plain_types,
    read_indicator,
    with_threshold,
)
from watchkeeper.telemetry.domain.spec import SliSpec

API_VERSION = "openslo/v1"
KINDS = (
    "Service",
    "DataSource",
    "SLI",
    "AlertCondition",
    "AlertNotificationTarget",
    "AlertPolicy",
    "SLO",
)
NO_DATA = "watchkeeper/no-data"
MINIMUM_EVENTS = "watchkeeper/minimum-events"
EXPECTED_START = "watchkeeper/expected-start"
_PERCENT = Decimal(100)


@dataclass(frozen=True, slots=True)
class Library:
    """Documents that others refer to, by kind and name.

    Attributes:
        documents: kind -> name -> document.
        is_whole: Whether what is not here does not exist; without a database it may exist.
    """

    documents: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    is_whole: bool = False

    def find(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """Return a document, ``None`` if it is not here."""
        return self.documents.get(kind, {}).get(name)


def read_slo(
    document: Document, library: Library, *, strict: bool = False
) -> tuple[SloDefinition | None, Notes]:
    """Read one SLO.

    Returns:
        The definition, ``None`` if it cannot be, and all faults and remarks.
    """
    notes = Notes(document, strict)
    root = _root(document, notes)
    spec = root.fields("spec", required=True) if root is not None else None
    if root is None or spec is None:
        return None, notes
    spec.only(
        "description", "service", "indicator", "indicatorRef", "timeWindow",
        "budgetingMethod", "objectives", "alertPolicies",
    )  # fmt: skip
    metadata = root.fields("metadata")
    annotations = metadata.fields("annotations") if metadata is not None else None
    method = _method(spec)
    period = openslo_windows.read_windows(spec)
    objectives = _objectives(spec, library, method=method, slo=document.name)
    rules = openslo_alerts.read_policies(
        spec, library.find, is_whole=library.is_whole, targets=[o.target for o in objectives]
    )
    definition = SloDefinition(
        name=document.name,
        service=spec.text("service", required=True),
        objectives=tuple(objectives),
        windows=period,
        method=method,
        burn_rules=rules,
        no_data=_no_data(annotations),
        minimum_events=_minimum_events(annotations),
        expected_start=_expected_start(annotations),
        title=metadata.text("displayName") if metadata is not None else "",
        description=spec.text("description"),
    )
    if notes.faults:
        return None, notes
    _tell_left_out(definition, notes)
    return definition, notes


def _tell_left_out(definition: SloDefinition, notes: Notes) -> None:
    """Remark which default burn rules never watch a window, at its longest."""
    if definition.burn_rules is not None:
        return
    for place, window in enumerate(definition.windows):
        period = windows.longest(window)
        found = [
            sentence
            for objective in definition.objectives
            for sentence in burn_rules.defaults(period=period, target=objective.target).left_out
        ]
        for sentence in dict.fromkeys(found):
            notes.remark(sentence, f"spec.timeWindow[{place}]")


def check(document: Document, library: Library, *, strict: bool = False) -> Notes:
    """Judge one document of any of the seven kinds."""
    if document.kind == "SLO":
        return read_slo(document, library, strict=strict)[1]
    notes = Notes(document, strict)
    root = _root(document, notes)
    is_needed = document.kind != "Service"
    spec = root.fields("spec", required=is_needed) if root is not None else None
    if spec is not None:
        _CHECKS[document.kind](spec, library)
    return notes


def _root(document: Document, notes: Notes) -> Fields | None:
    """Return the document's fields; ``None`` where it is of a version that is not read."""
    root = Fields(document.data, "", notes)
    root.only("apiVersion", "kind", "metadata", "spec")
    if document.api_version != API_VERSION:  # other versions have other fields
        notes.fault(f"only {API_VERSION} is read, not {document.api_version}", "apiVersion")
        return None
    metadata = root.fields("metadata", required=True)
    if metadata is not None:
        metadata.only("name", "displayName", "labels", "annotations")
        try:
            ids.check_name(document.name, what=f"The {document.kind}")
        except InvalidError as error:
            notes.fault(error.message, "metadata.name")
    return root


def _check_service(spec: Fields, library: Library) -> None:
    del library
    spec.only("description")
    spec.text("description")


def _check_source(spec: Fields, library: Library) -> None:
    del library
    spec.only("description", "type", "connectionDetails")
    spec.text("type", required=True)
    spec.fields("connectionDetails")


def _check_sli(spec: Fields, library: Library) -> None:
    read_indicator(spec, _types(library))


def _check_target(spec: Fields, library: Library) -> None:
    del library
    spec.only("description", "target")
    spec.text("target", required=True)


_CHECKS: Mapping[str, Callable[[Fields, Library], None]] = {
    "Service": _check_service,
    "DataSource": _check_source,
    "SLI": _check_sli,
    "AlertCondition": lambda spec, library: openslo_alerts.check_condition(spec),
    "AlertNotificationTarget": _check_target,
    "AlertPolicy": lambda spec, library: openslo_alerts.check_policy(spec, library.find),
}


def _types(library: Library) -> dict[str, str]:
    return plain_types(library.documents.get("DataSource", {}))


def _method(spec: Fields) -> BudgetingMethod:
    text = spec.text("budgetingMethod")
    if not text:
        spec.notes.deviation(
            "budgetingMethod is missing; Occurrences is taken", spec.at("budgetingMethod")
        )
        return BudgetingMethod.OCCURRENCES
    for method in BudgetingMethod:
        if method.value == text:
            return method
    known = ", ".join(method.value for method in BudgetingMethod)
    spec.notes.fault(f"{text!r} is not a budgeting method: {known}", spec.at("budgetingMethod"))
    return BudgetingMethod.OCCURRENCES


def _indicator(spec: Fields, library: Library, slo: str) -> tuple[str, SliSpec] | None:
    """Return the name of the SLI and how it is measured."""
    if ("indicator" in spec) == ("indicatorRef" in spec):
        spec.notes.fault("an SLO has either indicator or indicatorRef", spec.path)
        return None
    if "indicatorRef" in spec:
        return _referred(spec, library, spec.text("indicatorRef"))
    indicator = spec.fields("indicator")
    if indicator is None:
        return None
    indicator.only("metadata", "spec", "apiVersion", "kind")
    metadata = indicator.fields("metadata")
    inner = indicator.fields("spec", required=True)
    found = read_indicator(inner, _types(library)) if inner is not None else None
    name = metadata.text("name") if metadata is not None else ""
    return (name or slo, found) if found else None


def _referred(spec: Fields, library: Library, name: str) -> tuple[str, SliSpec] | None:
    document = library.find("SLI", name)
    if document is None:
        if library.is_whole:
            spec.notes.fault(f"there is no SLI {name}", spec.at("indicatorRef"))
        else:
            spec.notes.remark(
                f"the SLI {name} is not among these documents", spec.at("indicatorRef")
            )
        return None
    own = Notes(Document(document), strict=False)
    inner = Fields(document, "", own).fields("spec", required=True)
    found = read_indicator(inner, _types(library)) if inner is not None else None
    if found is None:
        spec.notes.fault(f"the SLI {name} is not valid", spec.at("indicatorRef"))
        return None
    return name, found


def _objectives(
    spec: Fields, library: Library, *, method: BudgetingMethod, slo: str
) -> list[Objective]:
    indicator = _indicator(spec, library, slo)
    items = list(spec.each("objectives"))
    if not items:
        spec.notes.fault("objectives is missing: one target at least", spec.at("objectives"))
    several = len(items) > 1
    found = [_objective(item, indicator, method=method, several=several) for item in items]
    return [objective for objective in found if objective is not None]


def _objective(
    item: Fields,
    indicator: tuple[str, SliSpec] | None,
    *,
    method: BudgetingMethod,
    several: bool,
) -> Objective | None:
    item.only(
        "displayName", "op", "value", "target", "targetPercent", "timeSliceTarget",
        "timeSliceWindow", "compositeWeight", "indicator", "indicatorRef",
    )  # fmt: skip
    for name in ("indicator", "indicatorRef", "compositeWeight"):
        if name in item:
            item.notes.fault("composite SLOs are not read; give each its own SLO", item.at(name))
    target = _target(item)
    slice_target, slice_minutes = _slices(item, method)
    op, bound = item.text("op"), item.number("value")
    if indicator is None or target is None:
        return None
    name, spec = indicator
    judged = with_threshold(spec, op=op, bound=bound, objective=item)
    if judged is None:
        return None
    if several and judged.kind == "threshold":
        name = f"{name}-{op}-{bound}"
    return Objective(
        target=target,
        sli=name,
        spec=judged,
        display_name=item.text("displayName"),
        slice_target=slice_target,
        slice_minutes=slice_minutes,
    )


def _target(item: Fields) -> Decimal | None:
    if ("target" in item) == ("targetPercent" in item):
        item.notes.fault("an objective has either target or targetPercent", item.path)
        return None
    name = "target" if "target" in item else "targetPercent"
    number = item.number(name)
    if number is None:
        return None
    target = number if name == "target" else number / _PERCENT
    try:
        burn_rules.check_target(target)
    except InvalidError as error:
        item.notes.fault(error.message, item.at(name))
        return None
    return target


def _slices(item: Fields, method: BudgetingMethod) -> tuple[Decimal | None, int | None]:
    """Return the slice target and the slice's length in minutes, where the method has slices."""
    if method is BudgetingMethod.OCCURRENCES:
        for name in ("timeSliceTarget", "timeSliceWindow"):
            if name in item:
                item.notes.deviation(f"{name} belongs to time slices", item.at(name))
        return None, None
    target = None
    if method is BudgetingMethod.TIMESLICES:
        target = item.number("timeSliceTarget", required=True)
        if target is not None and not 0 < target <= 1:
            item.notes.fault(
                "timeSliceTarget is a share above 0 and up to 1", item.at("timeSliceTarget")
            )
    elif "timeSliceTarget" in item:
        item.notes.deviation(
            "timeSliceTarget belongs to Timeslices only", item.at("timeSliceTarget")
        )
    return target, openslo_windows.read_slice(item)


def _no_data(annotations: Fields | None) -> NoData:
    text = annotations.text(NO_DATA) if annotations is not None else ""
    for policy in NoData:
        if policy.value == text:
            return policy
    if text and annotations is not None:
        known = ", ".join(policy.value for policy in NoData)
        annotations.notes.fault(f"{text!r} is not one of {known}", annotations.at(NO_DATA))
    return NoData.IGNORE


def _minimum_events(annotations: Fields | None) -> int:
    if annotations is None or MINIMUM_EVENTS not in annotations:
        return 0
    text = str(annotations.data[MINIMUM_EVENTS])
    if not (text.isascii() and text.isdecimal()):
        annotations.notes.fault(
            f"{text!r} is not a whole number of events", annotations.at(MINIMUM_EVENTS)
        )
        return 0
    return int(text)


def _expected_start(annotations: Fields | None) -> dt.datetime | None:
    text = annotations.text(EXPECTED_START) if annotations is not None else ""
    if not text or annotations is None:
        return None
    try:
        return instants.read(text, path=EXPECTED_START)
    except InvalidError as error:
        annotations.notes.fault(error.message, annotations.at(EXPECTED_START))
        return None
