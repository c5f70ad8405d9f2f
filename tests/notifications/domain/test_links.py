"""Signed links: what opens a page, and what does not."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.notifications.domain import links

KEY, OTHER = b"k" * 32, b"o" * 32
HOUR = dt.timedelta(hours=1)


@given(st.text(min_size=1, max_size=60, alphabet="0123456789abcdef"))
def test_a_link_opens_its_own_page_under_its_own_key_alone(page_id: str) -> None:
    token = links.token_of(page_id, key=KEY)

    assert links.page_of(token, key=KEY) == page_id
    assert links.page_of(token, key=OTHER) is None
    assert links.page_of(f"0{token}", key=KEY) is None


@pytest.mark.parametrize(
    "token", ["", ".", "x", "x.", ".x", "p1.é", "p1." + "A" * 500, "\ud800.x"]
)
def test_what_is_no_link_opens_nothing(token: str) -> None:
    assert links.page_of(token, key=KEY) is None


def test_a_changed_sign_of_a_link_opens_nothing() -> None:
    token = links.token_of("abc", key=KEY)

    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert links.page_of(changed, key=KEY) is None, place


def test_a_form_proves_itself_for_twelve_hours_and_for_its_page() -> None:
    proof = links.proof_of("abc", key=KEY, now=NOON)

    def is_proven(page_id: str = "abc", proof: str = proof, hours: float = 0) -> bool:
        return links.is_proven(proof, page_id, key=KEY, now=NOON + hours * HOUR)

    assert is_proven()
    assert is_proven(hours=12)
    assert not is_proven(hours=12.01)
    assert not is_proven(hours=-1)
    assert not is_proven("abd")
    assert not is_proven(proof=links.token_of("abc", key=KEY))
    for nonsense in ("", ".", "x.y", proof[:-1], f"9{proof}"):
        assert not is_proven(proof=nonsense)
