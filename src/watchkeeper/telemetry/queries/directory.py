"""Which SLIs there are, how each is measured, and under which names they answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.kernel.errors import ConflictError, NotFoundError
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.models import Sli, SliAlias, SliInForce


class SliNotFoundError(NotFoundError):
    """No SLI, and no SLO with one SLI, has that name."""

    code = "sli_not_found"


class SliAmbiguousError(ConflictError):
    """The name is that of an SLO that uses several SLIs."""

    code = "sli_ambiguous"


_FEW = 500
"""Up to so many SLIs are looked up one by one; beyond, one scan is cheaper."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One way of measuring an SLI and from when it holds.

    Attributes:
        id: Id of the version.
        since: First minute it is in force; 0 for "since the beginning".
        spec: How it measures.
        source_id: Its source; ``None`` for push.
    """

    id: int
    since: int
    spec: SliSpec
    source_id: int | None


@dataclass(frozen=True, slots=True)
class SliRow:
    """One SLI as the newest version in force describes it.

    Attributes:
        id: Its id.
        name: Its name.
        owner_team_id: Team that may change it; ``None``: no team.
        version: The newest version in force.
        revision: See :class:`~watchkeeper.telemetry.queries.history.Head`.
        first_minute: First measured minute; ``None`` before the first.
        last_minute: Last measured minute; ``None`` before the first.
        history_days: Days of history asked of its source.
    """

    id: int
    name: str
    owner_team_id: int | None
    version: VersionRow
    revision: int
    first_minute: int | None
    last_minute: int | None
    history_days: int


def slis(
    names: Sequence[str] | None = None, *, after: str | None = None, limit: int | None = None
) -> list[SliRow]:
    """Return the SLIs by name.

    Args:
        names: Only these; ``None``: all.
        after: Only those whose name comes after this one.
        limit: At most so many; ``None``: all.
    """
    found = Sli.objects.order_by("name")
    if names is not None:
        found = found.filter(name__in=names)
    if after is not None:
        found = found.filter(name__gt=after)
    return _rows(list(found[:limit]))


def sli_by_name(name: str) -> SliRow | None:
    """Return the SLI with this very name; ``None`` if there is none."""
    rows = _rows(list(Sli.objects.filter(name=name)))
    return rows[0] if rows else None


def sli_by_id(sli_id: int) -> SliRow | None:
    """Return an SLI; ``None`` if there is none."""
    rows = _rows(list(Sli.objects.filter(pk=sli_id)))
    return rows[0] if rows else None


def resolve(name: str) -> SliRow:
    """Return the SLI that ``name`` means: an SLI's own name, or that of an SLO with one SLI.

    Raises:
        SliNotFoundError: nothing has that name.
        SliAmbiguousError: it is an SLO that uses several SLIs.
    """
    row = sli_by_name(name)
    if row is not None:
        return row
    ids = SliAlias.objects.filter(name=name).values_list("sli_id", flat=True)
    rows = _rows(list(Sli.objects.filter(pk__in=list(ids)).order_by("name")))
    if not rows:
        raise SliNotFoundError(f"There is no SLI and no SLO named {name[:253]}")
    if len(rows) > 1:
        names = ", ".join(row.name for row in rows)
        raise SliAmbiguousError(f"The SLO {name} uses several SLIs; name one of them: {names}")
    return rows[0]


def versions(sli_id: int) -> list[VersionRow]:
    """Return what measured an SLI, oldest first; a version that came back is listed again."""
    found = SliInForce.objects.filter(sli_id=sli_id).select_related("version").order_by("since")
    return [_version(each) for each in found]


def _version(each: SliInForce) -> VersionRow:
    spec = SliSpec.from_json(each.version.spec)
    return VersionRow(each.version_id, each.since, spec, each.version.source_id)


def _rows(found: list[Sli]) -> list[SliRow]:
    newest: dict[int, SliInForce] = {}
    in_force = SliInForce.objects.select_related("version").order_by("since")
    if len(found) <= _FEW:
        in_force = in_force.filter(sli__in=found)
    for each in in_force:
        newest[each.sli_id] = each
    return [
        SliRow(
            id=sli.pk,
            name=sli.name,
            owner_team_id=sli.owner_team_id,
            version=_version(newest[sli.pk]),
            revision=sli.revision,
            first_minute=sli.first_minute,
            last_minute=sli.last_minute,
            history_days=sli.history_days,
        )
        for sli in found
        if sli.pk in newest
    ]
