"""Writes of identity: people, teams, tokens and one-time links."""

from watchkeeper.identity.usecases.links import (
    SET_UP,
    SET_UP_LASTS,
    SIGN_IN,
    SIGN_IN_LASTS,
    LinkNotValidError,
    forget_links,
    link_of,
    make_link,
    setup_path,
    use_link,
)
from watchkeeper.identity.usecases.people import (
    change_own,
    change_person,
    create_person,
    remove_sample,
    save_person,
)
from watchkeeper.identity.usecases.shared import (
    NameTakenError,
    PersonNotFoundError,
    TeamNotFoundError,
)
from watchkeeper.identity.usecases.teams import (
    TeamKeptInFilesError,
    TeamTakenOverError,
    put_member,
    remove_member,
    remove_team,
    save_team,
    set_members,
    take_over_team,
)
from watchkeeper.identity.usecases.tokens import (
    TOKEN_LASTS,
    NewToken,
    TokenNotFoundError,
    create_token,
    revoke_token,
)

__all__ = [
    "SET_UP",
    "SET_UP_LASTS",
    "SIGN_IN",
    "SIGN_IN_LASTS",
    "TOKEN_LASTS",
    "LinkNotValidError",
    "NameTakenError",
    "NewToken",
    "PersonNotFoundError",
    "TeamKeptInFilesError",
    "TeamNotFoundError",
    "TeamTakenOverError",
    "TokenNotFoundError",
    "change_own",
    "change_person",
    "create_person",
    "create_token",
    "forget_links",
    "link_of",
    "make_link",
    "put_member",
    "remove_member",
    "remove_sample",
    "remove_team",
    "revoke_token",
    "save_person",
    "save_team",
    "set_members",
    "setup_path",
    "take_over_team",
    "use_link",
]
