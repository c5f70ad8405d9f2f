"""A source as an OpenSLO DataSource, its settings and its secrets kept apart.

Secrets are ``bearerToken``, ``password`` and the values of ``headers``; one that only names where
it is kept (``${env:NAME}``, ``${file:PATH}``) is no secret and stays in the settings. A secret
left out keeps the one that is stored, since exported documents hold none; an empty one removes it.
Of kinds that have no adapter here everything is kept, and what is named like a secret is one.
"""

import copy
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from watchkeeper.kernel import ids
from watchkeeper.kernel.documents import Document, Json
from watchkeeper.kernel.errors import InvalidError, Problem

PROMETHEUS = "prometheus"
SAMPLE = "sample"
HEADERS = "headers"
SECRETS = ("bearerToken", "password")
DETAILS = {
    "url": "url",
    "username": "username",
    "tenant": "tenant",
    "ca_file": "caFile",
    "timeout_seconds": "timeoutSeconds",
    "concurrency": "concurrency",
    "requests_per_second": "requestsPerSecond",
    "bearer_token": "bearerToken",
    "password": "password",
    "headers": "headers",
}
"""Connection details by how the API and forms call them."""
_TEXTS = ("url", "username", "caFile", "tenant", *SECRETS)
LATE = dt.timedelta(minutes=10)
"""A minute is asked for when it is 90 seconds old; one that is missing for so long is missed."""
_NUMBERS = {
    "timeoutSeconds": (0.1, 120.0),
    "concurrency": (1, 64),
    "requestsPerSecond": (0.01, 10_000.0),
}
_KNOWN = {*_TEXTS, HEADERS, *_NUMBERS}
_PORTS = {"http": 80, "https": 443}
_TYPES = {PROMETHEUS: "Prometheus", SAMPLE: "Sample"}
_LIKE_PROMETHEUS = {"prometheus", "victoriametrics", "mimir", "grafanamimir", "thanos"}
"""Types of DataSources that speak its language, without what stands between letters."""
_REFERENCE = re.compile(r"\$\{(env|file):[^}]+\}\Z")
_SECRET_NAME = re.compile(r"(?i)pass|secret|token|credential|(api|private|access)[_-]?key")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """A source as somebody wants it.

    Attributes:
        name: Its name.
        kind: ``prometheus``, ``sample``, or another that nothing here can ask.
        settings: What may be shown, references to secrets included.
        secrets: Plain secrets by name, headers as ``headers.NAME``; empty text removes one.
        document: The DataSource as it came, plain secrets left out; empty where none came.
    """

    name: str
    kind: str
    settings: Mapping[str, Json]
    secrets: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, Json] = field(default_factory=dict)


class Condition(Enum):
    """How a source fares."""

    SILENT = "silent"
    NOT_ASKED = "not asked"
    LATE = "late"
    ANSWERS = "answers"


def condition(
    *, is_silent: bool, has_answered: bool, lag: dt.timedelta | None, measures: bool
) -> Condition:
    """Return how a source fares, the worst first.

    Args:
        is_silent: Whether it failed since it last answered.
        has_answered: Whether it ever answered.
        lag: How old its newest minute is; ``None`` before the first.
        measures: Whether an SLI is measured by it, so that minutes are due.
    """
    if is_silent:
        return Condition.SILENT
    if not has_answered:
        return Condition.NOT_ASKED
    if measures and lag is not None and lag > LATE:
        return Condition.LATE
    return Condition.ANSWERS


def kind_of(type_name: str) -> str:
    """Return the kind of source that a ``DataSource`` of this type is, in lower case."""
    folded = re.sub(r"[^a-z]", "", type_name.lower())
    return PROMETHEUS if folded in _LIKE_PROMETHEUS else type_name.lower()


def is_reference(value: object) -> bool:
    """Return whether ``value`` only names where a secret is kept."""
    return isinstance(value, str) and _REFERENCE.match(value.strip()) is not None


def server_of(settings: Mapping[str, Json]) -> tuple[str, str, int | None] | str:
    """Return which server the ``url`` in ``settings`` names: scheme, host and port.

    Where that cannot be told, as with ``${env:URL}``, the text itself.
    """
    url = str(settings.get("url") or "")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    if "${" in url or not host:
        return url
    scheme = parts.scheme.lower()
    return scheme, host.lower(), port or _PORTS.get(scheme)


def source_from_document(document: Document) -> SourceDefinition:
    """Return the source that a ``DataSource`` document describes.

    Raises:
        InvalidError: with the file and line of every fault.

    Source: OpenSLO v1, DataSource: ``spec.type``, ``spec.connectionDetails``.
    """
    try:
        ids.check_name(document.name, what="A DataSource")
        spec = document.data.get("spec")
        if not isinstance(spec, Mapping):
            raise InvalidError("spec is missing", [Problem("spec is missing", path="spec")])  # noqa: TRY301
        kind = spec.get("type")
        if not isinstance(kind, str) or not kind:
            raise InvalidError(  # noqa: TRY301
                "spec.type is missing",
                [Problem("type is missing, as Prometheus", path="spec.type")],
            )
        details = spec.get("connectionDetails") or {}
        definition = define(name=document.name, kind=kind_of(kind), details=details)
    except InvalidError as error:
        placed = [document.placed(problem) for problem in error.problems]
        raise InvalidError(error.message, placed) from error
    shown = copy.deepcopy(dict(document.data))
    shown["spec"]["connectionDetails"] = dict(definition.settings)
    return SourceDefinition(
        definition.name, definition.kind, definition.settings, definition.secrets, shown
    )


def define(*, name: str, kind: str, details: object) -> SourceDefinition:
    """Return a source from its connection details, checked.

    Args:
        name: Its name.
        kind: In lower case.
        details: As under ``connectionDetails``.

    Raises:
        InvalidError: with one problem for each fault, its path under ``spec``.
    """
    ids.check_name(name, what="A source")
    base = "spec.connectionDetails"
    if not isinstance(details, Mapping):
        raise InvalidError("connectionDetails is not a map", [Problem("is not a map", path=base)])
    if kind == PROMETHEUS:
        problems = [Problem(detail, path=f"{base}.{path}") for path, detail in _faults(details)]
        if problems:
            raise InvalidError(f"Source {name}: {problems[0].detail}", problems)
    settings, secrets = _apart(details, known=kind == PROMETHEUS)
    return SourceDefinition(name, kind, settings, secrets)


def _apart(details: Mapping[str, Any], *, known: bool) -> tuple[dict[str, Json], dict[str, str]]:
    """Return what may be shown and what may not."""
    settings: dict[str, Json] = {}
    secrets: dict[str, str] = {}
    for name, value in details.items():
        if name == HEADERS and isinstance(value, Mapping):
            shown = {key: text for key, text in value.items() if is_reference(text)}
            secrets |= {
                f"{HEADERS}.{key}": str(text) for key, text in value.items() if key not in shown
            }
            if shown:
                settings[HEADERS] = shown
        elif _is_secret(name, known=known) and not is_reference(value):
            secrets[name] = "" if value is None else str(value)
        else:
            settings[name] = copy.deepcopy(value)
    return settings, secrets


def _is_secret(name: str, *, known: bool) -> bool:
    return name in SECRETS if known else _SECRET_NAME.search(name) is not None


def _faults(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return path and sentence of everything wrong with Prometheus' connection details."""
    faults = [
        (str(name), f"{name} is not known; known are {', '.join(sorted(_KNOWN))}")
        for name in details
        if name not in _KNOWN
    ]
    faults += [
        (name, f"{name} must be text")
        for name in _TEXTS
        if details.get(name) is not None and not isinstance(details[name], str)
    ]
    if not faults:
        faults += _url_faults(details.get("url"))
        faults += _login_faults(details)
    faults += _number_faults(details) + _header_faults(details.get(HEADERS))
    return faults


def _url_faults(url: str | None) -> list[tuple[str, str]]:
    if not url:
        return [("url", "url is missing, as http://prometheus:9090")]
    if "${" in url:
        return []
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return [("url", f"url cannot be read: {error}")]
    if parts.scheme not in {"http", "https"} or not host:
        return [("url", "url must begin with http:// or https:// and name a host")]
    if parts.username or parts.password:
        return [("url", "url must not hold a user or password; use username and password")]
    if parts.query or parts.fragment:
        return [("url", "url must be the base address, without ? and #")]
    return []


def _login_faults(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    if details.get("bearerToken") and (details.get("username") or details.get("password")):
        return [("bearerToken", "give a bearerToken or username and password, not both")]
    if details.get("password") and not details.get("username"):
        return [("username", "password needs a username")]
    return []


def _number_faults(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    faults = []
    for name, (least, most) in _NUMBERS.items():
        value = details.get(name)
        if value is None:
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        whole = name != "concurrency" or isinstance(value, int)
        if not is_number or not whole or not least <= value <= most:
            words = "a whole number" if name == "concurrency" else "a number"
            faults.append((name, f"{name} must be {words} from {least} to {most}"))
    return faults


def _header_faults(headers: object) -> list[tuple[str, str]]:
    if headers is None:
        return []
    if not isinstance(headers, Mapping):
        return [(HEADERS, "headers must be a map of names to texts")]
    return [
        (f"{HEADERS}.{name}", "a header needs a plain name and a text of one line")
        for name, value in headers.items()
        if not isinstance(name, str)
        or not _HEADER_NAME.match(name)
        or not isinstance(value, str)
        or any(mark in value for mark in "\r\n\0")
    ]


def document_of(
    *, name: str, kind: str, settings: Mapping[str, Json], document: Mapping[str, Json]
) -> Mapping[str, Json]:
    """Return the DataSource document of a source; plain secrets are not in it.

    Args:
        name: Its name.
        kind: Its kind.
        settings: What may be shown.
        document: The document that it came as, whose unknown fields are kept; may be empty.
    """
    shown: dict[str, Any] = copy.deepcopy(dict(document)) or {
        "apiVersion": "openslo/v1",
        "kind": "DataSource",
        "metadata": {"name": name},
        "spec": {},
    }
    spec = dict(shown.get("spec") or {})
    if kind_of(str(spec.get("type", ""))) != kind:
        spec["type"] = _TYPES.get(kind, kind)
    spec["connectionDetails"] = copy.deepcopy(dict(settings))
    return shown | {"spec": spec}
