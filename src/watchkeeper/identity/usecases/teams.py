"""Teams and who is in them."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from watchkeeper.identity.models import Membership, Team
from watchkeeper.identity.usecases import shared
from watchkeeper.kernel import access, ids
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Json
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin


class TeamKeptInFilesError(ConflictError):
    """The team came from a file; it is changed there, or taken over first."""

    code = "team_kept_in_files"


class TeamTakenOverError(ConflictError):
    """The team was taken over from its file, and a file wants it otherwise."""

    code = "team_taken_over"


@transaction.atomic
def save_team(
    *,
    actor: Actor,
    name: str,
    title: str,
    description: str,
    origin: Origin,
    now: dt.datetime,
    must_be_new: bool = False,
) -> int:
    """Make or change a team and return its id.

    Raises:
        InvalidError: the name cannot be one.
        ForbiddenError: the actor may not; a new team needs an editor of the whole organisation.
        NameTakenError: it must be new and is not.
        TeamKeptInFilesError: it is kept in a file and this comes from elsewhere.
        TeamTakenOverError: it was taken over and this comes from a file.
    """
    ids.check_name(name, what="A team")
    team = Team.objects.filter(name=name).first()
    access.require(
        actor,
        Permission.MANAGE if team is not None and origin is not Origin.FILE else Permission.EDIT,
        what=f"team {name}",
        team_id=team.pk if team is not None else None,
    )
    if team is None:
        team = Team(name=name, created_at=now, origin=origin.value)
    elif must_be_new:
        raise shared.NameTakenError(f"There is a team named {name} already")
    is_same = bool(team.pk) and (team.title, team.description) == (title, description)
    if not is_same:
        _check_hands(team, origin)
    adopts = origin is Origin.FILE and not team.is_taken_over
    adopts = adopts and team.origin in {Origin.UI.value, Origin.API.value}
    if not is_same or adopts:
        team.title, team.description = title, description
        team.origin = origin.value if adopts else team.origin
        team.save()
        shared.record(actor, "team.saved", "team", team.pk, {"name": name}, now)
    return team.pk


def _check_hands(team: Team, origin: Origin) -> None:
    """Return if ``origin`` may change the team."""
    if origin is Origin.FILE and team.is_taken_over:
        raise TeamTakenOverError(
            f"The team {team.name} was taken over from its file; remove it from the file, "
            "or remove it here to let the file make it anew"
        )
    if team.origin == Origin.FILE.value and origin is not Origin.FILE:
        raise TeamKeptInFilesError(
            f"The team {team.name} is kept in a file; change it there, or take it over"
        )


@transaction.atomic
def take_over_team(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let a team that came from a file, and who is in it, be changed here; the file rules no more.

    Taking over what is kept here changes nothing.

    Raises:
        TeamNotFoundError: there is none of that name.
        ForbiddenError: the actor may not manage the team.
    """
    team = _managed(actor, name)
    if team.origin == Origin.FILE.value:
        team.origin, team.is_taken_over = Origin.UI.value, True
        team.save()
        shared.record(actor, "team.taken_over", "team", team.pk, {"name": name}, now)


@transaction.atomic
def remove_team(*, actor: Actor, name: str, origin: Origin, now: dt.datetime) -> bool:
    """Remove a team; what it owned has no owner then.

    What was made or taken over by hand stays whatever the file says.

    Args:
        actor: Who; needs the role manager in the team.
        name: Its name.
        origin: Where the wish comes from: a file that no longer holds it, or somebody's hand.
        now: The present.

    Returns:
        Whether it is gone.

    Raises:
        TeamNotFoundError: there is none of that name.
        ForbiddenError: the actor may not manage the team.
        TeamKeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    team = _managed(actor, name)
    if origin is Origin.FILE and team.origin != Origin.FILE.value:
        return False
    _check_hands(team, origin)
    shared.record(actor, "team.removed", "team", team.pk, {"name": name}, now)
    team.delete()
    return True


@transaction.atomic
def set_members(
    *, actor: Actor, team: str, members: Mapping[str, str], origin: Origin, now: dt.datetime
) -> bool:
    """Let a team have exactly these members; return whether that changed anything.

    Args:
        actor: Who.
        team: The team's name.
        members: Role by person's name; an empty role means the person's own.
        origin: Where the wish comes from.
        now: The present.

    Raises:
        TeamNotFoundError: there is no such team.
        PersonNotFoundError: one of the people does not exist.
        InvalidError: a role cannot be one.
        ForbiddenError: the actor may not manage the team.
        TeamKeptInFilesError: it is kept in a file and this comes from elsewhere.
        TeamTakenOverError: it was taken over and this comes from a file.
    """
    row = _managed(actor, team)
    wanted = {
        shared.person_of(name).pk: shared.role_of(role, path=f"members.{name}").value
        if role
        else ""
        for name, role in members.items()
    }
    before = dict(row.memberships.values_list("user_id", "role"))
    if wanted == before:
        return False
    _check_hands(row, origin)
    row.memberships.exclude(user_id__in=wanted).delete()
    for user_id, role in wanted.items():
        Membership.objects.update_or_create(team=row, user_id=user_id, defaults={"role": role})
    detail: dict[str, Json] = {str(user): role for user, role in wanted.items()}
    shared.record(actor, "team.members_set", "team", row.pk, detail, now)
    return True


@transaction.atomic
def put_member(*, actor: Actor, team: str, name: str, role: str, now: dt.datetime) -> None:
    """Let somebody into a team, or give them another role there; others stay as they are.

    Args:
        actor: Who.
        team: The team's name.
        name: The person's name.
        role: Role in the team; empty: the person's own.
        now: The present.

    Raises:
        TeamNotFoundError: there is no such team.
        PersonNotFoundError: there is no such person.
        InvalidError: the role cannot be one.
        ForbiddenError: the actor may not manage the team.
        TeamKeptInFilesError: it is kept in a file.
    """
    row = _managed(actor, team)
    _check_hands(row, Origin.UI)
    user = shared.person_of(name)
    given = shared.role_of(role).value if role else ""
    Membership.objects.update_or_create(team=row, user=user, defaults={"role": given})
    shared.record(actor, "team.member_set", "team", row.pk, {str(user.pk): given}, now)


@transaction.atomic
def remove_member(*, actor: Actor, team: str, name: str, now: dt.datetime) -> None:
    """Take somebody out of a team; nothing happens where they are not in it.

    Raises:
        TeamNotFoundError: there is no such team.
        PersonNotFoundError: there is no such person.
        ForbiddenError: the actor may not manage the team.
        TeamKeptInFilesError: it is kept in a file.
    """
    row = _managed(actor, team)
    _check_hands(row, Origin.UI)
    user = shared.person_of(name)
    if row.memberships.filter(user=user).delete()[0]:
        shared.record(actor, "team.member_removed", "team", row.pk, {"person": user.pk}, now)


def _managed(actor: Actor, name: str) -> Team:
    """Return a team that the actor may manage."""
    access.require(actor, Permission.READ, what=f"team {name}")
    team = shared.team_of(name)
    access.require(actor, Permission.MANAGE, what=f"team {name}", team_id=team.pk)
    return team
