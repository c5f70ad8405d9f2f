"""Backstage entities and journeys as documents."""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.catalog import queries, usecases
from watchkeeper.catalog.domain import backstage, journeys
from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import Action, Change, Finding, KindHandler, Severity


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
        changes, faults = [], []
        for document in ordered:
            try:
                changes.append(_apply_one(document, actor=actor, origin=origin, now=now))
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all entities could be applied", faults)
        if any(document.kind in {"User", "Group"} for document in documents):
            _set_members(actor=actor, origin=origin, now=now)
        return changes

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``; a person's account stays."""
        if kind == "Component" and queries.service_by_name(name) is not None:
            return usecases.remove_service(actor=actor, name=name, now=now, origin=Origin.FILE)
        if kind == "Group" and identity.team_by_name(name) is not None:
            gone = people.remove_team(actor=actor, name=name, origin=Origin.FILE, now=now)
            if not gone:
                return Change(kind, name, Action.UNCHANGED)
        return usecases.forget_entity(actor=actor, kind=kind, name=name, now=now)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return [d for d in queries.documents() if d["kind"] != journeys.KIND]


def _apply_one(document: Document, *, actor: Actor, origin: Origin, now: dt.datetime) -> Change:
    name = backstage.name_of(document)
    if document.kind == "Component":
        return usecases.save_service(
            actor=actor,
            spec=backstage.read_service(document),
            origin=origin,
            now=now,
            document=document.data,
            file=document.file,
        )
    shown = backstage.profile(document.data)
    if document.kind == "User":
        people.save_person(
            actor=actor,
            name=name,
            display_name=shown.title,
            email=shown.email,
            origin=origin,
            now=now,
        )
    elif document.kind == "Group":
        people.save_team(
            actor=actor,
            name=name,
            title=shown.title,
            description=shown.description,
            origin=origin,
            now=now,
        )
    return usecases.keep_entity(
        actor=actor,
        kind=document.kind,
        name=name,
        document=document.data,
        origin=origin,
        now=now,
        file=document.file,
    )


def _set_members(*, actor: Actor, origin: Origin, now: dt.datetime) -> None:
    """Let teams have the people that all kept documents name, with the roles they have already.

    A team of whose people no document speaks keeps them, and so does one that was taken over.
    """
    users = queries.user_documents()
    taken = {team.name for team in identity.teams() if team.is_taken_over}
    for team, group in queries.group_documents().items():
        if team in taken:
            continue
        wanted = backstage.members_of(group, team, users)
        before = {member.name: member.role for member in identity.members(team)}
        if wanted is None or set(wanted) == set(before):
            continue
        known = {person.name: person for person in identity.people()}
        for name in wanted:
            if name not in known:
                people.save_person(
                    actor=actor, name=name, display_name="", email="", origin=origin, now=now
                )
        roles = {
            name: role if known[name].role != role else ""
            for name, role in before.items()
            if name in wanted
        }
        people.set_members(
            actor=actor,
            team=team,
            members=dict.fromkeys(wanted, "") | roles,
            origin=origin,
            now=now,
        )


class _Journeys:
    """Journey."""

    kinds: Sequence[tuple[str, str]] = ((journeys.API_VERSION, journeys.KIND),)
    order = 20

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``."""
        del strict
        return [
            Finding(Severity.ERROR, problem)
            for document in documents
            for problem in journeys.problems(document)
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
                change = usecases.save_journey(
                    actor=actor,
                    spec=journeys.read(document),
                    origin=origin,
                    now=now,
                    document=document.data,
                    file=document.file,
                )
                changes.append(change)
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all journeys could be applied", faults)
        return changes

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``."""
        if queries.journey_by_name(name) is None:
            return Change(kind, name, Action.REMOVE)
        return usecases.remove_journey(actor=actor, name=name, now=now, origin=Origin.FILE)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        return [d for d in queries.documents() if d["kind"] == journeys.KIND]


HANDLERS: tuple[KindHandler, ...] = (_Entities(), _Journeys())
