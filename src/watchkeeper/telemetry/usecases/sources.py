"""Adding, changing, removing and trying sources; only admins may."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import secret_box
from watchkeeper.plumbing.kinds import Action, Change, FieldChange
from watchkeeper.telemetry import queries
from watchkeeper.telemetry.domain import sources as domain
from watchkeeper.telemetry.domain.sources import SourceDefinition
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.models import SliVersion, Source
from watchkeeper.telemetry.queries import SourceNotFoundError, source_rows
from watchkeeper.telemetry.usecases import health

KIND = "DataSource"
_NAMED = 5


class SourceInUseError(ConflictError):
    """SLIs are measured by the source."""

    code = "source_in_use"


class SourceExistsError(ConflictError):
    """There is a source of that name."""

    code = "source_exists"


class SourceKeptInFilesError(ConflictError):
    """The source came from a file and was not taken over; or was, and a file comes again."""

    code = "source_kept_in_files"


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What a trial of a source gave.

    Attributes:
        about: What it says it is: name and version.
        findings: What is odd about the query that was tried, a sentence each.
    """

    about: str
    findings: tuple[str, ...] = ()


@transaction.atomic
def save_source(
    *,
    actor: Actor,
    definition: SourceDefinition,
    origin: Origin,
    now: dt.datetime,
    take_over: bool = False,
    must_be_new: bool = False,
) -> Change:
    """Make a source be as ``definition`` says.

    Args:
        actor: Who; an admin.
        definition: How it is to be. Secrets it does not name stay, but never go to another
            server; an empty one is removed.
        origin: Where this comes from.
        now: The present.
        take_over: Whether a person takes a source that came from a file into their own hands.
        must_be_new: Whether to refuse if there is one of that name.

    Returns:
        What was changed; secrets are shown as set or not, never their values.

    Raises:
        ForbiddenError: the actor is no admin.
        ConfirmationNeededError: a secret changes, and the person must prove again who they are.
        SourceKeptInFilesError: it is kept in a file, or was taken over from one.
        SourceExistsError: it must be new and is not.
        InvalidError: the name cannot be one, there is no key to seal secrets with, secrets are to
            go to another server than the one they were given for, or a file or variable is named
            that must not be.
    """
    access.require(actor, Permission.ADMINISTER, what=f"source {definition.name}")
    before = Source.objects.filter(name=definition.name).first()
    if before is not None and must_be_new:
        raise SourceExistsError(f"There is a source named {definition.name} already")
    source = before or Source(name=definition.name, created_at=now, origin=origin.value)
    if before is not None:
        _check_hands(source, definition, origin=origin, take_over=take_over)
        _check_server(source, definition)
    _check_references(actor, definition)
    was = _shown(source) if before else {}
    _put(source, definition)
    changes = _differences(was, _shown(source))
    if any(change.path.startswith("secrets.") or "${" in str(change.new) for change in changes):
        access.require_confirmed(actor, what="changing a secret")
    if before is not None and not changes and not take_over:
        return Change(KIND, definition.name, Action.UNCHANGED)
    if before is not None and source.origin == Origin.FILE.value and origin is not Origin.FILE:
        source.is_taken_over = True
    source.origin, source.is_sample = origin.value, origin is Origin.SAMPLE
    source.save()
    detail = {"fields": [change.path for change in changes], "origin": origin.value}
    _record(actor, "source.saved", source.pk, detail, now=now)
    return Change(KIND, source.name, Action.UPDATE if before else Action.CREATE, changes)


def _record(
    actor: Actor, action: str, source_id: int, detail: Mapping[str, Json], *, now: dt.datetime
) -> None:
    audit.record(
        actor=actor, action=action, kind="source", object_id=source_id, detail=detail, now=now
    )


def _check_references(actor: Actor, definition: SourceDefinition) -> None:
    """Return if ``actor`` may have files and variables that are named sent to the source."""
    is_host = actor.kind is ActorKind.SYSTEM
    secret_box.check_references([definition.settings, definition.secrets], any_file=is_host)


def _check_hands(
    source: Source, definition: SourceDefinition, *, origin: Origin, take_over: bool
) -> None:
    """Return if ``origin`` may change the source."""
    if origin is Origin.FILE:
        if source.is_taken_over and not _same(source, definition):
            raise SourceKeptInFilesError(
                f"Source {source.name} was taken over from its file; remove it from the file, "
                "or remove the source to let the file make it anew"
            )
    elif source.origin == Origin.FILE.value and not take_over:
        raise SourceKeptInFilesError(
            f"Source {source.name} is kept in a file; change it there, or take it over first"
        )


def _kept_secrets(source: Source, definition: SourceDefinition) -> dict[str, str]:
    """Return the stored secrets, sealed, that ``definition`` leaves as they are."""
    given = {
        *definition.settings,
        *_header_names(definition.settings),
        *definition.secrets,
    }
    return {name: text for name, text in source.sealed.items() if name not in given}


def _check_server(source: Source, definition: SourceDefinition) -> None:
    """Return if no stored secret would go to another server than it was given for.

    Secrets are write-only; whoever could point a source elsewhere could read them there.
    """
    kept = _kept_secrets(source, definition)
    if not kept or domain.server_of(source.settings) == domain.server_of(definition.settings):
        return
    problems = [
        Problem(
            "the address names another server; give this anew, or empty to remove it", path=name
        )
        for name in sorted(kept)
    ]
    raise InvalidError(
        f"Source {source.name} would send its secrets to another server; "
        f"give {', '.join(sorted(kept))} anew",
        problems,
    )


def _same(source: Source, definition: SourceDefinition) -> bool:
    return source.kind == definition.kind and dict(source.settings) == dict(definition.settings)


def _put(source: Source, definition: SourceDefinition) -> None:
    """Write ``definition`` into the row; a secret that did not change keeps its bytes."""
    source.kind = definition.kind
    source.settings = dict(definition.settings)
    source.document = dict(definition.document) or dict(source.document)
    sealed = _kept_secrets(source, definition)
    for name, plain in definition.secrets.items():
        context = source_rows.secret_context(source.name, name)
        old = source.sealed.get(name)
        if plain and old is not None and _opened(old, context) == plain:
            sealed[name] = old
        elif plain:
            sealed[name] = secret_box.seal(plain, context=context)
    source.sealed = sealed


def _header_names(settings: "dict[str, Json] | object") -> set[str]:
    headers = settings.get(domain.HEADERS) if isinstance(settings, dict) else None
    return {f"{domain.HEADERS}.{name}" for name in headers or ()}


def _opened(sealed: str, context: str) -> str | None:
    try:
        return secret_box.open_sealed(sealed, context=context)
    except Exception:  # noqa: BLE001  another key: the new secret takes its place
        return None


def _shown(source: Source) -> dict[str, Json]:
    """Return the source as flat fields, each secret as a mark that moves when it changes."""
    flat: dict[str, Json] = {"kind": source.kind}
    flat |= {f"settings.{name}": value for name, value in source.settings.items()}
    flat |= {f"secrets.{name}": sealed for name, sealed in source.sealed.items()}
    metadata = source.document.get("metadata") or {}
    flat |= {f"metadata.{name}": value for name, value in metadata.items()}
    return flat


def _differences(was: dict[str, Json], now: dict[str, Json]) -> tuple[FieldChange, ...]:
    changes = []
    for name in sorted({*was, *now}):
        old, new = was.get(name), now.get(name)
        if old == new:
            continue
        if name.startswith("secrets."):
            old, new = old and "(set)", new and ("(set)" if not old else "(changed)")
        changes.append(FieldChange(name, old, new))
    return tuple(changes)


@transaction.atomic
def remove_source(
    *,
    actor: Actor,
    name: str,
    now: dt.datetime,
    origin: Origin = Origin.API,
    unused: Collection[str] = (),
) -> Change:
    """Remove a source that measures nothing any more; the minutes it told stay.

    What was taken over from its file stays whatever the file says.

    Args:
        actor: Who; an admin.
        name: Its name.
        now: The present.
        origin: Where the wish comes from: a file that no longer holds it, or somebody's hand.
        unused: SLIs that nothing is judged by; they are measured no more.

    Raises:
        ForbiddenError: the actor is no admin.
        SourceNotFoundError: there is none of that name.
        SourceKeptInFilesError: it is kept in a file and this comes from elsewhere.
        SourceInUseError: SLIs are measured by it.
    """
    access.require(actor, Permission.ADMINISTER, what=f"source {name}")
    source = _found(name)
    if origin is Origin.FILE and source.origin != Origin.FILE.value:
        return Change(KIND, name, Action.UNCHANGED)
    if origin is not Origin.FILE and source.origin == Origin.FILE.value:
        raise SourceKeptInFilesError(
            f"Source {name} is kept in a file; remove it there, or take it over first"
        )
    using = [sli for _, sli in queries.slis_of_source(source.pk) if sli not in unused]
    if using:
        more = f" and {len(using) - _NAMED} more" if len(using) > _NAMED else ""
        raise SourceInUseError(
            f"Source {name} measures {', '.join(using[:_NAMED])}{more}; "
            "remove or change them first"
        )
    SliVersion.objects.filter(source=source).update(source=None)
    _record(actor, "source.removed", source.pk, {"name": name}, now=now)
    source.delete()
    return Change(KIND, name, Action.REMOVE)


def _found(name: str) -> Source:
    source = Source.objects.filter(name=name).first()
    if source is None:
        raise SourceNotFoundError(f"There is no source named {name[:253]}")
    return source


def check_source(*, actor: Actor, name: str, now: dt.datetime) -> SourceCheck:
    """Ask a stored source what it is; remember whether it answered.

    Raises:
        ForbiddenError: the actor is no admin.
        SourceNotFoundError: there is none of that name.
        InvalidError: its kind cannot be asked, or a secret is not there.
        DependencyError: it did not answer, or refused.
    """
    access.require(actor, Permission.ADMINISTER, what=f"source {name}")
    source = _found(name)
    adapter = queries.adapter_of(source.kind)
    with health.watched(source.pk, now=now):
        about = adapter.probe(queries.config_of(source.pk))
    return SourceCheck(about)


def try_source(*, actor: Actor, definition: SourceDefinition) -> SourceCheck:
    """Ask a source that is not stored as it is here what it is; for a form before it is saved.

    Where one of that name is stored, secrets that ``definition`` does not name are taken from it.

    Raises:
        ForbiddenError: the actor is no admin.
        InvalidError: its kind cannot be asked, a secret is not there, or stored secrets would
            go to another server.
        DependencyError: it did not answer, or refused.
    """
    access.require(actor, Permission.ADMINISTER, what=f"source {definition.name}")
    _check_references(actor, definition)
    stored = Source.objects.filter(name=definition.name).first()
    secrets = {name: plain for name, plain in definition.secrets.items() if plain}
    if stored is not None:
        _check_server(stored, definition)
        for name, sealed in _kept_secrets(stored, definition).items():
            context = source_rows.secret_context(stored.name, name)
            secrets[name] = secret_box.open_sealed(sealed, context=context)
    config = source_rows.config(
        source_id=0,
        name=definition.name,
        kind=definition.kind,
        settings=definition.settings,
        secrets=secrets,
    )
    return SourceCheck(queries.adapter_of(definition.kind).probe(config))


def check_spec(*, actor: Actor, spec: SliSpec, team_id: int | None = None) -> tuple[str, ...]:
    """Ask a source whether it can measure ``spec``; return what is odd about it.

    Args:
        actor: Who asks; needs the role editor, in the team that will own the SLI.
        spec: How it would be measured; push needs no source and is never odd.
        team_id: That team; ``None``: no team.

    Raises:
        ForbiddenError: the actor may not.
        SourceNotFoundError: the source is not known.
        InvalidError: a query cannot be measured.
        DependencyError: the source cannot be reached.
    """
    access.require(actor, Permission.EDIT, what="this query", team_id=team_id)
    if spec.source is None:
        return ()
    source = _found(spec.source)
    return queries.adapter_of(source.kind).check(queries.config_of(source.pk), spec)


def reseal_secrets() -> int:
    """Seal the secrets of every source with the newest key; return how many changed.

    Raises:
        InvalidError: one cannot be opened.
    """
    changed = 0
    for source in Source.objects.select_for_update().order_by("pk"):
        anew = {
            name: secret_box.resealed(text, context=source_rows.secret_context(source.name, name))
            for name, text in source.sealed.items()
        }
        changed += sum(anew[name] != text for name, text in source.sealed.items())
        Source.objects.filter(pk=source.pk).update(sealed=anew)
    return changed
