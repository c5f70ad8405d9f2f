"""Loading the sample organisation, and removing it in one action."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from watchkeeper.alerts.usecases import rules, upkeep
from watchkeeper.audit import usecases as audit
from watchkeeper.catalog import usecases as catalog
from watchkeeper.identity import queries as identity_queries
from watchkeeper.identity import usecases as identity
from watchkeeper.integrations.sample import queries
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.manifests import usecases as manifests
from watchkeeper.oncall import usecases as oncall
from watchkeeper.plumbing import yaml_documents
from watchkeeper.slos import queries as slo_queries
from watchkeeper.slos import usecases as slos
from watchkeeper.telemetry import queries as telemetry_queries
from watchkeeper.telemetry import usecases as telemetry
from watchkeeper.telemetry.usecases import collect

ORGANISATION = Path(__file__).parent / "organisation.yaml"

_QUARTERS = 4

Progress = Callable[[str], None]


class SampleLoadedError(ConflictError):
    """The sample organisation is here already."""

    code = "sample_loaded"


class SampleInUseError(ConflictError):
    """Something that is no sample is measured by it."""

    code = "sample_in_use"


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed.

    Attributes:
        slos: SLOs.
        slis: SLIs, with all their minutes.
        sources: Sources of minutes.
        catalogue: Services, journeys and entities.
        schedules: Schedules, with who was on call.
        silences: Silences.
        people: Teams and people.
    """

    slos: int
    slis: int
    sources: int
    catalogue: int
    schedules: int
    silences: int
    people: int

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to remove."""
        of_programme = self.slos or self.slis or self.sources or self.catalogue
        return not (of_programme or self.schedules or self.silences or self.people)


def documents() -> list[Document]:
    """Return the sample organisation as documents."""
    return yaml_documents.load(ORGANISATION.read_text(encoding="utf-8"))


@transaction.atomic
def load(*, actor: Actor, now: dt.datetime) -> int:
    """Make the sample organisation; return how many objects it has.

    It has no history yet: see :func:`fill`.

    Raises:
        ForbiddenError: the actor is no admin.
        SampleLoadedError: it is here already.
        ConflictError: a team, person or service of one of its names is here and is no sample.
    """
    access.require(actor, Permission.ADMINISTER, what="the sample")
    if queries.is_loaded():
        raise SampleLoadedError("The sample organisation is loaded already")
    wanted = documents()
    _refuse_others(wanted)
    for handler in manifests.HANDLERS:
        own = [document for document in wanted if manifests.handler_of(document) is handler]
        handler.apply(own, actor=actor, now=now, origin=Origin.SAMPLE)
    audit.record(
        actor=actor,
        action="sample.loaded",
        kind="sample",
        object_id="",
        detail={"count": len(wanted)},
        now=now,
    )
    return len(wanted)


def _refuse_others(wanted: Sequence[Document]) -> None:
    """Refuse names that somebody uses; teams and people would be renamed."""
    known = {("Group", team.name) for team in identity_queries.teams()}
    known |= {("User", person.name) for person in identity_queries.people()}
    for document in wanted:
        if (document.kind, document.name) in known:
            raise ConflictError(
                f"There is a {document.kind.lower()} {document.name} already; the sample has one "
                "of that name too"
            )


def load_if_empty(*, actor: Actor, now: dt.datetime, progress: Progress) -> bool:
    """Make the sample organisation where nothing was ever set up; return whether that was so.

    Args:
        actor: Who; an admin.
        now: The present.
        progress: Told what goes on, a sentence at a time.
    """
    if not queries.is_free([d.name for d in documents() if d.kind == "User"]):
        return False
    progress("Loading the sample organisation")
    load(actor=actor, now=now)
    fill(now=now, progress=progress)
    return True


def fill(*, now: dt.datetime, progress: Progress) -> None:
    """Fetch the history of the sample and judge its SLOs, so that screens live at once.

    It takes the very steps of telemetry's jobs. What an engine does at the same time, or goes on
    with after a kill, is the same; where the two meet, this leaves the rest to the engine.

    Args:
        now: The present.
        progress: Told how far it is, a sentence at a time.
    """
    try:
        for source in telemetry_queries.sources():
            if source.is_sample:
                _fill(source.id, source.name, now=now, progress=progress)
    except ConflictError:
        progress("The engine fetches the rest of the sample's history")
    slos.tick(now=now)


def _fill(source_id: int, name: str, *, now: dt.datetime, progress: Progress) -> None:
    newest = collect.next_round(source_id, now=now)
    if newest is not None:
        collect.finish_round(newest, newest.fetch(), now=now)
    whole, told = _wanted(name), 0
    while (chunk := collect.next_history(source_id, now=now)) is not None:
        oldest, answer = chunk.fetch()
        collect.finish_history(chunk, oldest, answer, now=now)
        share = 1 - _wanted(name) / whole if whole else 1.0
        if int(share * _QUARTERS) > told:
            told = int(share * _QUARTERS)
            progress(f"Sample history: {100 * told // _QUARTERS} %")


def _wanted(source: str) -> int:
    """Return how many minutes of history a source is still to be asked for."""
    row = telemetry_queries.source_by_name(source)
    return row.backfill_minutes if row is not None else 0


@transaction.atomic
def remove(*, actor: Actor, now: dt.datetime) -> Removed:
    """Remove the sample organisation with all its history; harmless where there is none.

    What a person made besides stays; a service of theirs that a sample team owned has no owner
    then.

    Raises:
        ForbiddenError: the actor is no admin.
        SampleInUseError: an SLO that is no sample is measured by the sample's source.
    """
    access.require(actor, Permission.ADMINISTER, what="the sample")
    gone_slos = [row for row in slo_queries.slo_rows() if row.origin == Origin.SAMPLE.value]
    _refuse_users({row.id for row in gone_slos})
    for row in gone_slos:
        slos.remove_slo(actor=actor, name=row.name, origin=Origin.SAMPLE, now=now)
    slis, sources = _remove_telemetry(actor, now=now)
    upkeep.follow_firings(now=now)  # its alerts end with its SLOs, before the silence does
    removed = Removed(
        slos=len(gone_slos),
        slis=slis,
        sources=sources,
        catalogue=catalog.remove_sample(actor=actor, now=now),
        schedules=oncall.remove_sample(actor=actor, now=now),
        silences=rules.remove_sample(actor=actor, now=now),
        people=identity.remove_sample(actor=actor, now=now),
    )
    audit.record(
        actor=actor,
        action="sample.removed",
        kind="sample",
        object_id="",
        detail={"slos": removed.slos, "slis": removed.slis},
        now=now,
    )
    return removed


def _refuse_users(gone: Collection[int]) -> None:
    """Refuse while SLOs other than ``gone`` are measured by the sample."""
    sources = {row.name for row in telemetry_queries.sources() if row.is_sample}
    rows = {row.id: row.name for row in slo_queries.slo_rows() if row.id not in gone}
    using = [
        rows[slo_id]
        for slo_id, versions in slo_queries.versions_of(rows).items()
        if any(each.spec.source in sources for each in versions[-1].definition.objectives)
    ]
    if using:
        raise SampleInUseError(
            f"The sample measures {', '.join(sorted(using))}, which somebody made; remove or "
            "change them first"
        )


def _remove_telemetry(actor: Actor, *, now: dt.datetime) -> tuple[int, int]:
    slis = sources = 0
    for source in telemetry_queries.sources():
        if not source.is_sample:
            continue
        for sli_id, _ in telemetry_queries.slis_of_source(source.id):
            telemetry.remove_sli(actor=actor, sli_id=sli_id, now=now)
            slis += 1
        telemetry.remove_source(actor=actor, name=source.name, now=now)
        sources += 1
    return slis, sources
