"""The one place that decides who may do what. Pure: roles and teams in, a verdict out.

Reading is open to every signed-in member; writing goes by the team that owns the object and the
role in it; some things belong to the organisation. An object that no team owns may be changed by
those whose role holds for the whole organisation. What an actor may not read answers as if it did
not exist; what it may read but not change answers 403.
"""

from enum import Enum

from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.errors import ForbiddenError, NotFoundError, UnauthenticatedError


class ConfirmationNeededError(ForbiddenError):
    """The person must prove again who they are; the same form may be sent with the proof."""

    code = "confirmation_needed"


class Permission(Enum):
    """What an operation needs."""

    READ = "read"
    READ_AUDIT = "read_audit"
    RESPOND = "respond"
    EDIT = "edit"
    MANAGE = "manage"
    ADMINISTER = "administer"


class Verdict(Enum):
    """Why an actor may or may not."""

    ALLOWED = "allowed"
    NOT_SIGNED_IN = "not signed in"
    ROLE_TOO_LOW = "the role does not reach"
    OTHER_TEAM = "another team owns it"
    HIDDEN = "not for this role"


_RANK = {Role.VIEWER: 0, Role.RESPONDER: 1, Role.EDITOR: 2, Role.MANAGER: 3, Role.ADMIN: 4}
_NEEDED = {
    Permission.RESPOND: 1,
    Permission.EDIT: 2,
    Permission.MANAGE: 3,
    Permission.ADMINISTER: 4,
}
_SENTENCE = {
    Permission.RESPOND: "it needs the role responder",
    Permission.EDIT: "it needs the role editor",
    Permission.MANAGE: "it needs the role manager",
    Permission.ADMINISTER: "only an admin may do this",
}


def _rank(role: Role | None) -> int:
    """Return how far ``role`` reaches in writing; an auditor writes nothing."""
    return _RANK.get(role, 0) if role is not None else -1


def decide(actor: Actor, permission: Permission, *, team_id: int | None = None) -> Verdict:
    """Return whether ``actor`` may, and if not, why.

    Args:
        actor: The one who asks.
        permission: What the operation needs.
        team_id: The team that owns the object; ``None`` for what no team owns.
    """
    if actor.kind is ActorKind.ANONYMOUS or actor.role is None:
        return Verdict.NOT_SIGNED_IN
    if permission is Permission.READ:
        return Verdict.ALLOWED
    if permission is Permission.READ_AUDIT:
        reads = actor.role in {Role.ADMIN, Role.AUDITOR}
        return Verdict.ALLOWED if reads else Verdict.HIDDEN
    needed = _NEEDED[permission]
    if _rank(actor.role) >= needed:
        return Verdict.ALLOWED
    if permission is Permission.ADMINISTER or team_id is None:
        return Verdict.ROLE_TOO_LOW
    if team_id not in actor.team_roles:
        return Verdict.OTHER_TEAM
    in_team = _rank(actor.team_roles[team_id]) >= needed
    return Verdict.ALLOWED if in_team else Verdict.ROLE_TOO_LOW


def may(actor: Actor, permission: Permission, *, team_id: int | None = None) -> bool:
    """Return whether ``actor`` may; for screens that show or hide a button."""
    return decide(actor, permission, team_id=team_id) is Verdict.ALLOWED


def require(
    actor: Actor, permission: Permission, *, what: str, team_id: int | None = None
) -> None:
    """Return if ``actor`` may; else raise the error that fits.

    Args:
        actor: The one who asks.
        permission: What the operation needs.
        what: The object in words, as ``SLO checkout-availability``.
        team_id: The team that owns the object; ``None`` for what no team owns.

    Raises:
        UnauthenticatedError: nobody is signed in.
        NotFoundError: the actor may not know of it.
        ForbiddenError: the actor may read it but not do this.
    """
    verdict = decide(actor, permission, team_id=team_id)
    if verdict is Verdict.ALLOWED:
        return
    if verdict is Verdict.NOT_SIGNED_IN:
        raise UnauthenticatedError("Sign in, or send a token: Authorization: Bearer wk_…")
    if verdict is Verdict.HIDDEN:
        raise NotFoundError(f"There is no {what}")
    why = _SENTENCE[permission]
    if verdict is Verdict.OTHER_TEAM:
        why += " in the team that owns it"
    raise ForbiddenError(f"You may not change {what}: {why}")


def require_confirmed(actor: Actor, *, what: str) -> None:
    """Return if the one behind a browser proved within 5 minutes who they are.

    A browser left open, or a stolen cookie, must not be enough for what opens further doors.
    Source: reliability.md S7.

    Args:
        actor: The one who asks; tokens and the host cannot be asked and are judged by their role.
        what: What is to be done in words, as ``making a token``.

    Raises:
        ConfirmationNeededError: the last proof is older.
    """
    if not actor.is_confirmed:
        raise ConfirmationNeededError(
            f"Confirm that it is you: {what} needs your password, or a code from your app"
        )
