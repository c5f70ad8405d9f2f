"""From what a server holds to SLOs worth having: pure choices, each with its sentence."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from watchkeeper.integrations.prometheus.domain.queries import CounterQuery, LabelMatch
from watchkeeper.integrations.prometheus.domain.shapes import Shape
from watchkeeper.kernel.documents import Json

STEPS = tuple(
    Decimal(step)
    for step in ("0.9", "0.95", "0.98", "0.99", "0.995", "0.998", "0.999", "0.9995", "0.9999")
)
DEFAULT_TARGET = Decimal("0.99")
LATENCY_TARGET = Decimal("0.99")
WINDOW_DAYS = 30
DECENT = 0.9
_HANDFUL = 5
_NAME_LENGTH = 200
_DEFAULT_BOUND_SECONDS = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One service as one shape of metrics shows it.

    Attributes:
        shape: The row of the table.
        service: Its name, fit for documents and commands.
        label: Label that names the service; ``None`` where the metric has none.
        value: That label's value.
        fault: What selects its failed requests; ``None`` where the metric tells no outcome.
        bounds: Bounds of its latency buckets as the server writes them, the smallest first.
    """

    shape: Shape
    service: str
    label: str | None
    value: str
    fault: LabelMatch | None = None
    bounds: tuple[str, ...] = ()

    def selector(self, metric: str, *more: LabelMatch) -> str:
        """Return the selector of ``metric`` for this service, readable."""
        own = (LabelMatch(self.label, "=", self.value),) if self.label else ()
        matches = sorted({*own, *self.shape.only, *more})
        return f"{metric}{{{', '.join(str(match) for match in matches)}}}" if matches else metric


@dataclass(frozen=True, slots=True)
class Achieved:
    """What a service achieved over the history that exists.

    Attributes:
        total: Events.
        share: Share of good events; ``None`` where nothing happened.
        days: How much history that is.
    """

    total: float
    share: float | None
    days: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """One SLO that could be had.

    Attributes:
        service: Name of the service.
        name: Name of the SLO.
        title: Words for people.
        target: Proposed objective.
        indicator: ``spec`` of an OpenSLO SLI, its sources without a name.
        sentences: Why this and not another, one sentence a choice.
        objective: What else the objective says (operator and bound of a threshold).
        achieved: Share of good over the history that exists; ``None`` where there is none.
    """

    service: str
    name: str
    title: str
    target: Decimal
    indicator: Mapping[str, Json]
    sentences: tuple[str, ...]
    objective: Mapping[str, Json]
    achieved: float | None


def is_kept_well(proposals: Iterable[Proposal]) -> bool:
    """Return whether a service kept all that is known of it to :data:`DECENT`, and something is.

    One that kept less is offered, but nobody should be woken by it at once.
    """
    kept = [each.achieved for each in proposals if each.achieved is not None]
    return bool(kept) and min(kept) >= DECENT


def name_of(text: str) -> str:
    """Return ``text`` as a name for documents: an address loses its scheme, odd characters go."""
    plain = re.sub(r"^[a-z]+://", "", text.strip().lower())
    plain = re.sub(r"[^a-z0-9.-]+", "-", plain).strip("-.")
    return plain[:_NAME_LENGTH].strip("-.") or "service"


def candidates(
    shape: Shape, rows: Sequence[Mapping[str, str]], bounds: Sequence[Mapping[str, str]]
) -> list[Candidate]:
    """Return the services that ``shape`` shows, by name.

    Args:
        shape: The row of the table.
        rows: Labels that occur on its total, restricted to those that matter.
        bounds: Labels that occur on its buckets.
    """
    if not rows:
        return []
    label = next((each for each in shape.services if all(row.get(each) for row in rows)), None)
    fault = next((each for each in shape.faults if any(each.label in row for row in rows)), None)
    found = {}
    for value in sorted({row.get(label, "") if label else "" for row in rows}):
        own = {row["le"] for row in bounds if "le" in row and _is_of(row, label, value)}
        finite = sorted((le for le in own if _is_finite(le)), key=float)
        service = name_of(value or shape.protocol)
        found[service] = Candidate(shape, service, label, value, fault, tuple(finite))
    return list(found.values())


def target_for(achieved: Achieved, *, most: Decimal = STEPS[-1]) -> tuple[Decimal, str]:
    """Return an objective that was kept so far, and the sentence that says why.

    The largest of the usual steps that is not above what was achieved and whose error budget over
    30 days holds at least five events at the traffic seen; never 100 %.

    Args:
        achieved: What was achieved, and over how long.
        most: The largest objective to propose.
    """
    if achieved.share is None:
        return min(DEFAULT_TARGET, most), (
            "Nothing happened in the history that exists, so the target is a place to start."
        )
    said = f"{_percent(achieved.share)} was achieved over {_length(achieved.days)}"
    monthly = achieved.total * WINDOW_DAYS / max(achieved.days, 1 / 1440)
    kept = [step for step in STEPS if float(step) <= achieved.share and step <= most]
    if not kept:
        lower = max(Decimal(int(achieved.share * 100)) / 100, Decimal("0.5"))
        return lower, f"{said}; the target is what was kept, but it promises little."
    held = [step for step in kept if float(1 - step) * monthly >= _HANDFUL]
    if not held:
        return kept[0], (
            f"{said} by {achieved.total:.0f} events: too few for more than the lowest step."
        )
    least = (
        "" if held[-1] == kept[-1] else "; a higher one would leave no budget for five failures"
    )
    return held[-1], f"{said}; the target is the step below it{least}."


def bound_for(bounds: Sequence[str], shares: Mapping[str, float], unit: Decimal) -> str | None:
    """Return the bucket that a latency SLO should use.

    The smallest bound that 99 % of the requests kept; without traffic the first from half a
    second on; ``None`` where there is no finite bound.
    """
    if not bounds:
        return None
    kept = [le for le in bounds if shares.get(le, 0.0) >= float(LATENCY_TARGET)]
    if kept:
        return kept[0]
    if shares:
        return bounds[-1]
    slow = [le for le in bounds if Decimal(le) * unit >= _DEFAULT_BOUND_SECONDS]
    return slow[0] if slow else bounds[-1]


def availability(candidate: Candidate, achieved: Achieved) -> Proposal:
    """Return the SLO on outcomes: failed of all requests, or minutes in which a probe worked."""
    shape = candidate.shape
    target, why = target_for(achieved)
    sentences = (_found(candidate), shape.why, why)
    if shape.protocol == "probe":
        query = f"min({candidate.selector(shape.total)})"
        return Proposal(
            service=candidate.service,
            name=f"{candidate.service}-probe",
            title=f"{candidate.value or candidate.service} answers probes",
            target=target,
            indicator={"thresholdMetric": {"metricSource": _source(query)}},
            sentences=sentences,
            objective={"op": "gte", "value": 1},
            achieved=achieved.share,
        )
    assert candidate.fault is not None
    bad = f"sum({candidate.selector(shape.total, candidate.fault)})"
    total = f"sum({candidate.selector(shape.total)})"
    return Proposal(
        service=candidate.service,
        name=f"{candidate.service}-{_infix(shape)}availability",
        title=f"{candidate.value or candidate.service}: requests succeed",
        target=target,
        indicator=_ratio(bad=bad, total=total),
        sentences=sentences,
        objective={},
        achieved=achieved.share,
    )


def latency(candidate: Candidate, bound: str, achieved: Achieved) -> Proposal:
    """Return the SLO on durations: requests answered within ``bound``, of all requests."""
    shape = candidate.shape
    assert shape.bucket is not None
    target, why = target_for(achieved, most=LATENCY_TARGET)
    limit = _seconds(Decimal(bound) * shape.unit_seconds)
    good = f"sum({candidate.selector(shape.bucket, LabelMatch('le', '=', bound))})"
    total = f"sum({candidate.selector(shape.total)})"
    choice = (
        f"{limit} is the smallest bucket that 99 % of the requests kept."
        if achieved.share is not None and achieved.share >= float(LATENCY_TARGET)
        else f"{limit} is a bucket of the histogram; choose the one your users would notice."
    )
    return Proposal(
        service=candidate.service,
        name=f"{candidate.service}-{_infix(shape)}latency",
        title=f"{candidate.value or candidate.service}: requests within {limit}",
        target=target,
        indicator=_ratio(good=good, total=total),
        sentences=(_found(candidate), choice, why),
        objective={},
        achieved=achieved.share,
    )


def once_each(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Return the first proposal of each name, ordered by name."""
    found: dict[str, Proposal] = {}
    for proposal in proposals:
        found.setdefault(proposal.name, proposal)
    return sorted(found.values(), key=lambda proposal: proposal.name)


def documents(proposals: Sequence[Proposal], *, source: str, url: str) -> list[Mapping[str, Json]]:
    """Return OpenSLO v1 documents: the data source, then each service and its SLOs.

    Args:
        proposals: Those that are wanted.
        source: Name of the data source.
        url: Its base address.

    Source: OpenSLO v1 specification, kinds DataSource, Service, SLO.
    """
    made: list[Mapping[str, Json]] = [
        {
            "apiVersion": "openslo/v1",
            "kind": "DataSource",
            "metadata": {"name": source},
            "spec": {"type": "Prometheus", "connectionDetails": {"url": url}},
        }
    ]
    for service in sorted({proposal.service for proposal in proposals}):
        made.append(_service(service))
        made += [_slo(each, source) for each in proposals if each.service == service]
    return made


def _service(name: str) -> Mapping[str, Json]:
    return {
        "apiVersion": "openslo/v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"description": "Found by its metrics. Say here what it does for whom."},
    }


def _slo(proposal: Proposal, source: str) -> Mapping[str, Json]:
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": proposal.name, "displayName": proposal.title[:63]},
        "spec": {
            "description": " ".join(proposal.sentences),
            "service": proposal.service,
            "indicator": {
                "metadata": {"name": proposal.name},
                "spec": _named(proposal.indicator, source),
            },
            "timeWindow": [{"duration": f"{WINDOW_DAYS}d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [
                {
                    "displayName": "Proposed",
                    **proposal.objective,
                    "target": float(proposal.target),
                }
            ],
        },
    }


def _named(value: Json, source: str) -> Json:
    """Return ``value`` with the name of the data source in every metric source."""
    if not isinstance(value, Mapping):
        return value
    inner = {key: _named(each, source) for key, each in value.items()}
    return {"metricSourceRef": source, **inner} if "query" in inner.get("spec", {}) else inner


def _ratio(*, total: str, good: str | None = None, bad: str | None = None) -> Mapping[str, Json]:
    part = {"good": good} if good else {"bad": bad}
    sides = {
        role: {"metricSource": _source(query)}
        for role, query in (*part.items(), ("total", total))
        if query
    }
    return {"ratioMetric": {"counter": True, **sides}}


def _source(query: str) -> Mapping[str, Json]:
    return {"type": "Prometheus", "spec": {"query": query}}


def _found(candidate: Candidate) -> str:
    where = f" by the label {candidate.label}" if candidate.label else ""
    return f"Found{where} on {candidate.shape.total} ({candidate.shape.name})."


def _infix(shape: Shape) -> str:
    return "" if shape.protocol == "http" else f"{shape.protocol}-"


def _is_of(row: Mapping[str, str], label: str | None, value: str) -> bool:
    return label is None or row.get(label, "") == value


def _is_finite(le: str) -> bool:
    return le not in {"+Inf", "Inf", ""} and re.match(r"[0-9.eE+-]+\Z", le) is not None


def _percent(share: float) -> str:
    """Return a share in percent, cut so that only all is 100 %."""
    return f"{int(share * 100_000) / 1000:g} %"


def _length(days: float) -> str:
    if days >= 1:
        return f"{days:.0f} days" if round(days) > 1 else "a day"
    minutes = days * 1440
    return f"{minutes / 60:.0f} hours" if minutes >= 90 else f"{max(minutes, 1):.0f} minutes"


def _seconds(length: Decimal) -> str:
    number = float(length)
    return f"{number * 1000:g} ms" if number < 1 else f"{number:g} s"


def totals_query(metric: str, label: str | None, only: Sequence[LabelMatch], window: str) -> str:
    """Return PromQL for what ``metric`` rose by over ``window``, for each value of ``label``."""
    by = f" by ({label})" if label else ""
    return f"sum{by} (increase({CounterQuery(metric, tuple(only)).selector()}[{window}]))"
