"""Maintenance windows as documents."""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.catalog import queries as catalog
from watchkeeper.changes.domain import documents as forms
from watchkeeper.changes.queries import maintenance as queries
from watchkeeper.changes.usecases import maintenance as usecases
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import Change, Finding, KindHandler, Severity


class _Maintenance:
    """Maintenance."""

    kinds: Sequence[tuple[str, str]] = ((forms.API_VERSION, forms.KIND),)
    order = 55

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
                spec = forms.read(document)
                changes.append(
                    usecases.save(
                        actor=actor, spec=spec, origin=origin, now=now, file=document.file
                    )
                )
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all maintenance windows could be applied", faults)
        return changes

    def remarks(self, documents: Sequence[Document]) -> list[Finding]:
        """See ``RemarkingHandler``; services that the catalogue does not know."""
        specs = [(document, forms.read(document)) for document in documents]
        named = {name for _, spec in specs for name in spec.services}
        known = catalog.service_notes(named, annotation="")
        return [
            Finding(
                Severity.WARNING,
                document.problem(
                    f"the catalogue has no service {name}", f"spec.services[{place}]"
                ),
            )
            for document, spec in specs
            for place, name in enumerate(spec.services)
            if name not in known
        ]

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``."""
        del kind
        return usecases.remove(actor=actor, name=name, now=now, origin=Origin.FILE)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return [forms.write(spec) for spec in queries.specs()]


def _problems(document: Document) -> Sequence[Problem]:
    try:
        forms.window_of(forms.read(document))
    except InvalidError as error:
        return error.problems
    return ()


HANDLERS: tuple[KindHandler, ...] = (_Maintenance(),)
