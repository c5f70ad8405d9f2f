"""Backstage entities and journeys as documents."""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain import backstage
from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import Action, Change, Finding, KindHandler, Severity

_WORST = {Action.CREATE: 2, Action.UPDATE: 1, Action.UNCHANGED: 0}


class _Entities:
    """Component, API, Resource, System, Domain, Group, User."""

    kinds: Sequence[tuple[str, str]] = tuple(("backstage.io/", kind) for kind in backstage.KINDS)
    order = 10

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``; Backstage allows any further field."""
        del strict
        return [
            Finding(Severity.ERROR, problem)
            for document in documents
            for problem in backstage.problems(document)
        ]

    def apply(
        self,
        documents: Sequence[Document],
        *,
        actor: Actor,
        now: dt.datetime,
        origin: Origin = Origin.FILE,
    ) -> list[Change]:
        """See ``KindHandler``; people first, then teams, then services."""
        ordered = sorted(documents, key=lambda d: backstage.KINDS.index(d.kind))
        users = [d for d in ordered if d.kind == "User"]
        changes = []
        for document in ordered:
            try:
                changes.append(self._one(document, users, actor=actor, origin=origin, now=now))
            except InvalidError as error:
                problems = [document.placed(problem) for problem in error.problems]
                raise InvalidError(error.message, problems) from error
        return changes

    def _one(
        self,
        document: Document,
        users: Sequence[Document],
        *,
        actor: Actor,
        origin: Origin,
        now: dt.datetime,
    ) -> Change:
        name = backstage.name_of(document)
        kept = usecases.keep_entity(
            actor=actor, kind=document.kind, name=name, document=document.data
        )
        if document.kind == "Component":
            spec = backstage.read_service(document)
            change = usecases.save_service(actor=actor, spec=spec, origin=origin, now=now)
            worst = max(change.action, kept, key=lambda action: _WORST[action])
            return Change(document.kind, name, worst, change.fields)
        title, email, description = backstage.profile(document)
        if document.kind == "User":
            people.save_person(
                actor=actor, name=name, display_name=title, email=email, origin=origin, now=now
            )
        elif document.kind == "Group":
            people.save_team(
                actor=actor,
                name=name,
                title=title,
                description=description,
                origin=origin,
                now=now,
            )
            self._set_members(document, name, users, actor=actor, origin=origin, now=now)
        return Change(document.kind, name, kept)

    def _set_members(
        self,
        group: Document,
        name: str,
        users: Sequence[Document],
        *,
        actor: Actor,
        origin: Origin,
        now: dt.datetime,
    ) -> None:
        """Let the team have the people the files name, with the roles they have already."""
        wanted = backstage.members_of(group, users)
        for person in wanted:
            if identity.person_by_name(person) is None:
                people.save_person(
                    actor=actor, name=person, display_name="", email="", origin=origin, now=now
                )
        before = {m.name: m.role for m in identity.members(name)}
        members = {person: before.get(person, "") for person in wanted}
        people.set_members(actor=actor, team=name, members=members, now=now)

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``; a person's account stays."""
        usecases.forget_entity(actor=actor, kind=kind, name=name)
        if kind == "Component" and queries.service_by_name(name) is not None:
            usecases.remove_service(actor=actor, name=name, now=now)
        elif kind == "Group" and identity.team_by_name(name) is not None:
            people.remove_team(actor=actor, name=name, now=now)
        return Change(kind, name, Action.REMOVE)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return [d for d in queries.documents() if d["kind"] != "Journey"]


class _Journeys:
    """Journey."""

    kinds: Sequence[tuple[str, str]] = (("watchkeeper/v1", "Journey"),)
    order = 20

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``."""
        del strict
        return [
            Finding(Severity.ERROR, problem)
            for document in documents
            for problem in backstage.journey_problems(document)
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
        changes = []
        for document in documents:
            spec = document.data["spec"]
            wanted = usecases.JourneySpec(
                name=document.name,
                title=str(spec.get("title") or ""),
                owner=backstage.reference(spec["owner"]) if spec.get("owner") else None,
                services=[backstage.reference(name) for name in spec["services"]],
            )
            changes.append(
                usecases.save_journey(
                    actor=actor, spec=wanted, document=document.data, origin=origin, now=now
                )
            )
        return changes

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``."""
        del kind
        return usecases.remove_journey(actor=actor, name=name, now=now)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return [d for d in queries.documents() if d["kind"] == "Journey"]


HANDLERS: tuple[KindHandler, ...] = (_Entities(), _Journeys())
