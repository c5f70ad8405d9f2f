"""SLOs as they were defined, version by version, and the documents they refer to."""

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import NotFoundError, WatchkeeperError
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos.domain import openslo
from watchkeeper.slos.domain.definition import SloDefinition
from watchkeeper.slos.domain.openslo import Library
from watchkeeper.slos.models import OpenSloObject, Slo, SloSli, SloVersion
from watchkeeper.telemetry import queries as telemetry

_ALERTS = "spec.alertPolicies"
_SAMPLE = Origin.SAMPLE.value


class SloNotFoundError(NotFoundError):
    """There is no SLO of that name."""

    code = "slo_not_found"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an SLO.

    Attributes:
        number: From 1.
        valid_from: When it came into force; the first is in force for all time before, too.
        definition: What it promises.
        document: The OpenSLO document as it came.
        author: Kind and id of the actor.
        alert_remarks: A sentence for all that is not followed of its alert policies.
    """

    number: int
    valid_from: dt.datetime
    definition: SloDefinition
    document: Mapping[str, Any]
    author: str
    alert_remarks: tuple[str, ...] = ()


def slo_id(name: str) -> int:
    """Return the id of the SLO called ``name``.

    Raises:
        SloNotFoundError: there is none.
    """
    found = Slo.objects.filter(name=name).values_list("id", flat=True).first()
    if found is None:
        raise SloNotFoundError(f"There is no SLO {name}")
    return found


def versions_of(slo_ids: Collection[int]) -> Mapping[int, Sequence[Version]]:
    """Return all versions of each SLO, the oldest first, by one query."""
    found: dict[int, list[Version]] = {slo: [] for slo in slo_ids}
    rows = SloVersion.objects.filter(slo_id__in=slo_ids).order_by("slo_id", "number")
    for row in rows:
        definition, remarks = _definition(
            json.dumps(row.document, sort_keys=True), json.dumps(row.resolved, sort_keys=True)
        )
        found[row.slo_id].append(
            Version(row.number, row.valid_from, definition, row.document, row.author, remarks)
        )
    return found


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """A version that came into force.

    Attributes:
        slo: Name of the SLO.
        title: Its words for people; may be empty.
        number: Of the version; 1 is a new SLO.
        at: When it came into force.
        author: Kind and id of the actor.
    """

    slo: str
    title: str
    number: int
    at: dt.datetime
    author: str


def changes_since(since: dt.datetime, *, limit: int = 50) -> list[DefinitionChange]:
    """Return the versions that came into force since an instant, the newest first."""
    rows = SloVersion.objects.filter(valid_from__gte=since).order_by("-valid_from", "-id")
    found = rows.values_list("slo__name", "slo__title", "number", "valid_from", "author")
    return [DefinitionChange(*row) for row in found[:limit]]


@lru_cache(maxsize=20_000)
def _definition(document: str, resolved: str) -> tuple[SloDefinition, tuple[str, ...]]:
    """Read a stored version again, with what is not followed of its alert policies."""
    definition, notes = openslo.read_slo(
        Document(json.loads(document)), Library(json.loads(resolved), is_whole=True)
    )
    if definition is None:
        raise WatchkeeperError(f"A stored SLO cannot be read: {notes.faults[0]}")
    remarks = [note.detail for note in notes.remarks if note.path.startswith(_ALERTS)]
    return definition, tuple(dict.fromkeys(remarks))


def in_force(versions: Sequence[Version], at: dt.datetime) -> Version:
    """Return the version in force at an instant; before the first, the first."""
    return next((v for v in reversed(versions) if v.valid_from <= at), versions[0])


def unused_slis(*, source: str) -> frozenset[str]:
    """Return the SLIs measured by a source that no SLO is judged by; none if there is no such."""
    row = telemetry.source_by_name(source)
    slis = dict(telemetry.slis_of_source(row.id)) if row is not None else {}
    used = set(SloSli.objects.filter(sli_id__in=slis).values_list("sli_id", flat=True))
    return frozenset(name for sli, name in slis.items() if sli not in used)


def library() -> Library:
    """Return every stored document that an SLO may refer to."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in OpenSloObject.objects.all():
        found.setdefault(row.kind, {})[row.name] = row.document
    for source in telemetry.sources():
        found.setdefault("DataSource", {})[source.name] = {"spec": {"type": source.kind}}
    return Library(found, is_whole=True)


def documents() -> list[Mapping[str, Any]]:
    """Return the newest document of every SLO and OpenSLO object, in order; no sample ones."""
    objects = list(OpenSloObject.objects.exclude(origin=_SAMPLE).order_by("kind", "name"))
    order = {kind: place for place, kind in enumerate(openslo.KINDS)}
    found = [row.document for row in sorted(objects, key=lambda row: order.get(row.kind, 0))]
    newest: dict[str, Mapping[str, Any]] = {}
    versions = SloVersion.objects.exclude(slo__origin=_SAMPLE).select_related("slo")
    for version in versions.order_by("slo__name", "number"):
        newest[version.slo.name] = version.document
    return [*found, *newest.values()]
