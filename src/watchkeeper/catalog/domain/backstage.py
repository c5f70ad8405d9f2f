"""Backstage entities: what the catalogue reads of them, and how it writes back into them.

The documents themselves are kept whole, so nothing that is not read here is ever lost.

Source: Backstage, "Descriptor Format of Catalog Entities".
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.catalog.domain import references
from watchkeeper.catalog.domain.services import ServiceSpec
from watchkeeper.kernel import ids
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem

API_VERSION = "backstage.io/v1alpha1"
KINDS = ("User", "Group", "Domain", "System", "Resource", "API", "Component")
"""In the order in which they are applied: people, their teams, then what those own."""

TIER = "watchkeeper/tier"
RUNBOOK = "watchkeeper/runbook"
SOFT = "watchkeeper/soft-depends-on"
ON_CALL = "watchkeeper/on-call"
CHAT = "watchkeeper/chat"
FALLBACK = "watchkeeper/fallback"
_SLUG = "github.com/project-slug"
_LOCATION = "backstage.io/source-location"
_GITHUB = "https://github.com/"
_TIERS = {"0", "1", "2", "3"}
_VENDOR_TYPES = {"vendor", "saas", "external", "third-party"}
_ORDER = ("apiVersion", "kind", "metadata", "spec", "relations", "status")
_METADATA_ORDER = ("namespace", "name", "title", "description", "labels", "annotations", "tags")


@dataclass(frozen=True, slots=True)
class Thing:
    """A Resource or an API: something a service may need that is not a service.

    Attributes:
        target: How dependencies name it, as ``resource:orders-db``.
        kind: ``resource`` or ``api``.
        name: Its name.
        title: Words for people; empty where it has none.
        owner: Name of the team; ``None``: nobody.
        is_vendor: Whether somebody outside runs it (``spec.type`` vendor, saas, external).
        fallback: What stands in when it is gone; empty: nothing.
    """

    target: str
    kind: str
    name: str
    title: str
    owner: str | None
    is_vendor: bool
    fallback: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A User or a Group as it is shown."""

    title: str
    email: str
    description: str


def name_of(document: Document) -> str:
    """Return the name an entity has here; namespaces other than ``default`` come before it."""
    return references.qualified(document.name, _namespace(document.data))


def read_service(document: Document) -> ServiceSpec:
    """Return the service that a Component describes."""
    metadata, spec = _parts(document.data)
    annotations = _map(metadata.get("annotations"))
    tier = str(annotations.get(TIER, ""))
    hard = _targets(spec.get("dependsOn"), document.data)
    soft = _targets(annotations.get(SOFT), document.data)
    return ServiceSpec(
        name=name_of(document),
        title=_text(metadata, "title"),
        description=_text(metadata, "description"),
        tier=int(tier) if tier in _TIERS else None,
        lifecycle=_text(spec, "lifecycle"),
        owner=owner_of(document.data),
        on_call_url=_text(annotations, ON_CALL) or _link(metadata, "on-call"),
        runbook_url=_text(annotations, RUNBOOK) or _link(metadata, "runbook"),
        repository_url=_repository(annotations),
        chat_channel=_text(annotations, CHAT),
        labels={k: str(v) for k, v in _map(metadata.get("labels")).items()},
        hard=tuple(hard),
        soft=tuple(target for target in soft if target not in hard),
        fallback=_text(annotations, FALLBACK),
    )


def owner_of(data: Mapping[str, Any]) -> str | None:
    """Return the team that owns an entity; ``None`` where no team does (a person may)."""
    owner = _text(_parts(data)[1], "owner")
    if not owner or references.kind_of(owner, default="group") != "group":
        return None
    return references.name_of(owner, namespace=_namespace(data))


def read_thing(data: Mapping[str, Any], *, name: str) -> Thing:
    """Return what a Resource or an API is to those that need it."""
    metadata, spec = _parts(data)
    kind = str(data.get("kind", "")).lower()
    return Thing(
        target=f"{kind}:{name}",
        kind=kind,
        name=name,
        title=_text(metadata, "title"),
        owner=owner_of(data),
        is_vendor=_text(spec, "type").lower() in _VENDOR_TYPES,
        fallback=_text(_map(metadata.get("annotations")), FALLBACK),
    )


def profile(data: Mapping[str, Any]) -> Profile:
    """Return how a User or Group is shown."""
    metadata, spec = _parts(data)
    inner = _map(spec.get("profile"))
    title = _text(inner, "displayName") or _text(metadata, "title")
    return Profile(title, _text(inner, "email"), _text(metadata, "description"))


def umbrellas(groups: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the names of Groups that hold other Groups, by their word or by that of those.

    Args:
        groups: Documents of all Groups, by name here.
    """
    found: set[str] = set()
    for name, data in groups.items():
        spec, own = _parts(data)[1], _namespace(data)
        if _texts(spec.get("children")):
            found.add(name)
        if _text(spec, "parent"):
            found.add(references.name_of(_text(spec, "parent"), namespace=own))
    return found


def members_of(
    group: Mapping[str, Any], name: str, users: Mapping[str, Mapping[str, Any]]
) -> list[str] | None:
    """Return the people of a Group: those it names, and those who say they are in it.

    Args:
        group: Its document.
        name: Its name here.
        users: Documents of all people, by name.

    Returns:
        ``None`` where nobody says anything about it: its people are kept elsewhere.
    """
    spec, own = _parts(group)[1], _namespace(group)
    named = [references.name_of(t, namespace=own) for t in _texts(spec.get("members"))]
    told = [person for person, data in users.items() if name in _groups_of(data)]
    if "members" not in spec and not told:
        return None
    return list(dict.fromkeys([*named, *told]))


def _groups_of(user: Mapping[str, Any]) -> set[str]:
    texts = _texts(_parts(user)[1].get("memberOf"))
    return {references.name_of(text, namespace=_namespace(user)) for text in texts}


# ---- writing


def write_service(spec: ServiceSpec, base: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return ``base`` with what ``spec`` says differently; all else in it stays as it is.

    Reading the result gives ``spec`` again.

    Args:
        spec: The service as it is now.
        base: The Component it came from; ``None``: a new one is written.
    """
    data = ordered(copy.deepcopy(dict(base))) if base is not None else _new_component(spec.name)
    if read_service(Document(data)) == spec:
        return data
    metadata, inner = data["metadata"], _own_map(data, "spec")
    annotations = _own_map(metadata, "annotations")
    was = read_service(Document(data))
    for name, path in (("title", "title"), ("description", "description")):
        if getattr(was, name) != getattr(spec, name):
            _put(metadata, path, getattr(spec, name))
    if dict(was.labels) != dict(spec.labels):
        _put(metadata, "labels", dict(spec.labels))
    _write_links(was, spec, metadata, annotations)
    if was.tier != spec.tier:
        _put(annotations, TIER, "" if spec.tier is None else str(spec.tier))
    if was.lifecycle != spec.lifecycle:
        _put(inner, "lifecycle", spec.lifecycle)
    if was.owner != spec.owner:
        place = "" if _is_default(data) else f"group:{references.DEFAULT}/"
        _put(inner, "owner", f"{place}{spec.owner}" if spec.owner else "")
    _write_dependencies(was, spec, inner, annotations, data)
    _put(metadata, "annotations", annotations)
    return data


def _new_component(name: str) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {"type": "service"},
    }


def _write_links(
    was: ServiceSpec, spec: ServiceSpec, metadata: dict[str, Any], annotations: dict[str, Any]
) -> None:
    for key, field, link in (
        (ON_CALL, "on_call_url", "on-call"),
        (RUNBOOK, "runbook_url", "runbook"),
        (CHAT, "chat_channel", ""),
        (FALLBACK, "fallback", ""),
    ):
        value = getattr(spec, field)
        if getattr(was, field) != value:
            _put(annotations, key, value)
            if link and not value:
                kept = [each for each in metadata.get("links") or () if not _speaks_of(each, link)]
                _put(metadata, "links", kept)
    if was.repository_url != spec.repository_url:
        annotations.pop(_SLUG, None)
        _put(annotations, _LOCATION, f"url:{spec.repository_url}" if spec.repository_url else "")


def _write_dependencies(
    was: ServiceSpec,
    spec: ServiceSpec,
    inner: dict[str, Any],
    annotations: dict[str, Any],
    data: Mapping[str, Any],
) -> None:
    if set(was.hard) != set(spec.hard):
        _put(inner, "dependsOn", _references(inner.get("dependsOn"), spec.hard, data))
    soft = [target for target in spec.soft if target not in spec.hard]
    if set(was.soft) != set(soft):
        before = annotations.get(SOFT)
        texts = _references(before, soft, data)
        is_list = isinstance(before, list) or any("," in text for text in texts)
        _put(annotations, SOFT, texts if is_list else ", ".join(texts))


def _references(before: Any, targets: Sequence[str], data: Mapping[str, Any]) -> list[str]:
    """Return references to ``targets``; those that were there keep their words."""
    own = _namespace(data)
    known = {references.target_of(text, namespace=own): text for text in _texts(before)}
    place = "" if _is_default(data) else f"{references.DEFAULT}/"
    return [known.get(target) or references.reference_to(target, place) for target in targets]


def write_group(
    base: Mapping[str, Any] | None,
    *,
    name: str,
    title: str,
    description: str,
    members: Iterable[str],
) -> dict[str, Any]:
    """Return a Group as the team is now; what else ``base`` says stays as it is."""
    new = {"kind": "Group", "metadata": {"name": name}, "spec": {"type": "team", "children": []}}
    data = ordered(copy.deepcopy(dict(base or {"apiVersion": API_VERSION, **new})))
    was = profile(data)
    if was.title != title:
        inner = _map(_parts(data)[1].get("profile"))
        if "displayName" in inner:
            _put(data["spec"]["profile"], "displayName", title)
        else:
            _put(data["metadata"], "title", title)
    if was.description != description:
        _put(data["metadata"], "description", description)
    wanted = list(members)
    if base is None or set(members_of(data, name, {}) or ()) != set(wanted):
        _own_map(data, "spec")["members"] = wanted
    return data


def ordered(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its keys in the usual order; some databases forget it."""
    found = {key: data[key] for key in _ORDER if key in data} | dict(data)
    metadata = found.get("metadata")
    if isinstance(metadata, Mapping):
        first = {key: metadata[key] for key in _METADATA_ORDER if key in metadata}
        found["metadata"] = first | dict(metadata)
    return found


# ---- judging


def problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one entity."""
    metadata, spec = document.data.get("metadata"), document.data.get("spec")
    if not isinstance(metadata, Mapping):
        yield document.problem("metadata is missing", "metadata")
        return
    try:
        ids.check_name(name_of(document), what=f"A {document.kind}")
    except InvalidError as error:
        yield document.problem(error.message, "metadata.name")
    if spec is not None and not isinstance(spec, Mapping):
        yield document.problem("spec is not a mapping", "spec")
        return
    for name in ("annotations", "labels"):
        if metadata.get(name) is not None and not isinstance(metadata[name], Mapping):
            yield document.problem(f"{name} is not a mapping", f"metadata.{name}")
    yield from _annotation_problems(document, _map(metadata.get("annotations")))
    yield from _spec_problems(document, _map(spec))


def _annotation_problems(document: Document, held: Mapping[str, Any]) -> Iterator[Problem]:
    path = f"metadata.annotations.{TIER}"
    if held.get(TIER) is not None and str(held[TIER]) not in _TIERS:
        yield document.problem(f'the tier is {held[TIER]!r}, not one of "0" to "3"', path)
    for key in (RUNBOOK, ON_CALL, CHAT, FALLBACK):
        if held.get(key) is not None and not isinstance(held[key], str):
            yield document.problem(f"{key} is not text", f"metadata.annotations.{key}")
    soft = held.get(SOFT)
    if soft is not None and not isinstance(soft, str) and not _is_names(soft):
        yield document.problem(f"{SOFT} is not a list of names", f"metadata.annotations.{SOFT}")


def _spec_problems(document: Document, spec: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("dependsOn", "members", "memberOf"):
        if spec.get(name) is not None and not _is_names(spec[name]):
            yield document.problem(f"{name} is not a list of names", f"spec.{name}")
    for name in ("owner", "lifecycle", "type"):
        if spec.get(name) is not None and not isinstance(spec[name], str):
            yield document.problem(f"{name} is not text", f"spec.{name}")


# ---- parts of documents


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _namespace(data: Mapping[str, Any]) -> str:
    return _text(_parts(data)[0], "namespace") or references.DEFAULT


def _is_default(data: Mapping[str, Any]) -> bool:
    return _namespace(data).lower() == references.DEFAULT


def _parts(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return _map(data.get("metadata")), _map(data.get("spec"))


def _targets(value: Any, data: Mapping[str, Any]) -> list[str]:
    own = _namespace(data)
    return list(dict.fromkeys(references.target_of(text, namespace=own) for text in _texts(value)))


def _repository(annotations: Mapping[str, Any]) -> str:
    slug = _text(annotations, _SLUG)
    return f"{_GITHUB}{slug}" if slug else _text(annotations, _LOCATION).removeprefix("url:")


def _link(metadata: Mapping[str, Any], kind: str) -> str:
    for item in metadata.get("links") or ():
        if _speaks_of(item, kind):
            return str(item.get("url", ""))
    return ""


def _speaks_of(item: Any, kind: str) -> bool:
    if not isinstance(item, Mapping):
        return False
    words = f"{item.get('type', '')} {item.get('title', '')}".lower().replace(" call", "-call")
    return kind in words


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _own_map(data: dict[str, Any], name: str) -> dict[str, Any]:
    data[name] = dict(_map(data.get(name)))
    return data[name]  # type: ignore[no-any-return]


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    if value in ("", None, [], {}):
        data.pop(name, None)
    else:
        data[name] = value


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
