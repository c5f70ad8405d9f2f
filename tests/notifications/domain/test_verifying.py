"""Codes: what is right, and how many are sent."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.notifications.domain import verifying
from watchkeeper.notifications.domain.verifying import Sent

KEY = b"k" * 32
PHONE = "place"


def ago(minutes: float, person: int = 1, place: str = PHONE) -> Sent:
    return Sent(NOON - dt.timedelta(minutes=minutes), person, place)


@given(st.text(max_size=60))
def test_a_code_is_six_digits_and_right_only_for_its_page(page: str) -> None:
    code = verifying.code_of(page, key=KEY)

    assert len(code) == 6
    assert code.isdigit()
    assert verifying.is_right(f" {code[:3]} {code[3:]}-", page, key=KEY)
    assert verifying.is_right(code, page + "x", key=KEY) == (
        verifying.code_of(page + "x", key=KEY) == code
    )


@given(st.text(max_size=20))
def test_whatever_is_typed_is_no_error(given_text: str) -> None:
    verifying.is_right(given_text, "verify-1", key=KEY)


def test_the_same_number_is_one_place_for_texts_and_calls() -> None:
    sms = verifying.place_of("sms", "+491511234567", key=KEY)
    assert sms == verifying.place_of("voice", "+491511234567 ", key=KEY)
    assert sms != verifying.place_of("sms", "+491511234568", key=KEY)
    assert sms != verifying.place_of("email", "+491511234567", key=KEY)


@pytest.mark.parametrize(
    ("sent", "words", "minutes"),
    [
        pytest.param([], "", 0, id="the first"),
        pytest.param([ago(1), ago(2)], "", 0, id="two to the address"),
        pytest.param(
            [ago(1), ago(2), ago(50)], "3 codes in an hour to one address", 10, id="three"
        ),
        pytest.param([ago(1), ago(2), ago(61)], "", 0, id="one of them is old"),
        pytest.param(
            [ago(n, person=n) for n in (1, 2, 3)],
            "3 codes in an hour to one address",
            57,
            id="asked for by different people",
        ),
        pytest.param(
            [ago(n, place=str(n)) for n in range(5)], "5 codes in an hour", 56, id="to many places"
        ),
        pytest.param(
            [ago(100 * n) for n in range(1, 7)],
            "6 codes in a day to one address",
            24 * 60 - 600,
            id="six in a day",
        ),
    ],
)
def test_how_many_codes_are_sent(sent: list[Sent], words: str, minutes: float) -> None:
    refused = verifying.refusal(sent, person=1, place=PHONE, now=NOON)

    assert (refused.words if refused else "") == words
    if refused is not None:
        assert refused.wait == dt.timedelta(minutes=minutes)
