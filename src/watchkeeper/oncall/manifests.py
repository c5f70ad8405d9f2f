"""Schedules and escalation policies as documents."""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries, usecases
from watchkeeper.oncall.domain import documents as schedule_documents
from watchkeeper.oncall.domain import policies
from watchkeeper.plumbing.kinds import Change, Finding, KindHandler, Severity


class _Schedules:
    """Schedule."""

    kinds: Sequence[tuple[str, str]] = ((schedule_documents.API_VERSION, schedule_documents.KIND),)
    order = 40

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``."""
        del strict
        return [
            Finding(Severity.ERROR, problem)
            for document in documents
            for problem in schedule_documents.problems(document)
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
                changes.append(
                    usecases.save_schedule(actor=actor, document=document, origin=origin, now=now)
                )
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all schedules could be applied", faults)
        return changes

    def remarks(self, documents: Sequence[Document]) -> list[Finding]:
        """See ``RemarkingHandler``; names of whom nobody knows."""
        named = [
            (document, name, path)
            for document in documents
            for name, path in schedule_documents.people_named(
                schedule_documents.read(document).schedule
            )
        ]
        unknown = queries.unknown_people({name for _, name, _ in named})
        return [
            Finding(
                Severity.WARNING,
                document.problem(f"there is no person {name}; nobody can be paged there", path),
            )
            for document, name, path in named
            if name in unknown
        ]

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``."""
        del kind
        return usecases.remove_schedule(actor=actor, name=name, now=now, origin=Origin.FILE)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return queries.documents()


class _Policies:
    """EscalationPolicy."""

    kinds: Sequence[tuple[str, str]] = ((policies.API_VERSION, policies.KIND),)
    order = 45

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``."""
        del strict
        return [
            Finding(Severity.ERROR, problem)
            for document in documents
            for problem in policies.problems(document)
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
                changes.append(
                    usecases.save_policy(actor=actor, document=document, origin=origin, now=now)
                )
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all escalation policies could be applied", faults)
        return changes

    def remarks(self, documents: Sequence[Document]) -> list[Finding]:
        """See ``RemarkingHandler``; targets that lead nowhere."""
        named = [
            (document, target)
            for document in documents
            for target in sorted(policies.read(document.data).targets(), key=str)
        ]
        unknown = queries.unknown_targets({target for _, target in named})
        return [
            Finding(
                Severity.WARNING,
                document.problem(
                    f"there is no {target.kind} {target.name}; nobody is paged there", "spec"
                ),
            )
            for document, target in named
            if target in unknown
        ]

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``."""
        del kind
        return usecases.remove_policy(actor=actor, name=name, now=now, origin=Origin.FILE)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return [row.document for row in queries.policy_rows()]

    def export_for(self, actor: Actor) -> list[Mapping[str, Json]]:
        """See ``DiscreetHandler``."""
        return [queries.document_for(actor, row) for row in queries.policy_rows()]


HANDLERS: tuple[KindHandler, ...] = (_Schedules(), _Policies())
