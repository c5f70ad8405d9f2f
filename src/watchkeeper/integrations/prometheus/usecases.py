"""Asking a server what it holds, and what SLOs that suggests."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from watchkeeper.catalog import queries as catalog
from watchkeeper.integrations.prometheus.adapter import PrometheusSource
from watchkeeper.integrations.prometheus.client import (
    Connection,
    PrometheusClient,
    RefusedError,
    TooMuchError,
)
from watchkeeper.integrations.prometheus.domain import discovery
from watchkeeper.integrations.prometheus.domain.discovery import Achieved, Candidate, Proposal
from watchkeeper.integrations.prometheus.domain.queries import CounterQuery, LabelMatch
from watchkeeper.integrations.prometheus.domain.shapes import SHAPES, Shape
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.manifests.usecases import Apply
from watchkeeper.plumbing.kinds import Change
from watchkeeper.slos import queries as slos
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.telemetry.ports import SourceConfig

_RECENT_SECONDS = 3600
_LENGTHS = (("7d", 7.0), ("1d", 1.0), ("1h", 1 / 24))
_DAY_SECONDS = 86_400
_PATIENCE_SECONDS = 60
"""Generous: a large server adds up a week of every counter."""
_LONGEST = 300

Shares = Mapping[str, float]
"""Amount by value of the label that names the service."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a server suggests.

    Attributes:
        server: What it says it is.
        url: Its base address.
        days: How much history the targets rest on, at most.
        proposals: SLOs that could be had, by name.
        notes: What was seen and cannot be used, a sentence each.
    """

    server: str
    url: str
    days: float
    proposals: tuple[Proposal, ...]
    notes: tuple[str, ...] = ()


def discover(source: SourceConfig, *, now: dt.datetime) -> Discovery:
    """Return the SLOs that the metrics of ``source`` suggest.

    Args:
        source: The server; it need not be stored.
        now: The present.

    Raises:
        InvalidError: its address or a setting cannot be read.
        DependencyError: it could not be asked.
    """
    adapter = PrometheusSource()
    about = adapter.probe(source)
    client = PrometheusClient(Connection.of(source))
    moment = int(now.timestamp())
    oldest = adapter.oldest(source)
    days = (moment / 60 - (moment // 60 if oldest is None else oldest)) / 1440
    survey = _Survey(client, moment, max(days, 0.0))
    names = set(client.label_values("__name__", start=moment - _RECENT_SECONDS, end=moment))
    found: list[Proposal] = []
    for shape in SHAPES:
        if shape.total in names:
            found += survey.proposals(shape)
    return Discovery(
        server=about,
        url=client.connection.url,
        days=min(survey.days, _LENGTHS[0][1]),
        proposals=tuple(discovery.once_each(found)),
        notes=tuple(survey.notes),
    )


def discover_stored(*, source_id: int, now: dt.datetime) -> Discovery:
    """Return the SLOs that the metrics of a stored source suggest.

    Raises:
        SourceNotFoundError: there is no such source.
        InvalidError: a secret cannot be opened, or a setting not be read.
        DependencyError: it could not be asked.
    """
    source = telemetry.config_of(source_id)
    patient = {**source.settings, "timeoutSeconds": _PATIENCE_SECONDS}
    return discover(replace(source, settings=patient), now=now)


def documents_of(
    found: Discovery, *, source: str, services: Collection[str] | None = None
) -> list[Mapping[str, Json]]:
    """Return OpenSLO documents of what was found, without the source; ``None``: of all."""
    wanted = [each for each in found.proposals if services is None or each.service in services]
    return discovery.documents(wanted, source=source, url=found.url)[1:]


def owners_of(services: Collection[str]) -> dict[str, str]:
    """Return the teams that own services already, by service; those without are left out."""
    found = {row.name: row.owner_name for row in catalog.services()}
    return {name: owner for name in services if (owner := found.get(name))}


def protect(
    *,
    actor: Actor,
    source_id: int,
    source: str,
    services: Collection[str],
    owners: Mapping[str, str],
    now: dt.datetime,
) -> tuple[Change, ...]:
    """Make the SLOs that a stored source suggests for some services; all of them, or none.

    What is there already stays as it is.

    Args:
        actor: Who; an admin.
        source_id: The source.
        source: Its name.
        services: Names of the services that are to be protected.
        owners: Teams by service; a service left out keeps its owner, or has none yet.
        now: The present.

    Returns:
        What was made.

    Raises:
        ForbiddenError: the actor is no admin.
        InvalidError: one of the services is not there any more, or a document cannot be.
        ConflictError: one of the services is kept in a file and would get another owner.
        DependencyError: the source could not be asked.
    """
    access.require(actor, Permission.ADMINISTER, what=f"source {source}")
    found = discover_stored(source_id=source_id, now=now)
    gone = sorted(set(services) - {each.service for each in found.proposals})
    if gone:
        names = ", ".join(gone)[:_LONGEST]
        raise InvalidError(f"The server no longer shows {names}; look again and tick anew")
    held = {("SLO", row.name) for row in slos.slo_rows()}
    held |= {("Service", row.name) for row in catalog.services()}
    wanted = [
        each
        for each in documents_of(found, source=source, services=services)
        if (each["kind"], each["metadata"]["name"]) not in held
    ]
    before = owners_of(services)
    wanted += [_component(name, team) for name, team in owners.items() if before.get(name) != team]
    request = Apply([Document(dict(each)) for each in wanted], origin=Origin.UI)
    return manifests.apply(request, actor=actor, now=now).changes


def _component(name: str, team: str) -> Mapping[str, Json]:
    kept = catalog.service_document(name)
    if kept is not None:
        return {**kept, "spec": {**kept["spec"], "owner": team}}
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {"type": "service", "lifecycle": "production", "owner": team},
    }


class _Survey:
    """Looks at one server, one shape of metrics after the other."""

    def __init__(self, client: PrometheusClient, moment: int, days: float) -> None:
        self._client = client
        self._moment = moment
        self.days = days
        self.notes: list[str] = []

    def proposals(self, shape: Shape) -> list[Proposal]:
        """Return what ``shape`` suggests for every service that it shows."""
        try:
            found = self._candidates(shape)
            return [*self._outcomes(shape, found), *self._durations(shape, found)]
        except (RefusedError, TooMuchError) as error:
            self.notes.append(f"{shape.name}: {error.message}")
            return []

    def _candidates(self, shape: Shape) -> list[Candidate]:
        deciding = [match.label for match in shape.faults]
        rows = self._labels(shape, shape.total, [*shape.services, *deciding])
        bounds = self._labels(shape, shape.bucket, [*shape.services, "le"]) if shape.bucket else []
        return discovery.candidates(shape, rows, bounds)

    def _labels(self, shape: Shape, metric: str, labels: Sequence[str]) -> list[Mapping[str, str]]:
        """Return which values of ``labels`` occur together on ``metric`` of late."""
        selector = CounterQuery(metric, shape.only).selector()
        recent = f"last_over_time({selector}[{_RECENT_SECONDS}s])"
        by = ", ".join(dict.fromkeys(labels))
        answer = self._client.instant(f"count by ({by}) ({recent})", at=self._moment)
        return [series.labels for series in answer.series]

    def _outcomes(self, shape: Shape, found: Sequence[Candidate]) -> list[Proposal]:
        if shape.protocol == "probe":
            return [discovery.availability(each, self._probed(each)) for each in found]
        judged = [each for each in found if each.fault is not None]
        if not judged:
            if found and not shape.bucket:
                self.notes.append(f"{shape.total} tells no outcome of requests: no status label.")
            return []
        label, fault = judged[0].label, judged[0].fault
        assert fault is not None
        total, days = self._risen(shape.total, label, shape.only)
        bad, _ = self._risen(shape.total, label, (*shape.only, fault), days=days)
        return [
            discovery.availability(each, _achieved(total, bad, each.value, days, failed=True))
            for each in judged
        ]

    def _durations(self, shape: Shape, found: Sequence[Candidate]) -> list[Proposal]:
        found = [each for each in found if each.bounds]
        if not found or shape.bucket is None:
            return []
        label = found[0].label
        total, days = self._risen(shape.total, label, shape.only)
        within: dict[str, Shares] = {}
        for le in sorted({le for each in found for le in each.bounds}, key=float):
            only = (*shape.only, LabelMatch("le", "=", le))
            within[le], _ = self._risen(shape.bucket, label, only, days=days)
        proposals = []
        for each in found:
            reached = {le: _achieved(total, within[le], each.value, days) for le in each.bounds}
            shares = {le: got.share for le, got in reached.items() if got.share is not None}
            bound = discovery.bound_for(each.bounds, shares, shape.unit_seconds)
            if bound is not None:
                proposals.append(discovery.latency(each, bound, reached[bound]))
        return proposals

    def _risen(
        self,
        metric: str,
        label: str | None,
        only: Iterable[LabelMatch],
        *,
        days: float | None = None,
    ) -> tuple[Shares, float]:
        """Return by how much ``metric`` rose for each service, and over how many days.

        The longest stretch that the server will add up is used, unless ``days`` names one.
        """
        lengths = [each for each in _LENGTHS if days is None or min(each[1], self.days) <= days]
        for place, (window, length) in enumerate(lengths):
            query = discovery.totals_query(metric, label, tuple(only), window)
            try:
                answer = self._client.instant(query, at=self._moment)
            except TooMuchError:
                if place == len(lengths) - 1:
                    raise
                continue
            rises = {
                series.labels.get(label or "", ""): float(series.values[-1])
                for series in answer.series
                if np.isfinite(series.values[-1])
            }
            return rises, min(length, self.days)
        return {}, 0.0

    def _probed(self, candidate: Candidate) -> Achieved:
        """Return how often a probe worked, by minutes."""
        selector = candidate.selector(candidate.shape.total)
        window, length = _LENGTHS[0]
        answer = self._client.instant(f"min(avg_over_time({selector}[{window}]))", at=self._moment)
        days = min(length, self.days)
        if not answer.series:
            return Achieved(0.0, None, days)
        return Achieved(days * 1440, float(answer.series[0].values[-1]), days)


def _achieved(
    total: Shares, part: Shares, value: str, days: float, *, failed: bool = False
) -> Achieved:
    """Return the share of good from events and a part of them that is good, or failed."""
    events = total.get(value, 0.0)
    if events <= 0:
        return Achieved(0.0, None, days)
    share = min(1.0, part.get(value, 0.0) / events)
    return Achieved(events, 1 - share if failed else share, days)
