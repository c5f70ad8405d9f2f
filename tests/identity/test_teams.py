"""Teams: whose hands they are in."""

import datetime as dt

import pytest

from tests.factories import HOST, make_user
from watchkeeper.identity import queries, usecases
from watchkeeper.identity.queries import TeamRow
from watchkeeper.identity.usecases import TeamKeptInFilesError, TeamTakenOverError
from watchkeeper.kernel.origins import Origin

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def save(origin: Origin, title: str = "Shop") -> None:
    usecases.save_team(
        actor=HOST, name="shop", title=title, description="", origin=origin, now=NOW
    )


def let_in(origin: Origin, *names: str) -> bool:
    return usecases.set_members(
        actor=HOST, team="shop", members=dict.fromkeys(names, ""), origin=origin, now=NOW
    )


def row() -> TeamRow:
    found = queries.team_by_name("shop")
    assert found is not None
    return found


def test_a_team_from_a_file_is_changed_there_until_taken_over() -> None:
    make_user("bob")
    save(Origin.FILE)

    with pytest.raises(TeamKeptInFilesError):
        save(Origin.UI, "Another")
    with pytest.raises(TeamKeptInFilesError):
        let_in(Origin.UI, "bob")
    with pytest.raises(TeamKeptInFilesError):
        usecases.remove_team(actor=HOST, name="shop", origin=Origin.API, now=NOW)
    usecases.take_over_team(actor=HOST, name="shop", now=NOW)
    save(Origin.UI, "Another")

    assert let_in(Origin.UI, "bob")
    assert (row().title, row().origin, row().is_taken_over) == ("Another", "ui", True)


def test_a_file_may_say_what_is_so_but_not_change_what_was_taken_over() -> None:
    save(Origin.FILE)
    usecases.take_over_team(actor=HOST, name="shop", now=NOW)

    save(Origin.FILE)
    with pytest.raises(TeamTakenOverError, match="taken over"):
        save(Origin.FILE, "Another")
    assert not usecases.remove_team(actor=HOST, name="shop", origin=Origin.FILE, now=NOW)
    assert row().origin == "ui"


def test_a_file_adopts_a_team_made_by_hand_and_may_let_it_go() -> None:
    save(Origin.UI)
    assert not usecases.remove_team(actor=HOST, name="shop", origin=Origin.FILE, now=NOW)

    save(Origin.FILE)
    assert usecases.remove_team(actor=HOST, name="shop", origin=Origin.FILE, now=NOW)
    assert queries.team_by_name("shop") is None
