"""Tokens and links open what they should, for as long as they should, and are never stored."""

import datetime as dt

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import HOST, actor_for, make_team, make_user
from watchkeeper.identity import queries, usecases
from watchkeeper.identity.domain import tokens
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind, Role
from watchkeeper.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
PASSWORD = "a quiet harbour at night"


def made(**changes: object) -> usecases.NewToken:
    arguments = {"actor": HOST, "name": "ci", "role": "editor", "now": NOON} | changes
    return usecases.create_token(**arguments)  # type: ignore[arg-type]


def opened(secret: str, *, now: dt.datetime = NOON) -> Actor | None:
    return queries.actor_of_token(secret, now=now)


def test_tokens_have_their_shape_and_a_mistyped_one_has_not() -> None:
    token = tokens.new(tokens.API)

    assert tokens.is_shaped(token)
    assert len(token) == 40
    assert not tokens.is_shaped(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert not tokens.is_shaped(token.lower())


@given(st.text(max_size=60))
def test_no_other_text_is_taken_for_a_token(text: str) -> None:
    assert not tokens.is_shaped(text)


@pytest.mark.django_db
def test_a_token_is_told_once_and_not_in_the_database() -> None:
    secret = made().token

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            assert secret not in str(cursor.fetchall())
    assert queries.token_rows()[0].hint == secret[:8]


@pytest.mark.django_db
def test_a_token_opens_until_it_expires_or_is_revoked() -> None:
    token = made()

    actor = opened(token.token)
    assert actor is not None
    assert (actor.kind, actor.role, actor.label) == (ActorKind.TOKEN, Role.EDITOR, "ci")
    assert token.expires_at == NOON + dt.timedelta(days=90)
    assert opened(token.token, now=token.expires_at) is None
    usecases.revoke_token(actor=HOST, name="ci", now=NOON)
    assert opened(token.token) is None


@pytest.mark.django_db
def test_a_teams_token_reaches_no_other_team() -> None:
    own, other = make_team("checkout"), make_team("search")
    actor = opened(made(team="checkout").token)

    assert actor is not None
    assert access.may(actor, Permission.EDIT, team_id=own)
    assert not access.may(actor, Permission.EDIT, team_id=other)
    assert not access.may(actor, Permission.EDIT)


@pytest.mark.django_db
def test_a_token_cannot_make_tokens() -> None:
    actor = opened(made(role="admin").token)
    assert actor is not None

    with pytest.raises(ForbiddenError, match="cannot make tokens"):
        made(actor=actor, name="other")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "king"}, "is not a role"),
        ({"lasts": dt.timedelta(days=400)}, "a year at the most"),
        ({"lasts": dt.timedelta(0)}, "a year at the most"),
        ({"name": "a b"}, "cannot be named"),
    ],
)
def test_tokens_that_cannot_be_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        made(**changes)


@pytest.mark.django_db
def test_two_live_tokens_of_one_name_are_refused() -> None:
    made()

    with pytest.raises(ConflictError):
        made()


def secret_of(path: str) -> str:
    return path.removeprefix("/link/")


def use(path: str, *, name: str = "", now: dt.datetime = NOON) -> str:
    user = usecases.use_link(
        secret=secret_of(path), name=name, password=PASSWORD, now=now, actor=HOST
    )
    return user.name


@pytest.mark.django_db
def test_set_up_makes_the_first_admin_and_can_never_run_twice() -> None:
    first = usecases.setup_path(now=NOON)
    assert first is not None
    assert use(first, name="alice") == "alice"

    person = queries.person_by_name("alice")
    assert person is not None
    assert (person.role, person.can_sign_in) == ("admin", True)
    assert usecases.setup_path(now=NOON) is None
    with pytest.raises(NotFoundError):
        use(first, name="mallory")


@pytest.mark.django_db
def test_a_new_set_up_link_ends_the_old_one_and_ends_itself_after_half_an_hour() -> None:
    old, new = usecases.setup_path(now=NOON), usecases.setup_path(now=NOON)
    assert old is not None
    assert new is not None

    with pytest.raises(NotFoundError):
        use(old, name="alice")
    with pytest.raises(NotFoundError):
        use(new, name="alice", now=NOON + dt.timedelta(minutes=30))


@pytest.mark.django_db
def test_a_sign_in_link_works_once_and_a_weak_password_uses_nothing_up() -> None:
    make_user("bob")
    path = usecases.make_link(actor=HOST, name="bob", now=NOON)

    with pytest.raises(InvalidError, match="password"):
        usecases.use_link(secret=secret_of(path), name="", password="short", now=NOON, actor=HOST)
    assert use(path) == "bob"
    with pytest.raises(NotFoundError):
        use(path)


@pytest.mark.django_db
def test_roles_are_held_in_teams_and_no_team_is_viewer() -> None:
    alice = make_user("alice", role="editor", teams={"checkout": ""})
    charlie = make_user("charlie", role="editor")
    team = make_team("checkout")

    assert access.may(actor_for(alice), Permission.EDIT, team_id=team)
    assert not access.may(actor_for(charlie), Permission.EDIT, team_id=team)
    assert not access.may(actor_for(alice), Permission.EDIT)


@pytest.mark.django_db
def test_disabling_a_person_ends_their_tokens_at_once() -> None:
    alice = make_user("alice", role="admin")
    token = made(actor=actor_for(alice))

    usecases.change_person(actor=HOST, name="alice", is_active=False, now=NOON)

    assert opened(token.token) is None
