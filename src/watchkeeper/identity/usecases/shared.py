"""What all writes of identity share: finding people and teams, roles, the audit log."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from watchkeeper.audit import usecases as audit
from watchkeeper.identity.models import Team, User
from watchkeeper.kernel import access
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Problem,
)


class PersonNotFoundError(NotFoundError):
    """There is no person of that name."""

    code = "person_not_found"


class TeamNotFoundError(NotFoundError):
    """There is no team of that name."""

    code = "team_not_found"


class NameTakenError(ConflictError):
    """There is one of that name."""

    code = "name_taken"


def role_of(text: str, *, path: str = "role") -> Role:
    """Return the role that ``text`` names."""
    try:
        return Role(text)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        message = f"{text!r} is not a role: {known}"
        raise InvalidError(message, [Problem(message, path=path)]) from error


def record(
    actor: Actor, action: str, kind: str, object_id: int, detail: dict[str, Json], now: dt.datetime
) -> None:
    """Log what happened."""
    audit.record(
        actor=actor, action=action, kind=kind, object_id=object_id, detail=detail, now=now
    )


def person_of(name: str) -> User:
    """Return a person by name."""
    found = User.objects.filter(name=name).first()
    if found is None:
        raise PersonNotFoundError(f"There is no person {name}")
    return found


def team_of(name: str) -> Team:
    """Return a team by name."""
    found = Team.objects.filter(name=name).first()
    if found is None:
        raise TeamNotFoundError(f"There is no team {name}")
    return found


def end_sessions(user: User) -> None:
    """Sign a person out everywhere."""
    user.sessions.all().delete()


def check_email(text: str) -> None:
    """Return if ``text`` is a mail address, or empty: nobody said."""
    if not text:
        return
    try:
        validate_email(text)
    except ValidationError as error:
        message = f"{text[:254]!r} is not a mail address, as alice@example.org"
        raise InvalidError(message, [Problem(message, path="email")]) from error


def check_may_make_admins(actor: Actor) -> None:
    """Return if ``actor``, an admin, may make another, or open an admin's door.

    A token may not: whoever stole it would have an account that outlives it and makes tokens.

    Raises:
        ForbiddenError: the actor is a token.
        ConfirmationNeededError: the person must prove again who they are.
    """
    if actor.kind is ActorKind.TOKEN:
        raise ForbiddenError("A token cannot make admins or let them in; a person or the host can")
    access.require_confirmed(actor, what="making an admin")
