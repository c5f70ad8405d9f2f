"""OpenSLO SLIs and where their numbers come from.

Source: OpenSLO v1, SLI: ``thresholdMetric``, ``ratioMetric`` with ``good`` or ``bad`` and
``total``, or with ``raw`` and ``rawType``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.slos.domain.openslo_fields import Fields
from watchkeeper.telemetry.domain.spec import OPERATORS, SliSpec

PUSH = "push"
SAMPLE = "sample"
_QUERY_NAMES = ("query", "promql", "series")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric source: which source, and what is asked of it.

    Attributes:
        kind: Type of the source in lower case: ``prometheus``, ``push``, ``sample``.
        source: Name of the source; ``None`` for ``push``.
        query: What is asked; ``None`` for ``push``.
    """

    kind: str
    source: str | None
    query: str | None


def read_indicator(spec: Fields, types: Mapping[str, str]) -> SliSpec | None:
    """Return how an SLI is measured; ``None`` where the notes hold why not.

    Args:
        spec: The SLI's ``spec``.
        types: Type of each known DataSource, by name, as it was written.
    """
    spec.only("description", "thresholdMetric", "ratioMetric")
    if ("thresholdMetric" in spec) == ("ratioMetric" in spec):
        spec.notes.fault("an SLI has either thresholdMetric or ratioMetric", spec.path)
        return None
    threshold = spec.fields("thresholdMetric")
    if threshold is not None:
        threshold.only("metricSource")
        metric = read_metric(threshold, types)
        return _spec(threshold, {"value": metric}, "threshold") if metric else None
    ratio = spec.fields("ratioMetric")
    return _ratio(ratio, types) if ratio is not None else None


def _ratio(ratio: Fields, types: Mapping[str, str]) -> SliSpec | None:
    ratio.only("counter", "good", "bad", "total", "raw", "rawType")
    if "raw" in ratio:
        raw_type = ratio.text("rawType", required=True)
        if raw_type and raw_type not in {"success", "failure"}:
            ratio.notes.fault("rawType is either success or failure", ratio.at("rawType"))
            return None
        metric = _part(ratio, "raw", types)
        found = _spec(ratio, {"value": metric}, "raw_ratio") if metric else None
        return replace(found, raw_type=raw_type) if found else None
    if ("good" in ratio) == ("bad" in ratio):
        ratio.notes.fault("a ratioMetric counts either good or bad, beside total", ratio.path)
        return None
    name = "good" if "good" in ratio else "bad"
    if "total" not in ratio:
        ratio.notes.fault("total is missing", ratio.at("total"))
        return None
    counted, total = _part(ratio, name, types), _part(ratio, "total", types)
    if counted is None or total is None:
        return None
    found = _spec(ratio, {name: counted, "total": total}, "ratio")
    return replace(found, counter=bool(ratio.flag("counter"))) if found else None


def _part(ratio: Fields, name: str, types: Mapping[str, str]) -> Metric | None:
    part = ratio.fields(name, required=True)
    if part is None:
        return None
    part.only("metricSource")
    return read_metric(part, types)


def _spec(fields: Fields, metrics: Mapping[str, Metric], kind: str) -> SliSpec | None:
    """Put the parts together; all of them come from one source."""
    kinds = {metric.kind for metric in metrics.values()}
    sources = {metric.source for metric in metrics.values()}
    if len(kinds) > 1 or len(sources) > 1:
        fields.notes.fault("good and total must come from one source", fields.path)
        return None
    [source_kind] = kinds
    if source_kind == PUSH:
        return SliSpec(kind=PUSH)
    [source] = sources
    queries = {name: metric.query for name, metric in metrics.items()}
    if source_kind == SAMPLE:
        return SliSpec(kind=SAMPLE, source=source, value=next(iter(queries.values())))
    return SliSpec(
        kind=kind,
        source=source,
        good=queries.get("good"),
        bad=queries.get("bad"),
        total=queries.get("total"),
        value=queries.get("value"),
    )


def read_metric(part: Fields, types: Mapping[str, str]) -> Metric | None:
    """Return the ``metricSource`` below ``part``; ``None`` where the notes hold why not."""
    metric = part.fields("metricSource", required=True)
    if metric is None:
        return None
    metric.only("metricSourceRef", "type", "spec")
    source = metric.text("metricSourceRef") or None
    kind = (metric.text("type") or types.get(source or "", "")).lower()
    if kind == PUSH:
        return Metric(PUSH, None, None)
    if source is None:
        metric.notes.fault(
            "metricSourceRef is missing: name a DataSource, or say type: push", metric.path
        )
        return None
    spec = metric.fields("spec", required=True)
    query = _query(spec) if spec is not None else ""
    return Metric(kind or "unknown", source, query) if query else None


def _query(spec: Fields) -> str:
    for name in _QUERY_NAMES:
        if name in spec:
            return spec.text(name)
    spec.notes.fault("query is missing", spec.at("query"))
    return ""


def with_threshold(
    spec: SliSpec, *, op: str, bound: Decimal | None, objective: Fields
) -> SliSpec | None:
    """Return a threshold SLI with the bound that one objective judges it by."""
    if spec.kind != "threshold":
        if op or bound is not None:
            objective.notes.deviation("op and value belong to a thresholdMetric", objective.path)
        return spec
    if op not in OPERATORS or bound is None:
        objective.notes.fault(
            f"a thresholdMetric needs op (one of {', '.join(OPERATORS)}) and value", objective.path
        )
        return None
    try:
        return replace(spec, op=op, bound=bound)
    except InvalidError as error:
        objective.notes.fault(error.message, objective.path)
        return None


def plain_types(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the type of each DataSource document, by name."""
    found = {}
    for name, document in documents.items():
        spec = document.get("spec")
        kind = spec.get("type") if isinstance(spec, Mapping) else None
        found[name] = kind if isinstance(kind, str) else ""
    return found
