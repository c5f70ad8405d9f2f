"""Keeping what changed."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import queries as catalog
from watchkeeper.changes.domain.events import ChangeEvent
from watchkeeper.changes.models import ChangeEvent as ChangeRow
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor


def keep(events: Sequence[ChangeEvent], *, source: str, now: dt.datetime) -> None:
    """Keep changes, in the caller's transaction; what is known by its id stays as it was.

    Nobody's permission is asked: whoever has the integration's key may tell.

    Args:
        events: What changed.
        source: Name of the integration.
        now: The present.
    """
    ChangeRow.objects.bulk_create(
        (
            ChangeRow(
                source=source,
                key=event.key,
                title=event.title,
                kind=event.kind.value,
                service_name=event.service,
                at=event.at,
                url=event.url,
                author=event.author,
                labels=dict(event.labels),
                received_at=now,
            )
            for event in sorted(events, key=lambda each: each.key)  # writers never cross
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def record(*, actor: Actor, event: ChangeEvent, now: dt.datetime) -> str:
    """Keep a change that a person or a script tells, and return its id here.

    One that was told under this id before stays as it was.

    Args:
        actor: Who; needs the role responder in the team that owns the service, or in the
            organisation where nobody does.
        event: What changed.
        now: The present.

    Raises:
        ForbiddenError: the actor may not.
    """
    notes = catalog.service_notes([event.service], annotation="") if event.service else {}
    team = notes[event.service].owner_id if event.service in notes else None
    what = f"changes of {event.service or 'no service'}"
    access.require(actor, Permission.RESPOND, what=what, team_id=team)
    keep([event], source="", now=now)
    row = ChangeRow.objects.get(source="", key=event.key)
    audit.record(
        actor=actor, action="change.recorded", kind="change", object_id=row.pk, detail={}, now=now
    )
    return str(row.pk)
