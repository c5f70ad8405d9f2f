"""Backstage entities to what the catalogue keeps of them; the documents stay whole beside it.

Source: Backstage, "Descriptor Format of Catalog Entities".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import Problem

KINDS = ("User", "Group", "Domain", "System", "Resource", "API", "Component")
TIER = "watchkeeper/tier"
RUNBOOK = "watchkeeper/runbook"
SOFT = "watchkeeper/soft-depends-on"
ON_CALL = "watchkeeper/on-call"
CHAT = "watchkeeper/chat"
_SLUG = "github.com/project-slug"
_LOCATION = "backstage.io/source-location"
_REF = re.compile(r"(?:([a-z]+):)?(?:([\w.-]+)/)?([\w.-]+)\Z", re.IGNORECASE)
_TIERS = {"0", "1", "2", "3"}


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service as somebody wants it.

    Attributes:
        name: Its name.
        title: Words for people.
        description: Longer words.
        tier: 0 to 3, 0 matters most; ``None``: unknown.
        lifecycle: As ``production``.
        owner: Name of the team; ``None``: nobody.
        on_call_url: Who is called.
        runbook_url: What to do.
        repository_url: Where its code is.
        chat_channel: Where its people talk.
        labels: Free pairs.
        hard: Names of what it cannot do without.
        soft: Names of what it can do without.
    """

    name: str
    title: str = ""
    description: str = ""
    tier: int | None = None
    lifecycle: str = ""
    owner: str | None = None
    on_call_url: str = ""
    runbook_url: str = ""
    repository_url: str = ""
    chat_channel: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()


def reference(text: str) -> str:
    """Return the name that an entity reference has here: ``component:default/x`` is ``x``."""
    match = _REF.match(text.strip())
    if match is None:
        return text.strip()
    namespace = match[2]
    return match[3] if namespace in {None, "default"} else f"{namespace}.{match[3]}"


def name_of(document: Document) -> str:
    """Return the name an entity has here; namespaces other than ``default`` come before it."""
    namespace = _text(_map(document.data.get("metadata")), "namespace")
    return reference(f"{namespace or 'default'}/{document.name}")


def read_service(document: Document) -> ServiceSpec:
    """Return the service that a Component describes."""
    metadata, spec = _map(document.data.get("metadata")), _map(document.data.get("spec"))
    annotations = _map(metadata.get("annotations"))
    tier = str(annotations.get(TIER, ""))
    owner = _text(spec, "owner")
    return ServiceSpec(
        name=name_of(document),
        title=_text(metadata, "title"),
        description=_text(metadata, "description"),
        tier=int(tier) if tier in _TIERS else None,
        lifecycle=_text(spec, "lifecycle"),
        owner=reference(owner) if owner else None,
        on_call_url=_text(annotations, ON_CALL),
        runbook_url=_text(annotations, RUNBOOK) or _link(metadata, "runbook"),
        repository_url=_repository(annotations),
        chat_channel=_text(annotations, CHAT),
        labels={k: str(v) for k, v in _map(metadata.get("labels")).items()},
        hard=tuple(dict.fromkeys(reference(text) for text in _texts(spec.get("dependsOn")))),
        soft=tuple(dict.fromkeys(reference(text) for text in _texts(annotations.get(SOFT)))),
    )


def members_of(group: Document, users: Sequence[Document]) -> list[str]:
    """Return the people of a Group: those it names, and those who say they are in it."""
    named = [reference(t) for t in _texts(_map(group.data.get("spec")).get("members"))]
    own = name_of(group)
    told = [
        name_of(user)
        for user in users
        if own in {reference(t) for t in _texts(_map(user.data.get("spec")).get("memberOf"))}
    ]
    return list(dict.fromkeys([*named, *told]))


def profile(document: Document) -> tuple[str, str, str]:
    """Return (title or display name, mail address, description) of a User or Group."""
    metadata, spec = _map(document.data.get("metadata")), _map(document.data.get("spec"))
    inner = _map(spec.get("profile"))
    title = _text(inner, "displayName") or _text(metadata, "title")
    return title, _text(inner, "email"), _text(metadata, "description")


def problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one entity."""
    metadata, spec = document.data.get("metadata"), document.data.get("spec")
    if not isinstance(metadata, Mapping):
        yield document.problem("metadata is missing", "metadata")
        return
    if spec is not None and not isinstance(spec, Mapping):
        yield document.problem("spec is not a mapping", "spec")
        return
    annotations = metadata.get("annotations")
    if annotations is not None and not isinstance(annotations, Mapping):
        yield document.problem("annotations is not a mapping", "metadata.annotations")
        return
    tier = _map(annotations).get(TIER)
    if tier is not None and str(tier) not in _TIERS:
        path = f"metadata.annotations.{TIER}"
        yield document.problem(f'the tier is {tier!r}, not one of "0" to "3"', path)
    for path, value in (("dependsOn", _map(spec).get("dependsOn")), ("owner", None)):
        if value is not None and not isinstance(value, list):
            yield document.problem(f"{path} is not a list", f"spec.{path}")


def journey_problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one Journey."""
    spec = document.data.get("spec")
    if not isinstance(spec, Mapping):
        yield document.problem("spec is missing", "spec")
        return
    for name in spec:
        if name not in {"title", "owner", "services"}:
            yield document.problem(f"{name} is not a field of a Journey", f"spec.{name}")
    services = spec.get("services")
    if not isinstance(services, list) or not all(isinstance(s, str) for s in services):
        yield document.problem("services is a list of names", "spec.services")


def _repository(annotations: Mapping[str, Any]) -> str:
    slug = _text(annotations, _SLUG)
    if slug:
        return f"https://github.com/{slug}"
    return _text(annotations, _LOCATION).removeprefix("url:")


def _link(metadata: Mapping[str, Any], kind: str) -> str:
    for item in metadata.get("links") or ():
        if isinstance(item, Mapping) and kind in f"{item.get('type')} {item.get('title')}".lower():
            return str(item.get("url", ""))
    return ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
