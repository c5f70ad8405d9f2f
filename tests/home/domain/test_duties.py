"""What a line of those on call says, by precedence, and which lines come first."""

import datetime as dt

import pytest

from watchkeeper.home.domain import duties
from watchkeeper.home.domain.duties import Facts, Saying, Word
from watchkeeper.kernel.intervals import Interval

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TOMORROW = NOON + 24 * HOUR
LATER = Interval(NOON + 2 * HOUR, NOON + 5 * HOUR)
ON = ("alice",)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param(Facts(ON, until=LATER.end), Saying(Word.UNTIL, end=LATER.end), id="on"),
        pytest.param(Facts(ON), Saying(Word.UNTIL), id="it never changes"),
        pytest.param(
            Facts(ON, unreachable=("alice",)), Saying(Word.UNREACHABLE), id="cannot be called"
        ),
        pytest.param(
            Facts(("alice", "bob"), unreachable=("alice",)),
            Saying(Word.UNTIL),
            id="one of two can be called",
        ),
        pytest.param(
            Facts(ON, hole=LATER, unreachable=ON),
            Saying(Word.HOLE, LATER.start, LATER.end),
            id="a hole before a person without contact",
        ),
        pytest.param(
            Facts(ON, hole=Interval(LATER.start, TOMORROW)),
            Saying(Word.HOLE, LATER.start),
            id="the end of a hole that goes on is not known",
        ),
        pytest.param(
            Facts((), hole=Interval(NOON, LATER.end)), Saying(Word.NOBODY), id="nobody now"
        ),
        pytest.param(
            Facts(ON, hole=LATER, unreachable=ON, paged_at=NOON - HOUR),
            Saying(Word.PAGED, NOON - HOUR),
            id="a page that waits before all",
        ),
    ],
)
def test_a_line_says_the_gravest_of_what_is_true(facts: Facts, said: Saying) -> None:
    assert duties.saying(facts, looked_until=TOMORROW) == said


@pytest.mark.parametrize(
    ("title", "team", "is_only", "label"),
    [
        ("Checkout, first", "Checkout", True, "Checkout, first"),
        ("", "Checkout", True, "Checkout"),
        ("", "Checkout", False, "checkout-primary"),
        ("", "", False, "checkout-primary"),
    ],
)
def test_a_schedule_is_called_by_title_team_or_name(
    title: str, team: str, is_only: bool, label: str
) -> None:
    assert duties.label(title, team, "checkout-primary", is_only=is_only) == label


def test_what_is_of_concern_comes_first_then_the_label() -> None:
    lines = [
        ("Web", Saying(Word.UNTIL)),
        ("apps", Saying(Word.UNTIL)),
        ("Zoo", Saying(Word.UNREACHABLE)),
        ("Yard", Saying(Word.HOLE)),
        ("Xen", Saying(Word.NOBODY)),
        ("Web 2", Saying(Word.PAGED)),
    ]

    assert duties.first(lines, many=9) == [5, 4, 3, 2, 1, 0]
    assert duties.first(lines, many=2) == [5, 4]
