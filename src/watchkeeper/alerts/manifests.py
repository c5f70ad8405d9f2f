"""Integrations, routes, silences and inhibitions as documents."""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.domain.documents import (
    InhibitionSpec,
    IntegrationSpec,
    RouteSpec,
    SilenceSpec,
    Spec,
)
from watchkeeper.alerts.queries import directory, integrations
from watchkeeper.alerts.usecases import doors, rules
from watchkeeper.alerts.usecases import integrations as senders
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import Change, Finding, KindHandler, Severity


class _Alerts:
    """Integration, Route, Silence, Inhibition."""

    kinds: Sequence[tuple[str, str]] = tuple(("watchkeeper/", kind) for kind in documents.KINDS)
    order = 60

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``."""
        del strict
        return [
            Finding(Severity.ERROR, document.placed(problem))
            for document in documents
            for problem in _problems(document)
        ]

    def apply(
        self,
        documents: Sequence[Document],
        *,
        actor: Actor,
        now: dt.datetime,
        origin: Origin = Origin.FILE,
    ) -> list[Change]:
        """See ``KindHandler``."""
        changes, faults = [], []
        for document in documents:
            try:
                changes.append(_save(document, actor=actor, origin=origin, now=now))
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all documents could be applied", faults)
        return changes

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``."""
        if kind == "Integration":
            return senders.remove_integration(actor=actor, name=name, now=now, origin=Origin.FILE)
        if kind == "Route":
            return rules.remove_route(actor=actor, name=name, now=now, origin=Origin.FILE)
        if kind == "Inhibition":
            return rules.remove_inhibition(actor=actor, name=name, now=now, origin=Origin.FILE)
        return rules.remove_silence(actor=actor, name=name, now=now, origin=Origin.FILE)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        specs: list[Spec] = [
            *integrations.specs(),
            *directory.route_specs(),
            *directory.silence_specs(),
            *directory.inhibition_specs(),
        ]
        return [documents.write(spec) for spec in specs]


def _problems(document: Document) -> Sequence[Problem]:
    try:
        check(documents.read(document))
    except InvalidError as error:
        return error.problems
    return ()


def check(spec: Spec) -> None:
    """Return if ``spec`` can be.

    Raises:
        InvalidError: with every fault and its place.
    """
    if isinstance(spec, IntegrationSpec):
        documents.check_integration(spec, doors.kinds())
    elif isinstance(spec, RouteSpec):
        documents.check_route(spec)
    elif isinstance(spec, InhibitionSpec):
        documents.check_inhibition(spec)
    else:
        documents.check_silence(spec)


def _save(document: Document, *, actor: Actor, origin: Origin, now: dt.datetime) -> Change:
    spec = documents.read(document)
    file = document.file
    if isinstance(spec, IntegrationSpec):
        return senders.save_integration(actor=actor, spec=spec, origin=origin, now=now, file=file)
    if isinstance(spec, SilenceSpec):
        return rules.save_silence(actor=actor, spec=spec, origin=origin, now=now, file=file)
    if isinstance(spec, InhibitionSpec):
        return rules.save_inhibition(actor=actor, spec=spec, origin=origin, now=now, file=file)
    return rules.save_route(actor=actor, spec=spec, origin=origin, now=now, file=file)


HANDLERS: tuple[KindHandler, ...] = (_Alerts(),)
