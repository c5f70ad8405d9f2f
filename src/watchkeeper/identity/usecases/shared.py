"""What all writes of identity share: finding people and teams, roles, the audit log."""

import datetime as dt

from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from watchkeeper.audit import usecases as audit
from watchkeeper.identity.models import Team, User
from watchkeeper.kernel.actors import Actor, Role
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError, InvalidError, NotFoundError, Problem


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
    for session in Session.objects.all():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def check_email(text: str) -> None:
    """Return if ``text`` is a mail address, or empty: nobody said."""
    if not text:
        return
    try:
        validate_email(text)
    except ValidationError as error:
        message = f"{text[:254]!r} is not a mail address, as alice@example.org"
        raise InvalidError(message, [Problem(message, path="email")]) from error
