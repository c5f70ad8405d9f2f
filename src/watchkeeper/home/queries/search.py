"""Finding things by name, for the palette."""

from dataclasses import dataclass

from watchkeeper.catalog import queries as catalog
from watchkeeper.identity import queries as identity
from watchkeeper.slos import queries as slos
from watchkeeper.telemetry import queries as telemetry


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found.

    Attributes:
        kind: ``slo``, ``service``, ``team`` or ``source``.
        name: Its name.
        label: Its words for people, or its name.
        note: What it is, as ``SLO · burning``.
    """

    kind: str
    name: str
    label: str
    note: str


def find(text: str, *, limit: int = 12) -> list[Hit]:
    """Return what has every word of ``text`` in its name or title.

    What begins with the text comes first; an empty text finds nothing.
    """
    words = text.lower().split()
    if not words:
        return []
    found = [hit for hit in _everything() if _holds(hit, words)]
    found.sort(key=lambda hit: (not _begins(hit, words[0]), hit.label.lower()))
    return found[:limit]


def _everything() -> list[Hit]:
    hits = []
    for slo in slos.slo_rows():
        worst = min(slo.states, key=lambda state: state.urgency, default=None)
        word = worst.words.lower() if worst else "not judged yet"
        hits.append(Hit("slo", slo.name, slo.title or slo.name, f"SLO · {word}"))
    for service in catalog.services():
        tier = "service" if service.tier is None else f"service, tier {service.tier}"
        hits.append(Hit("service", service.name, service.title or service.name, tier))
    hits += [Hit("team", team.name, team.title or team.name, "team") for team in identity.teams()]
    hits += [Hit("source", name, name, "source") for name in telemetry.source_names()]
    return hits


def _holds(hit: Hit, words: list[str]) -> bool:
    text = f"{hit.name} {hit.label} {hit.note}".lower()
    return all(word in text for word in words)


def _begins(hit: Hit, word: str) -> bool:
    return hit.name.lower().startswith(word) or hit.label.lower().startswith(word)
