"""The seven OpenSLO kinds as documents."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from watchkeeper.catalog import usecases as catalog
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import Change, Finding, KindHandler, Severity
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.domain import openslo
from watchkeeper.slos.domain.openslo import Library
from watchkeeper.telemetry import queries as telemetry_queries
from watchkeeper.telemetry import usecases as telemetry
from watchkeeper.telemetry.domain import sources

Save = Callable[[Document, Actor, Origin, dt.datetime], Change]


class _OpenSlo:
    """Service, DataSource, SLI, AlertCondition, AlertNotificationTarget, AlertPolicy, SLO."""

    kinds: Sequence[tuple[str, str]] = tuple(("openslo/", kind) for kind in openslo.KINDS)
    order = 30

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``."""
        library = Library(_by_kind(documents))
        findings: list[Finding] = []
        for document in documents:
            notes = openslo.check(document, library, strict=strict)
            findings += [Finding(Severity.ERROR, problem) for problem in notes.faults]
            findings += [Finding(Severity.WARNING, problem) for problem in notes.remarks]
            if document.kind == "DataSource":
                findings += _unasked(document)
        return findings

    def apply(
        self,
        documents: Sequence[Document],
        *,
        actor: Actor,
        now: dt.datetime,
        origin: Origin = Origin.FILE,
    ) -> list[Change]:
        """See ``KindHandler``; what others refer to first."""
        ordered = sorted(documents, key=lambda d: openslo.KINDS.index(d.kind))
        changes: list[Change] = []
        faults = []
        for document in ordered:
            save = _SAVE.get(document.kind, _save_object)
            try:
                changes.append(save(document, actor, origin, now))
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all documents could be applied", faults)
        return changes

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``."""
        if kind == "SLO":
            return usecases.remove_slo(actor=actor, name=name, origin=Origin.FILE, now=now)
        if kind == "DataSource":
            unused = queries.unused_slis(source=name)
            return telemetry.remove_source(
                actor=actor, name=name, now=now, origin=Origin.FILE, unused=unused
            )
        return usecases.remove_object(actor=actor, kind=kind, name=name, now=now)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return [*telemetry_queries.source_documents(), *queries.documents()]


def _unasked(document: Document) -> list[Finding]:
    """Return a warning for a source that nothing here asks; it is kept all the same."""
    spec = document.data.get("spec")
    type_name = spec.get("type") if isinstance(spec, Mapping) else None
    if not isinstance(type_name, str) or not type_name:
        return []
    try:
        telemetry_queries.adapter_of(sources.kind_of(type_name))
    except InvalidError as error:
        detail = f"{error.message}; its SLIs stay without data until minutes are pushed"
        problem = document.placed(Problem(detail, path="spec.type"))
        return [Finding(Severity.WARNING, problem)]
    return []


def _by_kind(documents: Sequence[Document]) -> dict[str, dict[str, Mapping[str, Json]]]:
    found: dict[str, dict[str, Mapping[str, Json]]] = {}
    for document in documents:
        found.setdefault(document.kind, {})[document.name] = document.data
    return found


def _save_slo(document: Document, actor: Actor, origin: Origin, now: dt.datetime) -> Change:
    return usecases.save_slo(actor=actor, document=document, origin=origin, now=now)


def _save_source(document: Document, actor: Actor, origin: Origin, now: dt.datetime) -> Change:
    definition = sources.source_from_document(document)
    return telemetry.save_source(actor=actor, definition=definition, origin=origin, now=now)


def _save_service(document: Document, actor: Actor, origin: Origin, now: dt.datetime) -> Change:
    """An OpenSLO Service and a Component of one name are one service."""
    catalog.ensure_service(actor=actor, name=document.name, origin=origin, now=now)
    return _save_object(document, actor, origin, now)


def _save_object(document: Document, actor: Actor, origin: Origin, now: dt.datetime) -> Change:
    return usecases.save_object(actor=actor, document=document, origin=origin, now=now)


_SAVE: Mapping[str, Save] = {
    "SLO": _save_slo,
    "DataSource": _save_source,
    "Service": _save_service,
}

HANDLERS: tuple[KindHandler, ...] = (_OpenSlo(),)
