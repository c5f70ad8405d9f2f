"""Keeping Backstage documents of other kinds, and removing the sample."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from watchkeeper.catalog import queries
from watchkeeper.catalog.domain import backstage
from watchkeeper.catalog.models import Entity
from watchkeeper.catalog.usecases import hands, journeys, services
from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.kinds import Action, Change


@transaction.atomic
def keep_entity(
    *,
    actor: Actor,
    kind: str,
    name: str,
    document: Mapping[str, Json],
    origin: Origin,
    now: dt.datetime,
    file: str = "",
) -> Change:
    """Keep a Backstage document whole.

    Raises:
        ForbiddenError: the actor may not edit what its owner owns, before or after.
    """
    before = queries.entity_document(kind, name)
    for data in (before, document):
        if data is not None:
            access.require(actor, Permission.EDIT, what=f"{kind} {name}", team_id=_owner_id(data))
    fields = hands.fields_of(before or {}, document)
    if before is not None and not fields:
        return Change(kind, name, Action.UNCHANGED)
    hands.keep(kind, name, document, origin=origin, file=file)
    hands.record_entity(actor, "entity.saved", kind, name, now=now)
    return Change(kind, name, Action.CREATE if before is None else Action.UPDATE, fields)


def _owner_id(document: Mapping[str, Json]) -> int | None:
    owner = backstage.owner_of(document)
    team = identity.team_by_name(owner) if owner else None
    return team.id if team is not None else None


@transaction.atomic
def forget_entity(*, actor: Actor, kind: str, name: str, now: dt.datetime) -> Change:
    """Remove a kept document; harmless where there is none.

    Raises:
        ForbiddenError: the actor may not edit what its owner owns.
    """
    row = Entity.objects.filter(kind=kind, name=name).first()
    if row is not None:
        team_id = _owner_id(row.document)
        access.require(actor, Permission.EDIT, what=f"{kind} {name}", team_id=team_id)
        hands.record_entity(actor, "entity.removed", kind, name, now=now)
        row.delete()
    return Change(kind, name, Action.REMOVE)


@transaction.atomic
def remove_sample(*, actor: Actor, now: dt.datetime) -> int:
    """Remove the services, journeys and entities of the sample; return how many there were.

    Raises:
        ForbiddenError: the actor is no admin.
    """
    access.require(actor, Permission.ADMINISTER, what="the sample")
    gone = journeys.remove_sample(now=now) + services.remove_sample(now=now)
    gone += Entity.objects.filter(origin=Origin.SAMPLE.value).delete()[0]
    hands.record_entity(actor, "sample.removed", "catalogue", "", now=now)
    return gone
