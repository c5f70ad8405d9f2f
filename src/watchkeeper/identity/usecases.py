"""People, teams, tokens and one-time links."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.identity import queries
from watchkeeper.identity.domain import tokens
from watchkeeper.identity.models import ApiToken, Membership, OneTimeLink, Team, User
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Problem,
)
from watchkeeper.kernel.origins import Origin

SET_UP = "set-up"
SIGN_IN = "sign-in"
SET_UP_LASTS = dt.timedelta(minutes=30)
SIGN_IN_LASTS = dt.timedelta(hours=24)
TOKEN_LASTS = dt.timedelta(days=90)
LONGEST_TOKEN = dt.timedelta(days=366)
_RANK = {role: place for place, role in enumerate(Role)}


class PersonNotFoundError(NotFoundError):
    """There is no person of that name."""

    code = "person_not_found"


class TeamNotFoundError(NotFoundError):
    """There is no team of that name."""

    code = "team_not_found"


class TokenNotFoundError(NotFoundError):
    """There is no live token of that name."""

    code = "token_not_found"


class NameTakenError(ConflictError):
    """There is one of that name."""

    code = "name_taken"


class LinkNotValidError(NotFoundError):
    """The link is unknown, used or too old."""

    code = "link_not_valid"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made; the only time that it is told."""

    name: str
    token: str
    role: str
    team: str | None
    expires_at: dt.datetime


def _role(text: str, *, path: str = "role") -> Role:
    try:
        return Role(text)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        message = f"{text!r} is not a role: {known}"
        raise InvalidError(message, [Problem(message, path=path)]) from error


def _record(
    actor: Actor, action: str, kind: str, object_id: int, detail: dict[str, Json], now: dt.datetime
) -> None:
    audit.record(
        actor=actor, action=action, kind=kind, object_id=object_id, detail=detail, now=now
    )


@transaction.atomic
def create_person(
    *,
    actor: Actor,
    name: str,
    email: str,
    role: str,
    now: dt.datetime,
    team: str | None = None,
    display_name: str = "",
) -> int:
    """Make a person who cannot sign in yet, and return the id; a link lets them in.

    Raises:
        InvalidError: the name or role cannot be.
        NameTakenError: there is one of that name.
        TeamNotFoundError: there is no such team.
        ForbiddenError: the actor is no admin.
    """
    access.require(actor, Permission.ADMINISTER, what="people")
    ids.check_name(name, what="A person")
    chosen = _role(role)
    if email and "@" not in email:
        message = f"{email!r} is not a mail address"
        raise InvalidError(message, [Problem(message, path="email")])
    if User.objects.filter(name=name).exists():
        raise NameTakenError(f"There is a person named {name} already")
    user = User(
        name=name, email=email, role=chosen.value, display_name=display_name, created_at=now
    )
    user.set_unusable_password()
    user.save()
    if team is not None:
        Membership.objects.create(team_id=_team(team).pk, user=user)
    _record(actor, "person.created", "person", user.pk, {"role": chosen.value}, now)
    return user.pk


@transaction.atomic
def change_person(
    *,
    actor: Actor,
    name: str,
    now: dt.datetime,
    role: str | None = None,
    is_active: bool | None = None,
    email: str | None = None,
) -> None:
    """Change what an admin may change of a person; disabling ends sessions and tokens at once.

    Raises:
        PersonNotFoundError: there is none of that name.
        ForbiddenError: the actor is no admin.
        ConflictError: it would leave no admin.
    """
    access.require(actor, Permission.ADMINISTER, what=f"person {name}")
    user = _person(name)
    detail: dict[str, Json] = {}
    if role is not None:
        user.role = detail["role"] = _role(role).value
    if email is not None:
        user.email = email
    if is_active is not None:
        user.is_active = detail["is_active"] = is_active
    user.save()
    if actor.kind is ActorKind.USER and not _has_admin():
        raise ConflictError(f"Without {name} there would be no admin who can sign in")
    if not user.is_active:
        _end_sessions(user)
        ApiToken.objects.filter(created_by=user, revoked_at__isnull=True).update(revoked_at=now)
    _record(actor, "person.changed", "person", user.pk, detail, now)


def _has_admin() -> bool:
    admins = User.objects.filter(role=Role.ADMIN.value, is_active=True).exclude(password="")
    return any(admin.has_usable_password() for admin in admins)


def _end_sessions(user: User) -> None:
    for session in Session.objects.all():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def _person(name: str) -> User:
    found = User.objects.filter(name=name).first()
    if found is None:
        raise PersonNotFoundError(f"There is no person {name}")
    return found


def _team(name: str) -> Team:
    found = Team.objects.filter(name=name).first()
    if found is None:
        raise TeamNotFoundError(f"There is no team {name}")
    return found


@transaction.atomic
def save_person(
    *,
    actor: Actor,
    name: str,
    display_name: str,
    email: str,
    origin: Origin,
    now: dt.datetime,
) -> int:
    """Make or rename a person as a document says; what lets them sign in stays as it is."""
    access.require(actor, Permission.EDIT, what=f"person {name}")
    ids.check_name(name, what="A person")
    user = User.objects.filter(name=name).first()
    if user is None:
        user = User(name=name, created_at=now, origin=origin.value)
        user.set_unusable_password()
    if (user.display_name, user.email) != (display_name, email or user.email) or not user.pk:
        user.display_name, user.email = display_name, email or user.email
        user.save()
        _record(actor, "person.saved", "person", user.pk, {}, now)
    return user.pk


@transaction.atomic
def save_team(
    *,
    actor: Actor,
    name: str,
    title: str,
    description: str,
    origin: Origin,
    now: dt.datetime,
) -> int:
    """Make or change a team and return its id.

    Raises:
        InvalidError: the name cannot be one.
        ForbiddenError: the actor may not; a new team needs an editor of the whole organisation.
        ConflictError: the team is kept in a file and this comes from elsewhere.
    """
    ids.check_name(name, what="A team")
    team = Team.objects.filter(name=name).first()
    access.require(
        actor,
        Permission.MANAGE if team is not None and origin is not Origin.FILE else Permission.EDIT,
        what=f"team {name}",
        team_id=team.pk if team is not None else None,
    )
    if team is not None and team.origin == Origin.FILE.value and origin is not Origin.FILE:
        raise ConflictError(f"The team {name} is kept in a file; change it there")
    if team is None:
        team = Team(name=name, created_at=now, origin=origin.value)
    if (team.title, team.description) != (title, description) or not team.pk:
        team.title, team.description = title, description
        team.save()
        _record(actor, "team.saved", "team", team.pk, {"name": name}, now)
    return team.pk


@transaction.atomic
def remove_team(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Remove a team; what it owned has no owner then.

    Raises:
        TeamNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    access.require(actor, Permission.READ, what=f"team {name}")
    team = _team(name)
    access.require(actor, Permission.MANAGE, what=f"team {name}", team_id=team.pk)
    _record(actor, "team.removed", "team", team.pk, {"name": name}, now)
    team.delete()


@transaction.atomic
def set_members(*, actor: Actor, team: str, members: Mapping[str, str], now: dt.datetime) -> bool:
    """Let a team have exactly these members; return whether that changed anything.

    Args:
        actor: Who.
        team: The team's name.
        members: Role by person's name; an empty role means the person's own.
        now: The present.

    Raises:
        TeamNotFoundError: there is no such team.
        PersonNotFoundError: one of the people does not exist.
        ForbiddenError: the actor may not manage the team.
    """
    access.require(actor, Permission.READ, what=f"team {team}")
    row = _team(team)
    access.require(actor, Permission.MANAGE, what=f"team {team}", team_id=row.pk)
    wanted = {_person(n).pk: _role(role).value if role else "" for n, role in members.items()}
    before = dict(row.memberships.values_list("user_id", "role"))
    if wanted == before:
        return False
    row.memberships.exclude(user_id__in=wanted).delete()
    for user_id, role in wanted.items():
        Membership.objects.update_or_create(team=row, user_id=user_id, defaults={"role": role})
    detail: dict[str, Json] = {str(user): role for user, role in wanted.items()}
    _record(actor, "team.members_set", "team", row.pk, detail, now)
    return True


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
    """
    ids.check_name(name, what="A token")
    chosen = _role(role)
    if actor.kind is ActorKind.TOKEN:
        raise ForbiddenError("A token cannot make tokens; a person or the host can")
    owner = _team(team) if team is not None else None
    needed = Permission.MANAGE if owner is not None else Permission.ADMINISTER
    access.require(actor, needed, what="tokens", team_id=owner.pk if owner is not None else None)
    if owner is not None and chosen in {Role.ADMIN, Role.AUDITOR}:
        raise InvalidError(f"The role {role} holds for the organisation; leave the team out")
    if not dt.timedelta(0) < lasts <= LONGEST_TOKEN:
        message = "a token lasts a year at the most"
        raise InvalidError(message, [Problem(message, path="expires")])
    if ApiToken.objects.filter(name=name, revoked_at__isnull=True).exists():
        raise NameTakenError(f"There is a token named {name} already; revoke it first")
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
    _record(actor, "token.created", "token", row.pk, {"role": chosen.value}, now)
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
    _record(actor, "token.revoked", "token", row.pk, {}, now)


def setup_path(*, now: dt.datetime) -> str | None:
    """Return the path of a new set-up link; ``None`` where set-up is done."""
    if queries.is_set_up():
        return None
    OneTimeLink.objects.filter(purpose=SET_UP, used_at__isnull=True).delete()
    return _link_path(SET_UP, user=None, lasts=SET_UP_LASTS, now=now)


@transaction.atomic
def make_link(*, actor: Actor, name: str, now: dt.datetime) -> str:
    """Return the path of a link that signs a person in, once, and lets them choose a password.

    Raises:
        PersonNotFoundError: there is none of that name.
        ForbiddenError: the actor is no admin.
    """
    access.require(actor, Permission.ADMINISTER, what=f"person {name}")
    user = _person(name)
    path = _link_path(SIGN_IN, user=user, lasts=SIGN_IN_LASTS, now=now)
    _record(actor, "person.link_made", "person", user.pk, {}, now)
    return path


def _link_path(purpose: str, *, user: User | None, lasts: dt.timedelta, now: dt.datetime) -> str:
    secret = tokens.new(tokens.LINK)
    OneTimeLink.objects.create(
        purpose=purpose,
        hash=queries.secret_hash(secret),
        user=user,
        created_at=now,
        expires_at=now + lasts,
    )
    return f"/link/{secret}"


@transaction.atomic
def use_link(*, secret: str, name: str, password: str, now: dt.datetime, actor: Actor) -> User:
    """Let a person in by a one-time link: choose a password, or make the first admin.

    Raises:
        LinkNotValidError: the link is unknown, used or too old; or set-up is done.
        InvalidError: the name or password cannot be.
    """
    link = link_of(secret, now=now)
    if link.purpose == SET_UP:
        if queries.is_set_up():
            raise LinkNotValidError("Set-up is done; sign in, or ask an admin for a link")
        ids.check_name(name, what="An account")
        user, _ = User.objects.get_or_create(
            name=name, defaults={"created_at": now, "role": Role.ADMIN.value}
        )
        user.role = Role.ADMIN.value
    else:
        assert link.user is not None
        user = link.user
    _set_password(user, password)
    used = OneTimeLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now)
    if not used:
        raise LinkNotValidError("The link was used already")
    _record(actor, f"link.{link.purpose}", "person", user.pk, {}, now)
    return user


def link_of(secret: str, *, now: dt.datetime) -> OneTimeLink:
    """Return a link that can be used.

    Raises:
        LinkNotValidError: it is unknown, used or too old.
    """
    row = None
    if tokens.is_shaped(secret):
        row = OneTimeLink.objects.filter(hash=queries.secret_hash(secret)).first()
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise LinkNotValidError(
            "This link is unknown, used or too old; ask an admin for a new one, or run on the "
            "host: watchkeeper user link NAME"
        )
    return row


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        problems = [Problem(message, path="password") for message in error.messages]
        raise InvalidError("The password cannot be used", problems) from error
    user.set_password(password)
    user.is_active = True
    user.save()


def forget_links(*, before: dt.datetime) -> int:
    """Remove links that ended before an instant; return how many."""
    deleted, _ = OneTimeLink.objects.filter(expires_at__lt=before).delete()
    return deleted


@transaction.atomic
def remove_sample(*, actor: Actor, now: dt.datetime) -> int:
    """Remove the teams and people of the sample; return how many there were.

    Somebody who was let in by a link in the meantime stays.

    Raises:
        ForbiddenError: the actor is no admin.
    """
    access.require(actor, Permission.ADMINISTER, what="the sample")
    gone = 0
    for row in (
        *Team.objects.filter(origin=Origin.SAMPLE.value),
        *User.objects.filter(origin=Origin.SAMPLE.value),
    ):
        if isinstance(row, User) and row.has_usable_password():
            User.objects.filter(pk=row.pk).update(origin=Origin.UI.value)
            continue
        gone += 1
        row.delete()
    _record(actor, "sample.removed", "identity", 0, {"count": gone}, now)
    return gone
