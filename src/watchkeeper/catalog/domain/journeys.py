"""Journeys as documents: ``apiVersion: watchkeeper/v1, kind: Journey``."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.catalog.domain import references
from watchkeeper.kernel import ids
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem

API_VERSION = "watchkeeper/v1"
KIND = "Journey"
_FIELDS = ("title", "owner", "services")
_LONGEST_TITLE = 200
_MOST_SERVICES = 200


@dataclass(frozen=True, slots=True)
class JourneySpec:
    """A journey as somebody wants it.

    Attributes:
        name: Its name.
        title: Words for people.
        owner: Name of the team; ``None``: nobody.
        services: Names of services in the order in which a customer meets them, each once.
    """

    name: str
    title: str = ""
    owner: str | None = None
    services: tuple[str, ...] = ()


def check(spec: JourneySpec) -> None:
    """Return if ``spec`` can be stored.

    Raises:
        InvalidError: a name, the title or the number of services cannot be.
    """
    ids.check_name(spec.name, what="A journey")
    problems = list(_problems(spec))
    if problems:
        raise InvalidError(f"The journey {spec.name}: {problems[0].detail}", problems)


def _problems(spec: JourneySpec) -> Iterator[Problem]:
    if len(spec.title) > _LONGEST_TITLE:
        yield Problem(f"title has at most {_LONGEST_TITLE} characters", path="title")
    if len(spec.services) > _MOST_SERVICES:
        yield Problem(f"a journey has at most {_MOST_SERVICES} services", path="services")
    for place, name in enumerate(spec.services):
        try:
            ids.check_name(name, what="A service of the journey")
        except InvalidError as error:
            yield Problem(error.message, path=f"services[{place}]")


def read(document: Document) -> JourneySpec:
    """Return the journey that a document describes; one that :func:`problems` finds nothing in."""
    spec = document.data["spec"]
    owner = spec.get("owner")
    names = [references.name_of(text) for text in spec["services"]]
    return JourneySpec(
        name=document.name,
        title=spec.get("title") or "",
        owner=references.name_of(owner) if owner else None,
        services=tuple(dict.fromkeys(names)),
    )


def write(spec: JourneySpec, base: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return ``base`` with what ``spec`` says differently; all else in it stays as it is."""
    new = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": spec.name}}
    data: dict[str, Any] = copy.deepcopy(dict(base)) if base else {**new, "spec": {"services": []}}
    was, inner = read(Document(data)), data["spec"]
    if was == spec:
        return data
    if was.title != spec.title:
        inner["title"] = spec.title
    if was.owner != spec.owner:
        inner["owner"] = spec.owner
    if was.services != spec.services:
        inner["services"] = list(spec.services)
    kept = {name: inner[name] for name in _FIELDS if inner.get(name) not in ("", None)}
    ordered = {key: data[key] for key in (*new, "spec") if key in data} | data
    return ordered | {"spec": kept | {"services": inner["services"]}}


def problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one Journey."""
    try:
        ids.check_name(document.name, what="A journey")
    except InvalidError as error:
        yield document.problem(error.message, "metadata.name")
    spec = document.data.get("spec")
    if not isinstance(spec, Mapping):
        yield document.problem("spec is missing", "spec")
        return
    for name in spec:
        if name not in _FIELDS:
            yield document.problem(f"{name} is not a field of a Journey", f"spec.{name}")
    for name in ("title", "owner"):
        if spec.get(name) is not None and not isinstance(spec[name], str):
            yield document.problem(f"{name} is not text", f"spec.{name}")
    services = spec.get("services")
    if not isinstance(services, list) or not all(isinstance(s, str) and s for s in services):
        yield document.problem("services is a list of names", "spec.services")
