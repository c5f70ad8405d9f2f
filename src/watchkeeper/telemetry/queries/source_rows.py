"""Sources as they are set up, and how they fare."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings as django_settings
from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery, Sum
from django.utils.module_loading import import_string

from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import InvalidError, NotFoundError
from watchkeeper.plumbing import secret_box
from watchkeeper.telemetry.domain import sources as domain
from watchkeeper.telemetry.domain.load import Load
from watchkeeper.telemetry.models import (
    SliBackfill,
    SliFinding,
    SliInForce,
    Source,
    SourceLoad,
)
from watchkeeper.telemetry.ports import MinuteSource, SourceConfig

_LOAD_HOURS = 24


class SourceNotFoundError(NotFoundError):
    """No source has that name."""

    code = "source_not_found"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source and how it fares; no secret is in it.

    Attributes:
        id: Its id.
        name: Its name.
        kind: ``prometheus``, ``sample`` or one that cannot be asked.
        settings: What may be shown.
        secrets: Names of the secrets that are set.
        origin: Where it came from.
        is_sample: Whether it belongs to the sample organisation.
        is_taken_over: Whether it once came from a file and is kept here now.
        sli_count: SLIs that it measures now.
        last_ok_at: When it last answered; ``None``: never.
        last_error: Why it last failed; empty: it never did.
        last_error_at: When it last failed.
        silent_since_at: First failure since it last answered; ``None`` while it answers.
        last_minute: Newest minute that it told.
        backfill_minutes: Minutes of history still to be asked for, over all its SLIs.
        backfill_share: How much of the history that was put down is read, 0 to 1; ``None`` where
            nothing is left.
        load: What asking it cost in the last 24 hours.
    """

    id: int
    name: str
    kind: str
    settings: Mapping[str, Json]
    secrets: tuple[str, ...]
    origin: str
    is_sample: bool
    is_taken_over: bool
    sli_count: int
    last_ok_at: dt.datetime | None
    last_error: str
    last_error_at: dt.datetime | None
    silent_since_at: dt.datetime | None
    last_minute: int | None
    backfill_minutes: int
    backfill_share: float | None = None
    load: Load = field(default_factory=Load)

    def lag(self, now: dt.datetime) -> dt.timedelta | None:
        """Return how old the newest minute is, from its end; ``None`` before the first."""
        return lag_of(self.last_minute, now)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something odd about an SLI.

    Attributes:
        sli_id: The SLI.
        sli: Its name.
        code: Kind of oddity.
        detail: A sentence for a person.
        count: How often it was met.
        first_at: When first.
        last_at: When last.
    """

    sli_id: int
    sli: str
    code: str
    detail: str
    count: int
    first_at: dt.datetime
    last_at: dt.datetime


@dataclass(frozen=True, slots=True)
class PushedRow:
    """How pushed SLIs fare together.

    Attributes:
        sli_count: SLIs whose minutes are pushed.
        last_minute: Newest minute of any; ``None`` before the first.
    """

    sli_count: int
    last_minute: int | None

    def lag(self, now: dt.datetime) -> dt.timedelta | None:
        """Return how old the newest minute is, from its end; ``None`` before the first."""
        return lag_of(self.last_minute, now)


def lag_of(minute: int | None, now: dt.datetime) -> dt.timedelta | None:
    """Return how old a minute is, from its end; ``None`` where there is none."""
    if minute is None:
        return None
    ended = dt.datetime.fromtimestamp((minute + 1) * 60, dt.UTC)
    return max(now - ended, dt.timedelta(0))


def sources() -> list[SourceRow]:
    """Return all sources by name."""
    return _rows(list(Source.objects.order_by("name")))


def source_names() -> list[str]:
    """Return the names of all sources, in order."""
    return list(Source.objects.order_by("name").values_list("name", flat=True))


def source_by_name(name: str) -> SourceRow | None:
    """Return one source; ``None`` if there is none of that name."""
    rows = _rows(list(Source.objects.filter(name=name)))
    return rows[0] if rows else None


def _rows(found: Sequence[Source]) -> list[SourceRow]:
    counts = dict(
        newest_in_force()
        .values("version__source_id")
        .annotate(count=Count("id"))
        .values_list("version__source_id", "count")
    )
    waiting = dict(
        SliBackfill.objects.values("version__source_id")
        .annotate(minutes=Sum(F("end") - F("start")))
        .values_list("version__source_id", "minutes")
    )
    loads = _loads()
    return [
        SourceRow(
            id=each.pk,
            name=each.name,
            kind=each.kind,
            settings=each.settings,
            secrets=tuple(sorted(each.sealed)),
            origin=each.origin,
            is_sample=each.is_sample,
            is_taken_over=each.is_taken_over,
            sli_count=counts.get(each.pk, 0),
            last_ok_at=each.last_ok_at,
            last_error=each.last_error,
            last_error_at=each.last_error_at,
            silent_since_at=each.silent_since_at,
            last_minute=each.last_minute,
            backfill_minutes=waiting.get(each.pk, 0),
            backfill_share=_share_read(waiting.get(each.pk, 0), each.backfill_wanted),
            load=loads.get(each.pk, Load()),
        )
        for each in found
    ]


def _share_read(left: int, wanted: int) -> float | None:
    return 1 - left / wanted if 0 < left <= wanted else None


def _loads() -> dict[int, Load]:
    """Return what asking each source cost in the 24 hours up to its newest hour."""
    newest = dict(
        SourceLoad.objects.values("source_id")
        .annotate(newest=Max("hour"))
        .values_list("source_id", "newest")
    )
    found: dict[int, Load] = {}
    for row in SourceLoad.objects.all():
        if row.hour > newest[row.source_id] - _LOAD_HOURS:
            load = Load(row.requests, row.failures, row.seconds, row.slowest_seconds)
            found[row.source_id] = found.get(row.source_id, Load()) + load
    return found


def newest_in_force() -> QuerySet[SliInForce]:
    """Return which version measures each SLI now."""
    newest = SliInForce.objects.filter(sli_id=OuterRef("sli_id")).order_by("-since")
    return SliInForce.objects.filter(id=Subquery(newest.values("id")[:1]))


def _slis_of(source_id: int | None) -> QuerySet[SliInForce]:
    """Return what is in force now by a source; ``None``: pushed."""
    found = newest_in_force()
    if source_id is None:
        return found.filter(version__source__isnull=True)
    return found.filter(version__source_id=source_id)


def slis_of_source(source_id: int | None) -> list[tuple[int, str]]:
    """Return id and name of the SLIs that a source measures now, by name; ``None``: pushed."""
    found = _slis_of(source_id).order_by("sli__name")
    return list(found.values_list("sli_id", "sli__name"))


def pushed() -> PushedRow:
    """Return how those SLIs fare whose minutes are pushed."""
    found = _slis_of(None).aggregate(count=Count("id"), last=Max("sli__last_minute"))
    return PushedRow(found["count"], found["last"])


def findings(
    *,
    since: dt.datetime | None = None,
    sli_id: int | None = None,
    source_id: int | None = None,
    limit: int | None = None,
) -> list[FindingRow]:
    """Return what is odd about SLIs, newest first.

    Args:
        since: Only what was met at or after this; ``None``: all.
        sli_id: Only of this SLI; ``None``: of all.
        source_id: Only of SLIs that this source measures now; ``None``: of all.
        limit: At most so many; ``None``: all.
    """
    found = SliFinding.objects.select_related("sli").order_by("-last_at", "id")
    if sli_id is not None:
        found = found.filter(sli_id=sli_id)
    if source_id is not None:
        found = found.filter(sli_id__in=_slis_of(source_id).values("sli_id"))
    if since is not None:
        found = found.filter(last_at__gte=since)
    return [
        FindingRow(
            each.sli_id, each.sli.name, each.code, each.detail, each.count, each.first_at,
            each.last_at,
        )
        for each in found[:limit]
    ]  # fmt: skip


def source_documents(name: str | None = None) -> list[Mapping[str, Json]]:
    """Return sources as OpenSLO DataSources, secrets left out, by name.

    Args:
        name: Only the source of that name; ``None``: all but sample ones.
    """
    found = (
        Source.objects.filter(is_sample=False)
        if name is None
        else Source.objects.filter(name=name)
    )
    return [
        domain.document_of(
            name=each.name, kind=each.kind, settings=each.settings, document=each.document
        )
        for each in found.order_by("name")
    ]


def adapter_of(kind: str) -> MinuteSource:
    """Return who can ask sources of ``kind``.

    Raises:
        InvalidError: nobody can.
    """
    dotted = django_settings.WATCHKEEPER_SOURCES.get(kind)
    if dotted is None:
        known = ", ".join(sorted(django_settings.WATCHKEEPER_SOURCES))
        raise InvalidError(f"Sources of kind {kind} cannot be asked; known kinds are {known}")
    return _adapter(dotted)


@cache
def _adapter(dotted: str) -> MinuteSource:
    """Return the one adapter of its class: it may remember what servers are like."""
    adapter: MinuteSource = import_string(dotted)()
    return adapter


def config_of(source_id: int) -> SourceConfig:
    """Return how to reach a source, its secrets opened; for adapters only.

    Raises:
        SourceNotFoundError: there is no such source.
        InvalidError: a secret cannot be opened, or what it refers to is not there.
    """
    source = Source.objects.filter(pk=source_id).first()
    if source is None:
        raise SourceNotFoundError("There is no such source")
    opened = {
        name: secret_box.open_sealed(sealed, context=secret_context(source.name, name))
        for name, sealed in source.sealed.items()
    }
    return config(
        source_id=source.pk,
        name=source.name,
        kind=source.kind,
        settings=source.settings,
        secrets=opened,
    )


def config(
    *,
    source_id: int,
    name: str,
    kind: str,
    settings: Mapping[str, Json],
    secrets: Mapping[str, str],
) -> SourceConfig:
    """Return how to reach a source whose plain ``secrets`` are known, references resolved.

    Raises:
        InvalidError: what a reference names is not there.
    """
    resolved = {
        key: secret_box.resolve(value) if isinstance(value, str) else value
        for key, value in settings.items()
    }
    headers = {
        key: secret_box.resolve(value)
        for key, value in dict(settings.get(domain.HEADERS) or {}).items()
    }
    prefix = f"{domain.HEADERS}."
    headers |= {
        key.removeprefix(prefix): value for key, value in secrets.items() if key.startswith(prefix)
    }
    plain = {key: value for key, value in secrets.items() if not key.startswith(prefix)}
    plain |= {key: resolved.pop(key) for key in domain.SECRETS if resolved.get(key)}
    if headers:
        resolved[domain.HEADERS] = headers
    return SourceConfig(source_id, name, kind, resolved, plain)


def secret_context(source: str, name: str) -> str:
    """Return what a sealed secret is bound to, so that it opens nowhere else."""
    return f"telemetry.source:{source}:{name}"
