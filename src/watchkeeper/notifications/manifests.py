"""People and how they are paged as documents."""

import datetime as dt
from collections.abc import Mapping, Sequence

from watchkeeper.identity import queries as identity
from watchkeeper.identity import usecases as people
from watchkeeper.kernel import differences
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries, usecases
from watchkeeper.notifications.domain import people as documents_of_people
from watchkeeper.notifications.domain.contacts import PagingSpec
from watchkeeper.notifications.domain.people import PersonSpec
from watchkeeper.plumbing.kinds import (
    Action,
    Change,
    FieldChange,
    Finding,
    KindHandler,
    Severity,
)

KIND = documents_of_people.KIND


class _People:
    """Person."""

    kinds: Sequence[tuple[str, str]] = ((documents_of_people.API_VERSION, KIND),)
    order = 12
    is_private = True

    def validate(self, documents: Sequence[Document], *, strict: bool) -> list[Finding]:
        """See ``KindHandler``."""
        del strict
        return [
            Finding(Severity.ERROR, problem)
            for document in documents
            for problem in documents_of_people.problems(document)
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
                changes.append(_apply_one(document, actor=actor, origin=origin, now=now))
            except InvalidError as error:
                faults += [document.placed(problem) for problem in error.problems]
        if faults:
            raise InvalidError("Not all people could be applied", faults)
        return changes

    def remove(self, kind: str, name: str, *, actor: Actor, now: dt.datetime) -> Change:
        """See ``KindHandler``; the contacts go, the account stays."""
        usecases.remove_paging(actor=actor, person=name, now=now, origin=Origin.FILE)
        return Change(kind, name, Action.REMOVE)

    def export(self) -> list[Mapping[str, Json]]:
        """See ``KindHandler``."""
        specs = queries.paging_specs()
        return [
            _document(name, specs.get(user, PagingSpec())) for name, user, _ in queries.set_up()
        ]


def _apply_one(document: Document, *, actor: Actor, origin: Origin, now: dt.datetime) -> Change:
    spec = documents_of_people.read(document)
    known = identity.person_by_name(spec.name)
    before = _document(spec.name, _paging(known.id)) if known is not None else {}
    is_set_up = any(name == spec.name for name, *_ in queries.set_up())
    _save_person(spec, known, actor=actor, origin=origin, now=now)
    usecases.save_paging(
        actor=actor,
        person=spec.name,
        spec=spec.paging,
        origin=origin,
        now=now,
        file=document.file,
    )
    now_known = identity.person_by_name(spec.name)
    after = _document(spec.name, _paging(now_known.id if now_known else 0))
    found = differences.differences(before if is_set_up else {}, after)
    action = Action.UPDATE if is_set_up else Action.CREATE
    return Change(
        KIND,
        spec.name,
        action if found else Action.UNCHANGED,
        tuple(FieldChange(*each) for each in found),
    )


def _save_person(
    spec: PersonSpec,
    known: identity.PersonRow | None,
    *,
    actor: Actor,
    origin: Origin,
    now: dt.datetime,
) -> None:
    """Make the person, or change what the document says differently."""
    if known is not None:
        wanted = (spec.email or known.email, spec.time_zone or known.time_zone)
        if wanted == (known.email, known.time_zone):
            return
    people.save_person(
        actor=actor,
        name=spec.name,
        display_name=known.display_name if known is not None else "",
        email=spec.email,
        time_zone=spec.time_zone,
        origin=origin,
        now=now,
    )


def _paging(user_id: int) -> PagingSpec:
    return queries.paging_specs([user_id]).get(user_id, PagingSpec())


def _document(name: str, paging: PagingSpec) -> Mapping[str, Json]:
    known = identity.person_by_name(name)
    email = known.email if known is not None else ""
    zone = known.time_zone if known is not None else ""
    return documents_of_people.write(PersonSpec(name, email, zone, paging))


HANDLERS: tuple[KindHandler, ...] = (_People(),)
