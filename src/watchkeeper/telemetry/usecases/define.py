"""Defining SLIs: a new way of measuring starts a new version and rewrites no past."""

import datetime as dt
import hashlib
from collections.abc import Collection

from django.db import transaction
from django.db.models import F

from watchkeeper.audit import usecases as audit
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.models import (
    Block,
    Minute,
    Sli,
    SliAlias,
    SliBackfill,
    SliInForce,
    SliVersion,
    Source,
)


@transaction.atomic
def define_sli(
    *,
    actor: Actor,
    name: str,
    spec: SliSpec,
    now: dt.datetime,
    owner_team_id: int | None = None,
) -> int:
    """Make an SLI, or change how it is measured; return its id.

    The first version is in force since the beginning. A changed spec starts a new version, in
    force from now's minute; the minutes before stay with the versions that measured them. A
    version that never measured anything gives its place up altogether.

    Args:
        actor: Who defines; needs the role editor in the owning team.
        name: The SLI's name.
        spec: How it is measured.
        now: The present.
        owner_team_id: Team that owns a *new* SLI; ``None``: no team. See :func:`set_owner`.

    Raises:
        InvalidError: the name cannot be one, or the source is not known.
        ForbiddenError: the actor may not.
    """
    ids.check_name(name, what="An SLI")
    sli = Sli.objects.filter(name=name).first()
    team_id = sli.owner_team_id if sli else owner_team_id
    access.require(actor, Permission.EDIT, what=f"SLI {name}", team_id=team_id)
    source_id = _source_id(spec)
    if sli is None:
        sli = Sli.objects.create(name=name, owner_team_id=owner_team_id, created_at=now)
    key = hashlib.sha256(f"{source_id}:{spec.key}".encode()).hexdigest()
    version, _ = SliVersion.objects.get_or_create(
        sli=sli,
        key=key,
        defaults={"spec": spec.to_json(), "source_id": source_id, "created_at": now},
    )
    if _put_in_force(sli, version, now=now):
        detail = {"version": version.pk, "source": source_id}
        audit.record(
            actor=actor, action="sli.defined", kind="sli", object_id=sli.pk, detail=detail, now=now
        )
    return sli.pk


def _source_id(spec: SliSpec) -> int | None:
    if spec.source is None:
        return None
    found = Source.objects.filter(name=spec.source).values_list("id", flat=True).first()
    if found is None:
        raise InvalidError(f"There is no source named {spec.source}; add it first")
    return found


def _put_in_force(sli: Sli, version: SliVersion, *, now: dt.datetime) -> bool:
    """Let ``version`` measure from now on, or from where its empty forerunner began.

    Returns:
        Whether that changed anything.
    """
    last = SliInForce.objects.filter(sli=sli).order_by("-since").first()
    if last is not None and last.version_id == version.pk:
        return False
    since = 0
    if last is not None:
        since = last.since if _is_empty(last.version_id) else int(now.timestamp()) // 60
    SliInForce.objects.update_or_create(sli=sli, since=since, defaults={"version": version})
    if last is not None:
        SliBackfill.objects.filter(version_id=last.version_id).delete()
        Sli.objects.filter(pk=sli.pk).update(revision=F("revision") + 1)
    return True


def _is_empty(version_id: int) -> bool:
    """Return whether a version never measured a minute."""
    return not (
        Minute.objects.filter(version_id=version_id).exists()
        or Block.objects.filter(version_id=version_id).exists()
    )


@transaction.atomic
def set_owner(*, actor: Actor, sli_id: int, team_id: int | None, now: dt.datetime) -> bool:
    """Hand an SLI to a team, or to none; slos calls this with the owner of the service.

    Returns:
        Whether it changed hands.

    Raises:
        ForbiddenError: the actor may not edit what the present owner owns.
    """
    sli = Sli.objects.get(pk=sli_id)
    if sli.owner_team_id == team_id:
        return False
    access.require(actor, Permission.EDIT, what=f"SLI {sli.name}", team_id=sli.owner_team_id)
    Sli.objects.filter(pk=sli_id).update(owner_team_id=team_id)
    detail = {"from": sli.owner_team_id, "to": team_id}
    audit.record(
        actor=actor, action="sli.owner_set", kind="sli", object_id=sli_id, detail=detail, now=now
    )
    return True


@transaction.atomic
def set_aliases(*, sli_id: int, names: Collection[str]) -> None:
    """Let an SLI answer to exactly these other names too: those of the SLOs that use it.

    An SLO with several SLIs gives its name to each; asking by that name then names them all.
    """
    known = set(SliAlias.objects.filter(sli_id=sli_id).values_list("name", flat=True))
    SliAlias.objects.filter(sli_id=sli_id, name__in=known - set(names)).delete()
    SliAlias.objects.bulk_create(
        SliAlias(sli_id=sli_id, name=name) for name in sorted(set(names) - known)
    )


@transaction.atomic
def need_history(*, sli_id: int, days: int) -> None:
    """Ask an SLI's source for at least ``days`` of history, where it still has them."""
    Sli.objects.filter(pk=sli_id, history_days__lt=days).update(history_days=days)


@transaction.atomic
def remove_sli(*, actor: Actor, sli_id: int, now: dt.datetime) -> None:
    """Remove an SLI with all its minutes.

    Raises:
        ForbiddenError: the actor may not.
    """
    sli = Sli.objects.get(pk=sli_id)
    access.require(actor, Permission.EDIT, what=f"SLI {sli.name}", team_id=sli.owner_team_id)
    detail = {"name": sli.name}
    audit.record(
        actor=actor, action="sli.removed", kind="sli", object_id=sli_id, detail=detail, now=now
    )
    sli.delete()
