"""People: making, changing, and what documents and the sample say of them."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from watchkeeper.identity.models import ApiToken, Membership, OneTimeLink, Team, User
from watchkeeper.identity.usecases import shared
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError, Problem
from watchkeeper.kernel.origins import Origin


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
        InvalidError: the name, role or address cannot be.
        NameTakenError: there is one of that name.
        TeamNotFoundError: there is no such team.
        ForbiddenError: the actor is no admin, or a token that would make one.
        ConfirmationNeededError: it would be an admin, and the one who asks must prove again who
            they are.
    """
    access.require(actor, Permission.ADMINISTER, what="people")
    ids.check_name(name, what="A person")
    chosen = shared.role_of(role)
    if chosen is Role.ADMIN:
        shared.check_may_make_admins(actor)
    shared.check_email(email)
    if User.objects.filter(name=name).exists():
        raise shared.NameTakenError(f"There is a person named {name} already")
    user = User(
        name=name, email=email, role=chosen.value, display_name=display_name, created_at=now
    )
    user.set_unusable_password()
    user.save()
    if team is not None:
        Membership.objects.create(team_id=shared.team_of(team).pk, user=user)
    shared.record(actor, "person.created", "person", user.pk, {"role": chosen.value}, now)
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
    """Change what an admin may change of a person.

    Disabling ends sessions, tokens that the person made, and one-time links at once.

    Raises:
        InvalidError: the role or address cannot be.
        PersonNotFoundError: there is none of that name.
        ForbiddenError: the actor is no admin, or a token that would make one.
        ConfirmationNeededError: they would become an admin, and the one who asks must prove again
            who they are.
        ConflictError: it would leave no admin.
    """
    access.require(actor, Permission.ADMINISTER, what=f"person {name}")
    user = shared.person_of(name)
    detail: dict[str, Json] = {}
    if role is not None:
        if shared.role_of(role) is Role.ADMIN and user.role != Role.ADMIN.value:
            shared.check_may_make_admins(actor)
        user.role = detail["role"] = shared.role_of(role).value
    if email is not None:
        shared.check_email(email)
        user.email = email
    if is_active is not None:
        user.is_active = detail["is_active"] = is_active
    user.save()
    if actor.kind is ActorKind.USER and not _has_admin():
        raise ConflictError(f"Without {name} there would be no admin who can sign in")
    if not user.is_active:
        shared.end_sessions(user)
        ApiToken.objects.filter(created_by=user, revoked_at__isnull=True).update(revoked_at=now)
        OneTimeLink.objects.filter(user=user, used_at__isnull=True).delete()
    shared.record(actor, "person.changed", "person", user.pk, detail, now)


def _has_admin() -> bool:
    admins = User.objects.filter(role=Role.ADMIN.value, is_active=True).exclude(password="")
    return any(admin.has_usable_password() for admin in admins)


@transaction.atomic
def save_person(
    *,
    actor: Actor,
    name: str,
    display_name: str,
    email: str,
    origin: Origin,
    now: dt.datetime,
    time_zone: str = "",
) -> int:
    """Make or rename a person as a document says; what lets them sign in stays as it is.

    Args:
        actor: Who; needs the role editor.
        name: Their name.
        display_name: How they are called.
        email: Mail address; empty: as it is.
        origin: Where this comes from.
        now: The present.
        time_zone: IANA name; empty: as it is.

    Raises:
        InvalidError: the name or the zone cannot be.
        ForbiddenError: the actor may not.
    """
    access.require(actor, Permission.EDIT, what=f"person {name}")
    ids.check_name(name, what="A person")
    user = User.objects.filter(name=name).first()
    if user is None:
        user = User(name=name, created_at=now, origin=origin.value)
        user.set_unusable_password()
    if time_zone:
        _check_zone(time_zone)
    before = (user.display_name, user.email, user.time_zone)
    after = (display_name, email or user.email, time_zone or user.time_zone)
    if before != after or not user.pk:
        user.display_name, user.email, user.time_zone = after
        user.save()
        shared.record(actor, "person.saved", "person", user.pk, {}, now)
    return user.pk


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
    shared.record(actor, "sample.removed", "identity", 0, {"count": gone}, now)
    return gone


@transaction.atomic
def change_own(
    *, actor: Actor, display_name: str, email: str, time_zone: str, now: dt.datetime
) -> None:
    """Change what everybody may change of themselves.

    Raises:
        ForbiddenError: the actor is no person.
        InvalidError: the address or the zone cannot be.
        ConfirmationNeededError: the address changes, and they must prove again who they are.
    """
    access.require(actor, Permission.READ, what="your account")
    if actor.kind is not ActorKind.USER or actor.id is None:
        raise ForbiddenError("Only people have an account")
    shared.check_email(email)
    _check_zone(time_zone)
    user = User.objects.get(pk=actor.id)
    if email != user.email:
        access.require_confirmed(actor, what="another mail address")
    user.display_name, user.email, user.time_zone = display_name, email, time_zone
    user.save()
    shared.record(actor, "person.changed_own", "person", user.pk, {}, now)


def _check_zone(time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{time_zone[:64]!r} is no time zone, as Europe/Oslo"
        raise InvalidError(message, [Problem(message, path="time_zone")]) from error
