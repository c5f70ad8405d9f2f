"""JSON door of people, teams and tokens."""

import datetime as dt
import re

from django.http import HttpRequest
from ninja import Router, Status

from watchkeeper.identity import queries, usecases
from watchkeeper.identity.schemas import (
    LinkOut,
    MemberOut,
    MeOut,
    PersonChange,
    PersonIn,
    PersonOut,
    SessionOut,
    TeamDetail,
    TeamIn,
    TeamOut,
    TokenIn,
    TokenMade,
    TokenOut,
)
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing import rest
from watchkeeper.plumbing.rest import Page, actor_of

router = Router(tags=["people"])

_LENGTH = re.compile(r"(\d{1,5})([mhd])\Z")
_UNITS = {"m": 60, "h": 3600, "d": 86_400}


@router.get("/me", response=MeOut, summary="Who asks, and what they may")
def me(request: HttpRequest) -> MeOut:
    """Return the actor behind this request."""
    actor = actor_of(request)
    names = {team.id: team.name for team in queries.teams()}
    return MeOut(
        kind=actor.kind.value,
        label=actor.label,
        role=actor.role.value if actor.role else "",
        teams={names[t]: role.value for t, role in actor.team_roles.items() if t in names},
    )


@router.get("/people", response=Page[PersonOut], summary="All people")
def list_people(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[PersonOut]:
    """Return people, by name."""
    access.require(actor_of(request), Permission.READ, what="people")
    rows, following = rest.page(
        queries.people(), key=lambda row: row.name, limit=limit, cursor=cursor
    )
    items = [PersonOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[PersonOut](items=items, next=following)


@router.post("/people", response={201: PersonOut}, summary="Make a person")
def create_person(request: HttpRequest, body: PersonIn) -> Status[PersonOut]:
    """Make a person; a link lets them in."""
    usecases.create_person(
        actor=actor_of(request),
        name=body.name,
        email=body.email,
        role=body.role,
        team=body.team,
        display_name=body.display_name,
        now=clock.now(),
    )
    return Status(201, _person(body.name))


@router.patch("/people/{name}", response=PersonOut, summary="Change a person's role or access")
def change_person(request: HttpRequest, name: str, body: PersonChange) -> PersonOut:
    """Change a person; disabling ends sessions and tokens at once."""
    usecases.change_person(
        actor=actor_of(request),
        name=name,
        role=body.role,
        email=body.email,
        is_active=body.is_active,
        now=clock.now(),
    )
    return _person(name)


@router.post("/people/{name}/link", response={201: LinkOut}, summary="Make a sign-in link")
def make_link(request: HttpRequest, name: str) -> Status[LinkOut]:
    """Return a link that signs the person in, once."""
    path = usecases.make_link(actor=actor_of(request), name=name, now=clock.now())
    return Status(201, LinkOut(path=path))


@router.get("/people/{name}/sessions", response=list[SessionOut], summary="A person's sessions")
def list_sessions(request: HttpRequest, name: str) -> list[SessionOut]:
    """Return the browsers that a person is signed in with; for admins."""
    access.require(actor_of(request), Permission.ADMINISTER, what=f"sessions of {name}")
    _person(name)
    return [SessionOut.model_validate(row, from_attributes=True) for row in queries.sessions(name)]


@router.delete("/people/{name}/sessions", response={204: None}, summary="Sign a person out")
def end_sessions(request: HttpRequest, name: str) -> Status[None]:
    """End every session of a person at once."""
    usecases.end_other_sessions(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


@router.delete(
    "/people/{name}/sessions/{int:number}", response={204: None}, summary="End one session"
)
def end_session(request: HttpRequest, name: str, number: int) -> Status[None]:
    """End one session of a person at once."""
    usecases.end_session(actor=actor_of(request), name=name, session_id=number, now=clock.now())
    return Status(204, None)


def _person(name: str) -> PersonOut:
    row = queries.person_by_name(name)
    if row is None:
        raise usecases.PersonNotFoundError(f"There is no person {name}")
    return PersonOut.model_validate(row, from_attributes=True)


@router.get("/teams", response=Page[TeamOut], summary="All teams")
def list_teams(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[TeamOut]:
    """Return teams, by name."""
    access.require(actor_of(request), Permission.READ, what="teams")
    rows, following = rest.page(
        queries.teams(), key=lambda row: row.name, limit=limit, cursor=cursor
    )
    items = [TeamOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[TeamOut](items=items, next=following)


@router.get("/teams/{name}", response=TeamDetail, summary="One team with its people")
def get_team(request: HttpRequest, name: str) -> TeamDetail:
    """Return a team."""
    access.require(actor_of(request), Permission.READ, what=f"team {name}")
    return _team(name)


@router.put("/teams/{name}", response=TeamDetail, summary="Make or change a team")
def put_team(request: HttpRequest, name: str, body: TeamIn) -> TeamDetail:
    """Make the team be as the body says."""
    actor, now = actor_of(request), clock.now()
    usecases.save_team(
        actor=actor,
        name=name,
        title=body.title,
        description=body.description,
        origin=Origin.API,
        now=now,
    )
    if body.members is not None:
        usecases.set_members(
            actor=actor, team=name, members=body.members, origin=Origin.API, now=now
        )
    return _team(name)


@router.delete("/teams/{name}", response={204: None}, summary="Remove a team")
def delete_team(request: HttpRequest, name: str) -> Status[None]:
    """Remove a team; what it owned has no owner then."""
    usecases.remove_team(actor=actor_of(request), name=name, origin=Origin.API, now=clock.now())
    return Status(204, None)


@router.post("/teams/{name}/take-over", response=TeamDetail, summary="Take a team over")
def take_over_team(request: HttpRequest, name: str) -> TeamDetail:
    """Let a team that came from a file be changed here; the file no longer rules it."""
    usecases.take_over_team(actor=actor_of(request), name=name, now=clock.now())
    return _team(name)


def _team(name: str) -> TeamDetail:
    row = queries.team_by_name(name)
    if row is None:
        raise usecases.TeamNotFoundError(f"There is no team {name}")
    members = [MemberOut.model_validate(m, from_attributes=True) for m in queries.members(name)]
    return TeamDetail(
        name=row.name,
        title=row.title,
        description=row.description,
        origin=row.origin,
        is_taken_over=row.is_taken_over,
        member_count=row.member_count,
        members=members,
    )


@router.get("/tokens", response=Page[TokenOut], summary="All tokens, without what opens")
def list_tokens(
    request: HttpRequest, limit: int = rest.DEFAULT_LIMIT, cursor: str | None = None
) -> Page[TokenOut]:
    """Return tokens, by name; for admins and auditors."""
    access.require(actor_of(request), Permission.READ_AUDIT, what="tokens")
    rows, following = rest.page(
        queries.token_rows(),
        key=lambda row: f"{row.name} {row.id:012}",
        limit=limit,
        cursor=cursor,
    )
    items = [TokenOut.model_validate(row, from_attributes=True) for row in rows]
    return Page[TokenOut](items=items, next=following)


@router.post("/tokens", response={201: TokenMade}, summary="Make a token; it is told once")
def create_token(request: HttpRequest, body: TokenIn) -> Status[TokenMade]:
    """Make a token."""
    made = usecases.create_token(
        actor=actor_of(request),
        name=body.name,
        role=body.role,
        team=body.team,
        lasts=_length(body.expires),
        now=clock.now(),
    )
    return Status(201, TokenMade.model_validate(made, from_attributes=True))


@router.delete("/tokens/{name}", response={204: None}, summary="End a token at once")
def revoke_token(request: HttpRequest, name: str) -> Status[None]:
    """End a token."""
    usecases.revoke_token(actor=actor_of(request), name=name, now=clock.now())
    return Status(204, None)


def _length(text: str) -> dt.timedelta:
    match = _LENGTH.match(text)
    if match is None:
        message = f"{text!r} is not a length, as 90d or 12h"
        raise InvalidError(message, [Problem(message, path="expires")])
    return dt.timedelta(seconds=int(match[1]) * _UNITS[match[2]])
