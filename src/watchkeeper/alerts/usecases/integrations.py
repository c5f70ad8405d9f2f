"""Making, changing and removing integrations; their keys."""

import datetime as dt
import re
import secrets
from dataclasses import dataclass, replace

from django.db import transaction

from watchkeeper.alerts.domain import documents
from watchkeeper.alerts.domain.documents import IntegrationSpec
from watchkeeper.alerts.models import Heartbeat, Integration, IntegrationKey
from watchkeeper.alerts.queries import alerts, integrations, keys
from watchkeeper.alerts.usecases import doors, hands, heartbeats
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import secret_box
from watchkeeper.plumbing.hands import check_known
from watchkeeper.plumbing.kinds import Action, Change

OVERLAP = dt.timedelta(hours=24)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # as of our tokens, in the case that addresses have
_LENGTH = 32
_KEY = re.compile(r"[A-Za-z0-9._~-]{8,200}\Z")


class NameTakenError(ConflictError):
    """There is an integration of that name."""

    code = "name_taken"


@dataclass(frozen=True, slots=True)
class Opened:
    """An integration with the key that opens its door."""

    name: str
    kind: str
    key: str


@transaction.atomic
def create_integration(
    *, actor: Actor, spec: IntegrationSpec, now: dt.datetime, origin: Origin = Origin.API
) -> Opened:
    """Make an integration with a key of its own.

    Raises:
        InvalidError: a field cannot be.
        NameTakenError: there is one of that name.
        ForbiddenError: the actor may not.
    """
    if Integration.objects.filter(name=spec.name).exists():
        raise NameTakenError(f"There is an integration named {spec.name} already")
    save_integration(actor=actor, spec=spec, origin=origin, now=now)
    return _opened(integrations.row_of(spec.name))


@transaction.atomic
def save_integration(
    *,
    actor: Actor,
    spec: IntegrationSpec,
    origin: Origin,
    now: dt.datetime,
    file: str = "",
    known: str | None = None,
) -> Change:
    """Make an integration be as ``spec`` says.

    Args:
        actor: Who; needs the role editor in the team of its service, or in the organisation; an
            admin alone may name where a key is kept.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        file: Name of the file it stands in.
        known: The state that the change was made for, see ``plumbing.hands.check_known``;
            ``None``: any.

    Raises:
        InvalidError: a field cannot be, or the key is one of another integration.
        ForbiddenError: the actor may not.
        StaleError: it is not in the state that is ``known``.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    documents.check_integration(spec, doors.kinds())
    if spec.scope == spec.name:  # the usual one needs no words
        spec = replace(spec, scope="")
    row = Integration.objects.select_for_update().filter(name=spec.name).first()
    what = f"integration {spec.name}"
    for service in {spec.service, row.service_name if row is not None else spec.service}:
        team = alerts.team_of(service)
        hands.require(actor, Permission.EDIT, what=what, team_id=team)
    if spec.key:  # whoever sees the key sees what the server's environment holds
        hands.require(actor, Permission.ADMINISTER, what=what, team_id=None)
    old = documents.write(integrations.spec_of(row)) if row is not None else None
    check_known(known, old, what)
    hands.check(row, origin, what)
    fields = hands.differences(old, documents.write(spec))
    if row is not None and row.kind != spec.kind:
        message = "the kind of an integration stays; make another one"
        raise InvalidError(message, [Problem(message, "spec.kind")])
    is_new_key = _key_changes(row, spec)
    if row is not None and not fields and not is_new_key and row.origin == origin.value:
        return Change("Integration", spec.name, Action.UNCHANGED)
    action = Action.UPDATE if row is not None else Action.CREATE
    row = _written(row, spec, origin=origin, file=file, now=now)
    if is_new_key:
        _add_key(row, _key_wanted(spec), now=now)
    if spec.kind == heartbeats.KIND:
        _expect(row, now=now)
    hands.record(actor, "integration.saved", row.pk, {"name": row.name}, now=now)
    transaction.on_commit(keys.forget)
    return Change("Integration", spec.name, action, fields)


def _written(
    row: Integration | None,
    spec: IntegrationSpec,
    *,
    origin: Origin,
    file: str,
    now: dt.datetime,
) -> Integration:
    row = row or Integration(name=spec.name, kind=spec.kind, created_at=now)
    row.service_name, row.scope = spec.service, spec.scope or spec.name
    row.settings, row.key_reference = dict(spec.settings), spec.key
    row.origin, row.file = origin.value, file[-1000:] if origin is Origin.FILE else ""
    row.save()
    return row


def _expect(row: Integration, *, now: dt.datetime) -> None:
    """Begin to listen for a new heartbeat; one that is heard already keeps its time."""
    if not Heartbeat.objects.filter(integration=row).exists():
        heartbeats.expect(row.pk, row.settings, now=now)


def _key_wanted(spec: IntegrationSpec) -> str:
    """Return the key that ``spec`` names, or a new one.

    Raises:
        InvalidError: it holds the key itself, or what it names cannot be a key.
    """
    if not spec.key:
        return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    if not secret_box.is_reference(spec.key):
        message = "key names where the key is kept, as ${env:NAME}; leave it out to have one made"
        raise InvalidError(message, [Problem(message, "spec.key")])
    try:
        key = secret_box.resolve(spec.key).strip()
    except InvalidError as error:
        raise InvalidError(error.message, [Problem(error.message, "spec.key")]) from error
    if not _KEY.match(key):
        message = f"what {spec.key} holds is no key: 8 to 200 letters, digits and - . _ ~"
        raise InvalidError(message, [Problem(message, "spec.key")])
    return key


def _key_changes(row: Integration | None, spec: IntegrationSpec) -> bool:
    if row is None or (spec.key and spec.key != row.key_reference):
        return True
    if not spec.key:
        return False
    digest = keys.hash_of(_key_wanted(spec))
    return not row.keys.filter(hash=digest, expires_at=None).exists()


def _add_key(row: Integration, key: str, *, now: dt.datetime) -> None:
    """Let ``key`` open the door; the one before it does so for a day longer."""
    digest = keys.hash_of(key)
    if IntegrationKey.objects.filter(hash=digest).exclude(integration=row).exists():
        message = "another integration has this key"
        raise InvalidError(message, [Problem(message, "spec.key")])
    row.keys.filter(expires_at=None).exclude(hash=digest).update(expires_at=now + OVERLAP)
    sealed = secret_box.seal(key, context=_context(digest))
    row.keys.update_or_create(
        hash=digest, defaults={"sealed": sealed, "created_at": now, "expires_at": None}
    )


@transaction.atomic
def rotate_key(*, actor: Actor, name: str, now: dt.datetime) -> Opened:
    """Make a new key for an integration; the one before it is good for a day longer.

    Raises:
        IntegrationNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: its key is named in a file.
    """
    row = integrations.row_of(name)
    what = f"integration {name}"
    hands.require(actor, Permission.EDIT, what=what, team_id=alerts.team_of(row.service_name))
    if row.key_reference:
        raise hands.KeptInFilesError(f"The key of the {what} is {row.key_reference}; change that")
    _add_key(row, _key_wanted(IntegrationSpec(name, row.kind)), now=now)
    hands.record(actor, "integration.rotated", row.pk, {"name": name}, now=now)
    transaction.on_commit(keys.forget)
    return _opened(row)


def reveal(*, actor: Actor, name: str, now: dt.datetime) -> Opened:
    """Return an integration with its key, for whoever may change it.

    Raises:
        IntegrationNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        ConfirmationNeededError: the person must prove again who they are.
        InvalidError: the key file is another one than when it was sealed.
    """
    del now
    row = integrations.row_of(name)
    team = alerts.team_of(row.service_name)
    hands.require(actor, Permission.EDIT, what=f"integration {name}", team_id=team)
    access.require_confirmed(actor, what="showing a key")
    return _opened(row)


def _opened(row: Integration) -> Opened:
    newest = row.keys.filter(expires_at=None).latest("created_at", "pk")
    key = secret_box.open_sealed(newest.sealed, context=_context(newest.hash))
    return Opened(row.name, row.kind, key)


def _context(digest: str) -> str:
    return f"integration key {digest}"


def reseal_keys() -> int:
    """Seal the keys of integrations with the newest key; return how many changed.

    Raises:
        InvalidError: one cannot be opened.
    """
    changed = 0
    for row in IntegrationKey.objects.select_for_update().order_by("pk"):
        anew = secret_box.resealed(row.sealed, context=_context(row.hash))
        if anew != row.sealed:
            changed += IntegrationKey.objects.filter(pk=row.pk).update(sealed=anew)
    return changed


@transaction.atomic
def remove_integration(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove an integration; what came by it stays, its key opens nothing any more.

    Raises:
        IntegrationNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    row = integrations.row_of(name)
    what = f"integration {name}"
    hands.require(actor, Permission.EDIT, what=what, team_id=alerts.team_of(row.service_name))
    hands.check(row, origin, what)
    hands.record(actor, "integration.removed", row.pk, {"name": name}, now=now)
    row.delete()
    transaction.on_commit(keys.forget)
    return Change("Integration", name, Action.REMOVE)
