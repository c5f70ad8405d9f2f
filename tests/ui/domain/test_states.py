"""A state has one look, whoever names it."""

from enum import Enum

import pytest

from watchkeeper.ui.domain import states


class Status(Enum):
    BURNING = "burning"


@pytest.mark.parametrize(
    ("status", "severity", "key", "word"),
    [
        ("ok", None, "ok", "OK"),
        ("burning", None, "burn", "Burning"),
        ("burning", "page", "burn", "Burning"),
        ("burning", "ticket", "watch", "Burning slowly"),
        (Status.BURNING, "ticket", "watch", "Burning slowly"),
        ("exhausted", None, "crit", "Exhausted"),
        ("no_data", None, "nodata", "No data"),
        ("insufficient", None, "few", "Too few events"),
        ("maintenance", None, "mute", "Maintenance"),
    ],
)
def test_a_status_has_its_look(
    status: str | Enum, severity: str | None, key: str, word: str
) -> None:
    look = states.look(status, severity=severity)

    assert (look.key, look.word) == (key, word)


def test_an_unheard_of_status_never_looks_well() -> None:
    assert states.look("splendid").key == "nodata"


def test_what_needs_a_human_comes_first() -> None:
    ranks = sorted(states.LOOKS.values(), key=lambda look: look.rank)

    assert [look.key for look in ranks[:3]] == ["burn", "watch", "crit"]
