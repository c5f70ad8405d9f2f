"""Whether the sample organisation is here."""

from collections.abc import Collection

from watchkeeper.catalog import queries as catalog
from watchkeeper.identity import queries as identity
from watchkeeper.slos import queries as slos
from watchkeeper.telemetry import queries as telemetry


def is_loaded() -> bool:
    """Return whether anything of the sample is here; quick, since every screen asks."""
    return catalog.has_sample()


def is_free(people: Collection[str]) -> bool:
    """Return whether nothing was ever set up: no service, SLO, source, team, nor these people."""
    known = {person.name for person in identity.people()}
    return not (
        catalog.services()
        or slos.slo_rows()
        or telemetry.sources()
        or identity.teams()
        or known & set(people)
    )
