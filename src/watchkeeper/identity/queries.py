"""Reading people, teams and tokens; turning who comes into an actor."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core import signing
from django.db.models import Count, Q, QuerySet
from django.utils.module_loading import import_string

from watchkeeper.identity.domain import tokens
from watchkeeper.identity.domain.browsers import browser_words
from watchkeeper.identity.models import (
    ApiToken,
    LimitReached,
    Membership,
    Team,
    User,
    WebSession,
)
from watchkeeper.identity.ports import TeamPanel
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.keys import Keyring

_DEVICE_SALT = "watchkeeper device"
_ORGANISATION = {Role.ADMIN, Role.AUDITOR}
_NAMED_ONLY = [origin.value for origin in (Origin.FILE, Origin.SAMPLE, Origin.DISCOVERED)]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person in a team.

    Attributes:
        name: Their name.
        display_name: How they are called; empty: nobody said.
        role: The role they have in the team.
        is_own: Whether that is their role in the organisation, not one given for this team.
        is_active: Whether they may sign in.
    """

    name: str
    display_name: str
    role: str
    is_own: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team."""

    id: int
    name: str
    title: str
    description: str
    origin: str
    is_taken_over: bool
    member_count: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person; ``teams`` maps team names to the role held there.

    ``last_sign_in_at`` is ``None`` before the first; ``has_second_factor`` says whether a password
    alone is not enough.
    """

    id: int
    name: str
    display_name: str
    email: str
    role: str
    time_zone: str
    is_active: bool
    can_sign_in: bool
    has_second_factor: bool
    last_sign_in_at: dt.datetime | None
    teams: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token, without what opens; nobody made it where it was made on the host.

    ``limited_at`` is when it last came too often, ``None`` if never lately; ``refused`` how many
    of its requests were refused then, at least.
    """

    id: int
    name: str
    hint: str
    role: str
    team: str | None
    team_id: int | None
    created_at: dt.datetime
    created_by: str | None
    expires_at: dt.datetime
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None
    limited_at: dt.datetime | None
    refused: int


@dataclass(frozen=True, slots=True)
class LimitedAddress:
    """A network address that came too often; ``refused`` requests at least, of the last time."""

    address: str
    limited_at: dt.datetime
    refused: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser that somebody is signed in with; empty texts: nobody told."""

    id: int
    created_at: dt.datetime
    seen_at: dt.datetime
    confirmed_at: dt.datetime
    address: str
    browser: str

    @property
    def browser_words(self) -> str:
        """The browser as people call it; empty: it did not say."""
        return browser_words(self.browser)


def secret_hash(secret: str) -> str:
    """Return the keyed hash under which a token or link is kept; the key lies elsewhere."""
    key = Keyring.load(Path(settings.WATCHKEEPER_KEY_FILE)).derive("tokens")
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def is_set_up() -> bool:
    """Return whether anybody can come in: an account, or a token.

    People that only documents or the sample name are no accounts until they have a password.
    """
    return _accounts().exists() or ApiToken.objects.exists()


def has_admin() -> bool:
    """Return whether some account is an admin's: then a set-up link has nothing left to do."""
    return _accounts().filter(role=Role.ADMIN.value).exists()


def _accounts() -> QuerySet[User]:
    named_only = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, origin__in=_NAMED_ONLY)
    return User.objects.filter(is_active=True).exclude(password="").exclude(named_only)


def actor_of_user(
    user: User,
    *,
    via: str,
    request_id: str = "",
    address: str = "",
    is_confirmed: bool = True,
) -> Actor:
    """Return a signed-in person as an actor: the organisation's role, and one for each team.

    Args:
        user: The person.
        via: The door.
        request_id: Id of the request.
        address: Where it comes from.
        is_confirmed: Whether they proved within minutes who they are.
    """
    own = Role(user.role)
    rows = Membership.objects.filter(user=user).values_list("team_id", "role")
    return Actor(
        kind=ActorKind.USER,
        id=user.pk,
        role=own if own in _ORGANISATION else Role.VIEWER,
        team_roles={team: Role(role) if role else own for team, role in rows},
        label=user.name,
        via=via,
        request_id=request_id,
        address=address,
        is_confirmed=is_confirmed,
    )


def actor_of_person(
    user_id: int, *, via: str, request_id: str = "", address: str = ""
) -> Actor | None:
    """Return a person as an actor by their id; ``None``: they are gone or may not sign in.

    Args:
        user_id: Id of the person.
        via: The door.
        request_id: Id of the request.
        address: Where it comes from.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    return actor_of_user(user, via=via, request_id=request_id, address=address)


def actor_of_token(
    secret: str, *, now: dt.datetime, request_id: str = "", address: str = ""
) -> Actor | None:
    """Return the actor that a token opens the door for; ``None`` if it opens nothing."""
    if not tokens.is_shaped(secret):
        return None
    row = ApiToken.objects.filter(hash=secret_hash(secret)).first()
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.last_used_at is None or row.last_used_at < now - dt.timedelta(minutes=1):
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    role = Role(row.role)
    return Actor(
        kind=ActorKind.TOKEN,
        id=row.pk,
        role=role if row.team_id is None else Role.VIEWER,
        team_roles={row.team_id: role} if row.team_id is not None else {},
        label=row.name,
        via="api",
        request_id=request_id,
        address=address,
    )


def teams(name: str | None = None) -> list[TeamRow]:
    """Return all teams by name, or only the one of that ``name``."""
    found = Team.objects.annotate(members=Count("memberships")).order_by("name")
    if name is not None:
        found = found.filter(name=name)
    return [
        TeamRow(
            id=team.pk,
            name=team.name,
            title=team.title,
            description=team.description,
            origin=team.origin,
            is_taken_over=team.is_taken_over,
            member_count=team.members,
        )
        for team in found
    ]


def team_by_name(name: str) -> TeamRow | None:
    """Return one team; ``None`` if there is none."""
    return next(iter(teams(name)), None)


def members(team: str) -> list[MemberRow]:
    """Return the people of a team, by name."""
    rows = Membership.objects.filter(team__name=team).select_related("user")
    return [
        MemberRow(
            name=row.user.name,
            display_name=row.user.display_name,
            role=row.role or row.user.role,
            is_own=not row.role,
            is_active=row.user.is_active,
        )
        for row in rows.order_by("user__name")
    ]


def people(name: str | None = None) -> list[PersonRow]:
    """Return all people by name, or only the one of that ``name``."""
    found = User.objects.prefetch_related("memberships__team").order_by("name")
    if name is not None:
        found = found.filter(name=name)
    second = set(
        Authenticator.objects.filter(type=Authenticator.Type.TOTP).values_list(
            "user_id", flat=True
        )
    )
    return [
        PersonRow(
            id=user.pk,
            name=user.name,
            display_name=user.display_name,
            email=user.email,
            role=user.role,
            time_zone=user.time_zone,
            is_active=user.is_active,
            can_sign_in=user.has_usable_password() and bool(user.password),
            has_second_factor=user.pk in second,
            last_sign_in_at=user.last_login,
            teams={m.team.name: m.role or user.role for m in user.memberships.all()},
        )
        for user in found
    ]


def device_in(cookie: str, *, user_id: int | None) -> str:
    """Return the number by which an account knows this browser; empty: it is a stranger.

    Args:
        cookie: What the browser sent in its long-lived cookie.
        user_id: The account.
    """
    return devices_in(cookie).get(str(user_id), "")


def devices_in(cookie: str) -> dict[str, str]:
    """Return the numbers of a browser by account; none where it was not us who told it."""
    try:
        told = signing.loads(cookie, salt=_DEVICE_SALT)
    except signing.BadSignature:
        return {}
    return {str(user): str(number) for user, number in told.items()}


def device_cookie(devices: Mapping[str, str]) -> str:
    """Return what a browser is told, signed, so that it is known again."""
    return signing.dumps(dict(devices), salt=_DEVICE_SALT)


def user_id_by_login(login: str) -> int | None:
    """Return the account that a name or mail address means; ``None``: no one, or not one alone."""
    text = login.strip()
    found = list(User.objects.filter(name__iexact=text).values_list("pk", flat=True)[:1])
    if not found and "@" in text:
        found = list(User.objects.filter(email__iexact=text).values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None


def session_row(session_id: int, *, user_id: int) -> SessionRow | None:
    """Return one session of a person; ``None`` if there is none."""
    found = WebSession.objects.filter(pk=session_id, user_id=user_id).first()
    return _session(found) if found is not None else None


def sessions(name: str) -> list[SessionRow]:
    """Return the sessions of a person, the newest use first."""
    found = WebSession.objects.filter(user__name=name).order_by("-seen_at", "-pk")
    return [_session(row) for row in found]


def _session(row: WebSession) -> SessionRow:
    return SessionRow(
        id=row.pk,
        created_at=row.created_at,
        seen_at=row.seen_at,
        confirmed_at=row.confirmed_at,
        address=row.address,
        browser=row.browser,
    )


def names_of(ids: Collection[int]) -> dict[int, str]:
    """Return the names of people by id; those who are gone are left out."""
    return dict(User.objects.filter(pk__in=ids).values_list("id", "name"))


def shown_names(names: Collection[str]) -> dict[str, str]:
    """Return what people are called, by name: their own words, else the name.

    Names that nobody has are called by themselves.
    """
    rows = User.objects.filter(name__in=names).exclude(display_name="")
    return {name: name for name in names} | dict(rows.values_list("name", "display_name"))


def zones_of(ids: Collection[int]) -> dict[int, str]:
    """Return the time zones of people by id; those who are gone are left out."""
    return dict(User.objects.filter(pk__in=list(ids)).values_list("id", "time_zone"))


def zones_by_name(names: Collection[str]) -> dict[str, str]:
    """Return the time zones of people by name; names that nobody has are left out."""
    return dict(User.objects.filter(name__in=names).values_list("name", "time_zone"))


def ids_of(names: Collection[str]) -> dict[str, int]:
    """Return the ids of people by name; names that nobody has are left out."""
    return dict(User.objects.filter(name__in=names).values_list("name", "id"))


def active_ids(names: Collection[str]) -> dict[str, int]:
    """Return the ids of people who may act, by name; disabled and unknown ones are left out."""
    rows = User.objects.filter(name__in=names, is_active=True)
    return dict(rows.values_list("name", "id"))


def members_of(teams: Collection[str]) -> dict[str, list[str]]:
    """Return the names of the active people of each team, by name; teams without are left out."""
    rows = Membership.objects.filter(team__name__in=teams, user__is_active=True)
    found: dict[str, list[str]] = {}
    for team, name in rows.order_by("user__name").values_list("team__name", "user__name"):
        found.setdefault(team, []).append(name)
    return found


def admins() -> list[str]:
    """Return the names of the active admins, by name."""
    rows = User.objects.filter(role=Role.ADMIN.value, is_active=True)
    return list(rows.order_by("name").values_list("name", flat=True))


def person_by_name(name: str) -> PersonRow | None:
    """Return one person; ``None`` if there is none."""
    return next(iter(people(name)), None)


def token_rows() -> list[TokenRow]:
    """Return all tokens, revoked and expired ones too, by name."""
    limited = {row.token_id: row for row in LimitReached.objects.filter(token__isnull=False)}
    return [
        TokenRow(
            id=row.pk,
            name=row.name,
            hint=row.hint,
            role=row.role,
            team=row.team.name if row.team is not None else None,
            team_id=row.team_id,
            created_at=row.created_at,
            created_by=row.created_by.name if row.created_by is not None else None,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
            limited_at=limited[row.pk].last_at if row.pk in limited else None,
            refused=limited[row.pk].refused if row.pk in limited else 0,
        )
        for row in ApiToken.objects.select_related("team", "created_by").order_by("name", "id")
    ]


def addresses_limited(*, since: dt.datetime) -> list[LimitedAddress]:
    """Return the addresses that came too often since an instant, the newest first; 50 at most."""
    found = LimitReached.objects.filter(address__isnull=False, last_at__gte=since)
    return [
        LimitedAddress(row.address or "", row.last_at, row.refused)
        for row in found.order_by("-last_at")[:50]
    ]


def panels() -> list[TeamPanel]:
    """Return the sections that others add to a team's page, in order."""
    return [_made(dotted) for dotted in getattr(settings, "WATCHKEEPER_TEAM_PANELS", ())]


@cache
def _made(dotted: str) -> TeamPanel:
    made: TeamPanel = import_string(dotted)()
    return made
