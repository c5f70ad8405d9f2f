"""API tokens."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from watchkeeper.identity import queries
from watchkeeper.identity.domain import tokens
from watchkeeper.identity.models import ApiToken
from watchkeeper.identity.usecases import shared
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.errors import ForbiddenError, InvalidError, NotFoundError, Problem

TOKEN_LASTS = dt.timedelta(days=90)
LONGEST_TOKEN = dt.timedelta(days=366)


class TokenNotFoundError(NotFoundError):
    """There is no live token of that name."""

    code = "token_not_found"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made; the only time that it is told."""

    name: str
    token: str
    role: str
    team: str | None
    expires_at: dt.datetime


@transaction.atomic
def create_token(
    *,
    actor: Actor,
    name: str,
    role: str,
    now: dt.datetime,
    team: str | None = None,
    lasts: dt.timedelta = TOKEN_LASTS,
) -> NewToken:
    """Make a token; this is the only time that it is told.

    Raises:
        InvalidError: the name, role or length cannot be.
        NameTakenError: there is a live token of that name.
        ForbiddenError: the actor is a token, or may not give that role.
        ConfirmationNeededError: the person must prove again who they are.
    """
    ids.check_name(name, what="A token")
    chosen = shared.role_of(role)
    if actor.kind is ActorKind.TOKEN:
        raise ForbiddenError("A token cannot make tokens; a person or the host can")
    owner = shared.team_of(team) if team is not None else None
    needed = Permission.MANAGE if owner is not None else Permission.ADMINISTER
    access.require(actor, needed, what="tokens", team_id=owner.pk if owner is not None else None)
    access.require_confirmed(actor, what="making a token")
    if owner is not None and chosen in {Role.ADMIN, Role.AUDITOR}:
        raise InvalidError(f"The role {role} holds for the organisation; leave the team out")
    if not dt.timedelta(0) < lasts <= LONGEST_TOKEN:
        message = "a token lasts for more than nothing and a year at the most"
        raise InvalidError(message, [Problem(message, path="expires")])
    if ApiToken.objects.filter(name=name, revoked_at__isnull=True).exists():
        raise shared.NameTakenError(f"There is a token named {name} already; revoke it first")
    secret = tokens.new(tokens.API)
    row = ApiToken.objects.create(
        name=name,
        hint=tokens.hint(secret),
        hash=queries.secret_hash(secret),
        role=chosen.value,
        team=owner,
        created_at=now,
        created_by_id=actor.id if actor.kind is ActorKind.USER else None,
        expires_at=now + lasts,
    )
    shared.record(actor, "token.created", "token", row.pk, {"role": chosen.value}, now)
    return NewToken(name, secret, chosen.value, team, row.expires_at)


@transaction.atomic
def revoke_token(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """End a token at once.

    Raises:
        TokenNotFoundError: there is no live token of that name.
        ForbiddenError: the actor may not.
    """
    access.require(actor, Permission.READ, what=f"token {name}")
    row = ApiToken.objects.filter(name=name, revoked_at__isnull=True).first()
    if row is None:
        raise TokenNotFoundError(f"There is no live token {name}")
    needed = Permission.MANAGE if row.team_id is not None else Permission.ADMINISTER
    access.require(actor, needed, what=f"token {name}", team_id=row.team_id)
    ApiToken.objects.filter(pk=row.pk).update(revoked_at=now)
    shared.record(actor, "token.revoked", "token", row.pk, {}, now)
