"""One-time links: to set up, to come in, to end a lock-out."""

import datetime as dt

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from watchkeeper.identity import queries
from watchkeeper.identity.domain import tokens
from watchkeeper.identity.models import OneTimeLink, User
from watchkeeper.identity.usecases import attempts, shared
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.errors import ConflictError, InvalidError, NotFoundError, Problem

SET_UP = "set-up"
SIGN_IN = "sign-in"
RESCUE = "rescue"
SET_UP_LASTS = dt.timedelta(minutes=30)
SIGN_IN_LASTS = dt.timedelta(hours=24)


class LinkNotValidError(NotFoundError):
    """The link is unknown, used or too old."""

    code = "link_not_valid"


def setup_path(*, now: dt.datetime) -> str | None:
    """Return the path of a new set-up link; ``None`` where set-up is done."""
    if queries.is_set_up():
        return None
    OneTimeLink.objects.filter(purpose=SET_UP, used_at__isnull=True).delete()
    return _link_path(SET_UP, user=None, lasts=SET_UP_LASTS, now=now)


@transaction.atomic
def make_link(*, actor: Actor, name: str, now: dt.datetime) -> str:
    """Return the path of a link that signs a person in, once, and lets them choose a password.

    One made on the host ends a lock-out: it lets in even those who may not sign in, and those who
    lost their second factor. Every other link asks for the second factor where there is one.

    Raises:
        PersonNotFoundError: there is none of that name.
        ForbiddenError: the actor is no admin, or a token and the person is an admin.
        ConfirmationNeededError: the one who asks must prove again who they are.
        ConflictError: the person may not sign in, and this does not come from the host.
    """
    access.require(actor, Permission.ADMINISTER, what=f"person {name}")
    user = shared.person_of(name)
    if user.role == Role.ADMIN.value:
        shared.check_may_make_admins(actor)
    access.require_confirmed(actor, what="a sign-in link")
    if not user.is_active and actor.kind is not ActorKind.SYSTEM:
        raise ConflictError(f"{name} may not sign in; allow that first, then make a link")
    purpose = RESCUE if actor.kind is ActorKind.SYSTEM else SIGN_IN
    path = _link_path(purpose, user=user, lasts=SIGN_IN_LASTS, now=now)
    shared.record(actor, "person.link_made", "person", user.pk, {}, now)
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
    shared.end_sessions(user)
    attempts.forget_tries(user=user)
    shared.record(actor, f"link.{link.purpose}", "person", user.pk, {}, now)
    return user


def link_of(secret: str, *, now: dt.datetime) -> OneTimeLink:
    """Return a link that can be used.

    Raises:
        LinkNotValidError: it is unknown, used or too old; or there is an admin already. Accounts
            and tokens made on the host meanwhile take nothing from it, as long as none is.
    """
    row = None
    if tokens.is_shaped(secret):
        row = OneTimeLink.objects.filter(hash=queries.secret_hash(secret)).first()
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise LinkNotValidError(
            "This link is unknown, used or too old; ask an admin for a new one, or run on the "
            "host: watchkeeper user link NAME"
        )
    if row.purpose == SET_UP and queries.has_admin():
        raise LinkNotValidError(
            "Set-up is done, there is an admin; sign in, ask them for a link, or run on the "
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
