"""Stretches of time that do not count: agreed, signed, and withdrawable."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import queries as catalog
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError, NotFoundError, Problem
from watchkeeper.slos import queries
from watchkeeper.slos.models import Exclusion, Slo

_LONGEST = dt.timedelta(days=366)


class ExclusionNotFoundError(NotFoundError):
    """There is no exclusion of that id."""

    code = "exclusion_not_found"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An exclusion that somebody wants.

    Attributes:
        start: First instant that does not count.
        end: First instant that counts again.
        reason: Why, for those who read the proof.
        slo: Name of the one SLO; ``None`` for a service's.
        service: Name of the service whose SLOs it touches; ``None`` for one SLO's.
    """

    start: dt.datetime
    end: dt.datetime
    reason: str
    slo: str | None = None
    service: str | None = None


@transaction.atomic
def add_exclusion(*, actor: Actor, wanted: Wanted, now: dt.datetime) -> int:
    """Take a stretch of time out of every figure, past ones too, and return its id.

    Raises:
        InvalidError: it ends before it starts, has no reason, or names not exactly one thing.
        ForbiddenError: the actor may not edit what the owner owns.
        SloNotFoundError: there is no such SLO.
    """
    _check(wanted)
    slo = Slo.objects.get(pk=queries.slo_id(wanted.slo)) if wanted.slo else None
    service = slo.service_name if slo is not None else str(wanted.service)
    row = catalog.service_by_name(service)
    if row is None:
        raise InvalidError(
            f"There is no service {service}", [Problem("there is no such service", path="service")]
        )
    access.require(actor, Permission.EDIT, what=f"the figures of {service}", team_id=row.owner_id)
    made = Exclusion.objects.create(
        slo=slo,
        service_name="" if slo is not None else service,
        start=wanted.start,
        end=wanted.end,
        reason=wanted.reason.strip(),
        author=_author(actor),
        created_at=now,
    )
    _record(actor, "exclusion.added", made, now=now)
    return made.pk


@transaction.atomic
def add_exclusions(*, actor: Actor, wanted: Sequence[Wanted], now: dt.datetime) -> list[int]:
    """Take time out of several figures, of all or of none, and return the ids in order.

    Raises:
        InvalidError: one of them is not valid; see :func:`add_exclusion`.
        ForbiddenError: the actor may not edit one of them.
        SloNotFoundError: one of them does not exist.
    """
    access.require(actor, Permission.READ, what="SLOs")
    return [add_exclusion(actor=actor, wanted=each, now=now) for each in wanted]


def _check(wanted: Wanted) -> None:
    problems = []
    if wanted.end <= wanted.start:
        problems.append(Problem("it ends before it starts", path="end"))
    elif wanted.end - wanted.start > _LONGEST:
        problems.append(Problem("it is longer than a year", path="end"))
    if not wanted.reason.strip():
        problems.append(Problem("say why, for those who read the proof", path="reason"))
    if bool(wanted.slo) == bool(wanted.service):
        problems.append(Problem("name either an SLO or a service", path="slo"))
    if problems:
        raise InvalidError("The exclusion is not valid", problems)


@transaction.atomic
def withdraw_exclusion(*, actor: Actor, exclusion_id: int, now: dt.datetime) -> None:
    """Let a stretch of time count again; it stays on record. Withdrawing twice is harmless.

    Raises:
        ExclusionNotFoundError: there is none of that id.
        ForbiddenError: the actor may not edit what the owner owns.
    """
    access.require(actor, Permission.READ, what="the exclusion")
    row = Exclusion.objects.select_related("slo").filter(pk=exclusion_id).first()
    if row is None:
        raise ExclusionNotFoundError(f"There is no exclusion {exclusion_id}")
    service = catalog.service_by_name(row.slo.service_name if row.slo else row.service_name)
    access.require(
        actor,
        Permission.EDIT,
        what=f"exclusion {exclusion_id}",
        team_id=service.owner_id if service is not None else None,
    )
    changed = Exclusion.objects.filter(pk=exclusion_id, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_by=_author(actor)
    )
    if changed:
        _record(actor, "exclusion.withdrawn", row, now=now)


def _author(actor: Actor) -> str:
    return f"{actor.kind.value}:{actor.id}" if actor.id is not None else actor.kind.value


def _record(actor: Actor, action: str, row: Exclusion, *, now: dt.datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        kind="exclusion",
        object_id=row.pk,
        detail={"start": row.start.isoformat(), "end": row.end.isoformat()},
        now=now,
    )
