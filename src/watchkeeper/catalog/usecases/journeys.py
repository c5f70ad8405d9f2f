"""Making, changing and removing journeys."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from watchkeeper.catalog.domain import journeys as journey_documents
from watchkeeper.catalog.domain.journeys import JourneySpec
from watchkeeper.catalog.events import JourneyRemoved, JourneySaved
from watchkeeper.catalog.models import Journey, JourneyService
from watchkeeper.catalog.usecases import hands
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.facts import publish
from watchkeeper.plumbing.kinds import Action, Change


class JourneyNotFoundError(NotFoundError):
    """There is no journey of that name."""

    code = "journey_not_found"


@transaction.atomic
def save_journey(
    *,
    actor: Actor,
    spec: JourneySpec,
    origin: Origin,
    now: dt.datetime,
    document: Mapping[str, Json] | None = None,
    file: str = "",
) -> Change:
    """Make a journey be as ``spec`` says; services that do not exist yet may be named.

    Args:
        actor: Who; needs the role editor in the team that owns it, and in the one that will.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        document: The document that says so; ``None``: the kept one is brought in step.
        file: Name of the file it stands in.

    Raises:
        InvalidError: a field cannot be, or there is no such team.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
        TakenOverError: it was taken over and this comes from a file.
    """
    journey_documents.check(spec)
    what = f"journey {spec.name}"
    row = Journey.objects.filter(name=spec.name).first()
    kept = row.document if row is not None else None
    after = document if document is not None else journey_documents.write(spec, kept)
    fields = hands.fields_of(kept or {}, after)
    if row is not None:
        access.require(actor, Permission.EDIT, what=what, team_id=row.owner_id)
        owner = row.owner.name if row.owner is not None else None
        if not fields and owner == spec.owner and hands.is_settled(row, origin):
            return Change("Journey", spec.name, Action.UNCHANGED)
        hands.check_hands(row, origin, what)
    wanted = hands.team_id_of(spec.owner, actor=actor, origin=origin, now=now)
    if row is None or (wanted != row.owner_id and wanted is not None):
        access.require(actor, Permission.EDIT, what=what, team_id=wanted)
    action = Action.CREATE if row is None else Action.UPDATE
    row = row or Journey(name=spec.name, origin=origin.value)
    row.title, row.owner_id, row.document = spec.title, wanted, dict(after)
    hands.set_origin(row, origin, file)
    row.save()
    row.steps.all().delete()
    JourneyService.objects.bulk_create(
        JourneyService(journey=row, position=position, service_name=name)
        for position, name in enumerate(dict.fromkeys(spec.services))
    )
    hands.record(actor, "journey.saved", row.pk, {"name": spec.name}, now=now)
    publish(JourneySaved(journey_id=row.pk, at=now))
    return Change("Journey", spec.name, action, fields)


@transaction.atomic
def remove_journey(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a journey; its services stay. One that was taken over stays whatever its file says.

    Args:
        actor: Who; needs the role editor in the team that owns it.
        name: Its name.
        now: The present.
        origin: Where the wish comes from: a file that no longer holds it, or somebody's hand.

    Raises:
        JourneyNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    row = _journey(name, actor=actor)
    access.require(actor, Permission.EDIT, what=f"journey {name}", team_id=row.owner_id)
    if origin is Origin.FILE and row.is_taken_over:
        return Change("Journey", name, Action.UNCHANGED)
    if origin is not Origin.FILE:
        hands.check_hands(row, Origin.API, f"journey {name}")
    hands.record(actor, "journey.removed", row.pk, {"name": name}, now=now)
    publish(JourneyRemoved(journey_id=row.pk, at=now))
    row.delete()
    return Change("Journey", name, Action.REMOVE)


def _journey(name: str, *, actor: Actor) -> Journey:
    access.require(actor, Permission.READ, what=f"journey {name}")
    row = Journey.objects.filter(name=name).first()
    if row is None:
        raise JourneyNotFoundError(f"There is no journey {name}")
    return row


@transaction.atomic
def take_over_journey(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let a journey that came from a file be changed here; the file no longer rules it.

    Raises:
        JourneyNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    row = _journey(name, actor=actor)
    access.require(actor, Permission.EDIT, what=f"journey {name}", team_id=row.owner_id)
    if hands.take_over(row):
        row.save()
        hands.record(actor, "journey.taken_over", row.pk, {"from": row.file}, now=now)


def remove_sample(*, now: dt.datetime) -> int:
    """Remove the journeys of the sample; return how many."""
    found = list(Journey.objects.filter(origin=Origin.SAMPLE.value))
    for row in found:
        publish(JourneyRemoved(journey_id=row.pk, at=now))
        row.delete()
    return len(found)
