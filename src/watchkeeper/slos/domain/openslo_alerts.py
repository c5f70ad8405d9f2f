"""OpenSLO alert policies to burn rules.

A condition of kind ``burnrate`` fires above ``threshold`` over ``lookbackWindow``; its short
lookback is a twelfth of it, as in the SRE Workbook, or what ``watchkeeper/short-lookback`` says.
A condition that cannot work is left out with a remark; it does not refuse the SLO.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from watchkeeper.kernel.documents import Document
from watchkeeper.slos.domain import burn_rules
from watchkeeper.slos.domain.definition import BurnRule, Severity
from watchkeeper.slos.domain.openslo_fields import Duration, Fields, Notes

SHORT_LOOKBACK = "watchkeeper/short-lookback"
_PAGES = {"page", "critical", "high", "sev1", "sev2"}
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10_080}
_SHARE = 12

Find = Callable[[str, str], Mapping[str, Any] | None]


def read_policies(
    spec: Fields, find: Find, *, is_whole: bool, targets: Sequence[Decimal]
) -> tuple[BurnRule, ...] | None:
    """Return the rules of an SLO's alert policies.

    Args:
        spec: The SLO's ``spec``.
        find: Finds a document by kind and name.
        is_whole: Whether what is not found does not exist.
        targets: The SLO's objectives; a rule must work for each.

    Returns:
        ``None`` where no policy is given: the defaults hold.
    """
    items = spec.items("alertPolicies")
    if not items:
        return None
    rules: list[BurnRule] = []
    for path, item in items:
        policy = _resolved(spec, path, item, find, "AlertPolicy", is_whole=is_whole)
        if policy is not None:
            rules += _rules(policy, find, where=(spec, path), targets=targets, whole=is_whole)
    names = [rule.name for rule in rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        spec.notes.remark(
            f"two conditions are named {name}; the first holds", spec.at("alertPolicies")
        )
    return tuple({rule.name: rule for rule in reversed(rules)}.values())[::-1]


def _resolved(
    spec: Fields, path: str, item: Any, find: Find, kind: str, *, is_whole: bool
) -> Mapping[str, Any] | None:
    """Return an inline document, or the one that a reference names."""
    reference = "alertPolicyRef" if kind == "AlertPolicy" else "conditionRef"
    if isinstance(item, str):
        spec.notes.deviation(f"a bare name; say {reference}: {item}", path)
        name: object = item
    elif isinstance(item, Mapping) and reference in item:
        name = item[reference]
    elif isinstance(item, Mapping):
        return item
    else:
        spec.notes.fault(f"this is neither a {kind} nor a {reference}", path)
        return None
    document = find(kind, str(name))
    if document is None:
        text = f"there is no {kind} {name}" if is_whole else f"the {kind} {name} is not here"
        spec.notes.remark(f"{text}; it is left out", path)
    return document


def _rules(
    policy: Mapping[str, Any],
    find: Find,
    *,
    where: tuple[Fields, str],
    targets: Sequence[Decimal],
    whole: bool,
) -> Iterator[BurnRule]:
    spec, path = where
    inner = policy.get("spec")
    conditions = inner.get("conditions") if isinstance(inner, Mapping) else None
    for item in conditions if isinstance(conditions, list) else ():
        condition = _resolved(spec, path, item, find, "AlertCondition", is_whole=whole)
        if condition is None:
            continue
        if condition is item:
            _judge_inline(condition, spec, path)
        rule, why = read_condition(condition)
        why = why or next((w for w in (_refusal(rule, t) for t in targets) if w), "")
        name = _name(condition)
        if why or rule is None:
            spec.notes.remark(f"the alert condition {name} is left out: {why}", path)
            continue
        for sentence in _not_followed(condition):
            spec.notes.remark(f"the alert condition {name}: {sentence}", path)
        yield rule


def _name(condition: Mapping[str, Any]) -> str:
    metadata = condition.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) and name else "without a name"


def _judge_inline(condition: Mapping[str, Any], spec: Fields, path: str) -> None:
    """Note what the specification does not name in an inline condition; it is left out, or not."""
    own = Notes(Document(condition), strict=True)
    inner = Fields(condition, "", own).fields("spec")
    if inner is not None:
        check_condition(inner)
    for problem in own.faults if spec.notes.strict else ():
        where = f"{problem.path}: " if problem.path else ""
        spec.notes.fault(f"the alert condition {_name(condition)}: {where}{problem.detail}", path)


def _not_followed(condition: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for what a condition asks for and a rule does otherwise."""
    spec = condition.get("spec")
    inner = spec.get("condition") if isinstance(spec, Mapping) else None
    if not isinstance(inner, Mapping):
        return
    if inner.get("alertAfter") is not None:
        yield "alertAfter is not followed; the short lookback is the guard against a blip"
    if inner.get("op") == "gte":
        yield "op gte is taken as gt; it fires above its threshold, not on it"


def _refusal(rule: BurnRule | None, target: Decimal) -> str:
    if rule is None:
        return "it cannot be read"
    return burn_rules.refusal(factor=rule.factor, target=target, long=rule.long, short=rule.short)


def references(spec: Mapping[str, Any], find: Find) -> Iterator[tuple[str, str]]:
    """Yield kind and name of every document that an SLO's alert policies refer to.

    Args:
        spec: The SLO's ``spec``.
        find: Finds a document by kind and name.
    """
    for item in _listed(spec, "alertPolicies"):
        name = _referred(item, "alertPolicyRef")
        if name is not None:
            yield "AlertPolicy", name
        policy = item if name is None else find("AlertPolicy", name)
        inner = policy.get("spec") if isinstance(policy, Mapping) else None
        for condition in _listed(inner, "conditions"):
            refers_to = _referred(condition, "conditionRef")
            if refers_to is not None:
                yield "AlertCondition", refers_to


def _listed(fields: Any, name: str) -> list[Any]:
    found = fields.get(name) if isinstance(fields, Mapping) else None
    return found if isinstance(found, list) else []


def _referred(item: Any, reference: str) -> str | None:
    """Return the name that an item refers to; ``None`` where it stands there itself."""
    if isinstance(item, str):
        return item
    name = item.get(reference) if isinstance(item, Mapping) else None
    return None if name is None else str(name)


def read_condition(document: Mapping[str, Any]) -> tuple[BurnRule | None, str]:
    """Return the rule of one AlertCondition, or ``None`` and why there is none."""
    notes = Notes(Document(document), strict=False)
    root = Fields(document, "", notes)
    spec = root.fields("spec", required=True)
    condition = spec.fields("condition", required=True) if spec is not None else None
    if spec is None or condition is None:
        return None, notes.faults[0].detail
    kind, op = condition.text("kind") or "burnrate", condition.text("op") or "gt"
    if kind != "burnrate":
        return None, f"kind {kind} is not read; burnrate is"
    if op not in {"gt", "gte"}:
        return None, f"op {op} would fire while the budget is safe; gt is meant"
    threshold = condition.number("threshold", required=True)
    long = _length(condition.duration("lookbackWindow", required=True))
    metadata = root.fields("metadata")
    annotations = metadata.fields("annotations") if metadata is not None else None
    short = None
    if annotations is not None and SHORT_LOOKBACK in annotations:
        short = _length(annotations.duration(SHORT_LOOKBACK))
    elif long is not None:
        short = dt.timedelta(minutes=max(round(long / dt.timedelta(minutes=_SHARE)), 1))
    if notes.faults or threshold is None or long is None or short is None:
        return None, notes.faults[0].detail if notes.faults else "a lookback is not a length"
    severity = Severity.PAGE if spec.text("severity").lower() in _PAGES else Severity.TICKET
    name = metadata.text("name") if metadata is not None else ""
    return BurnRule(name or f"burn-{threshold}", severity, long, short, threshold), ""


def _length(duration: Duration | None) -> dt.timedelta | None:
    if duration is None or duration.unit not in _MINUTES:
        return None
    return dt.timedelta(minutes=duration.count * _MINUTES[duration.unit])


def check_condition(spec: Fields) -> None:
    """Judge the ``spec`` of an AlertCondition."""
    spec.only("description", "severity", "condition")
    spec.text("severity", required=spec.notes.strict)
    condition = spec.fields("condition", required=True)
    if condition is None:
        return
    condition.only("kind", "op", "threshold", "lookbackWindow", "alertAfter")
    condition.number("threshold", required=True)
    condition.duration("lookbackWindow", required=True)
    condition.duration("alertAfter")
    for sentence in _not_followed({"spec": spec.data}):
        condition.notes.remark(sentence, condition.path)
    if condition.text("op") not in {"", "gt", "gte"}:
        condition.notes.remark(
            "it would fire while the budget is safe; gt is meant", condition.at("op")
        )


def check_policy(spec: Fields, find: Find) -> None:
    """Judge the ``spec`` of an AlertPolicy."""
    spec.only(
        "description", "alertWhenNoData", "alertWhenResolved", "alertWhenBreaching",
        "conditions", "notificationTargets",
    )  # fmt: skip
    for name in ("alertWhenNoData", "alertWhenResolved", "alertWhenBreaching"):
        spec.flag(name)
    if not spec.items("conditions"):
        spec.notes.fault("conditions is missing: one at least", spec.at("conditions"))
    for path, item in spec.items("conditions"):
        _resolved(spec, path, item, find, "AlertCondition", is_whole=False)
